// Accumulates of all ranks into one place lose nothing, with every kind of operation that reads and writes in one step:
// sums, extrema with their places, replacing, fetching, comparing.
// Open MPI 4.1.4 (osc/rdma over vader) crashes in MPI_Compare_and_swap on all but shared windows.
#include "check.h"

enum { kTurns = 5, kWords = 12 };

int main(int argc, char **argv) {
  MPI_Win made, win;
  MPI_Datatype strided;
  long own[kWords] = {0}, *given, one = 1, old, sum = 0, mask = 1;
  double *numbers;
  begin(&argc, &argv);
  MPI_Win_create(own, sizeof own, sizeof(long), MPI_INFO_NULL, MPI_COMM_WORLD, &made);
  MPI_Win_allocate_shared(kWords * sizeof(long), sizeof(long), MPI_INFO_NULL, MPI_COMM_WORLD, &given, &win);
  memset(given, 0, kWords * sizeof(long));
  numbers = (double *)&given[4];
  struct {
    int value, place;
  } *largest = (void *)&given[6], mine = {rank * 7 % 5, rank};
  largest->value = -1;
  MPI_Type_vector(3, 1, 2, MPI_LONG, &strided);
  MPI_Type_commit(&strided);
  MPI_Win_fence(0, made);
  MPI_Win_fence(0, win);
  mask <<= rank;
  for (int turn = 1; turn <= kTurns; ++turn) {
    double half = 0.5;
    MPI_Accumulate(&one, 1, MPI_LONG, 0, 0, 1, MPI_LONG, MPI_SUM, made);
    MPI_Accumulate(&half, 1, MPI_DOUBLE, 0, 4, 1, MPI_DOUBLE, MPI_SUM, win);
    MPI_Accumulate(&mine, 1, MPI_2INT, 0, 6, 1, MPI_2INT, MPI_MAXLOC, win);
    MPI_Accumulate(&mask, 1, MPI_LONG, 0, 2, 1, MPI_LONG, MPI_BOR, win);
    long three[6] = {1, -1, 2, -1, 3, -1};
    MPI_Accumulate(three, 1, strided, 0, 7, 1, strided, MPI_SUM, made);
  }
  MPI_Win_fence(0, made);
  MPI_Win_fence(MPI_MODE_NOSUCCEED, win);
  if (rank == 0) {
    SAME(own[0], kTurns * size);
    CHECK(numbers[0] == 0.5 * kTurns * size);
    int value = -1, place = -1;
    for (int i = 0; i < size; ++i)
      if (i * 7 % 5 > value) value = i * 7 % 5, place = i;
    SAME(largest->value, value);
    SAME(largest->place, place);
    SAME(given[2], (1 << size) - 1);
    SAME(own[7], kTurns * size);
    SAME(own[8], 0);
    SAME(own[9], 2 * kTurns * size);
    SAME(own[11], 3 * kTurns * size);
  }
  MPI_Win_fence(MPI_MODE_NOSUCCEED, made);

  // Each ticket is drawn once.
  MPI_Win_lock_all(0, win);
  for (int turn = 1; turn <= kTurns; ++turn) {
    MPI_Fetch_and_op(&one, &old, MPI_LONG, 0, 8, MPI_SUM, win);
    MPI_Win_flush(0, win);
    sum += old;
  }
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  SAME(sum, (long)kTurns * size * (kTurns * size - 1) / 2);
  MPI_Fetch_and_op(NULL, &old, MPI_LONG, 0, 8, MPI_NO_OP, win);
  MPI_Win_flush(0, win);
  SAME(old, kTurns * size);

  // One of all is the first to swap.
  long zero = 0, me = rank + 1, wins;
  MPI_Compare_and_swap(&me, &zero, &old, MPI_LONG, 0, 9, win);
  MPI_Win_flush(0, win);
  wins = old == 0;
  MPI_Allreduce(MPI_IN_PLACE, &wins, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  SAME(wins, 1);

  long add[2] = {10, 20}, before[2] = {-1, -1};
  MPI_Get_accumulate(add, 2, MPI_LONG, before, 2, MPI_LONG, next, 10, 2, MPI_LONG, MPI_SUM, win);
  MPI_Win_flush(next, win);
  SAME(before[0] + before[1], 0);
  MPI_Get_accumulate(NULL, 0, MPI_LONG, before, 2, MPI_LONG, next, 10, 2, MPI_LONG, MPI_NO_OP, win);
  MPI_Win_flush(next, win);
  SAME(before[1], 20);
  MPI_Get_accumulate(before, 1, MPI_LONG, add, 1, MPI_LONG, next, 11, 1, MPI_LONG, MPI_REPLACE, win);
  MPI_Win_flush(next, win);
  SAME(add[0], 20);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_sync(win);
  SAME(given[11], 10);
  MPI_Win_unlock_all(win);
  MPI_Type_free(&strided);
  MPI_Win_free(&win);
  MPI_Win_free(&made);
  return end();
}
