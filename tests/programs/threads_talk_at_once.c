// Four threads of each rank and its main thread are inside MPI at the same time (MPI_THREAD_MULTIPLE), each on a communicator of
// its own: ring exchanges in every send mode, probes, wildcard receives, collectives.
//
// The first argument is the number of rounds.
#include "check.h"

#include <pthread.h>

enum { kThreads = 5, kInts = 3000 };

static MPI_Comm comm_of[kThreads];
static int rounds = 3;

static void verify_sum(MPI_Comm comm, int value, int expected) {
  int sum = 0;
  MPI_Allreduce(&value, &sum, 1, MPI_INT, MPI_SUM, comm);
  SAME(sum, expected);
}

static void exchange(MPI_Comm comm, int thread, int round, int *out, int *in) {
  const int seed = (round * kThreads + thread) % 20000, count = 1 + (seed * 37) % kInts;
  MPI_Request requests[2];
  MPI_Status status;
  fill(out, count, seed + rank);
  switch ((round + thread) % 6) {
  case 0:
    MPI_Sendrecv(out, count, MPI_INT, next, 1, in, kInts, MPI_INT, prev, 1, comm, &status);
    break;
  case 1:
    MPI_Irecv(in, kInts, MPI_INT, MPI_ANY_SOURCE, 2, comm, &requests[0]);
    MPI_Isend(out, count, MPI_INT, next, 2, comm, &requests[1]);
    MPI_Wait(&requests[1], MPI_STATUS_IGNORE);
    MPI_Wait(&requests[0], &status);
    break;
  case 2:
    MPI_Isend(out, count, MPI_INT, next, 3, comm, &requests[0]);
    MPI_Probe(prev, MPI_ANY_TAG, comm, &status);
    SAME(status.MPI_TAG, 3);
    MPI_Recv(in, count_of(&status, MPI_INT), MPI_INT, prev, 3, comm, &status);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    break;
  case 3:
    MPI_Irecv(in, kInts, MPI_INT, prev, 4, comm, &requests[0]);
    MPI_Ssend(out, count, MPI_INT, next, 4, comm);
    MPI_Waitall(1, requests, &status);
    break;
  case 4:
    if (rank % 2 == 0 && rank != size - 1) {
      MPI_Send(out, count, MPI_INT, next, 5, comm);
      MPI_Recv(in, kInts, MPI_INT, prev, 5, comm, &status);
    } else {
      MPI_Isend(out, count, MPI_INT, next, 5, comm, &requests[0]);
      MPI_Recv(in, kInts, MPI_INT, prev, 5, comm, &status);
      MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    }
    break;
  case 5:
    verify_sum(comm, rank + round, size * (size - 1) / 2 + size * round);
    MPI_Bcast(round % size == rank ? out : in, count, MPI_INT, round % size, comm);
    if (round % size != rank) VERIFY(in, count, seed + round % size);
    return;
  }
  SAME(status.MPI_SOURCE, prev);
  SAME(count_of(&status, MPI_INT), count);
  VERIFY(in, count, seed + prev);
}

static void *talk(void *argument) {
  const int thread = (int)(long)argument;
  int *out = malloc(kInts * sizeof *out), *in = malloc(kInts * sizeof *in);
  for (int round = 0; round < rounds; ++round) exchange(comm_of[thread], thread, round, out, in);
  free(out);
  free(in);
  return NULL;
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
  for (int i = 0; i < kThreads; ++i) MPI_Comm_free(&comm_of[i]);
  return end();
}
