// MPI_Barrier: the collective in which ranks wait longest for one that computes, and the only one that does not hold up
// a checkpoint meanwhile.
//
// No rank can leave a barrier before every rank has entered it, and it has no buffers. So a rank in it can be saved as if it
// stood before it, and enters again after a restart, as long as nobody has left. It is counted when it is *left*
// then: once one rank has left, the target makes the others leave too, which they can without anybody's help. Below it
// is a nonblocking barrier and a loop that a checkpoint interrupts.
//
//     rank 0   ── enters ──────── interrupted, saved ─ ─ ─ ─ restart: enters again ──── leaves, counted
//     rank 1   ── computes ───────── saved ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ restart ── computes ── enters, leaves, counted
//
// An inter-communicator's is left when the other group has entered it, like its other collectives (collectives.h): a rank of
// the own group that has not come yet is made to come by the target.
//
// While a checkpoint is being prepared ranks enter through the gate and are counted at once, like in any other
// collective: a loop of barriers would run away from its target otherwise. They can withdraw, though (collectives.h).
#include "abi_constants.h"
#include "core/call.h"
#include "core/collectives.h"
#include "core/communicators.h"
#include "core/duplication.h"
#include "core/errors.h"
#include "core/lock.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana {

namespace {

int barrier_below(Comm *comm, NativeRequest *pending) {
  Unlocked unlocked;
  return seam()->services->blocking->barrier(comm->native, pending);
}

int uncounted_barrier(Comm *comm, NativeRequest pending) {
  for (;;) {
    const int error = barrier_below(comm, &pending);
    if (error != kInterrupted) {
      count_left(comm);
      return error;
    }
    const std::uint32_t restarts = seam()->restarts;
    park();
    if (seam()->restarts != restarts) pending = natives.request_null;
  }
}

int counted_barrier(Comm *comm) {
  if (const int error = begin_collective(comm)) return error;
  NativeRequest pending = natives.request_null;
  int error;
  if (!comm->entered) {  // alone
    do error = barrier_below(comm, &pending);
    while (error == kInterrupted);
    end_collective();
    return error;
  }
  begin_withdrawable();
  error = barrier_below(comm, &pending);
  if (error != kInterrupted) {
    end_withdrawable();
    return error;
  }
  withdraw(comm);
  return uncounted_barrier(comm, pending);
}

}  // namespace

int barrier(Comm *comm) {
  if (duplications) [[unlikely]] finish_duplications(comm);  // Open MPI mixes its nonblocking barrier with their steps
  const bool interruptible = comm->entered && may_enter_uncounted();
  return interruptible ? uncounted_barrier(comm, natives.request_null) : counted_barrier(comm);
}

namespace api {

int Barrier(Comm *comm) {
  Call call(Fn::Barrier);
  const int error = barrier(comm);
  return error ? raise(comm, error) : 0;
}

}  // namespace api

}  // namespace mana
