// Partitioned communication (MPI-4, chapter 4), over ordinary messages of the core's own.
//
//     MPI_Psend_init(comm, tag, dest) ── hello {comm, tag, slot 7} ──►  the first MPI_Precv_init with that comm, tag, source
//     every partition ready           ── data, tag of slot 7 ───────►   a receive posted at its start
//
// Partitioned operations match by communicator, tag and order of initialisation, once; they match no other messages. So
// they have a communicator over all ranks to themselves. A sender gives each of its operations a slot, a number of its own
// per destination, and tells it in a message at the initialisation. A receiver that has been started reads those messages
// until it knows its slot, then posts a receive with the slot's tag. All of these are requests in the ring like any other:
// the drain completes or buffers them, a restart posts them again.
//
// The data leaves as one message when the last partition is ready, and MPI_Parrived says that a partition has arrived when
// all of it has: what MPICH 4.0 does. A receive with other partitions or another datatype matches by the type signature.
#pragma once
#include "core/objects.h"

namespace mana {

// At the start of MPI, if the front's MPI has these functions. Collective.
void make_partition_comm();
// There are more processes than before: at a restart, before communicators are made again.
void extend_partition_comm();
void free_partition_comm();
// The core's own, of all processes.
bool is_partition_comm(const Comm *comm);
bool is_partition_group(const Group *group);

// MPI_Start of an inactive one. 0 or an ABI error, not raised.
int start_partitioned(Request *request);
// MPI_Request_free of an inactive one: everything but the record.
void drop_partitioned(Partitioned *operation);

// Request::detached of the receive that waits for the next hello, and what happens when it completes.
inline constexpr std::uint8_t kReader = 3;
void hello_arrived(Request *reader);

// A started receive that does not know its slot yet: it goes on when a reader completes.
bool waits_for_hello(const Request *request);

inline bool is_partitioned(const Request *r) { return r->op == RequestKind::composite && r->persistent; }

}  // namespace mana
