// threads_pair_up_by_tag ROUNDS: four threads of each rank inside MPI at once (MPI_THREAD_MULTIPLE), with their partners told apart by
// tags on one communicator: each thread talks to the thread of its own number, and to the next one, of the neighbours. Each
// has a communicator of its own for collectives, which it replaces by a duplicate now and then, while the others go on.
#include "check.h"

#include <pthread.h>

enum { kThreads = 4, kInts = 2500, kEvery = 25 };
enum { kSame = 100, kNext = 200 };  // tags: + the receiving thread's number

static MPI_Comm comm_of[kThreads];
static long long total_of[kThreads];
static int rounds = 20;

static int seed_of(int round, int thread, int from) { return (round * kThreads + thread) * kMaxRanks + from; }

static int count_for(int seed) { return 1 + seed % 97 * (kInts / 97); }

static void send_to_next(int round, int thread, int tag, int *data, MPI_Request *request) {
  const int seed = seed_of(round, thread, rank) % 20000;
  fill(data, count_for(seed), seed);
  MPI_Isend(data, count_for(seed), MPI_INT, next, tag, MPI_COMM_WORLD, request);
}

static long long receive_from_prev(int round, int sender, int tag, int *data) {
  const int seed = seed_of(round, sender, prev) % 20000;
  MPI_Status status;
  MPI_Recv(data, kInts, MPI_INT, prev, tag, MPI_COMM_WORLD, &status);
  SAME(count_of(&status, MPI_INT), count_for(seed));
  VERIFY(data, count_for(seed), seed);
  return data[count_for(seed) - 1];
}

static void collect(MPI_Comm comm, int round, int *data) {
  int value = rank + round, sum = 0;
  const int root = round % size;
  MPI_Allreduce(&value, &sum, 1, MPI_INT, MPI_SUM, comm);
  SAME(sum, size * (size - 1) / 2 + size * round);
  if (rank == root) fill(data, 300, round);
  MPI_Bcast(data, 300, MPI_INT, root, comm);
  VERIFY(data, 300, round);
}

static void replace(MPI_Comm *comm) {
  MPI_Comm made;
  MPI_Comm_dup(*comm, &made);
  MPI_Comm_free(comm);
  *comm = made;
}

static void *talk(void *argument) {
  const int thread = (int)(long)argument, before = (thread + kThreads - 1) % kThreads;
  int *out = malloc(2 * kInts * sizeof *out), *in = malloc(kInts * sizeof *in);
  for (int round = 0; round < rounds; ++round) {
    MPI_Request sends[2];
    send_to_next(round, thread, kSame + thread, out, &sends[0]);
    send_to_next(round, thread, kNext + (thread + 1) % kThreads, out + kInts, &sends[1]);
    total_of[thread] += receive_from_prev(round, before, kNext + thread, in);
    total_of[thread] += receive_from_prev(round, thread, kSame + thread, in);
    MPI_Waitall(2, sends, MPI_STATUSES_IGNORE);
    collect(comm_of[thread], round, in);
    if ((round + 3 * thread) % kEvery == kEvery / 2) replace(&comm_of[thread]);
  }
  free(out);
  free(in);
  return NULL;
}

// What thread `thread` of the rank after `from` has summed up.
static long long expected_total(int thread, int from) {
  long long total = 0;
  for (int round = 0; round < rounds; ++round)
    for (int k = 0; k < 2; ++k) {
      const int seed = seed_of(round, k ? thread : (thread + kThreads - 1) % kThreads, from) % 20000;
      total += seed * 100003 + count_for(seed) - 1;
    }
  return total;
}

int main(int argc, char **argv) {
  pthread_t threads[kThreads];
  int level;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  next = (rank + 1) % size, prev = (rank + size - 1) % size;
  SAME(level, MPI_THREAD_MULTIPLE);
  if (argc > 1) rounds = atoi(argv[1]);
  for (int i = 0; i < kThreads; ++i) MPI_Comm_dup(MPI_COMM_WORLD, &comm_of[i]);
  for (long i = 1; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, talk, (void *)i) == 0);
  talk(0);
  for (int i = 1; i < kThreads; ++i) pthread_join(threads[i], NULL);
  for (int i = 0; i < kThreads; ++i) {
    SAME(total_of[i], expected_total(i, prev));
    MPI_Comm_free(&comm_of[i]);
  }
  return end();
}
