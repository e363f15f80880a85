// While no process fails, MPICH's functions for failures find none: all agree, nobody is missing from a shrunk communicator.
//
// MPICH 4.0.2 as Debian builds it fails an assertion in them; started by mpirun alone the program makes the calls that give
// the same result.
//
// mpich only
#include "check.h"
#include "mana.h"

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
