// A message taken by MPI_Mprobe or MPI_Improbe is seen by no other receive or probe, is kept for its
// MPI_Mrecv or MPI_Imrecv, and lets the one behind it go ahead.
// polls
#include "check.h"

int main(int argc, char **argv) {
  static int out[3][30000], in[30000];
  MPI_Request sends[3], receive;
  MPI_Message first, second = MPI_MESSAGE_NULL;
  MPI_Status status;
  int flag = 0;
  begin(&argc, &argv);
  for (int i = 0; i < 3; ++i) {
    fill(out[i], 30000, 10 * rank + i);
    MPI_Isend(out[i], i == 1 ? 30000 : 4 + i, MPI_INT, next, 9, MPI_COMM_WORLD, &sends[i]);
  }
  MPI_Mprobe(prev, 9, MPI_COMM_WORLD, &first, &status);
  SAME(count_of(&status, MPI_INT), 4);
  MPI_Barrier(MPI_COMM_WORLD);
  while (!flag) MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &flag, &second, &status);
  SAME(count_of(&status, MPI_INT), 30000);
  SAME(status.MPI_SOURCE, prev);

  MPI_Recv(in, 30000, MPI_INT, prev, 9, MPI_COMM_WORLD, &status);
  SAME(count_of(&status, MPI_INT), 6);
  VERIFY(in, 6, 10 * prev + 2);
  MPI_Imrecv(in, 30000, MPI_INT, &second, &receive);
  CHECK(second == MPI_MESSAGE_NULL);
  MPI_Wait(&receive, &status);
  SAME(count_of(&status, MPI_INT), 30000);
  VERIFY(in, 30000, 10 * prev + 1);
  MPI_Mrecv(in, 4, MPI_INT, &first, &status);
  CHECK(first == MPI_MESSAGE_NULL);
  VERIFY(in, 4, 10 * prev);
  MPI_Waitall(3, sends, MPI_STATUSES_IGNORE);

  MPI_Mprobe(MPI_PROC_NULL, 1, MPI_COMM_WORLD, &first, &status);
  CHECK(first == MPI_MESSAGE_NO_PROC);
  SAME(status.MPI_SOURCE, MPI_PROC_NULL);
  MPI_Mrecv(in, 4, MPI_INT, &first, &status);
  SAME(count_of(&status, MPI_INT), 0);
  return end();
}
