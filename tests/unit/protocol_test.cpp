// Every message survives the wire, and no bytes from outside can make the decoder read or allocate beyond them.
#include "tools/protocol.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <thread>

using namespace mana::wire;

namespace {

std::string payload_of(const std::string &frame) { return frame.substr(kHeaderSize); }

// Encodes, decodes, encodes again: the same bytes. Then every truncation and an extra byte are refused.
template <class Message> void round_trip(const Message &message) {
  const std::string frame = encode(message, 7);
  Header header;
  std::memcpy(&header, frame.data(), sizeof header);
  EXPECT_TRUE(valid(header));
  EXPECT_EQ(header.epoch, 7u);
  EXPECT_EQ(header.length, frame.size() - kHeaderSize);
  const std::string payload = payload_of(frame);
  Message copy;
  ASSERT_TRUE(decode(payload, &copy)) << name_of(Message::type);
  EXPECT_EQ(encode(copy, 7), frame);
  for (std::size_t size = 0; size < payload.size(); ++size)
    EXPECT_FALSE(decode(std::string_view(payload).substr(0, size), &copy)) << name_of(Message::type) << " " << size;
  EXPECT_FALSE(decode(payload + "x", &copy));
}

template <class Message> void decode_one(std::string_view bytes) {
  Message message;
  if (decode(bytes, &message)) {
    EXPECT_EQ(payload_of(encode(message)), bytes);
  }
}
template <class... Message> void decode_all(std::string_view bytes) { (decode_one<Message>(bytes), ...); }

void fuzz(std::string_view bytes) {
  decode_all<Hello, Welcome, State, Request, Answer, Quiesce, Counts, Gate, GatePlain, Enter, Left, Blocked, Park,
             Parked, Write, Written, Failed, Resume, Stop, Cancel, StatusReply, ToolRequest, Progress, Outcome>(
      bytes);
}

} // namespace

TEST(Protocol, EveryMessageSurvives) {
  round_trip(Hello{"token", 3, 8, 1234, "node1", 1, 2, 1});
  round_trip(Welcome{"/ckpt"});
  round_trip(State{RankState::busy, 2});
  round_trip(Request{1});
  round_trip(Answer{EBUSY, "later"});
  round_trip(Quiesce{5});
  round_trip(Counts{{{1, 2}, {3, 4}}, {2, 1, 0}});
  round_trip(Gate{257, 9, {{257, 9}}, {2, 1, 1}});
  round_trip(GatePlain{});
  round_trip(Enter{257, 9});
  round_trip(Left{{{257, 9}}, {1, 0, 3}});
  round_trip(Blocked{1});
  round_trip(Parked{{}, 0, 2, 3, {0, 1}});
  round_trip(Write{std::string("/a\0b", 4)});
  round_trip(Written{1, 2, 3, "rank-0.mana", {"a", "", "c"}});
  round_trip(Failed{ENOSPC, "full"});
  round_trip(Outcome{75, 3, "text"});
}

TEST(Protocol, CountsThatPromiseMoreThanThereIsAllocateNothing) {
  Counts counts;
  EXPECT_FALSE(decode(std::string("\xff\xff\xff\xff", 4), &counts));
  EXPECT_TRUE(counts.counts.empty());
  Written written;
  EXPECT_FALSE(decode(std::string(24, 'x') + std::string("\xff\xff\xff\x7f", 4), &written));
  EXPECT_TRUE(written.file.empty());
}

TEST(Protocol, HeadersOutOfRangeAreRefused) {
  const Header good{kMagic, kProtocolVersion, 1, 0, 0};
  EXPECT_TRUE(valid(good));
  for (auto change :
       {+[](Header &h) { h.magic ^= 1; }, +[](Header &h) { ++h.version; }, +[](Header &h) { h.type = 0; },
        +[](Header &h) { h.type = 200; }, +[](Header &h) { h.length = kMaxPayload + 1; }}) {
    Header header = good;
    change(header);
    EXPECT_FALSE(valid(header));
  }
}

TEST(Protocol, RandomBytesDecodeToWhatTheySayOrNotAtAll) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 64, 0);
    for (char &byte : bytes)
      byte = static_cast<char>(random() % 3 ? random() % 4 : random());
    fuzz(bytes);
  }
}

TEST(Protocol, FlippedBitsDecodeToWhatTheySayOrNotAtAll) {
  const std::string payload = payload_of(encode(Written{1, 2, 3, "rank-0.mana", {"warning", "other"}}));
  for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
    std::string changed = payload;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    fuzz(changed);
  }
}

TEST(Protocol, FramesArriveThroughASlowSocket) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const std::string text(3 << 20, 'x');
  std::thread writer([&] {
    const std::string bytes = encode(Progress{"first"}, 1) + encode(Progress{text}, 2);
    for (std::size_t done = 0; done < bytes.size();) {
      const std::size_t piece = done < 100 ? 1 : std::min<std::size_t>(bytes.size() - done, 100003);
      const ssize_t n = ::write(ends[0], bytes.data() + done, piece);
      if (n > 0)
        done += static_cast<std::size_t>(n);
    }
    ::close(ends[0]);
  });
  Received received;
  Progress progress;
  EXPECT_EQ(receive(ends[1], &received), 0);
  EXPECT_EQ(received.epoch, 1u);
  EXPECT_EQ(receive(ends[1], &received), 0);
  EXPECT_TRUE(decode(received.payload, &progress));
  EXPECT_EQ(progress.text, text);
  EXPECT_EQ(receive(ends[1], &received), ECONNRESET);
  writer.join();
  ::close(ends[1]);
}

TEST(Protocol, AForeignFrameEndsTheConversation) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  ASSERT_EQ(::write(ends[0], "GET / HTTP/1.1\r\n\r\n", 18), 18);
  Received received;
  EXPECT_EQ(receive(ends[1], &received), EPROTO);
  ::close(ends[0]);
  EXPECT_NE(send(ends[1], Park{}), 0) << "no SIGPIPE, an error";
  ::close(ends[1]);
}

TEST(Protocol, ConnectingToNothingIsAnError) {
  EXPECT_EQ(connect_to("/no/such/socket"), -ENOENT);
  EXPECT_EQ(connect_to(std::string(200, 'x')), -ENAMETOOLONG);
}
