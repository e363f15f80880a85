// Receives from any source with any tag get every message exactly once, those of one sender in its order.
#include "check.h"

enum { kEach = 4 };

int main(int argc, char **argv) {
  begin(&argc, &argv);
  if (rank == 0) {
    int expected[kMaxRanks] = {0};
    MPI_Barrier(MPI_COMM_WORLD);
    for (int i = 0; i < kEach * (size - 1); ++i) {
      MPI_Status status;
      int in;
      MPI_Recv(&in, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
      int source = status.MPI_SOURCE;
      SAME(in, source * 1000 + expected[source]);
      SAME(status.MPI_TAG, 50 + expected[source]);
      ++expected[source];
    }
    for (int source = 1; source < size; ++source) SAME(expected[source], kEach);
  } else {
    int out[kEach];
    MPI_Request sends[kEach];
    for (int i = 0; i < kEach; ++i) {
      out[i] = rank * 1000 + i;
      MPI_Isend(&out[i], 1, MPI_INT, 0, 50 + i, MPI_COMM_WORLD, &sends[i]);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Waitall(kEach, sends, MPI_STATUSES_IGNORE);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  return end();
}
