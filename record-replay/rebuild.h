// Making the objects of a restarted process in its new live MPI. See rebuild.cpp.
#pragma once

namespace mana {

// Called by the engine on every rank of a restarted job, before any other thread runs. Afterwards every native handle
// in a record is valid in this process.
void rebuild_objects();

// In a process that MPI_Comm_spawn has asked for, started beside restarted ones: its part in what those do.
void rebuild_beside();

}  // namespace mana
