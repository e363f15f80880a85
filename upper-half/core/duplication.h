// MPI_Comm_idup: see duplication.cpp.
#pragma once
#include "core/objects.h"

namespace mana {

// Duplications under way on this rank.
extern std::uint32_t duplications;

// One step of a duplication has ended below. True: the next has been started as the request's native. False: the new
// communicator is ready.
bool duplication_goes_on(Request *request);

}  // namespace mana
