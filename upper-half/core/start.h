// The core's life: loaded with the front, alive between MPI_Init and MPI_Finalize, refilled after a restart.
#pragma once
#include "core/objects.h"
#include "interface/dynamic.h"

namespace mana {

// The front's constructor. `ops` must stay valid. Checks the seam's version, publishes the upper half's
// services. No MPI call is made, no memory is taken.
void core_start(const FrontOps *ops);
const FrontOps &front();
inline bool as_open_mpi() { return front().front == kOpenMpiFront; }

// After MPI_Init below: fills MPI_COMM_WORLD and MPI_COMM_SELF and what the core keeps of its own below.
void core_attach();
// After a restart, before any other record is rebuilt: the same for the new live MPI.
void core_reattach();

// Natives that the core itself needs, valid between MPI_Init and MPI_Finalize.
struct Natives {
  NativeRequest request_null;
  NativeMessage message_null;
  NativeMessage message_no_proc;
  NativeDatatype byte;
  NativeComm comm_null;
  NativeInfo info_null;
  NativeComm protocol;   // all ranks, for the drain and the acknowledgements of synchronous sends
};
extern Natives natives;

// Peers by their number in the job: [Seam::processes].
extern Peer *world_peers;
extern Comm *world;      // the records of MPI_COMM_WORLD
extern Comm *self_comm;  // and of MPI_COMM_SELF
extern OwnProcess own;   // as it was at MPI_Init

}  // namespace mana
