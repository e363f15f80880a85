// Two communicators are duplicated at once, and every rank begins with another one.
#include "check.h"

int main(int argc, char **argv) {
  MPI_Comm parents[2], made[2];
  MPI_Request requests[2];
  begin(&argc, &argv);
  MPI_Comm_dup(MPI_COMM_WORLD, &parents[0]);
  MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, &parents[1]);
  for (int round = 0; round < 2; ++round) {
    const int first = rank % 2;
    MPI_Comm_idup(parents[first], &made[first], &requests[0]);
    MPI_Comm_idup(parents[1 - first], &made[1 - first], &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    for (int i = 0; i < 2; ++i) {
      int first_rank = rank, mine;
      MPI_Bcast(&first_rank, 1, MPI_INT, 0, made[i]);
      SAME(first_rank, i == 0 ? 0 : size - 1);
      MPI_Comm_rank(made[i], &mine);
      SAME(mine, i == 0 ? rank : size - 1 - rank);
      MPI_Comm_free(&made[i]);
    }
  }
  MPI_Comm_free(&parents[1]);
  MPI_Comm_free(&parents[0]);
  return end();
}
