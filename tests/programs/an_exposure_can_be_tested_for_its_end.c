// MPI_Win_test tells when the origins have completed, and takes part in the progress that they may need.
// polls
#include "check.h"

int main(int argc, char **argv) {
  MPI_Win win;
  MPI_Group world, others;
  int *memory, flag, calls = 0, sum = 0;
  begin(&argc, &argv);
  MPI_Win_allocate(kMaxRanks * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &win);
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  int root = 0;
  if (rank == 0)
    MPI_Group_excl(world, 1, &root, &others);
  else
    MPI_Group_incl(world, 1, &root, &others);
  for (int turn = 1; turn <= 5; ++turn) {
    if (rank == 0) {
      MPI_Win_post(others, 0, win);
      for (flag = 0; !flag; ++calls) {
        if (calls < 40)
          MPI_Win_test(win, &flag);
        else
          MPI_Win_wait(win), flag = 1;
      }
      for (int i = 1; i < size; ++i) SAME(memory[i], 10 * i + turn);
    } else {
      int value = 10 * rank + turn;
      MPI_Win_start(others, 0, win);
      MPI_Put(&value, 1, MPI_INT, 0, rank, 1, MPI_INT, win);
      MPI_Win_complete(win);
    }
    MPI_Allreduce(&turn, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    SAME(sum, turn * size);
  }
  MPI_Group_free(&others);
  MPI_Group_free(&world);
  MPI_Win_free(&win);
  return end();
}
