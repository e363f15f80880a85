// MPI_Win_post, start, complete and wait between neighbours only: a token goes round the ring, then all ranks write to both
// sides at once. Some exposures begin long before their accesses.
#include "check.h"

int main(int argc, char **argv) {
  MPI_Win win;
  MPI_Group world, before, after, both;
  int *memory, token = 7;
  begin(&argc, &argv);
  MPI_Win_allocate(8 * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &win);
  for (int i = 0; i < 8; ++i) memory[i] = -1;
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  MPI_Group_incl(world, 1, &prev, &before);
  MPI_Group_incl(world, 1, &next, &after);
  int sides[2] = {prev, next};
  MPI_Group_incl(world, prev == next ? 1 : 2, sides, &both);
  MPI_Group_free(&world);

  for (int round = 0; round < 3; ++round) {
    MPI_Win_post(before, 0, win);
    if (rank != 0) {
      MPI_Win_wait(win);
      token = memory[0] + 1;
    }
    MPI_Win_start(after, 0, win);
    MPI_Put(&token, 1, MPI_INT, next, 0, 1, MPI_INT, win);
    MPI_Win_complete(win);
    if (rank == 0) {
      MPI_Win_wait(win);
      SAME(memory[0], 7 + round * size + size - 1);
      token = memory[0] + 1;
    }
  }

  for (int round = 1; round <= 4; ++round) {
    int value = 100 * round + rank;
    MPI_Win_post(both, MPI_MODE_NOSTORE, win);
    MPI_Win_start(both, 0, win);
    MPI_Put(&value, 1, MPI_INT, next, 1, 1, MPI_INT, win);
    MPI_Put(&value, 1, MPI_INT, prev, 2, 1, MPI_INT, win);
    MPI_Accumulate(&round, 1, MPI_INT, next, 3, 1, MPI_INT, round == 1 ? MPI_REPLACE : MPI_SUM, win);
    MPI_Win_complete(win);
    MPI_Win_wait(win);
    SAME(memory[1], 100 * round + prev);
    SAME(memory[2], 100 * round + next);
    SAME(memory[3], round * (round + 1) / 2);
  }
  MPI_Group_free(&before);
  MPI_Group_free(&after);
  MPI_Group_free(&both);
  MPI_Win_free(&win);
  return end();
}
