// Communicators split from split communicators, with ranks in reverse order, and duplicates of them keep members and
// order and keep their messages apart.
#include "check.h"

int main(int argc, char **argv) {
  MPI_Comm reversed, half, half_again, none;
  int r, n, members[kMaxRanks], result;
  begin(&argc, &argv);
  MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, &reversed);
  MPI_Comm_rank(reversed, &r);
  SAME(r, size - 1 - rank);
  MPI_Comm_split(reversed, r % 2, r, &half);  // every other one, still in reverse
  MPI_Comm_dup(half, &half_again);
  MPI_Comm_split(half, MPI_UNDEFINED, 0, &none);
  CHECK(none == MPI_COMM_NULL);
  MPI_Comm_rank(half, &r);
  MPI_Comm_size(half, &n);

  int out = rank + 1000, in;  // one message on each of three communicators, same ranks and tag
  MPI_Request sends[3];
  int values[3] = {out, out + 1000, out + 2000};
  MPI_Isend(&values[0], 1, MPI_INT, (r + 1) % n, 5, half, &sends[0]);
  MPI_Isend(&values[1], 1, MPI_INT, (r + 1) % n, 5, half_again, &sends[1]);
  MPI_Isend(&values[2], 1, MPI_INT, (size - rank) % size, 5, reversed, &sends[2]);
  MPI_Allgather(&rank, 1, MPI_INT, members, 1, MPI_INT, half);
  for (int i = 1; i < n; ++i) SAME(members[i], members[0] - 2 * i);
  SAME(members[r], rank);
  int from = members[(r + n - 1) % n];
  MPI_Recv(&in, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, half_again, MPI_STATUS_IGNORE);
  SAME(in, from + 2000);
  MPI_Recv(&in, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, reversed, MPI_STATUS_IGNORE);
  SAME(in, next + 3000);
  MPI_Recv(&in, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, half, MPI_STATUS_IGNORE);
  SAME(in, from + 1000);
  MPI_Waitall(3, sends, MPI_STATUSES_IGNORE);

  MPI_Comm_compare(half, half_again, &result);
  SAME(result, MPI_CONGRUENT);
  MPI_Comm_compare(MPI_COMM_WORLD, reversed, &result);
  SAME(result, MPI_SIMILAR);
  MPI_Comm_compare(half, half, &result);
  SAME(result, MPI_IDENT);
  MPI_Comm_free(&reversed);
  MPI_Barrier(half);
  MPI_Comm_free(&half);
  MPI_Bcast(members, 1, MPI_INT, n - 1, half_again);
  MPI_Comm_free(&half_again);
  return end();
}
