// timers_end_all_the_time ROUNDS: in each rank four threads set timers that come to their end once, after a time of up to a
// millisecond, and wait for their signals: timers whose signals are for the process, for one thread, those of setitimer(), and
// descriptors. Each end is told once, neither lost nor doubled, whatever falls between.
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { kWays = 4, kNanosecondsMost = 1000000 };
static int rounds;

// Some time from now, another each time.
static long some_time(unsigned *state) {
  *state = *state * 1103515245u + 12345u;
  return 1000 + (long)((*state >> 8) % kNanosecondsMost);
}

// The signal comes within seconds, and no second one.
static void await(int sig, int value) {
  const struct timespec soon = {10, 0}, at_once = {0, 0};
  siginfo_t info;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, sig);
  int got;
  while ((got = sigtimedwait(&set, &info, &soon)) == -1 && errno == EINTR) {}
  SAME(got, sig);
  if (value >= 0) SAME(info.si_value.sival_int, value);
  SAME(sigtimedwait(&set, &info, &at_once), -1);
  SAME(errno, EAGAIN);
}

static void with_timer(int sig, int notify) {
  unsigned state = (unsigned)(rank * 7 + sig);
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = notify;
  event.sigev_signo = sig;
  event.sigev_value.sival_int = sig * 3;
  if (notify == SIGEV_THREAD_ID) event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
  timer_t timer;
  SAME(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  for (int i = 0; i < rounds; ++i) {
    const struct itimerspec once = {{0, 0}, {0, some_time(&state)}};
    SAME(timer_settime(timer, 0, &once, NULL), 0);
    await(sig, sig * 3);
  }
  SAME(timer_delete(timer), 0);
}

static void with_interval_timer(void) {
  unsigned state = (unsigned)rank;
  for (int i = 0; i < rounds; ++i) {
    const struct itimerval once = {{0, 0}, {0, some_time(&state) / 1000}};
    SAME(setitimer(ITIMER_REAL, &once, NULL), 0);
    await(SIGALRM, -1);
  }
}

static void with_descriptor(void) {
  unsigned state = (unsigned)rank + 100;
  const int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  for (int i = 0; i < rounds; ++i) {
    const struct itimerspec once = {{0, 0}, {0, some_time(&state)}};
    uint64_t times;
    SAME(timerfd_settime(fd, 0, &once, NULL), 0);
    SAME(read(fd, &times, sizeof times), sizeof times);
    SAME(times, 1);
  }
  close(fd);
}

static void *run(void *way) {
  switch ((intptr_t)way) {
  case 0: with_timer(SIGRTMIN + 3, SIGEV_SIGNAL); break;
  case 1: with_timer(SIGRTMIN + 4, SIGEV_THREAD_ID); break;
  case 2: with_interval_timer(); break;
  default: with_descriptor();
  }
  return NULL;
}

int main(int argc, char **argv) {
  rounds = argc > 1 ? atoi(argv[1]) : 20;
  sigset_t all;
  sigemptyset(&all);
  sigaddset(&all, SIGALRM);
  sigaddset(&all, SIGRTMIN + 3);
  sigaddset(&all, SIGRTMIN + 4);
  sigprocmask(SIG_BLOCK, &all, NULL);  // the threads of MPI inherit it
  begin(&argc, &argv);
  pthread_t threads[kWays];
  for (intptr_t way = 0; way < kWays; ++way) SAME(pthread_create(&threads[way], NULL, run, (void *)way), 0);
  for (int way = 0; way < kWays; ++way) SAME(pthread_join(threads[way], NULL), 0);
  return end();
}
