// The extensions of both MPIs for jobs that lose processes, as they are while none is lost. A job whose process fails is not saved
// from that, but restarted from its last checkpoint.
#include "abi_constants.h"
#include "core/call.h"
#include "core/collectives.h"
#include "core/communicators.h"
#include "core/datatypes.h"
#include "core/errors.h"
#include "core/groups.h"
#include "core/lock.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana::api {

namespace {

int nobody(Comm *comm, Group **failed) {
  if (is_null(comm)) return raise(comm, abi::ERR_COMM);
  *failed = predefined<Group>(abi::GROUP_EMPTY);
  retain(*failed);
  return 0;
}

}  // namespace

// The bits that all have set.
int MPIX_Comm_agree(Comm *comm, int *flag) {
  Call call(Fn::MPIX_Comm_agree);
  if (comm->remote) return raise(comm, abi::ERR_COMM);
  if (const int error = begin_collective(comm)) return raise(comm, error);
  const int own = *flag;
  const NativeDatatype native_int = native_of(predefined<Datatype>(abi::INT));
  const int error = unlocked([&] {
    return seam()->mpi->Allreduce(&own, flag, 1, native_int, predefined<Op>(abi::BAND)->native, comm->native);
  });
  end_collective();
  return error ? raise(comm, error) : 0;
}

int MPIX_Comm_failure_ack(Comm *comm) {
  Call call(Fn::MPIX_Comm_failure_ack);
  return is_null(comm) ? raise(comm, abi::ERR_COMM) : 0;
}

int MPIX_Comm_failure_get_acked(Comm *comm, Group **failed) {
  Call call(Fn::MPIX_Comm_failure_get_acked);
  return nobody(comm, failed);
}

int MPIX_Comm_get_failed(Comm *comm, Group **failed) {
  Call call(Fn::MPIX_Comm_get_failed);
  return nobody(comm, failed);
}

int MPIX_Comm_ack_failed(Comm *comm, int, int *acknowledged) {
  Call call(Fn::MPIX_Comm_ack_failed);
  *acknowledged = 0;
  return is_null(comm) ? raise(comm, abi::ERR_COMM) : 0;
}

// MPIX_Comm_revoke is not supported.
int MPIX_Comm_is_revoked(Comm *comm, int *flag) {
  Call call(Fn::MPIX_Comm_is_revoked);
  *flag = 0;
  return is_null(comm) ? raise(comm, abi::ERR_COMM) : 0;
}

// Without those that failed: all.
int MPIX_Comm_shrink(Comm *comm, Comm **newcomm) {
  Call call(Fn::MPIX_Comm_shrink);
  const int error =
      create_comm(comm, newcomm, [&](NativeComm *made) { return duplicate_below(comm->native, made); });
  return error ? raise(comm, error) : 0;
}

}  // namespace mana::api
