// Dynamic processes: MPI_Comm_spawn (dynamic.cpp), ports and service names (ports.cpp). How processes come to a running
// job is told in interface/dynamic.h.
#pragma once
#include "core/objects.h"
#include "interface/dynamic.h"

namespace mana {

// What MPI_Comm_get_parent gives; null before MPI_Init of a spawned process, and in all others.
extern Comm *parent_comm;

// In MPI_Init of a spawned process: joins those that have spawned it. 0 or an ABI error.
int join_parents();

// For the coordinator. To be freed: Standing::known.
Standing standing_of_this_process();

// After a restart: the names which this process has published.
void publish_names_again();

}  // namespace mana
