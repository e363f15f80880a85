// MPI_Comm_spawn and MPI_Comm_spawn_multiple.
//
//     root ── request ──► coordinator: a checkpoint, and the job starts again from it with more processes
//       ▼ mail to all of its group: the number of the first new process, or an error
//     parents ═══ inter-communicator, made below as by MPI_Intercomm_create ═══ children, in MPI_Init
//
// A restart from that checkpoint by hand, or from another one which was taken while the root waited, knows nothing of the
// request: the root asks again.
#include "core/dynamic.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "core/call.h"
#include "core/communicators.h"
#include "core/errors.h"
#include "core/infos.h"
#include "core/intercommunicators.h"
#include "core/memory.h"
#include "core/partitioned.h"
#include "core/pool.h"
#include "core/start.h"
#include "core/text.h"
#include "core_api.h"
#include "record-replay/rebuild.h"

namespace mana {

Comm *parent_comm;

namespace {

constexpr std::size_t kPathSize = 4096;
constexpr int kMostProcesses = 1 << 20;

std::uint64_t spawns_asked = 0;

const DynamicProcesses &services() { return *seam()->services->dynamic; }

// The text of a request, growing.
class SpawnRequest {
public:
  ~SpawnRequest() { core_free(text_); }
  SpawnRequest() = default;
  SpawnRequest(const SpawnRequest &) = delete;
  SpawnRequest &operator=(const SpawnRequest &) = delete;

  void word(const char *text) {
    static constexpr char kDigits[] = "0123456789abcdef";
    if (used_ != 0 && text_[used_ - 1] != '\n') put(' ');
    if (*text == '\0') put('%');  // alone: an empty word
    for (; *text; ++text) {
      const auto c = static_cast<unsigned char>(*text);
      if (c > ' ' && c < 0x7f && c != '%') {
        put(*text);
      } else {
        put('%');
        put(kDigits[c >> 4]);
        put(kDigits[c & 15]);
      }
    }
  }
  void number(std::uint64_t value, int base) {
    char digits[24], *at = digits + sizeof digits;
    *--at = '\0';
    do *--at = "0123456789abcdef"[value % static_cast<unsigned>(base)];
    while (value /= static_cast<unsigned>(base));
    word(at);
  }
  void end_line() { put('\n'); }
  const char *data() const { return text_; }
  std::size_t size() const { return used_; }

private:
  void put(char c) {
    if (used_ == room_) {
      room_ = room_ ? room_ * 2 : 1024;
      char *grown = core_array<char>(room_);
      if (used_) std::memcpy(grown, text_, used_);
      core_free(text_);
      text_ = grown;
    }
    text_[used_++] = c;
  }
  char *text_ = nullptr;
  std::size_t used_ = 0, room_ = 0;
};

// ---------------------------------------------------------------------------------
// Where a command's program is

bool is_program(const char *path) {
  return syscall(SYS_faccessat, AT_FDCWD, path, X_OK) == 0 && syscall(SYS_access, path, R_OK) == 0;
}

// directory/name, when that fits and is there.
bool find_in(const char *directory, std::size_t length, const char *name, char *found) {
  const std::size_t bytes = std::strlen(name) + 1;
  if (length + 1 + bytes > kPathSize) return false;
  std::memcpy(found, directory, length);
  found[length] = '/';
  std::memcpy(found + length + 1, name, bytes);
  return is_program(found);
}

bool find_in_list(const char *list, const char *name, char *found) {
  while (list && *list) {
    const char *end = list;
    while (*end && *end != ':') ++end;
    if (find_in(list, static_cast<std::size_t>(end - list), name, found)) return true;
    list = *end ? end + 1 : end;
  }
  return false;
}

// As a launcher would: a name with a slash from the working directory, another one in info's "path", in PATH, then there.
bool find_command(const char *command, const char *directory, const char *path_hint, char *found) {
  if (command[0] == '/') {
    if (std::strlen(command) >= kPathSize) return false;
    std::strcpy(found, command);
    return is_program(found);
  }
  if (!std::strchr(command, '/') &&
      (find_in_list(path_hint, command, found) || find_in_list(std::getenv("PATH"), command, found)))
    return true;
  return find_in(directory, std::strlen(directory), command, found);
}

const char *hint(const Info *info, const char *key) { return is_null(info) ? nullptr : info_value(info, key); }

// Absolute, without resolving it.
bool working_directory(const Info *info, char *directory) {
  const char *wanted = hint(info, "wdir");
  if (!wanted) wanted = hint(info, "wd");
  if (wanted && wanted[0] == '/') {
    if (std::strlen(wanted) >= kPathSize) return false;
    std::strcpy(directory, wanted);
    return true;
  }
  if (syscall(SYS_getcwd, directory, kPathSize) <= 0) return false;
  if (!wanted) return true;
  const std::size_t length = std::strlen(directory), more = std::strlen(wanted);
  if (length + more + 2 > kPathSize) return false;
  directory[length] = '/';
  std::memcpy(directory + length + 1, wanted, more + 1);
  return true;
}

// ---------------------------------------------------------------------------------
// The root

struct Commands {
  int count;
  char *const *programs;
  char **const *arguments;
  const int *processes;
  Info *const *infos;
};

int refuse(const char *what, const char *why) {
  Text text;
  text << "MPI_Comm_spawn: " << what << why;
  seam()->services->say(text.c_str());
  return abi::ERR_SPAWN;
}

int describe(const Commands &commands, int i, SpawnRequest *request) {
  char directory[kPathSize], program[kPathSize];
  if (commands.processes[i] < 0 || commands.processes[i] > kMostProcesses) return abi::ERR_ARG;
  if (!commands.programs[i] || !*commands.programs[i]) return abi::ERR_ARG;
  if (!working_directory(commands.infos[i], directory)) return refuse("no working directory for ", commands.programs[i]);
  if (!find_command(commands.programs[i], directory, hint(commands.infos[i], "path"), program))
    return refuse(commands.programs[i], " is not there, or cannot be executed");
  request->number(static_cast<std::uint64_t>(commands.processes[i]), 10);
  request->word(directory);
  request->word(program);
  char *const *arguments = commands.arguments ? commands.arguments[i] : nullptr;
  for (; arguments && *arguments; ++arguments) request->word(*arguments);
  request->end_line();
  return 0;
}

// Number of the first new process, or kSpawnFailed. A restarted process knows the outcome if it was started for it.
int ask(std::uint64_t number, int processes, const SpawnRequest &request) {
  for (std::uint32_t asked_after = ~0u;;) {
    {
      Unlocked unlocked;
      const int outcome = services().await(number);
      if (outcome != kSpawnUnknown) return outcome;
      if (asked_after != seam()->restarts) {
        asked_after = seam()->restarts;
        if (services().request(number, processes, request.data(), request.size()) != 0) return kSpawnFailed;
        continue;
      }
    }
    park();
  }
}

void spawn_as_root(const Commands &commands, Agreement *agreement) {
  if (commands.count < 1) {
    agreement->error = abi::ERR_COUNT;
    return;
  }
  SpawnRequest request;
  request.number(own.job, 16);
  request.number(seam()->upper->front, 16);
  request.end_line();
  for (int i = 0; i < commands.count && agreement->error == 0; ++i) {
    agreement->error = describe(commands, i, &request);
    agreement->count += commands.processes[i];
  }
  if (agreement->error == 0 && (agreement->count < 1 || agreement->count > kMostProcesses)) agreement->error = abi::ERR_ARG;
  if (agreement->error != 0) return;
  const int first = ask(++spawns_asked, agreement->count, request);
  if (first < 0) {
    agreement->error = abi::ERR_SPAWN;
    return;
  }
  agreement->leader = first;
  agreement->key = key_of_spawn(first);
}

int spawn(const Commands &commands, int root, Comm *comm, Comm **intercomm, int *errcodes) {
  *intercomm = null_comm();
  if (is_null(comm) || comm->remote) return raise(comm, abi::ERR_COMM);
  if (root < 0 || root >= comm->size) return raise(comm, abi::ERR_ROOT);
  Agreement agreement{};
  if (comm->rank == root) spawn_as_root(commands, &agreement);
  tell_group(comm, root, &agreement);
  for (int i = 0; errcodes && i < agreement.count; ++i) errcodes[i] = front().error_to_front(agreement.error);
  const int error = bridge_groups(comm, root, agreement, intercomm);
  return error ? raise(comm, error) : 0;
}

}  // namespace

int join_parents() {
  if (own.front != seam()->upper->front)
    seam()->services->die(78, "MPI_Comm_spawn: this program is built for another MPI than the one that has spawned it");
  rebuild_beside();
  Agreement agreement{};
  agreement.key = key_of_spawn(own.first);
  agreement.leader = own.root;
  const int error = bridge_groups(world, 0, agreement, &parent_comm);
  if (!error) std::strcpy(parent_comm->name, "MPI_COMM_PARENT");
  return error;
}

Standing standing_of_this_process() {
  Standing standing{};
  if (seam()->mpi_initialized != 1 || seam()->processes == world->size) return standing;
  if (seam()->ends_at_exit == kNothingFollows) {
    standing.world_first = own.first;
    standing.world_count = own.count;
  }
  const auto processes = static_cast<std::size_t>(seam()->processes);
  bool *known = static_cast<bool *>(core_zalloc(processes));
  for_each<Group>([&](const Group *group) {
    for (int i = 0; i < group->size && !is_partition_group(group); ++i) known[group->world_ranks[i]] = true;
  });
  for (int i = 0; i < world->size; ++i) known[world->group->world_ranks[i]] = false;
  standing.known = core_array<std::int32_t>(processes);
  for (std::int32_t process = 0; process < seam()->processes; ++process)
    if (known[process]) standing.known[standing.known_count++] = process;
  core_free(known);
  return standing;
}

namespace api {

int Comm_spawn(const char *command, char **argv, int maxprocs, Info *info, int root, Comm *comm, Comm **intercomm,
               int *errcodes) {
  Call call(Fn::Comm_spawn);
  char *program = const_cast<char *>(command);
  return spawn({1, &program, &argv, &maxprocs, &info}, root, comm, intercomm, errcodes);
}

int Comm_spawn_multiple(int count, char **commands, char ***argvs, const int *maxprocs, Info *const *infos, int root,
                        Comm *comm, Comm **intercomm, int *errcodes) {
  Call call(Fn::Comm_spawn_multiple);
  return spawn({count, commands, argvs, maxprocs, infos}, root, comm, intercomm, errcodes);
}

}  // namespace api

}  // namespace mana
