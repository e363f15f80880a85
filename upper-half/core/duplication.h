// MPI_Comm_idup: see duplication.cpp.
#pragma once
#include "core/objects.h"

namespace mana {

// Duplications under way on this rank.
extern std::uint32_t duplications;

// One step of a duplication has ended below. True: the next has been started as the request's native. False: the new
// communicator is ready.
bool duplication_goes_on(Request *request);

// Where Open MPI runs below: waits until none is under way on this rank, parking as often as asked. To be called before another
// communicator is made. Open MPI 4.1.4 hangs when it makes two at a time and the ranks get on with them differently.
void finish_duplications();

}  // namespace mana
