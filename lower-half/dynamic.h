// Spawned processes, from the lower half's side: what MANA_SPAWN says, and the requests of this process.
//
// mana_launch and mana_restart set MANA_SPAWN when they start a job again for MPI_Comm_spawn. It begins with the number of processes
// that the job has images of, and has for each spawn a line
//
//     PROCESSES
//     @ROOT NUMBER FIRST COUNT        root's process, its count of requests, first new process (-1: not carried out), how many
//
// followed by the text of the request (interface/dynamic.h).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "interface/dynamic.h"

namespace mana {

// What this process shall be, if it is one of those spawned.
struct SpawnedCommand {
  OwnProcess own;
  std::string directory;
  std::vector<std::string> words;
};
std::optional<SpawnedCommand> spawned_command();

// Processes that the job had at the checkpoint which is restarted here. Some of their places may be taken by spawned ones.
int restarted_processes();
// This start of the job was made for a spawn.
bool started_for_spawn();

const DynamicProcesses *dynamic_processes();

}  // namespace mana
