// Rounds of everything that ranks do with windows, most of it without a moment in which no rank is in the middle of an epoch:
// flags polled by plain loads, counters under locks, atomic sums, exposure epochs, large puts between fences. The number of
// rounds is the argument; every result of every round is checked.
#include "check.h"

enum { kInts = 100000, kLocks = 20 };

static MPI_Win shared, made, dynamic;
static volatile int *flag;
static int *neighbour, *large, *attached;
static long words[64];
static MPI_Aint addresses[kMaxRanks];
static MPI_Group before, after;

static void pass_a_flag(int round) {
  MPI_Win_lock_all(0, shared);
  if (rank != 0)
    while (flag[0] != round) continue;
  neighbour[1] = 7 * round;
  __sync_synchronize();
  ((volatile int *)neighbour)[0] = round;
  if (rank == 0)
    while (flag[0] != round) continue;
  SAME(flag[1], 7 * round);
  MPI_Win_unlock_all(shared);
}

static void count(int round) {
  long value, one = 1;
  for (int i = 0; i < kLocks; ++i) {
    int target = i % size;
    MPI_Win_lock(MPI_LOCK_EXCLUSIVE, target, 0, made);
    MPI_Get(&value, 1, MPI_LONG, target, 10, 1, MPI_LONG, made);
    MPI_Win_flush(target, made);
    ++value;
    MPI_Put(&value, 1, MPI_LONG, target, 10, 1, MPI_LONG, made);
    MPI_Win_unlock(target, made);
    MPI_Win_lock(MPI_LOCK_SHARED, target, 0, made);
    MPI_Fetch_and_op(&one, &value, MPI_LONG, target, 11, MPI_SUM, made);
    MPI_Accumulate(&one, 1, MPI_LONG, target, 12, 1, MPI_LONG, MPI_SUM, made);
    MPI_Win_unlock(target, made);
  }
  MPI_Win_fence(0, made);
  for (int i = 10; i < 13; ++i) SAME(words[i], (long)size * round * (kLocks / size));
  MPI_Win_fence(MPI_MODE_NOSUCCEED, made);
}

static void pass_on(int round) {
  long value = (long)round * size + rank;
  MPI_Win_post(before, 0, made);
  MPI_Win_start(after, 0, made);
  MPI_Put(&value, 1, MPI_LONG, next, 20, 1, MPI_LONG, made);
  MPI_Win_complete(made);
  MPI_Win_wait(made);
  SAME(words[20], (long)round * size + prev);
  fill(large, kInts, round + rank);
  MPI_Win_fence(0, dynamic);
  MPI_Put(large, kInts, MPI_INT, next, addresses[next], kInts, MPI_INT, dynamic);
  MPI_Win_fence(MPI_MODE_NOSUCCEED, dynamic);
  VERIFY(attached, kInts, round + prev);
}

int main(int argc, char **argv) {
  MPI_Aint bytes, own;
  MPI_Group world;
  int *memory, unit, rounds = argc > 1 ? atoi(argv[1]) : 100;
  begin(&argc, &argv);
  MPI_Win_allocate_shared(64 * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &shared);
  MPI_Win_create(words, sizeof words, sizeof(long), MPI_INFO_NULL, MPI_COMM_WORLD, &made);
  MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &dynamic);
  large = malloc(kInts * sizeof(int));
  attached = calloc(kInts, sizeof(int));
  MPI_Win_attach(dynamic, attached, kInts * sizeof(int));
  MPI_Get_address(attached, &own);
  MPI_Allgather(&own, 1, MPI_AINT, addresses, 1, MPI_AINT, MPI_COMM_WORLD);
  MPI_Win_shared_query(shared, next, &bytes, &unit, &neighbour);
  flag = memory;
  memset(memory, 0, 64 * sizeof(int));
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  MPI_Group_incl(world, 1, &prev, &before);
  MPI_Group_incl(world, 1, &next, &after);
  MPI_Barrier(MPI_COMM_WORLD);
  for (int round = 1; round <= rounds; ++round) {
    pass_a_flag(round);
    count(round);
    pass_on(round);
  }
  MPI_Group_free(&world);
  MPI_Group_free(&before);
  MPI_Group_free(&after);
  MPI_Win_free(&shared);
  MPI_Win_free(&made);
  MPI_Win_free(&dynamic);
  return end();
}
