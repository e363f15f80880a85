// waits_until_some_time: clocks that count from the start of the host go on where they were, on a host that has run for a shorter or a
// longer time, and whatever waits until some time of such a clock waits as long as it should: begun before a checkpoint or
// after it.
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

enum { kClocks = 5, kWays = 5 };
static const clockid_t clocks[kClocks] = {CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_MONOTONIC_COARSE,
                                          CLOCK_PROCESS_CPUTIME_ID};

static double seconds(clockid_t clock) {
  struct timespec now;
  SAME(clock_gettime(clock, &now), 0);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

// By the system call, which the vDSO spares most programs.
static double seconds_from_kernel(clockid_t clock) {
  struct timespec now;
  SAME(syscall(SYS_clock_gettime, clock, &now), 0);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static struct timespec until(clockid_t clock, double from_now) {
  const double time = seconds(clock) + from_now;
  const struct timespec result = {(time_t)time, (long)((time - (double)(time_t)time) * 1e9)};
  return result;
}

static void wait_for_condition(double wait) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t never;
  const struct timespec end = until(CLOCK_MONOTONIC, wait);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&never, &attributes);
  pthread_mutex_lock(&mutex);
  int result;
  while ((result = pthread_cond_timedwait(&never, &mutex, &end)) == 0) {}
  SAME(result, ETIMEDOUT);
  pthread_mutex_unlock(&mutex);
}

static void wait_for_semaphore(double wait) {
  const struct timespec end = until(CLOCK_MONOTONIC, wait);
  sem_t never;
  sem_init(&never, 0, 0);
  SAME(sem_clockwait(&never, CLOCK_MONOTONIC, &end), -1);
  SAME(errno, ETIMEDOUT);
}

static void sleep_until(double wait) {
  const clockid_t clock = wait > 1 ? CLOCK_BOOTTIME : CLOCK_MONOTONIC;
  const struct timespec end = until(clock, wait);
  SAME(clock_nanosleep(clock, TIMER_ABSTIME, &end, NULL), 0);
}

static void wait_for_descriptor(double wait) {
  const struct itimerspec time = {{0, 0}, until(CLOCK_MONOTONIC, wait)};
  uint64_t ticks = 0;
  const int file = timerfd_create(CLOCK_MONOTONIC, 0);
  SAME(timerfd_settime(file, TFD_TIMER_ABSTIME, &time, NULL), 0);
  SAME(read(file, &ticks, sizeof ticks), sizeof ticks);
  SAME(ticks, 1);
  close(file);
}

static void wait_for_timer(double wait) {
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_NONE;
  timer_t timer;
  struct itimerspec time = {{0, 0}, until(CLOCK_MONOTONIC, wait)};
  SAME(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  SAME(timer_settime(timer, TIMER_ABSTIME, &time, NULL), 0);
  do {
    usleep(2000);
    SAME(timer_gettime(timer, &time), 0);
  } while (time.it_value.tv_sec || time.it_value.tv_nsec);
  timer_delete(timer);
}

static void (*const ways[kWays])(double) = {wait_for_condition, wait_for_semaphore, sleep_until, wait_for_descriptor, wait_for_timer};

static double took[kWays], wanted;

static void *wait_in_one_way(void *index) {
  const intptr_t way = (intptr_t)index;
  const double began = seconds(CLOCK_MONOTONIC);
  ways[way](wanted);
  took[way] = seconds(CLOCK_MONOTONIC) - began;
  return NULL;
}

static void look(const char *when) {
  for (int way = 0; way < kWays; ++way) {
    if (took[way] >= wanted - 0.001 && took[way] < wanted + 2) continue;
    fprintf(stderr, "rank %d: way %d of waiting %s a checkpoint took %.3f s, not %.1f\n", rank, way, when, took[way], wanted);
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
}

static double processor_time(void) {
  struct rusage usage;
  SAME(getrusage(RUSAGE_SELF, &usage), 0);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

// A time that another rank has read before is not later than one read now.
static void compare_with_others(void) {
  for (int i = 0; i < 2; ++i) {
    double mine = seconds(clocks[i]), others = 0;
    MPI_Sendrecv(&mine, 1, MPI_DOUBLE, next, 1, &others, 1, MPI_DOUBLE, prev, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    CHECK(others <= seconds(clocks[i]) + 0.001);
  }
}

int main(int argc, char **argv) {
  double before[kClocks];
  struct sysinfo system_before, system;
  struct tms process;
  pthread_t threads[kWays];
  begin(&argc, &argv);
  while (processor_time() < 0.3) {}
  sysinfo(&system_before);
  const clock_t ticks_before = times(NULL);
  const double wtime_before = MPI_Wtime(), processor_before = processor_time();
  for (int i = 0; i < kClocks; ++i) before[i] = seconds(clocks[i]);

  wanted = 3;
  for (intptr_t way = 0; way < kWays; ++way) SAME(pthread_create(&threads[way], NULL, wait_in_one_way, (void *)way), 0);
  usleep(300000);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Barrier(MPI_COMM_WORLD);
  for (int i = 0; i < kClocks; ++i) {
    CHECK(seconds(clocks[i]) >= before[i]);
    CHECK(seconds(clocks[i]) < before[i] + 30);
    CHECK(seconds_from_kernel(clocks[i]) >= before[i] && seconds_from_kernel(clocks[i]) <= seconds(clocks[i]) + 0.02);
  }
  CHECK(MPI_Wtime() >= wtime_before && MPI_Wtime() < wtime_before + 30);
  CHECK(processor_time() >= processor_before && processor_time() < processor_before + 30);
  sysinfo(&system);
  CHECK(system.uptime >= system_before.uptime - 1 && system.uptime < system_before.uptime + 30);
  const long elapsed = times(&process) - ticks_before;
  CHECK(elapsed >= -1 && elapsed < 30 * sysconf(_SC_CLK_TCK));
  CHECK((double)(process.tms_utime + process.tms_stime) / (double)sysconf(_SC_CLK_TCK) >= processor_before - 0.05);
  for (int way = 0; way < kWays; ++way) pthread_join(threads[way], NULL);
  look("across");

  wanted = 0.2;
  for (intptr_t way = 0; way < kWays; ++way) wait_in_one_way((void *)way);
  look("after");
  compare_with_others();
  return end();
}
