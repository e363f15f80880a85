// What a restart does in the new live MPI: makes what the records describe.
//
// Nothing is replayed. A record says what an object is, and the drain has left requests in two states only: complete, or
// a posted receive that nothing has matched. So the order below follows from what needs what, and is the same on all
// ranks where communication is involved.
#include "record-replay/rebuild.h"

#include "core/communicators.h"
#include "core/datatypes.h"
#include "core/dynamic.h"
#include "core/point_to_point.h"
#include "core/requests.h"
#include "core/start.h"
#include "lower_mpi.h"
#include "record-replay/communicators.h"
#include "record-replay/files.h"
#include "record-replay/windows.h"

namespace mana {

namespace {

// In the order in which the application started them: among receives that match the same message the first gets it.
void post_receives_again() {
  for (Request *r = ring_first(); r; r = ring_next(r)) {
    r->native = natives.request_null;
    if (r->op != RequestKind::recv || r->complete || !has_native(r->comm)) continue;
    if (seam()->mpi->Irecv(r->buf, r->count, native_of(r->type), r->peer, r->tag, r->comm->native, &r->native) != 0)
      seam()->services->die(125, "restart: the live MPI refused a receive that was posted at the checkpoint");
  }
}

}  // namespace

void rebuild_objects() {
  // Handles of predefined objects, the core's own communicator, reduction operations in their slots.
  core_reattach();

  // Derived datatypes are made again where they are used next.
  forget_native_types();

  // Communicators, all ranks in one order.
  rebuild_communicators();

  // Files, each on a communicator of its own.
  reopen_files();

  // Nothing matches these here: messages that were under way at the checkpoint have been received already.
  post_receives_again();
  begin_closings_again();

  // Memory that ranks share, with its contents.
  rebuild_windows();

  // The coordinator is a new one.
  publish_names_again();

  // From here on every rank's receives are posted, which ready sends count on.
  seam()->mpi->Barrier(natives.protocol);
}

void rebuild_beside() {
  windows_rebuilt();
  seam()->mpi->Barrier(natives.protocol);
}

}  // namespace mana
