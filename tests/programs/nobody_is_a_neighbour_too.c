// Operations with MPI_PROC_NULL complete at once with its status, also when they were started before a checkpoint.
#include "check.h"

int main(int argc, char **argv) {
  int in = 5, flag;
  MPI_Request requests[3];
  MPI_Status status;
  begin(&argc, &argv);
  MPI_Irecv(&in, 1, MPI_INT, MPI_PROC_NULL, 3, MPI_COMM_WORLD, &requests[0]);
  MPI_Isend(&in, 1, MPI_INT, MPI_PROC_NULL, 3, MPI_COMM_WORLD, &requests[1]);
  MPI_Recv_init(&in, 1, MPI_INT, MPI_PROC_NULL, 3, MPI_COMM_WORLD, &requests[2]);
  MPI_Start(&requests[2]);
  MPI_Barrier(MPI_COMM_WORLD);
  // MPICH 4.0 forgets the source of such a request, non-blocking or persistent, so nobody can ask for it here.
  MPI_Wait(&requests[0], &status);
  SAME(count_of(&status, MPI_INT), 0);
  MPI_Wait(&requests[1], MPI_STATUS_IGNORE);
  MPI_Wait(&requests[2], &status);
  SAME(count_of(&status, MPI_INT), 0);
  MPI_Request_free(&requests[2]);
  MPI_Send(&in, 1, MPI_INT, MPI_PROC_NULL, 3, MPI_COMM_WORLD);
  MPI_Recv(&in, 1, MPI_INT, MPI_PROC_NULL, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
  SAME(status.MPI_SOURCE, MPI_PROC_NULL);
  SAME(in, 5);
  MPI_Probe(MPI_PROC_NULL, 1, MPI_COMM_WORLD, &status);
  SAME(status.MPI_SOURCE, MPI_PROC_NULL);
  MPI_Iprobe(MPI_PROC_NULL, 1, MPI_COMM_WORLD, &flag, &status);
  SAME(flag, 1);
  // A chain without ends, as stencil codes do it.
  int right = rank + 1 < size ? rank + 1 : MPI_PROC_NULL, left = rank > 0 ? rank - 1 : MPI_PROC_NULL;
  MPI_Sendrecv(&rank, 1, MPI_INT, right, 1, &in, 1, MPI_INT, left, 1, MPI_COMM_WORLD, &status);
  SAME(in, left == MPI_PROC_NULL ? 5 : left);
  SAME(status.MPI_SOURCE, left);
  return end();
}
