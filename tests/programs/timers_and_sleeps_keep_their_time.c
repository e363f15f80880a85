// Timers go on after a restart, periodic ones and those with a handler's value or a thread of their own; sleeps and waits with a
// time-out do not end before their time, and clocks do not go back.
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t alarms, values, wrong;
static volatile int thread_calls, asleep;

static double now(clockid_t clock) {
  struct timespec time;
  CHECK(clock_gettime(clock, &time) == 0);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void on_alarm(int sig) {
  (void)sig;
  ++alarms;
}

static void on_value(int sig, siginfo_t *info, void *context) {
  (void)sig, (void)context;
  if (info->si_code != SI_TIMER || info->si_value.sival_int != 4711) wrong = 1;
  ++values;
}

static void on_thread(union sigval value) {
  if (value.sival_int != 4712) wrong = 1;
  ++thread_calls;
}

static struct timespec after(clockid_t clock, long ms) {
  struct timespec time;
  clock_gettime(clock, &time);
  time.tv_sec += ms / 1000;
  time.tv_nsec += ms % 1000 * 1000000;
  if (time.tv_nsec >= 1000000000) ++time.tv_sec, time.tv_nsec -= 1000000000;
  return time;
}

static void *sleep_and_wait(void *unused) {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t never = PTHREAD_COND_INITIALIZER;
  struct timespec part = {0, 60000000}, until;
  sigset_t none;
  sigfillset(&none);
  pthread_sigmask(SIG_BLOCK, &none, NULL);
  asleep = 1;
  const double start = now(CLOCK_MONOTONIC);
  while (nanosleep(&part, &part) != 0) SAME(errno, EINTR);
  CHECK(now(CLOCK_MONOTONIC) - start >= 0.06);
  until = after(CLOCK_MONOTONIC, 30);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
  CHECK(now(CLOCK_MONOTONIC) - start >= 0.09);
  until = after(CLOCK_REALTIME, 30);
  pthread_mutex_lock(&lock);
  SAME(pthread_cond_timedwait(&never, &lock, &until), ETIMEDOUT);
  pthread_mutex_unlock(&lock);
  CHECK(now(CLOCK_MONOTONIC) - start >= 0.119);
  return unused;
}

// Until `*count` has grown by `more`.
static void grows(volatile int *count, int more) {
  const int before = *count;
  for (int i = 0; *count < before + more; ++i) {
    poll(NULL, 0, 1);
    if (i > 20000) fail(__FILE__, __LINE__, "a timer has stopped");
  }
}

int main(int argc, char **argv) {
  struct sigaction plain = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  struct sigaction with_value = {.sa_sigaction = on_value, .sa_flags = SA_SIGINFO | SA_RESTART};
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3, .sigev_value.sival_int = 4711};
  struct itimerval often = {{0, 3000}, {0, 3000}};
  struct itimerspec quick = {{0, 3000000}, {0, 3000000}}, far = {{0, 0}, {3000, 0}}, left;
  timer_t valued, threaded, later, deleted;
  pthread_t sleeper;
  begin(&argc, &argv);
  sigaction(SIGALRM, &plain, NULL);
  sigaction(SIGRTMIN + 3, &with_value, NULL);
  CHECK(timer_create(CLOCK_MONOTONIC, &event, &deleted) == 0 && timer_create(CLOCK_MONOTONIC, &event, &valued) == 0);
  CHECK(timer_delete(deleted) == 0);
  event.sigev_notify = SIGEV_THREAD;
  event.sigev_value.sival_int = 4712;
  event.sigev_notify_function = on_thread;
  CHECK(timer_create(CLOCK_MONOTONIC, &event, &threaded) == 0 && timer_create(CLOCK_REALTIME, NULL, &later) == 0);
  CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0 && timer_settime(valued, 0, &quick, NULL) == 0);
  CHECK(timer_settime(threaded, 0, &quick, NULL) == 0 && timer_settime(later, 0, &far, NULL) == 0);
  double before = now(CLOCK_MONOTONIC);
  for (int i = 0; i < 4; ++i) {
    CHECK(pthread_create(&sleeper, NULL, sleep_and_wait, NULL) == 0);
    while (!asleep) poll(NULL, 0, 1);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK(now(CLOCK_MONOTONIC) >= before);
    before = now(CLOCK_MONOTONIC);
    grows((volatile int *)&alarms, 2);
    grows((volatile int *)&values, 2);
    grows(&thread_calls, 2);
    SAME(wrong, 0);
    CHECK(timer_gettime(later, &left) == 0 && left.it_value.tv_sec > 2700 && left.it_value.tv_sec < 3000);
    pthread_join(sleeper, NULL);
    MPI_Barrier(MPI_COMM_WORLD);
  }
  struct itimerval off = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &off, NULL);
  timer_delete(valued), timer_delete(threaded), timer_delete(later);
  return end();
}
