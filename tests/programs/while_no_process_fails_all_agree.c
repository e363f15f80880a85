// While no process fails, the functions for failures find none: all agree, nobody is missing from a shrunk communicator.
//
// MPICH as Debian builds it fails an assertion in them, and Open MPI has them switched off; started by mpirun alone the program makes the calls that give
// the same result.
//
// needs openmpi 5.0, mpich 4.0
#include "check.h"
#include "mana.h"
#ifdef OPEN_MPI
#include <mpi-ext.h>
#define HAS_ALL
#endif
#if MPICH_NUMVERSION >= 40200000
#define HAS_GET_FAILED
#endif

static int agree(MPI_Comm comm, int *flag) {
  if (mana_is_restarted_impl != NULL) return MPIX_Comm_agree(comm, flag);
  return MPI_Allreduce(MPI_IN_PLACE, flag, 1, MPI_INT, MPI_BAND, comm);
}

static int shrink(MPI_Comm comm, MPI_Comm *made) {
  if (mana_is_restarted_impl != NULL) return MPIX_Comm_shrink(comm, made);
  return MPI_Comm_dup(comm, made);
}

static int acknowledge(MPI_Comm comm) {
  if (mana_is_restarted_impl != NULL) return MPIX_Comm_failure_ack(comm);
  return MPI_Barrier(comm);
}

static int get_acknowledged(MPI_Comm comm, MPI_Group *failed) {
  if (mana_is_restarted_impl != NULL) return MPIX_Comm_failure_get_acked(comm, failed);
  return MPI_Group_incl(MPI_GROUP_EMPTY, 0, NULL, failed);
}

// Not supported under mana.
static int revoke(MPI_Comm comm) {
  if (mana_is_restarted_impl != NULL) return MPIX_Comm_revoke(comm);
  return MPI_ERR_UNSUPPORTED_OPERATION;
}

#if defined(HAS_ALL) || defined(HAS_GET_FAILED)
static int get_failed(MPI_Comm comm, MPI_Group *failed) {
  if (mana_is_restarted_impl != NULL) return MPIX_Comm_get_failed(comm, failed);
  return MPI_Group_incl(MPI_GROUP_EMPTY, 0, NULL, failed);
}
#endif

#ifdef HAS_ALL
static int begin_agreement(MPI_Comm comm, int *flag, MPI_Request *request) {
  if (mana_is_restarted_impl != NULL) return MPIX_Comm_iagree(comm, flag, request);
  return MPI_Iallreduce(MPI_IN_PLACE, flag, 1, MPI_INT, MPI_BAND, comm, request);
}

static int acknowledge_some(MPI_Comm comm, int n, int *acknowledged) {
  if (mana_is_restarted_impl != NULL) return MPIX_Comm_ack_failed(comm, n, acknowledged);
  *acknowledged = 0;
  return MPI_Barrier(MPI_COMM_SELF);
}

static int is_revoked(MPI_Comm comm, int *flag) {
  if (mana_is_restarted_impl != NULL) return MPIX_Comm_is_revoked(comm, flag);
  *flag = 0;
  return MPI_Barrier(MPI_COMM_SELF);
}
#endif

int main(int argc, char **argv) {
  begin(&argc, &argv);
  MPI_Comm comm, whole;
  MPI_Group failed;
  int flag, n, result, class, sum;
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  flag = 7;
  SAME(agree(comm, &flag), MPI_SUCCESS);
  SAME(flag, 7);
  flag = rank == 1 ? 5 : 6;
  SAME(agree(comm, &flag), MPI_SUCCESS);
  SAME(flag, 4);
  SAME(acknowledge(comm), MPI_SUCCESS);
  SAME(get_acknowledged(comm, &failed), MPI_SUCCESS);
  MPI_Group_size(failed, &n);
  SAME(n, 0);
  MPI_Group_free(&failed);
#if defined(HAS_ALL) || defined(HAS_GET_FAILED)
  SAME(get_failed(comm, &failed), MPI_SUCCESS);
  MPI_Group_size(failed, &n);
  SAME(n, 0);
  MPI_Group_free(&failed);
#endif
#ifdef HAS_ALL
  MPI_Request request;
  flag = rank == 1 ? 5 : 6;
  SAME(begin_agreement(comm, &flag, &request), MPI_SUCCESS);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  SAME(flag, 4);
  SAME(acknowledge_some(comm, size, &n), MPI_SUCCESS);
  SAME(n, 0);
  SAME(is_revoked(comm, &flag), MPI_SUCCESS);
  SAME(flag, 0);
#endif
  SAME(shrink(comm, &whole), MPI_SUCCESS);
  MPI_Comm_compare(comm, whole, &result);
  SAME(result, MPI_CONGRUENT);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, whole);
  SAME(sum, size * (size - 1) / 2);
  MPI_Comm_free(&whole);
  MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
  MPI_Error_class(revoke(comm), &class);
  SAME(class, MPI_ERR_UNSUPPORTED_OPERATION);
  MPI_Comm_free(&comm);
  return end();
}
