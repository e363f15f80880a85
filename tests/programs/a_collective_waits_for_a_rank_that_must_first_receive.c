// Some ranks are inside a collective when the checkpoint comes; the one that is missing must first receive long messages, one
// of them from a rank that goes into the collective right after it has started the send.
#include "check.h"

enum { kLong = 100000 };

int main(int argc, char **argv) {
  static int out[kLong], in[kLong];
  int sum, missing;
  MPI_Request send;
  begin(&argc, &argv);
  for (int round = 0; round < 3; ++round) {
    missing = round % size;
    int sender = (missing + 1) % size;
    if (rank == sender) {
      fill(out, kLong, round);
      MPI_Isend(out, kLong, MPI_INT, missing, round, MPI_COMM_WORLD, &send);
    }
    if (rank == missing) {
      MPI_Status status;
      MPI_Probe(MPI_ANY_SOURCE, round, MPI_COMM_WORLD, &status);
      SAME(status.MPI_SOURCE, sender);
      MPI_Recv(in, kLong, MPI_INT, sender, round, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      VERIFY(in, kLong, round);
    }
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    SAME(sum, size * (size - 1) / 2);
    if (rank == sender) MPI_Wait(&send, MPI_STATUS_IGNORE);
    sum = rank == missing ? 77 + round : 0;
    MPI_Bcast(&sum, 1, MPI_INT, missing, MPI_COMM_WORLD);  // the root may run ahead of all others
    SAME(sum, 77 + round);
  }
  return end();
}
