// Every rank sends to every other, itself too, messages of mixed lengths; each receiver takes them from any source and finds each
// sender's in order and whole.
#include "check.h"

enum { kEach = 4, kLongest = 20000 };

static int length_of(int from, int to, int i) {
  static const int lengths[] = {1, 300, kLongest, 7, 0, 5000, 2};
  return lengths[(3 * from + 5 * to + i) % 7];
}

int main(int argc, char **argv) {
  static int out[kLongest], in[kLongest];
  int got[kMaxRanks] = {0}, started = 0;
  MPI_Request sends[kEach * kMaxRanks];
  begin(&argc, &argv);
  fill(out, kLongest, rank);
  for (int i = 0; i < kEach; ++i)
    for (int to = 0; to < size; ++to)
      MPI_Isend(out, length_of(rank, to, i), MPI_INT, to, i, MPI_COMM_WORLD, &sends[started++]);
  for (int i = 0; i < kEach * size; ++i) {
    MPI_Status status;
    MPI_Recv(in, kLongest, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
    int from = status.MPI_SOURCE, length = length_of(from, rank, got[from]);
    SAME(status.MPI_TAG, got[from]);
    SAME(count_of(&status, MPI_INT), length);
    VERIFY(in, length, from);
    ++got[from];
    if (i == size) MPI_Barrier(MPI_COMM_WORLD);
  }
  MPI_Waitall(started, sends, MPI_STATUSES_IGNORE);
  for (int from = 0; from < size; ++from) SAME(got[from], kEach);
  return end();
}
