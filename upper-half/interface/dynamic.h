// Processes that are started while the job runs, as the two halves speak of them. Included by both; covered by kSeamVersion.
//
// A live MPI need not be able to start processes (MPICH over UCX is not), and what it starts is a world of its own. So
// MPI_Comm_spawn is a checkpoint: the coordinator has the launcher start the job again from it with so many
// processes more, and the live MPI only ever sees one world with everybody in it.
//
//     number   0 .. n-1     the first MPI_COMM_WORLD
//              n .. n+k-1   those of the first spawn, a MPI_COMM_WORLD of their own, and so on
//
// Nobody can leave that world before all do. But where a whole spawned world only waits for that in exit(), and nobody outside of it knows any of
// its processes, the next spawn's processes take their numbers and places.
//
// A request is text, which only the started processes read: a line about the job, then one for each command,
//
//     JOB FRONT                           16 and 1 hexadecimal digits
//     MAXPROCS DIRECTORY PROGRAM ARGUMENT...
//
// with blanks between words, in which blanks, '%' and what is no graphic character of ASCII stand as %XX; '%' alone is the
// empty word.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mana {

struct OwnProcess {
  std::uint64_t job;    // of all processes of a job the same, and no other job's; kept across restarts by the core
  std::int32_t first;   // of a spawned process: number of the first one started with it
  std::int32_t count;   // how many those are; 0: not a spawned process
  std::int32_t root;    // number of the process that has called MPI_Comm_spawn
  std::int32_t appnum;  // which of its commands this is
  std::uint32_t front;  // what that process was built for: UpperServices::front
};

// What a process tells of itself at a checkpoint.
struct Standing {
  std::int32_t world_first, world_count;  // its world, if it is a spawned process that then ends with status 0; else 0, 0
  std::int32_t known_count;
  std::int32_t *known;  // processes outside of its world that communicators and groups of its own have
};

enum class NameCall : std::int32_t { publish = 0, unpublish = 1, lookup = 2 };

struct DynamicProcesses {
  const OwnProcess *(*own)();

  // Asks for `count` processes. `number` counts the requests of this process. 0: taken, then await() it; else it is
  // refused and the reason has been said.
  int (*request)(std::uint64_t number, int count, const char *text, std::size_t bytes);
  // Waits, making MPI progress, for the outcome or until the thread is to be parked. Number of the first process,
  // kSpawnFailed, or kSpawnUnknown, which is answered at once where this process has not asked (any more, after a restart).
  int (*await)(std::uint64_t number);

  // The service names of the job, which the coordinator keeps. `port` is read, or written by lookup (at most `room` bytes).
  // 0, ENOENT no such name, EEXIST already published, ECANCELED no coordinator.
  int (*name)(NameCall call, const char *service, char *port, std::size_t room);
};
inline constexpr int kSpawnFailed = -1, kSpawnUnknown = -2;

}  // namespace mana
