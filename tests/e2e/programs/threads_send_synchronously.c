// Threads of rank 0 send large synchronous messages with the same tag all the time, as many threads of rank 1 receive them.
#include <mpi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { kThreads = 4, kRounds = 100, kInts = 1 << 22 };

static int rank;

static void *work(void *unused) {
  int *ints = malloc(sizeof(int) * kInts);
  for (int round = 0; round < kRounds; ++round) {
    if (rank == 0) {
      ints[0] = ints[kInts - 1] = round;
      MPI_Ssend(ints, kInts, MPI_INT, 1, 0, MPI_COMM_WORLD);
    } else {
      ints[0] = -1, ints[kInts - 1] = -2;
      MPI_Recv(ints, kInts, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      if (ints[0] != ints[kInts - 1]) MPI_Abort(MPI_COMM_WORLD, 1);
    }
  }
  free(ints);
  return unused;
}

int main(int argc, char **argv) {
  int level;
  pthread_t threads[kThreads];
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) puts("go"), fflush(stdout);
  for (int i = 0; i < kThreads; ++i) pthread_create(&threads[i], NULL, work, NULL);
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) puts("ok");
  MPI_Finalize();
}
