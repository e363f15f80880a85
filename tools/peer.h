// The coordinator's end of one connection: frames in, frames out, on libuv.
//
// A peer that sends something which is not a frame, or a frame of another version, is dropped on the spot; so is one
// that does not say within kPatience what it is. Its buffer never exceeds one frame.
#pragma once
#include <uv.h>

#include <functional>
#include <memory>
#include <string>

#include "tools/protocol.h"

namespace mana {

class Peer {
public:
  static constexpr std::uint64_t kPatienceMs = 10000;

  struct Events {
    std::function<void(Peer &, wire::Type, std::uint32_t epoch, std::string_view payload)> message;
    std::function<void(Peer &, const std::string &why)> closed; // the last event; the peer is gone afterwards
  };

  // Accepts from `server`; null when that failed or the other end is of another user.
  static Peer *accept(uv_stream_t *server, const Events &events);

  void send(std::string frame);
  // The peer has said what it is: no more deadline.
  void introduced() { uv_timer_stop(&deadline_); }
  // Ends the connection; `closed` is called with `why`, soon but not from within.
  void drop(const std::string &why);

  int rank = -1; // of a rank, else -1
  // Credentials of the other end, from the kernel.
  int pid() const { return pid_; }

private:
  explicit Peer(const Events &events) : events_(events) {}
  bool same_user();
  void received(const char *data, std::size_t size);
  void handle_closed();

  Events events_;
  uv_pipe_t pipe_{};
  uv_timer_t deadline_{};
  std::string buffer_, why_;
  char chunk_[65536];
  int open_handles_ = 2;
  int pid_ = 0;
};

} // namespace mana
