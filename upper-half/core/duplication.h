// MPI_Comm_idup: see duplication.cpp.
#pragma once
#include "core/objects.h"

namespace mana {

// Duplications under way on this rank.
extern std::uint32_t duplications;

// A duplication has ended below, with this error or 0: the new communicator is ready, or there is none after an error.
void end_duplication(Request *request, int error);

// Where Open MPI runs below: waits until none of this communicator is under way on this rank, parking as often as asked. To be
// called in MPI_Barrier and MPI_Comm_free, whose nonblocking barriers Open MPI mixes with its steps, and in a collective that makes another
// communicator of it: Open MPI 4.1.4 hangs when it makes two of one
// communicator at a time and the ranks get on with them differently. Not for another communicator, and not in
// MPI_Comm_create_group: there it does not hang, and the ranks may begin them in any order.
void finish_duplications(const Comm *comm);

}  // namespace mana
