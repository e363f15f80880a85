// What MPI_Probe and MPI_Iprobe have announced is what the next matching receive gets, with the same source, tag
// and length, though a checkpoint may lie between the two calls.
// polls
#include "check.h"

int main(int argc, char **argv) {
  int out[60], in[60], flag;
  MPI_Request sends[3];
  MPI_Status probed = {0}, received;
  begin(&argc, &argv);
  fill(out, 60, rank);
  MPI_Isend(out, 11, MPI_INT, next, 5, MPI_COMM_WORLD, &sends[0]);
  MPI_Isend(out, 12, MPI_INT, next, 6, MPI_COMM_WORLD, &sends[1]);
  MPI_Isend(out, 60, MPI_INT, next, 5, MPI_COMM_WORLD, &sends[2]);
  MPI_Barrier(MPI_COMM_WORLD);

  MPI_Probe(MPI_ANY_SOURCE, 6, MPI_COMM_WORLD, &probed);
  SAME(probed.MPI_SOURCE, prev);
  SAME(count_of(&probed, MPI_INT), 12);
  MPI_Recv(in, 12, MPI_INT, probed.MPI_SOURCE, probed.MPI_TAG, MPI_COMM_WORLD, &received);
  SAME(count_of(&received, MPI_INT), 12);

  MPI_Probe(prev, MPI_ANY_TAG, MPI_COMM_WORLD, &probed);
  SAME(probed.MPI_TAG, 5);
  SAME(count_of(&probed, MPI_INT), 11);
  MPI_Probe(prev, 5, MPI_COMM_WORLD, &probed);  // a probe takes nothing away
  SAME(count_of(&probed, MPI_INT), 11);
  MPI_Recv(in, 11, MPI_INT, prev, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  VERIFY(in, 11, prev);

  do MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &flag, &probed);
  while (!flag);
  SAME(count_of(&probed, MPI_INT), 60);
  MPI_Test_cancelled(&probed, &flag);
  SAME(flag, 0);
  MPI_Recv(in, 60, MPI_INT, probed.MPI_SOURCE, probed.MPI_TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  VERIFY(in, 60, prev);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE);
  SAME(flag, 0);
  MPI_Waitall(3, sends, MPI_STATUSES_IGNORE);
  return end();
}
