// mana_launch called by a launcher: `mpirun -n 4 mana_launch ./app`. Each of the processes is a rank; the first one
// on the host starts a mana_coordinator, which watches the launcher (the common parent) and goes away with it.
//
// The ranks find it by the parent's pid and start time, in the runtime directory:
//
//     job-<host>-<pid>-<starttime>.sock, .token   as in runtime_dir.h
//     inner-<host>-<pid>-<starttime>.lock         locked while the coordinator is being started
//
// Its messages go to coordinator.log in the checkpoint directory: it must not keep the rank's stderr open.
#pragma once
#include <string>
#include <vector>

#include "tools/coordinator.h"

namespace mana {

// What mana_coordinator writes to --ready-fd when it listens; else exit code and sentence.
inline constexpr const char *kListens = "0 listens";

// True when this process was started by an MPI launcher as one of its ranks.
bool inside_launcher();

// Does not return but for a problem.
Problem become_rank(const CoordinatorOptions &options, const std::vector<std::string> &environment,
                    const std::vector<std::string> &command);

// "pid-starttime" of a process that runs, else "".
std::string process_key(int pid);

} // namespace mana
