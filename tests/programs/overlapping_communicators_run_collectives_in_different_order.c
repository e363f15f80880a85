// Communicators that share ranks run collectives in orders that differ from rank to rank; a checkpoint finds some
// ranks ahead of others on some of the communicators and must not tie a knot.
#include "check.h"

static int sum_over(MPI_Comm comm, int value) {
  int result;
  MPI_Allreduce(&value, &result, 1, MPI_INT, MPI_SUM, comm);
  return result;
}

int main(int argc, char **argv) {
  MPI_Comm low, high, ends;
  begin(&argc, &argv);
  // low: all but the last; high: all but the first; ends: the first and the last.
  MPI_Comm_split(MPI_COMM_WORLD, rank < size - 1 ? 0 : MPI_UNDEFINED, rank, &low);
  MPI_Comm_split(MPI_COMM_WORLD, rank > 0 ? 0 : MPI_UNDEFINED, rank, &high);
  MPI_Comm_split(MPI_COMM_WORLD, rank == 0 || rank == size - 1 ? 0 : MPI_UNDEFINED, -rank, &ends);
  int all = size * (size - 1) / 2;
  for (int round = 0; round < 3; ++round) {
    // `ends` comes first on its two members in even rounds and last in odd ones.
    if (ends != MPI_COMM_NULL && round % 2 == 0) SAME(sum_over(ends, rank), size - 1);
    if (low != MPI_COMM_NULL) SAME(sum_over(low, rank), all - (size - 1));
    if (high != MPI_COMM_NULL) SAME(sum_over(high, rank), all);
    if (ends != MPI_COMM_NULL && round % 2 == 1) SAME(sum_over(ends, rank), size - 1);
    if (round == 1) MPI_Barrier(MPI_COMM_WORLD);
  }
  // Started in one order as MPI asks for each communicator, completed in another on every rank.
  MPI_Comm dup[2];
  MPI_Request requests[2];
  int results[2];
  for (int i = 0; i < 2; ++i) MPI_Comm_dup(MPI_COMM_WORLD, &dup[i]);
  for (int i = 0; i < 2; ++i) {
    int k = (i + rank) % 2;
    MPI_Iallreduce(&rank, &results[k], 1, MPI_INT, k ? MPI_MAX : MPI_SUM, dup[k], &requests[k]);
  }
  for (int i = 0; i < 2; ++i) MPI_Wait(&requests[(i + rank / 2) % 2], MPI_STATUS_IGNORE);
  SAME(results[0], all);
  SAME(results[1], size - 1);
  for (int i = 0; i < 2; ++i) MPI_Comm_free(&dup[i]);
  if (low != MPI_COMM_NULL) MPI_Comm_free(&low);
  if (high != MPI_COMM_NULL) MPI_Comm_free(&high);
  if (ends != MPI_COMM_NULL) MPI_Comm_free(&ends);
  return end();
}
