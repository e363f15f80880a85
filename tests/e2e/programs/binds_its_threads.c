// Binds its main thread to one processor and another thread to another, and rank 0 tells before and after two barriers to how many
// each is bound, if to the right one.
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

static int processor[2];
static sem_t ask, answered;

static int one(int number) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(number, &set);
  return sched_setaffinity(0, sizeof set, &set);
}

static void tell(const char *who, int number) {
  cpu_set_t set;
  SAME(sched_getaffinity(0, sizeof set, &set), 0);
  CHECK(CPU_ISSET(number, &set));
  if (rank == 0) printf("%s %d\n", who, CPU_COUNT(&set));
}

static void *run(void *unused) {
  SAME(one(processor[1]), 0);
  for (int i = 0; i < 2; ++i) {
    sem_wait(&ask);
    tell("thread", processor[1]);
    sem_post(&answered);
  }
  return unused;
}

static void tell_both(void) {
  tell("main", processor[0]);
  sem_post(&ask);
  sem_wait(&answered);
  fflush(stdout);
}

int main(int argc, char **argv) {
  pthread_t thread;
  cpu_set_t all;
  begin(&argc, &argv);
  SAME(sched_getaffinity(0, sizeof all, &all), 0);
  for (int i = 0, found = 0; i < CPU_SETSIZE && found < 2; ++i)
    if (CPU_ISSET(i, &all)) processor[found++] = i;
  sem_init(&ask, 0, 0);
  sem_init(&answered, 0, 0);
  pthread_create(&thread, NULL, run, NULL);
  SAME(one(processor[0]), 0);
  tell_both();
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Barrier(MPI_COMM_WORLD);
  tell_both();
  pthread_join(thread, NULL);
  MPI_Finalize();
  return 0;
}
