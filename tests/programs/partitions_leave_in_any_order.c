// Partitioned communication: partitions made ready in any order, one by one, by a list and by a range; other partitions
// at the receiver than at the sender; matching in the order of initialisation, and not with ordinary messages.
//
// mpich only
#include "check.h"

enum { kPartitions = 6, kEach = 20, kAll = kPartitions * kEach, kRounds = 3 };

static int out[2][kAll], in[2][kAll];

int main(int argc, char **argv) {
  begin(&argc, &argv);
  MPI_Request send[2], receive[2];
  // The same communicator, tag and peer: first matches first. The second receive has other partitions.
  for (int i = 0; i < 2; ++i)
    MPI_Psend_init(out[i], kPartitions, kEach, MPI_INT, next, 5, MPI_COMM_WORLD, MPI_INFO_NULL, &send[i]);
  MPI_Precv_init(in[0], kPartitions, kEach, MPI_INT, prev, 5, MPI_COMM_WORLD, MPI_INFO_NULL, &receive[0]);
  MPI_Precv_init(in[1], 2 * kPartitions, kEach / 2, MPI_INT, prev, 5, MPI_COMM_WORLD, MPI_INFO_NULL, &receive[1]);

  for (int round = 0; round < kRounds; ++round) {
    int ordinary = -1;
    MPI_Request posted;
    MPI_Irecv(&ordinary, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &posted);
    for (int i = 0; i < 2; ++i) memset(in[i], 0, sizeof in[i]);
    MPI_Start(&receive[1]);
    MPI_Startall(2, send);
    fill(out[1], kAll, 100 * round + rank);
    for (int p = kPartitions - 1; p >= 0; --p) MPI_Pready(p, send[1]);
    MPI_Start(&receive[0]);
    fill(out[0], kAll, 1000 + 100 * round + rank);
    int some[3] = {5, 0, 4};
    MPI_Pready_list(3, some, send[0]);
    MPI_Pready_range(1, 3, send[0]);
    int arrived = 0;
    MPI_Parrived(receive[1], kPartitions, &arrived);
    if (arrived) SAME(in[1][kAll / 2], (100 * round + prev) * 100003 + kAll / 2);
    MPI_Send(&rank, 1, MPI_INT, next, 5, MPI_COMM_WORLD);
    MPI_Waitall(2, receive, MPI_STATUSES_IGNORE);
    MPI_Waitall(2, send, MPI_STATUSES_IGNORE);
    VERIFY(in[0], kAll, 1000 + 100 * round + prev);
    VERIFY(in[1], kAll, 100 * round + prev);
    MPI_Wait(&posted, MPI_STATUS_IGNORE);
    SAME(ordinary, prev);
  }
  for (int i = 0; i < 2; ++i) {
    MPI_Request_free(&send[i]);
    MPI_Request_free(&receive[i]);
  }
  return end();
}
