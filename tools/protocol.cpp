// See protocol.h. Linked into the lower half too: no library beyond libc and libstdc++.
#include "tools/protocol.h"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace mana::wire {

void Encoder::put(const std::string &value) {
  put(static_cast<std::uint32_t>(value.size()));
  out_.append(value);
}

void Decoder::raw(void *data, std::size_t size) {
  if (!ok_ || in_.size() < size) {
    ok_ = false;
    return;
  }
  std::memcpy(data, in_.data(), size);
  in_.remove_prefix(size);
}

void Decoder::get(std::string &value) {
  std::uint32_t size = 0;
  get(size);
  if (!ok_ || in_.size() < size) {
    ok_ = false;
    return;
  }
  value.assign(in_.substr(0, size));
  in_.remove_prefix(size);
}

void Decoder::get(RankState &value) {
  std::uint32_t number = 0;
  get(number);
  if (number > static_cast<std::uint32_t>(RankState::executes))
    ok_ = false;
  if (ok_)
    value = static_cast<RankState>(number);
}

std::string frame(Type type, std::uint32_t epoch, std::string_view payload) {
  const Header header{kMagic, kProtocolVersion, static_cast<std::uint16_t>(type), epoch,
                      static_cast<std::uint32_t>(payload.size())};
  std::string out(reinterpret_cast<const char *>(&header), sizeof header);
  out.append(payload);
  return out;
}

bool valid(const Header &header) {
  return header.magic == kMagic && header.version == kProtocolVersion && header.type >= 1 &&
         header.type <= static_cast<std::uint16_t>(Type::outcome) && header.length <= kMaxPayload;
}

int connect_to(const std::string &path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return -ENAMETOOLONG;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -errno;
  while (::connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) {
    if (errno == EINTR)
      continue;
    const int error = errno;
    ::close(fd);
    return -error;
  }
  return fd;
}

int send_frame(int fd, const std::string &frame) {
  if (frame.size() > kHeaderSize + kMaxPayload)
    return EMSGSIZE;
  std::size_t done = 0;
  while (done < frame.size()) {
    const ssize_t n = ::send(fd, frame.data() + done, frame.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    done += static_cast<std::size_t>(n);
  }
  return 0;
}

namespace {

int receive_all(int fd, void *data, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::recv(fd, static_cast<char *>(data) + done, size - done, 0);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    if (n == 0)
      return ECONNRESET;
    done += static_cast<std::size_t>(n);
  }
  return 0;
}

} // namespace

int receive(int fd, Received *received) {
  Header header{};
  if (int error = receive_all(fd, &header, sizeof header))
    return error;
  if (!valid(header))
    return EPROTO;
  received->type = static_cast<Type>(header.type);
  received->epoch = header.epoch;
  received->payload.resize(header.length);
  return receive_all(fd, received->payload.data(), header.length);
}

const char *name_of(Type type) {
  static constexpr const char *kNames[] = {
      "?",      "hello",  "welcome",    "state",        "request",      "answer",       "spawn",
      "spawn_failed", "ready", "begin", "abandon", "name", "quiesce",
      "counts", "gate",   "gate_plain", "enter",        "left",         "blocked",      "park",
      "parked", "drain",  "drained",    "write",        "written",      "failed",       "resume",
      "stop",   "cancel", "resumed",    "status_query", "status_reply", "tool_request", "progress",
      "outcome"};
  const auto index = static_cast<std::size_t>(type);
  return index < std::size(kNames) ? kNames[index] : "?";
}

} // namespace mana::wire
