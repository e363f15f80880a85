// Messages without data are counted, matched, ordered and completed like others, with a null buffer too. MPICH does not look at
// the datatype of no items.
#include "check.h"

int main(int argc, char **argv) {
  int in = -1, value, flag;
  MPI_Request sends[4], receive;
  MPI_Status status;
  MPI_Datatype empty;
  begin(&argc, &argv);
  value = rank;
  MPI_Type_contiguous(0, MPI_INT, &empty);
  MPI_Type_commit(&empty);
  MPI_Irecv(NULL, 0, MPI_INT, prev, 1, MPI_COMM_WORLD, &receive);
  MPI_Isend(NULL, 0, MPI_BYTE, next, 1, MPI_COMM_WORLD, &sends[0]);
  MPI_Isend(NULL, 0, MPI_INT, next, 2, MPI_COMM_WORLD, &sends[1]);
  MPI_Isend(&value, 1, MPI_INT, next, 2, MPI_COMM_WORLD, &sends[2]);
  MPI_Isend(&value, 3, empty, next, 2, MPI_COMM_WORLD, &sends[3]);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Wait(&receive, &status);
  SAME(count_of(&status, MPI_INT), 0);
  MPI_Probe(prev, 2, MPI_COMM_WORLD, &status);
  SAME(count_of(&status, MPI_INT), 0);
  MPI_Recv(&in, 1, MPI_INT, prev, 2, MPI_COMM_WORLD, &status);
  SAME(count_of(&status, MPI_INT), 0);
  SAME(in, -1);
  MPI_Recv(&in, 1, MPI_INT, prev, 2, MPI_COMM_WORLD, &status);
  SAME(count_of(&status, MPI_INT), 1);
  SAME(in, prev);
  MPI_Recv(NULL, 0, MPI_INT, prev, 2, MPI_COMM_WORLD, &status);
  SAME(status.MPI_SOURCE, prev);
  MPI_Waitall(4, sends, MPI_STATUSES_IGNORE);
  MPI_Bcast(NULL, 0, MPI_INT, 0, MPI_COMM_WORLD);
  MPI_Allreduce(NULL, NULL, 0, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Waitall(0, NULL, MPI_STATUSES_IGNORE);
  MPI_Testall(0, NULL, &flag, MPI_STATUSES_IGNORE);
  SAME(flag, 1);
#ifdef MPICH_VERSION
  const MPI_Datatype no_type = MPI_DATATYPE_NULL;
#else
  const MPI_Datatype no_type = MPI_INT;
#endif
  MPI_Irecv(NULL, 0, no_type, prev, 3, MPI_COMM_WORLD, &receive);
  MPI_Send(NULL, 0, no_type, next, 3, MPI_COMM_WORLD);
  MPI_Wait(&receive, &status);
  SAME(status.MPI_SOURCE, prev);
  MPI_Issend(NULL, 0, no_type, next, 4, MPI_COMM_WORLD, &sends[0]);
  MPI_Recv(NULL, 0, no_type, prev, 4, MPI_COMM_WORLD, &status);
  SAME(status.MPI_TAG, 4);
  MPI_Wait(&sends[0], MPI_STATUS_IGNORE);
  MPI_Type_free(&empty);
  return end();
}
