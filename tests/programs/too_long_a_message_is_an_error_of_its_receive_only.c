// A message longer than its receive gives MPI_ERR_TRUNCATE there, to a blocking receive and in the status of one of
// several; the messages before and after it are unharmed.
#include "check.h"

static int class_of(int error) {
  int class;
  MPI_Error_class(error, &class);
  return class;
}

static int last_class;

static void forgive(MPI_Comm *comm, int *code, ...) {
  (void)comm;
  last_class = class_of(*code);
  *code = MPI_SUCCESS;
}

int main(int argc, char **argv) {
  int out[40], in[3][40], got[40];
  MPI_Request sends[6], receives[3];
  MPI_Status statuses[3], status;
  MPI_Errhandler forgiving;
  begin(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  fill(out, 40, rank);
  MPI_Isend(out, 4, MPI_INT, next, 1, MPI_COMM_WORLD, &sends[0]);
  MPI_Isend(out, 40, MPI_INT, next, 1, MPI_COMM_WORLD, &sends[1]);
  MPI_Isend(out, 5, MPI_INT, next, 1, MPI_COMM_WORLD, &sends[2]);
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(MPI_Recv(got, 4, MPI_INT, prev, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE), MPI_SUCCESS);
  VERIFY(got, 4, prev);
  SAME(class_of(MPI_Recv(got, 10, MPI_INT, prev, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE)), MPI_ERR_TRUNCATE);
  SAME(MPI_Recv(got, 10, MPI_INT, prev, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE), MPI_SUCCESS);
  VERIFY(got, 5, prev);

  for (int i = 0; i < 3; ++i) MPI_Irecv(in[i], 10, MPI_INT, prev, 20 + i, MPI_COMM_WORLD, &receives[i]);
  MPI_Barrier(MPI_COMM_WORLD);
  for (int i = 0; i < 3; ++i)
    MPI_Isend(out, i == 1 ? 11 : 10, MPI_INT, next, 20 + i, MPI_COMM_WORLD, &sends[3 + i]);
  int error = MPI_Waitall(3, receives, statuses);
  SAME(class_of(error), MPI_ERR_IN_STATUS);
  SAME(statuses[0].MPI_ERROR, MPI_SUCCESS);
  SAME(class_of(statuses[1].MPI_ERROR), MPI_ERR_TRUNCATE);
  CHECK(statuses[2].MPI_ERROR == MPI_SUCCESS || statuses[2].MPI_ERROR == MPI_ERR_PENDING);
  SAME(MPI_Wait(&receives[2], MPI_STATUS_IGNORE), MPI_SUCCESS);
  VERIFY(in[0], 10, prev);
  VERIFY(in[2], 10, prev);
  SAME(MPI_Waitall(6, sends, MPI_STATUSES_IGNORE), MPI_SUCCESS);

  // MPICH returns what the handler has made of the code, Open MPI only from calls that complete requests.
#ifdef MPICH_VERSION
  const int truncated = MPI_SUCCESS, told = MPI_ERR_IN_STATUS;
#else
  const int truncated = MPI_ERR_TRUNCATE, told = MPI_ERR_TRUNCATE;
#endif
  MPI_Comm_create_errhandler(forgive, &forgiving);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, forgiving);
  MPI_Errhandler_free(&forgiving);
  for (int i = 0; i < 3; ++i) MPI_Isend(out, 11, MPI_INT, next, 30 + i, MPI_COMM_WORLD, &sends[i]);
  SAME(class_of(MPI_Recv(got, 10, MPI_INT, prev, 30, MPI_COMM_WORLD, &status)), truncated);
  SAME(status.MPI_SOURCE, prev);
  for (int i = 1; i < 3; ++i) MPI_Irecv(in[i], 12 - i, MPI_INT, prev, 30 + i, MPI_COMM_WORLD, &receives[i]);
  SAME(class_of(MPI_Waitall(2, &receives[1], &statuses[1])), MPI_SUCCESS);
  SAME(last_class, told);
  SAME(statuses[1].MPI_ERROR, MPI_SUCCESS);
  SAME(statuses[1].MPI_TAG, 31);
  SAME(class_of(statuses[2].MPI_ERROR), MPI_ERR_TRUNCATE);
  SAME(MPI_Waitall(3, sends, MPI_STATUSES_IGNORE), MPI_SUCCESS);
  MPI_Barrier(MPI_COMM_WORLD);
  return end();
}
