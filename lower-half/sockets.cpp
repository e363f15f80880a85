// Pairs of Unix sockets within the process, with what waits to be received, and sockets not used yet. See file_kinds.h.
//
// Which socket is whose peer only the kernel knows: sock_diag(7) tells the inode of a Unix socket's peer, and 0 when that
// is closed. What waits is read with MSG_PEEK and SO_PEEK_OFF, which leave it there.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "descriptors.h"
#include "file_kinds.h"

namespace mana {

using image::FileKind;
using image::SavedFile;

namespace {

// Layout of SavedFile::numbers; lengths of the messages that wait follow (of a stream one, of all its bytes).
enum Number : std::size_t { kDomain, kType, kProtocol, kShutdown, kSendBuffer, kReceiveTimeout, kSendTimeout, kPassCredentials, kLengths };

template <class T> T option(int fd, int name) {
  T value{};
  socklen_t length = sizeof value;
  ::getsockopt(fd, SOL_SOCKET, name, &value, &length);
  return value;
}

std::uint64_t micros(const timeval &t) { return static_cast<std::uint64_t>(t.tv_sec) * 1000000 + static_cast<std::uint64_t>(t.tv_usec); }

// Asks the kernel for peer and shutdown state of a Unix socket.
bool ask(std::uint64_t inode, std::uint64_t *peer, std::uint64_t *shut) {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) return false;
  struct {
    nlmsghdr header;
    unix_diag_req request;
  } question{};
  question.header = {sizeof question, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0};
  question.request = {AF_UNIX, 0, 0, ~0u, static_cast<std::uint32_t>(inode), UDIAG_SHOW_PEER, {~0u, ~0u}};
  alignas(nlmsghdr) char answer[1024];
  ssize_t got = ::send(fd, &question, sizeof question, 0);
  if (got == sizeof question) got = ::recv(fd, answer, sizeof answer, 0);
  ::close(fd);
  const auto *header = reinterpret_cast<const nlmsghdr *>(answer);
  if (got < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(unix_diag_msg))) || header->nlmsg_type != SOCK_DIAG_BY_FAMILY) return false;
  const char *at = answer + NLMSG_LENGTH(sizeof(unix_diag_msg)), *end = answer + std::min<std::size_t>(header->nlmsg_len, sizeof answer);
  bool has_peer = false;
  while (end - at >= static_cast<ssize_t>(sizeof(rtattr))) {
    const auto *attribute = reinterpret_cast<const rtattr *>(at);
    if (attribute->rta_len < sizeof(rtattr) || attribute->rta_len > end - at) break;
    std::uint32_t number = 0;
    if (attribute->rta_type == UNIX_DIAG_PEER) {
      std::memcpy(&number, RTA_DATA(attribute), sizeof number);
      *peer = number;
      has_peer = true;
    } else if (attribute->rta_type == UNIX_DIAG_SHUTDOWN) {
      *shut = *static_cast<const unsigned char *>(RTA_DATA(attribute));
    }
    at += RTA_ALIGN(attribute->rta_len);
  }
  return has_peer;
}

// Neither bound, connected nor listening.
bool is_unused(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr *>(&address), &length) == 0 || option<int>(fd, SO_ACCEPTCONN)) return false;
  length = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length) != 0) return false;
  switch (address.ss_family) {
  case AF_UNIX: return length <= sizeof(sa_family_t);
  case AF_INET: return reinterpret_cast<sockaddr_in *>(&address)->sin_port == 0;
  case AF_INET6: return reinterpret_cast<sockaddr_in6 *>(&address)->sin6_port == 0;
  default: return false;
  }
}

bool is_unnamed(int fd) {
  sockaddr_un address{};
  socklen_t length = sizeof address;
  return ::getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length) == 0 && length <= sizeof(sa_family_t);
}

// False when descriptors or credentials travel with it.
bool waiting_contents(SavedFile *file) {
  const bool stream = file->numbers[kType] == SOCK_STREAM;
  int from = 0;
  if (::setsockopt(file->fd, SOL_SOCKET, SO_PEEK_OFF, &from, sizeof from) != 0) return false;
  bool plain = true;
  std::uint64_t total = 0;
  std::string piece(1 << 20, '\0');
  while (plain) {
    iovec part{piece.data(), piece.size()};
    char control[CMSG_SPACE(sizeof(ucred))];
    msghdr message{};
    message.msg_iov = &part, message.msg_iovlen = 1;
    message.msg_control = control, message.msg_controllen = 0;
    const ssize_t got = ::recvmsg(file->fd, &message, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 || (got == 0 && stream)) break;  // nothing more
    plain = !(message.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) && file->numbers.size() < 100000;
    file->contents.append(piece, 0, static_cast<std::size_t>(got));
    if (!stream) file->numbers.push_back(static_cast<std::uint64_t>(got));
    total += static_cast<std::uint64_t>(got);
    if (got == 0 && (file->numbers[kShutdown] & 1)) break;
  }
  if (stream) file->numbers.push_back(total);
  from = -1;
  ::setsockopt(file->fd, SOL_SOCKET, SO_PEEK_OFF, &from, sizeof from);
  return plain;
}

std::string name_of_peer(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  char text[INET6_ADDRSTRLEN] = "";
  if (::getpeername(fd, reinterpret_cast<sockaddr *>(&address), &length) != 0)
    return option<int>(fd, SO_ACCEPTCONN) ? "a listening socket" : "a socket";
  if (address.ss_family == AF_INET) {
    const auto &in = reinterpret_cast<const sockaddr_in &>(address);
    return std::string("a socket connected to ") + ::inet_ntop(AF_INET, &in.sin_addr, text, sizeof text) + ":" + std::to_string(ntohs(in.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto &in = reinterpret_cast<const sockaddr_in6 &>(address);
    return std::string("a socket connected to [") + ::inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text) + "]:" + std::to_string(ntohs(in.sin6_port));
  }
  const auto &local = reinterpret_cast<const sockaddr_un &>(address);
  if (address.ss_family == AF_UNIX && length > sizeof(sa_family_t) && local.sun_path[0])
    return "a socket connected to " + image::printable(std::string(local.sun_path, ::strnlen(local.sun_path, sizeof local.sun_path)));
  return "a connected socket";
}

bool is_pair(const SavedFile &file) { return file.kind == FileKind::socket && file.id != 0; }

}  // namespace

Found describe_socket(SavedFile *file, const Opened &opened, std::string *what) {
  if (!S_ISSOCK(opened.status.st_mode)) return Found::other;
  const int fd = file->fd;
  *what = name_of_peer(fd);
  file->kind = FileKind::socket;
  file->numbers = {static_cast<std::uint64_t>(option<int>(fd, SO_DOMAIN)), static_cast<std::uint64_t>(option<int>(fd, SO_TYPE)),
                   static_cast<std::uint64_t>(option<int>(fd, SO_PROTOCOL)), 0,
                   static_cast<std::uint64_t>(option<int>(fd, SO_SNDBUF)) / 2, micros(option<timeval>(fd, SO_RCVTIMEO)),
                   micros(option<timeval>(fd, SO_SNDTIMEO)), static_cast<std::uint64_t>(option<int>(fd, SO_PASSCRED))};
  if (is_unused(fd)) return Found::saved;
  if (file->numbers[kDomain] != AF_UNIX || !is_unnamed(fd)) return Found::lost;
  if (!ask(opened.status.st_ino, &file->peer, &file->numbers[kShutdown])) return Found::lost;
  file->id = opened.status.st_ino;
  if (waiting_contents(file)) return Found::saved;
  *what = "a socket through which descriptors are being passed";
  return Found::lost;
}

std::vector<int> drop_half_pairs(std::vector<SavedFile> *files) {
  std::vector<int> gone;
  std::vector<SavedFile> kept;
  for (const SavedFile &file : *files) {
    const auto is_peer = [&](const SavedFile &f) { return is_pair(f) && f.id == file.peer; };
    if (is_pair(file) && file.peer != 0 && std::none_of(files->begin(), files->end(), is_peer)) gone.push_back(file.fd);
  }
  for (SavedFile &file : *files) {
    if (file.kind == FileKind::duplicate && std::count(gone.begin(), gone.end(), file.same_as)) gone.push_back(file.fd);
    if (!std::count(gone.begin(), gone.end(), file.fd)) kept.push_back(std::move(file));
  }
  *files = std::move(kept);
  return gone;
}

// ---------------------------------------------------------------------------------
// Restart

namespace {

void set_options(int fd, const SavedFile &file) {
  const auto time_of = [](std::uint64_t us) { return timeval{static_cast<time_t>(us / 1000000), static_cast<suseconds_t>(us % 1000000)}; };
  const timeval receive = time_of(file.numbers[kReceiveTimeout]), send = time_of(file.numbers[kSendTimeout]);
  const int pass = static_cast<int>(file.numbers[kPassCredentials]);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof receive);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send, sizeof send);
  if (pass) ::setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &pass, sizeof pass);
  ::fcntl(fd, F_SETFL, file.flags & kStatusFlags);
}

void set_send_buffer(int fd, const SavedFile &file) {
  const int bytes = static_cast<int>(file.numbers[kSendBuffer]);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

// What waits at `to` is sent again through `from`.
bool send_waiting(int from, const SavedFile &to) {
  std::size_t at = 0;
  for (std::size_t i = kLengths; i < to.numbers.size(); ++i) {
    const std::uint64_t length = to.numbers[i];
    if (length > to.contents.size() - at) return false;
    if (length == 0 && to.numbers[kType] == SOCK_STREAM) continue;
    if (::send(from, to.contents.data() + at, length, MSG_DONTWAIT | MSG_NOSIGNAL) != static_cast<ssize_t>(length)) return false;
    at += length;
  }
  return true;
}

const SavedFile *peer_of(const SavedFile &file, const std::vector<SavedFile> &files) {
  for (const SavedFile &other : files)
    if (is_pair(other) && other.id == file.peer && file.peer != 0) return &other;
  return nullptr;
}

// The ends that have been made and wait for their turn.
std::vector<std::pair<std::uint64_t, int>> &waiting_ends = *new std::vector<std::pair<std::uint64_t, int>>;

int take_waiting_end(std::uint64_t id) {
  for (std::size_t i = 0; i < waiting_ends.size(); ++i)
    if (waiting_ends[i].first == id) {
      const int fd = waiting_ends[i].second;
      waiting_ends.erase(waiting_ends.begin() + static_cast<std::ptrdiff_t>(i));
      return fd;
    }
  return -1;
}

}  // namespace

int restore_socket(const SavedFile &file, const std::vector<SavedFile> &files) {
  if (file.numbers.size() < kLengths) {
    errno = EINVAL;
    return -1;
  }
  const int domain = static_cast<int>(file.numbers[kDomain]), type = static_cast<int>(file.numbers[kType]) | SOCK_CLOEXEC,
            protocol = static_cast<int>(file.numbers[kProtocol]);
  if (!is_pair(file)) {
    const int fd = ::socket(domain, type, protocol);
    if (fd >= 0) set_options(fd, file);
    return fd;
  }
  if (const int fd = take_waiting_end(file.id); fd >= 0) return fd;
  int ends[2];
  if (::socketpair(domain, type, protocol, ends) != 0) return -1;
  const SavedFile *peer = peer_of(file, files);
  set_send_buffer(ends[0], file);
  set_send_buffer(ends[1], peer && peer->numbers.size() >= kLengths ? *peer : file);
  if (!send_waiting(ends[1], file) || (peer && !send_waiting(ends[0], *peer))) return -1;
  const auto shut = [](int fd, std::uint64_t state) {
    if (state & 1) ::shutdown(fd, SHUT_RD);
    if (state & 2) ::shutdown(fd, SHUT_WR);
  };
  if (peer) {
    shut(ends[0], file.numbers[kShutdown]);
    shut(ends[1], peer->numbers[kShutdown]);
    set_options(ends[1], *peer);
    waiting_ends.emplace_back(peer->id, ends[1]);
  } else {
    ::close(ends[1]);
  }
  set_options(ends[0], file);
  return ends[0];
}

}  // namespace mana
