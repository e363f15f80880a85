// See peer.h.
#include "tools/peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace mana {

namespace {

struct SendRequest {
  uv_write_t write;
  std::string frame;
};

} // namespace

Peer *Peer::accept(uv_stream_t *server, const Events &events) {
  Peer *peer = new Peer(events);
  uv_pipe_init(server->loop, &peer->pipe_, 0);
  uv_timer_init(server->loop, &peer->deadline_);
  peer->pipe_.data = peer->deadline_.data = peer;
  if (uv_accept(server, reinterpret_cast<uv_stream_t *>(&peer->pipe_)) != 0) {
    peer->drop("cannot accept the connection");
    return nullptr;
  }
  if (!peer->same_user()) {
    peer->drop("a connection of another user was refused");
    return nullptr;
  }
  uv_timer_start(
      &peer->deadline_, [](uv_timer_t *timer) { static_cast<Peer *>(timer->data)->drop("said nothing in time"); },
      kPatienceMs, 0);
  uv_read_start(
      reinterpret_cast<uv_stream_t *>(&peer->pipe_),
      [](uv_handle_t *handle, std::size_t, uv_buf_t *buffer) {
        Peer *p = static_cast<Peer *>(handle->data);
        *buffer = uv_buf_init(p->chunk_, sizeof p->chunk_);
      },
      [](uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
        Peer *p = static_cast<Peer *>(stream->data);
        if (size < 0)
          p->drop(size == UV_EOF ? "closed the connection" : uv_strerror(static_cast<int>(size)));
        else
          p->received(buffer->base, static_cast<std::size_t>(size));
      });
  return peer;
}

bool Peer::same_user() {
  uv_os_fd_t fd;
  if (uv_fileno(reinterpret_cast<uv_handle_t *>(&pipe_), &fd) != 0)
    return false;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return false;
  pid_ = credentials.pid;
  return credentials.uid == ::geteuid();
}

void Peer::received(const char *data, std::size_t size) {
  buffer_.append(data, size);
  std::size_t used = 0;
  while (!uv_is_closing(reinterpret_cast<uv_handle_t *>(&pipe_)) && buffer_.size() - used >= wire::kHeaderSize) {
    wire::Header header;
    std::memcpy(&header, buffer_.data() + used, sizeof header);
    if (!wire::valid(header))
      return drop("sent something that is not a message of this version");
    if (buffer_.size() - used - wire::kHeaderSize < header.length)
      break;
    const std::string_view payload(buffer_.data() + used + wire::kHeaderSize, header.length);
    used += wire::kHeaderSize + header.length;
    events_.message(*this, static_cast<wire::Type>(header.type), header.epoch, payload);
  }
  buffer_.erase(0, used);
}

void Peer::send(std::string frame) {
  if (uv_is_closing(reinterpret_cast<uv_handle_t *>(&pipe_)))
    return;
  auto *request = new SendRequest{{}, std::move(frame)};
  request->write.data = request;
  uv_buf_t buffer = uv_buf_init(request->frame.data(), static_cast<unsigned>(request->frame.size()));
  const int error = uv_write(&request->write, reinterpret_cast<uv_stream_t *>(&pipe_), &buffer, 1,
                             [](uv_write_t *write, int) { delete static_cast<SendRequest *>(write->data); });
  if (error == 0)
    return;
  delete request;
  drop(uv_strerror(error));
}

void Peer::drop(const std::string &why) {
  if (uv_is_closing(reinterpret_cast<uv_handle_t *>(&pipe_)))
    return;
  why_ = why;
  const auto closed = [](uv_handle_t *handle) { static_cast<Peer *>(handle->data)->handle_closed(); };
  uv_close(reinterpret_cast<uv_handle_t *>(&pipe_), closed);
  uv_close(reinterpret_cast<uv_handle_t *>(&deadline_), closed);
}

void Peer::handle_closed() {
  if (--open_handles_ > 0)
    return;
  if (events_.closed)
    events_.closed(*this, why_);
  delete this;
}

} // namespace mana
