// threads_lock_in_every_way ROUNDS: threads of each rank use all kinds of mutexes, and condition variables, read-write locks, spin
// locks, barriers and semaphores, each round; beside them threads are made and joined, detached, cancelled where they wait,
// and end while they hold a robust mutex. All know each other by the same numbers all the time.
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { kThreads = 3, kTimes = 20, kKinds = 5 };
enum { kNormal, kRecursive, kErrorChecking, kRobust, kInheriting };

static int rounds;
static pid_t own_pid;
static pthread_mutex_t mutex[kKinds];
static long counter[kKinds];
static pthread_rwlock_t pair_lock = PTHREAD_RWLOCK_INITIALIZER;
static volatile long pair[2];
static pthread_spinlock_t spin;
static long spun;
static pthread_barrier_t meet;
static pthread_mutex_t turn_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static long turn;
static sem_t tokens, detached_ended;
static pthread_key_t key;
static volatile int destroyed, cleaned;
static int empty_pipe[2];
static __thread long mine;

static double now(clockid_t clock) {
  struct timespec time;
  CHECK(clock_gettime(clock, &time) == 0);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static struct timespec after(clockid_t clock, long us) {
  struct timespec time;
  clock_gettime(clock, &time);
  time.tv_nsec += us * 1000;
  if (time.tv_nsec >= 1000000000) ++time.tv_sec, time.tv_nsec -= 1000000000;
  return time;
}

static void use_mutexes(int number, int round) {
  for (int kind = 0; kind < kKinds; ++kind) {
    for (int i = 0; i < kTimes; ++i) {
      SAME(pthread_mutex_lock(&mutex[kind]), 0);
      if (kind == kRecursive) SAME(pthread_mutex_lock(&mutex[kind]), 0);
      if (kind == kErrorChecking) SAME(pthread_mutex_lock(&mutex[kind]), EDEADLK);
      const long seen = counter[kind];
      if (i == 0 && (round + kind) % kThreads == number) usleep(200);  // the others come and wait
      counter[kind] = seen + 1;
      if (kind == kRecursive) SAME(pthread_mutex_unlock(&mutex[kind]), 0);
      SAME(pthread_mutex_unlock(&mutex[kind]), 0);
    }
    if (kind == kErrorChecking) {
      const int error = pthread_mutex_unlock(&mutex[kind]);
      CHECK(error == EPERM);
    }
  }
}

static void read_and_write(int number, int round) {
  if (number == round % kThreads) {
    SAME(pthread_rwlock_wrlock(&pair_lock), 0);
    ++pair[0];
    usleep(50);
    ++pair[1];
  } else {
    SAME(pthread_rwlock_rdlock(&pair_lock), 0);
    SAME(pair[0], pair[1]);
  }
  SAME(pthread_rwlock_unlock(&pair_lock), 0);
  pthread_spin_lock(&spin);
  ++spun;
  pthread_spin_unlock(&spin);
}

static void take_turns(int number, int round) {
  SAME(pthread_mutex_lock(&turn_lock), 0);
  while (turn != (long)round * kThreads + number) pthread_cond_wait(&turn_changed, &turn_lock);
  ++turn;
  pthread_cond_broadcast(&turn_changed);
  SAME(pthread_mutex_unlock(&turn_lock), 0);
}

static void wait_in_vain(void) {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_condattr_t kind;
  pthread_cond_t never;
  sem_t nobodys;
  pthread_condattr_init(&kind);
  pthread_condattr_setclock(&kind, CLOCK_MONOTONIC);
  pthread_cond_init(&never, &kind);
  sem_init(&nobodys, 0, 0);
  double start = now(CLOCK_MONOTONIC);
  struct timespec until = after(CLOCK_MONOTONIC, 2000);
  pthread_mutex_lock(&lock);
  int error;
  while ((error = pthread_cond_timedwait(&never, &lock, &until)) == 0) continue;
  SAME(error, ETIMEDOUT);
  pthread_mutex_unlock(&lock);
  until = after(CLOCK_REALTIME, 1000);
  SAME(sem_timedwait(&nobodys, &until), -1);
  SAME(errno, ETIMEDOUT);
  CHECK(now(CLOCK_MONOTONIC) - start >= 0.0029);
}

static void know_oneself(pid_t tid) {
  clockid_t clock;
  SAME(syscall(SYS_gettid), tid);
  SAME(getpid(), own_pid);
  SAME(syscall(SYS_tgkill, own_pid, tid, 0), 0);
  CHECK(sched_getscheduler(tid) >= 0);
  errno = 0;
  getpriority(PRIO_PROCESS, (id_t)tid);
  SAME(errno, 0);
  SAME(pthread_getcpuclockid(pthread_self(), &clock), 0);
  CHECK(now(clock) >= 0);
}

static void *work(void *argument) {
  const int number = *(int *)argument;
  const pid_t tid = (pid_t)syscall(SYS_gettid);
  mine = 100 + number;
  pthread_setspecific(key, &mutex[number]);
  for (int round = 0; round < rounds; ++round) {
    know_oneself(tid);
    use_mutexes(number, round);
    read_and_write(number, round);
    take_turns(number, round);
    if (round % 4 == number) wait_in_vain();
    sem_post(&tokens);
    const int met = pthread_barrier_wait(&meet);
    CHECK(met == 0 || met == PTHREAD_BARRIER_SERIAL_THREAD);
    if (met == PTHREAD_BARRIER_SERIAL_THREAD) {
      for (int kind = 0; kind < kKinds; ++kind) SAME(counter[kind], (long)(round + 1) * kThreads * kTimes);
      SAME(spun, (long)(round + 1) * kThreads);
      SAME(pair[1], round + 1);
      for (int i = 0; i < kThreads; ++i) SAME(sem_trywait(&tokens), 0);
      SAME(sem_trywait(&tokens), -1);
    }
    pthread_barrier_wait(&meet);
    SAME(mine, 100 + number);
    CHECK(pthread_getspecific(key) == &mutex[number]);
  }
  return NULL;
}

// --- threads that live for one round ---

static void destroy(void *value) {
  (void)value;
  __atomic_fetch_add(&destroyed, 1, __ATOMIC_SEQ_CST);
}

static void *detached(void *value) {
  pthread_setspecific(key, value);
  mine = 7;
  sched_yield();
  SAME(mine, 7);
  sem_post(&detached_ended);
  return NULL;
}

static void *ends_as_owner(void *lock) {
  SAME(pthread_mutex_lock(lock), 0);
  usleep(100);
  return NULL;
}

static void clean(void *unused) {
  (void)unused;
  ++cleaned;
}

static void unlock(void *lock) { pthread_mutex_unlock(lock); }

static void *waits_for_ever(void *way) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
  pthread_cleanup_push(clean, NULL);
  const struct timespec long_time = {1000, 0};
  sigset_t none;
  sigemptyset(&none);
  char byte;
  switch (*(int *)way) {
  case 0: CHECK(nanosleep(&long_time, NULL) == 12345); break;
  case 1:
    pthread_mutex_lock(&lock);
    pthread_cleanup_push(unlock, &lock);
    for (;;) pthread_cond_wait(&never, &lock);
    pthread_cleanup_pop(1);
    break;
  case 2: CHECK(read(empty_pipe[0], &byte, 1) == 12345); break;
  case 3: CHECK(poll(NULL, 0, -1) == 12345); break;
  case 4: CHECK(poll(NULL, 0, 100000) == 12345); break;
  case 5: CHECK(sigsuspend(&none) == 12345); break;
  default:
    for (;;) pthread_testcancel();
  }
  fail(__FILE__, __LINE__, "was not cancelled");
  pthread_cleanup_pop(1);
  return NULL;
}

static void others_come_and_go(int round) {
  pthread_t thread;
  pthread_attr_t apart;
  pthread_mutex_t robust;
  pthread_mutexattr_t kind;
  void *result;
  const int before = destroyed;

  pthread_attr_init(&apart);
  pthread_attr_setdetachstate(&apart, PTHREAD_CREATE_DETACHED);
  SAME(pthread_create(&thread, &apart, detached, &round), 0);
  while (sem_wait(&detached_ended) != 0) SAME(errno, EINTR);
  while (destroyed == before) sched_yield();

  pthread_mutexattr_init(&kind);
  pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&robust, &kind);
  SAME(pthread_create(&thread, NULL, ends_as_owner, &robust), 0);
  SAME(pthread_join(thread, NULL), 0);
  SAME(pthread_mutex_lock(&robust), EOWNERDEAD);
  SAME(pthread_mutex_consistent(&robust), 0);
  SAME(pthread_mutex_unlock(&robust), 0);

  int way = round % 7;
  const int cleaned_before = cleaned;
  SAME(pthread_create(&thread, NULL, waits_for_ever, &way), 0);
  usleep(300);
  SAME(pthread_cancel(thread), 0);
  SAME(pthread_join(thread, &result), 0);
  CHECK(result == PTHREAD_CANCELED);
  SAME(cleaned, cleaned_before + 1);
}

static void make_mutexes(void) {
  pthread_mutexattr_t kind[kKinds];
  for (int i = 0; i < kKinds; ++i) pthread_mutexattr_init(&kind[i]);
  pthread_mutexattr_settype(&kind[kRecursive], PTHREAD_MUTEX_RECURSIVE);
  pthread_mutexattr_settype(&kind[kErrorChecking], PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutexattr_setrobust(&kind[kRobust], PTHREAD_MUTEX_ROBUST);
  pthread_mutexattr_setprotocol(&kind[kInheriting], PTHREAD_PRIO_INHERIT);
  for (int i = 0; i < kKinds; ++i) SAME(pthread_mutex_init(&mutex[i], &kind[i]), 0);
}

int main(int argc, char **argv) {
  pthread_t thread[kThreads];
  int number[kThreads], sum;
  begin(&argc, &argv);
  rounds = atoi(argv[1]);
  own_pid = getpid();
  make_mutexes();
  pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
  pthread_barrier_init(&meet, NULL, kThreads);
  sem_init(&tokens, 0, 0);
  sem_init(&detached_ended, 0, 0);
  pthread_key_create(&key, destroy);
  SAME(pipe(empty_pipe), 0);
  for (int i = 0; i < kThreads; ++i) number[i] = i, SAME(pthread_create(&thread[i], NULL, work, &number[i]), 0);
  for (int round = 0; round < rounds; ++round) {
    others_come_and_go(round);
    if (round % 8 == 0) {
      MPI_Allreduce(&round, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
      SAME(sum, round * size);
    }
  }
  for (int i = 0; i < kThreads; ++i) SAME(pthread_join(thread[i], NULL), 0);
  return end();
}
