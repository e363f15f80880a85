// mana_launch called by a launcher: `mpirun -n 4 mana_launch ./app`. Each of the processes is a rank; the first one
// on the host starts a mana_coordinator, which watches the launcher (the common parent) and goes away with it.
//
// The ranks find each other through a file in the runtime directory named after the parent's pid and start time:
//
//     inner-<pid>-<starttime>        id of the job, written under flock by whoever came first
//     job-<id>.token, job-<id>.sock  as in runtime_dir.h
#pragma once
#include <string>
#include <vector>

#include "tools/coordinator.h"

namespace mana {

// True when this process was started by an MPI launcher as one of its ranks.
bool inside_launcher();

// Does not return but for a problem.
Problem become_rank(const CoordinatorOptions &options, const std::vector<std::string> &environment,
                    const std::vector<std::string> &command);

// "pid-starttime" of a process that runs, else "".
std::string process_key(int pid);

}  // namespace mana
