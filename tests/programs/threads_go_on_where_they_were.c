// Threads of a rank, one computing, one waiting for a condition, one asleep, go on after a checkpoint, with their own
// variables and the locks they held.
#include "check.h"

#include <pthread.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int stage, answers;
static volatile int stop;
static volatile unsigned long long sum_of_computing;
static __thread int mine;

static void *compute(void *argument) {
  unsigned long long i = 0, sum = 0;
  mine = *(int *)argument;
  double x = 1;
  do sum += ++i, x = x * 1.0000001 + 1e-9;
  while (!stop);  // it may begin only now
  CHECK(sum == i * (i + 1) / 2 && x >= 1);
  SAME(mine, 100);
  sum_of_computing = sum;
  return NULL;
}

static void *wait_for_stages(void *argument) {
  mine = *(int *)argument;
  pthread_mutex_lock(&recursive);
  pthread_mutex_lock(&lock);
  for (int expected = 1; expected <= 3; ++expected) {
    while (stage < expected) pthread_cond_wait(&changed, &lock);
    answers += expected;
    pthread_cond_broadcast(&changed);
  }
  pthread_mutex_unlock(&lock);
  pthread_mutex_lock(&recursive);  // its owner is this thread still
  pthread_mutex_unlock(&recursive);
  pthread_mutex_unlock(&recursive);
  SAME(mine, 101);
  return NULL;
}

static void *sleep_in_pieces(void *argument) {
  mine = *(int *)argument;
  while (!stop) usleep(2000);
  SAME(mine, 102);
  return NULL;
}

int main(int argc, char **argv) {
  static void *(*const work[3])(void *) = {compute, wait_for_stages, sleep_in_pieces};
  pthread_t thread[3];
  int number[3] = {100, 101, 102}, sum;
  begin(&argc, &argv);
  pthread_mutexattr_t kind;
  pthread_mutexattr_init(&kind);
  pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&recursive, &kind);
  for (int i = 0; i < 3; ++i) CHECK(pthread_create(&thread[i], NULL, work[i], &number[i]) == 0);
  for (int i = 1; i <= 3; ++i) {
    MPI_Allreduce(&i, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    SAME(sum, i * size);
    pthread_mutex_lock(&lock);
    stage = i;
    pthread_cond_broadcast(&changed);
    while (answers < i * (i + 1) / 2) pthread_cond_wait(&changed, &lock);
    MPI_Sendrecv(&i, 1, MPI_INT, next, 1, &sum, 1, MPI_INT, prev, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    pthread_mutex_unlock(&lock);
  }
  stop = 1;
  for (int i = 0; i < 3; ++i) pthread_join(thread[i], NULL);
  CHECK(sum_of_computing > 0);
  SAME(answers, 6);
  return end();
}
