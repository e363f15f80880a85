// threads_count_their_processor_time: the processor clock of each thread goes on where it was, by whichever name it is read, and sleeps and
// timers on the clock of another thread last as long as they should. A forked child begins with none.
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const double enough = 0.3, wanted = 1.0;

static clockid_t workers;  // clock of the thread that computes
static volatile int done;
static timer_t own_timer;
static volatile int own_timer_exists;

static double seconds(clockid_t clock) {
  struct timespec now;
  SAME(clock_gettime(clock, &now), 0);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double usage_of_thread(void) {
  struct rusage usage;
  SAME(getrusage(RUSAGE_THREAD, &usage), 0);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static struct timespec timespec_of(double time) {
  const struct timespec result = {(time_t)time, (long)((time - (double)(time_t)time) * 1e9)};
  return result;
}

static timer_t timer_until(clockid_t clock, double time) {
  const struct itimerspec when = {{0, 0}, timespec_of(time)};
  struct sigevent event;
  timer_t timer;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_NONE;
  SAME(timer_create(clock, &event, &timer), 0);
  SAME(timer_settime(timer, TIMER_ABSTIME, &when, NULL), 0);
  return timer;
}

static double rest_of(timer_t timer) {
  struct itimerspec rest;
  SAME(timer_gettime(timer, &rest), 0);
  return (double)rest.it_value.tv_sec + (double)rest.it_value.tv_nsec * 1e-9;
}

// Looks at nothing but the clock, and is stopped nevertheless.
static void *compute(void *unused) {
  double last = 0;
  own_timer = timer_until(CLOCK_THREAD_CPUTIME_ID, 1000);
  own_timer_exists = 1;
  while (!done) {
    const double now = seconds(CLOCK_THREAD_CPUTIME_ID);
    CHECK(now >= last && now < last + 30);
    last = now;
  }
  CHECK(usage_of_thread() >= last - 0.02 && usage_of_thread() < last + 1);
  return unused;
}

// By the clock of the thread that computes.
static void *sleep_for_some_time(void *took) {
  const double began = seconds(workers);
  const struct timespec time = timespec_of(wanted);
  SAME(clock_nanosleep(workers, 0, &time, NULL), 0);
  *(double *)took = seconds(workers) - began;
  return NULL;
}

static void *sleep_until_some_time(void *took) {
  const double began = seconds(workers);
  const struct timespec time = timespec_of(began + wanted);
  SAME(clock_nanosleep(workers, TIMER_ABSTIME, &time, NULL), 0);
  *(double *)took = seconds(workers) - began;
  return NULL;
}

static void look_at_a_child(void) {
  int status = 0;
  fflush(NULL);
  const pid_t child = fork();
  if (child == 0)
    _exit(seconds(CLOCK_THREAD_CPUTIME_ID) < enough / 2 && seconds(CLOCK_PROCESS_CPUTIME_ID) < enough / 2 && usage_of_thread() < enough / 2 ? 3 : 1);
  SAME(waitpid(child, &status, 0), child);
  SAME(WEXITSTATUS(status), 3);
}

int main(int argc, char **argv) {
  pthread_t worker, sleepers[2];
  double took[2];
  clockid_t process;
  begin(&argc, &argv);
  SAME(pthread_create(&worker, NULL, compute, NULL), 0);
  SAME(pthread_getcpuclockid(worker, &workers), 0);
  SAME(clock_getcpuclockid(getpid(), &process), 0);
  while (seconds(CLOCK_THREAD_CPUTIME_ID) < enough || seconds(workers) < enough || !own_timer_exists) {}

  SAME(pthread_create(&sleepers[0], NULL, sleep_for_some_time, &took[0]), 0);
  SAME(pthread_create(&sleepers[1], NULL, sleep_until_some_time, &took[1]), 0);
  const double workers_before = seconds(workers), own_before = seconds(CLOCK_THREAD_CPUTIME_ID), process_before = seconds(process);
  timer_t timer = timer_until(workers, workers_before + wanted);
  usleep(100000);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(seconds(workers) >= workers_before && seconds(workers) < workers_before + 30);
  CHECK(seconds(CLOCK_THREAD_CPUTIME_ID) >= own_before && seconds(CLOCK_THREAD_CPUTIME_ID) < own_before + 30);
  CHECK(usage_of_thread() >= own_before - 0.02 && usage_of_thread() < own_before + 30);
  CHECK(seconds(process) >= process_before && seconds(process) <= seconds(CLOCK_PROCESS_CPUTIME_ID));
  look_at_a_child();
  for (int i = 0; i < 2; ++i) pthread_join(sleepers[i], NULL);
  for (int i = 0; i < 2; ++i)
    if (took[i] < wanted - 0.02 || took[i] > wanted + 0.5) {
      fprintf(stderr, "rank %d: sleep %d took %.3f s of the other thread's time, not %.1f\n", rank, i, took[i], wanted);
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
  while (seconds(workers) < workers_before + wanted + 0.1) {}
  SAME(rest_of(timer) * 1e9, 0);
  const double rest = rest_of(own_timer), sum = rest + seconds(workers);
  if (sum < 999.9 || sum > 1000.2) {
    fprintf(stderr, "rank %d: the thread's own timer has %.3f s left, which makes %.3f s\n", rank, rest, sum);
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  done = 1;
  pthread_join(worker, NULL);
  return end();
}
