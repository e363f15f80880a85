// MPI_Comm_accept, MPI_Comm_connect, MPI_Comm_join, and the names of services.
//
// All processes of a job are known to each other (interface/dynamic.h), so none of this needs the live MPI: a port is a
// number of the process that has opened it, and two groups are joined as by MPI_Intercomm_create.
//
//     "mana:" JOB ":" PROCESS ":" NUMBER      the job in 16 hexadecimal digits, the rest decimal
//
// Ports of other jobs, and those that an MPI has opened, are refused: a restart could not connect two jobs again.
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/call.h"
#include "core/communicators.h"
#include "core/dynamic.h"
#include "core/errors.h"
#include "core/intercommunicators.h"
#include "core/mailbox.h"
#include "core/memory.h"
#include "core/start.h"
#include "core/text.h"
#include "core_api.h"

namespace mana {

namespace {

struct Port {
  std::uint64_t job;
  std::int32_t process;
  std::uint64_t number;
};

constexpr char kScheme[] = "mana:";
constexpr std::size_t kJobDigits = 16;

std::uint64_t ports_opened = 0, connections_asked = 0;

struct OpenPort {
  OpenPort *next;
  std::uint64_t number;
};
OpenPort *open_ports;

struct Name {
  Name *next;
  char *service, *port;
};
Name *published;

void write_port(const Port &port, char *name) {
  char job[kJobDigits + 1];
  for (std::size_t i = 0; i < kJobDigits; ++i) job[i] = "0123456789abcdef"[(port.job >> (60 - 4 * i)) & 15];
  job[kJobDigits] = '\0';
  Text text;
  text << kScheme << job << ":" << port.process << ":" << static_cast<std::int64_t>(port.number);
  std::strcpy(name, text.c_str());
}

bool read_number(const char **at, unsigned base, char end, std::uint64_t *value) {
  const char *start = *at;
  *value = 0;
  for (; **at && **at != end; ++*at) {
    const char c = **at;
    const unsigned digit = c >= '0' && c <= '9' ? static_cast<unsigned>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                                                  : 99;
    if (digit >= base) return false;
    *value = *value * base + digit;
  }
  const bool ended = **at == end && *at != start;
  if (**at) ++*at;
  return ended;
}

bool read_port(const char *name, Port *port) {
  if (std::strncmp(name, kScheme, sizeof kScheme - 1) != 0) return false;
  name += sizeof kScheme - 1;
  std::uint64_t process;
  if (!read_number(&name, 16, ':', &port->job) || !read_number(&name, 10, ':', &process) ||
      !read_number(&name, 10, '\0', &port->number))
    return false;
  port->process = static_cast<std::int32_t>(process);
  return port->process >= 0 && port->process < seam()->processes;
}

OpenPort **find_open(std::uint64_t number) {
  OpenPort **place = &open_ports;
  while (*place && (*place)->number != number) place = &(*place)->next;
  return place;
}

// 0, or an ABI error with a sentence where the name is that of somebody else.
int check_port(const char *name, Port *port) {
  if (read_port(name, port) && port->job == own.job) return 0;
  Text text;
  text << "port " << name << " is not of this job: jobs cannot be connected with each other";
  seam()->services->say(text.c_str());
  return abi::ERR_PORT;
}

// ---------------------------------------------------------------------------------
// Accepting and connecting

void accept_as_root(const char *name, Agreement *agreement) {
  Port port;
  agreement->error = check_port(name, &port);
  if (agreement->error == 0 && (port.process != seam()->process || !*find_open(port.number))) agreement->error = abi::ERR_PORT;
  if (agreement->error != 0) return;
  Mail connection, answer{};
  agreement->leader = await_mail(kAnySender, MailKind::connection, port.number, 0, &connection);
  agreement->key = bridge_key();
  answer.kind = MailKind::acceptance;
  answer.about = connection.number;
  answer.number = agreement->key;
  send_mail(agreement->leader, answer);
}

void connect_as_root(const char *name, Agreement *agreement) {
  Port port;
  agreement->error = check_port(name, &port);
  if (agreement->error != 0) return;
  Mail connection{}, answer;
  connection.kind = MailKind::connection;
  connection.about = port.number;
  connection.number = ++connections_asked;
  send_mail(port.process, connection);
  await_mail(port.process, MailKind::acceptance, connection.number, 0, &answer);
  agreement->leader = port.process;
  agreement->key = answer.number;
}

template <class AsRoot> int join_by_port(const char *name, int root, Comm *comm, Comm **made, AsRoot as_root) {
  *made = null_comm();
  if (is_null(comm) || comm->remote) return raise(comm, abi::ERR_COMM);
  if (root < 0 || root >= comm->size) return raise(comm, abi::ERR_ROOT);
  Agreement agreement{};
  if (comm->rank == root) as_root(name, &agreement);
  tell_group(comm, root, &agreement);
  const int error = bridge_groups(comm, root, agreement, made);
  return error ? raise(comm, error) : 0;
}

// ---------------------------------------------------------------------------------
// MPI_Comm_join: two processes that have a socket tell each other who they are.

struct Introduction {
  char magic[8];
  std::uint64_t job, key;
  std::int32_t process, pad;
};
constexpr char kMagic[8] = {'m', 'a', 'n', 'a', 'j', 'o', 'i', 'n'};

// All of it, however the socket is set, while a checkpoint may come between. 0 or an ABI error.
template <class Transfer> int transfer_all(Transfer transfer, std::size_t bytes) {
  std::size_t done = 0;
  while (done < bytes) {
    const long n = transfer(done, bytes - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      return abi::ERR_OTHER;
    } else {
      pause_for_others();
      park();
    }
  }
  return 0;
}

int introduce(int fd, const Introduction &mine, Introduction *other) {
  const auto *out = reinterpret_cast<const char *>(&mine);
  auto *in = reinterpret_cast<char *>(other);
  const int error = transfer_all(
      [&](std::size_t at, std::size_t n) { return syscall(SYS_sendto, fd, out + at, n, MSG_DONTWAIT | MSG_NOSIGNAL, nullptr, 0); },
      sizeof mine);
  if (error) return error;
  return transfer_all(
      [&](std::size_t at, std::size_t n) { return syscall(SYS_recvfrom, fd, in + at, n, MSG_DONTWAIT, nullptr, nullptr); },
      sizeof *other);
}

int join_by_socket(int fd, Comm **made) {
  Introduction mine{}, other{};
  std::memcpy(mine.magic, kMagic, sizeof kMagic);
  mine.job = own.job;
  mine.key = bridge_key();
  mine.process = seam()->process;
  if (const int error = introduce(fd, mine, &other)) return error;
  if (std::memcmp(other.magic, kMagic, sizeof kMagic) != 0 || other.job != own.job || other.process == mine.process) {
    seam()->services->say("MPI_Comm_join: the other end of the socket is no other process of this job");
    return abi::ERR_OTHER;
  }
  Agreement agreement{};
  agreement.leader = other.process;
  agreement.key = mine.process < other.process ? mine.key : other.key;
  return bridge_groups(self_comm, 0, agreement, made);
}

// ---------------------------------------------------------------------------------
// Names

int call_names(NameCall what, const char *service, char *port, std::size_t room) {
  Unlocked unlocked;
  return seam()->services->dynamic->name(what, service, port, room);
}

char *copied(const char *text) { return core_copy(text, std::strlen(text) + 1); }

void forget_name(const char *service) {
  for (Name **place = &published; *place; place = &(*place)->next) {
    Name *name = *place;
    if (std::strcmp(name->service, service) != 0) continue;
    *place = name->next;
    core_free(name->service);
    core_free(name->port);
    core_free(name);
    return;
  }
}

}  // namespace

void publish_names_again() {
  for (Name *name = published; name; name = name->next) call_names(NameCall::publish, name->service, name->port, 0);
}

namespace api {

// The numbers begin with the process's, so that no port of a process is that of another one which has had its place before.
int Open_port(Info *, char *port_name) {
  constexpr int kShift = 20;
  Call call(Fn::Open_port);
  if (ports_opened == 0) ports_opened = static_cast<std::uint64_t>(syscall(SYS_getpid)) << kShift;
  auto *port = static_cast<OpenPort *>(core_alloc(sizeof(OpenPort)));
  *port = {open_ports, ++ports_opened};
  open_ports = port;
  write_port({own.job, seam()->process, port->number}, port_name);
  return 0;
}

int Close_port(const char *port_name) {
  Call call(Fn::Close_port);
  Port port;
  if (!read_port(port_name, &port) || port.job != own.job || port.process != seam()->process) return raise(abi::ERR_PORT);
  OpenPort **place = find_open(port.number);
  if (!*place) return raise(abi::ERR_PORT);
  OpenPort *closed = *place;
  *place = closed->next;
  core_free(closed);
  return 0;
}

int Comm_accept(const char *port_name, Info *, int root, Comm *comm, Comm **newcomm) {
  Call call(Fn::Comm_accept);
  return join_by_port(port_name, root, comm, newcomm, accept_as_root);
}

int Comm_connect(const char *port_name, Info *, int root, Comm *comm, Comm **newcomm) {
  Call call(Fn::Comm_connect);
  return join_by_port(port_name, root, comm, newcomm, connect_as_root);
}

int Comm_join(int fd, Comm **intercomm) {
  Call call(Fn::Comm_join);
  *intercomm = null_comm();
  const int error = join_by_socket(fd, intercomm);
  return error ? raise(self_comm, error) : 0;
}

int Publish_name(const char *service_name, Info *, const char *port_name) {
  Call call(Fn::Publish_name);
  char *port = copied(port_name);
  if (call_names(NameCall::publish, service_name, port, 0) != 0) {
    core_free(port);
    return raise(abi::ERR_SERVICE);
  }
  auto *name = static_cast<Name *>(core_alloc(sizeof(Name)));
  *name = {published, copied(service_name), port};
  published = name;
  return 0;
}

int Unpublish_name(const char *service_name, Info *, const char *) {
  Call call(Fn::Unpublish_name);
  if (call_names(NameCall::unpublish, service_name, nullptr, 0) != 0) return raise(abi::ERR_SERVICE);
  forget_name(service_name);
  return 0;
}

int Lookup_name(const char *service_name, Info *, char *port_name) {
  Call call(Fn::Lookup_name);
  const auto room = static_cast<std::size_t>(front().max_port_name);
  return call_names(NameCall::lookup, service_name, port_name, room) == 0 ? 0 : raise(abi::ERR_NAME);
}

}  // namespace api

}  // namespace mana
