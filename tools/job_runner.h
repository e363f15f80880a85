// Runs a launcher with a coordinator beside it, until the launcher ends: what mana_launch and mana_restart share.
//
//   SIGUSR1          takes a checkpoint
//   SIGTERM          takes a checkpoint and stops the job (exit status 85); a second one ends the job at once, as
//                    does one before any rank is there: at a restart with 85 too, as its checkpoint is still where the
//                    job stands. When a rank has called MPI_Finalize, the job has 10 s to end by itself
//   SIGINT, SIGQUIT, SIGHUP   go to the launcher (from a terminal it gets them anyway: not twice)
//   SIGTSTP, SIGCONT          have their usual effect on the whole process group
//
// Signals come through a signalfd because only that tells who sent them, and the launcher is started with fork and
// execve because it must inherit ignored signals (nohup, a shell's &), which uv_spawn resets.
#pragma once
#include <string>
#include <vector>

#include "tools/coordinator.h"

namespace mana {

inline constexpr int kExitStopped = 85, kExitInternal = 125, kExitNotExecutable = 126, kExitNotFound = 127;

struct JobOptions {
  CoordinatorOptions coordinator;
  std::vector<std::string> command;     // to be executed
  std::vector<std::string> environment; // NAME=value, in addition
  std::string rank_program;             // with which the launcher is started again for MPI_Comm_spawn
  bool restarts = false;                // from a checkpoint
};

// Returns the exit status for the tool; problems have been printed.
int run_job(const JobOptions &options);

// The absolute form of `path` without requiring that it exists.
std::string absolute_path(const std::string &path);

// Prints "tool: text" on stderr and returns the code.
int report(const std::string &tool, const Problem &problem);

} // namespace mana
