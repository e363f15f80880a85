// Persistent requests keep their arguments through any number of rounds; a checkpoint may find them inactive, active
// or complete.
#include "check.h"

enum { kRounds = 4, kCount = 300 };

int main(int argc, char **argv) {
  int out[2][kCount], in[2][kCount];
  MPI_Request requests[4];
  MPI_Status statuses[4];
  begin(&argc, &argv);
  MPI_Recv_init(in[0], kCount, MPI_INT, prev, 1, MPI_COMM_WORLD, &requests[0]);
  MPI_Recv_init(in[1], kCount, MPI_INT, MPI_ANY_SOURCE, 2, MPI_COMM_WORLD, &requests[1]);
  MPI_Send_init(out[0], kCount, MPI_INT, next, 1, MPI_COMM_WORLD, &requests[2]);
  MPI_Ssend_init(out[1], kCount, MPI_INT, next, 2, MPI_COMM_WORLD, &requests[3]);
  for (int round = 0; round < kRounds; ++round) {
    memset(in, 0, sizeof in);
    fill(out[0], kCount, 100 * round + 2 * rank);
    fill(out[1], kCount, 100 * round + 2 * rank + 1);
    if (round % 2) {
      MPI_Startall(4, requests);
    } else {
      for (int i = 3; i >= 0; --i) MPI_Start(&requests[i]);
    }
    if (round == 1) MPI_Barrier(MPI_COMM_WORLD);
    MPI_Waitall(4, requests, statuses);
    for (int i = 0; i < 2; ++i) {
      CHECK(requests[i] != MPI_REQUEST_NULL);
      SAME(statuses[i].MPI_SOURCE, prev);
      SAME(statuses[i].MPI_TAG, i + 1);
      VERIFY(in[i], kCount, 100 * round + 2 * prev + i);
    }
  }
  int flag = 0;
  MPI_Test(&requests[0], &flag, &statuses[0]);  // inactive: an empty status at once
  SAME(flag, 1);
  SAME(statuses[0].MPI_SOURCE, MPI_ANY_SOURCE);
  for (int i = 0; i < 4; ++i) {
    MPI_Request_free(&requests[i]);
    CHECK(requests[i] == MPI_REQUEST_NULL);
  }
  return end();
}
