// signals_and_clocks_all_the_time ROUNDS: each rank queues signals with values and takes them in order, handles them on an alternate
// stack, within each other and in the middle of a fault, is woken by timers of all kinds; and every sleep and wait with a time-out
// lasts its time, returns what it returns natively (never EINTR, as no handler has run), and ends.
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { kWays = 10 };
static char alternate[65536];
static volatile sig_atomic_t handled, nested, alarms, on_alternate;
static sigjmp_buf back;

static double now(void) {
  struct timespec time;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static sigset_t set_of(int sig) {
  sigset_t set;
  sigemptyset(&set);
  if (sig) sigaddset(&set, sig);
  return set;
}

static void on_inner(int sig) {
  (void)sig;
  ++nested;
}

static void on_outer(int sig, siginfo_t *info, void *context) {
  char here;
  (void)sig, (void)context;
  on_alternate += &here >= alternate && &here < alternate + sizeof alternate;
  if (info->si_pid != getpid()) nested = -1000000;
  raise(SIGUSR2);
  ++handled;
}

static void on_fault(int sig) {
  (void)sig;
  siglongjmp(back, 1);
}

static void on_alarm(int sig) {
  (void)sig;
  ++alarms;
}

static void handle(int sig, void (*simple)(int), void (*with_info)(int, siginfo_t *, void *), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  if (simple) action.sa_handler = simple;
  else action.sa_sigaction = with_info, flags |= SA_SIGINFO;
  action.sa_flags = flags;
  SAME(sigaction(sig, &action, NULL), 0);
}

static void queue_and_take(int round) {
  const sigset_t set = set_of(SIGRTMIN + 1);
  const struct timespec no_time = {0, 0};
  siginfo_t info;
  for (int i = 0; i < 5; ++i) {
    union sigval value;
    value.sival_int = round * 10 + i;
    SAME(sigqueue(getpid(), SIGRTMIN + 1, value), 0);
  }
  for (int i = 0; i < 5; ++i) {
    SAME(i % 2 ? sigwaitinfo(&set, &info) : sigtimedwait(&set, &info, &no_time), SIGRTMIN + 1);
    SAME(info.si_value.sival_int, round * 10 + i);
    SAME(info.si_pid, getpid());
  }
  SAME(sigtimedwait(&set, &info, &no_time), -1);
  SAME(errno, EAGAIN);
}

static void handle_some(int round) {
  const sigset_t usr1 = set_of(SIGUSR1), none = set_of(0);
  sigset_t before;
  raise(SIGUSR1);
  SAME(handled, 2 * round + 1);
  sigprocmask(SIG_BLOCK, &usr1, &before);
  raise(SIGUSR1);
  SAME(handled, 2 * round + 1);
  SAME(sigsuspend(&none), -1);
  SAME(errno, EINTR);
  sigprocmask(SIG_SETMASK, &before, NULL);
  SAME(handled, 2 * round + 2);
  SAME(nested, handled);
  SAME(on_alternate, handled);
}

static void fault(const volatile char *forbidden) {
  volatile int came_back = 0;
  if (sigsetjmp(back, 1) == 0) (void)*forbidden;
  else came_back = 1;
  SAME(came_back, 1);
}

static void be_woken(void) {
  const struct itimerval often = {{0, 1500}, {0, 1500}}, never = {{0, 0}, {0, 0}};
  const int before = alarms;
  SAME(setitimer(ITIMER_REAL, &often, NULL), 0);
  while (alarms < before + 2) pause();
  SAME(setitimer(ITIMER_REAL, &never, NULL), 0);

  const sigset_t set = set_of(SIGRTMIN + 2);
  struct sigevent event;
  const struct itimerspec soon = {{0, 0}, {0, 1000000}}, periodic = {{0, 700000}, {0, 700000}};
  timer_t timer;
  siginfo_t info;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGRTMIN + 2;
  event.sigev_value.sival_int = 99;
  SAME(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  SAME(timer_settime(timer, 0, &soon, NULL), 0);
  SAME(sigwaitinfo(&set, &info), SIGRTMIN + 2);
  SAME(info.si_value.sival_int, 99);
  SAME(info.si_code, SI_TIMER);
  SAME(timer_delete(timer), 0);

  const int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  unsigned long long times = 0, more;
  SAME(timerfd_settime(fd, 0, &periodic, NULL), 0);
  while (times < 2) {
    SAME(read(fd, &more, 8), 8);
    times += more;
  }
  close(fd);
}

// Seconds that each of them has taken are checked for being enough.
static void wait_in_every_way(int way) {
  const struct timespec time = {0, 4000000};
  const double start = now();
  switch (way % kWays) {
  case 0: SAME(nanosleep(&time, NULL), 0); break;
  case 1: SAME(usleep(4000), 0); break;
  case 2: SAME(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL), 0); break;
  case 3: SAME(poll(NULL, 0, 4), 0); break;
  case 4: SAME(ppoll(NULL, 0, &time, NULL), 0); break;
  case 5: {
    struct timeval tv = {0, 4000};
    SAME(select(0, NULL, NULL, NULL, &tv), 0);
    break;
  }
  case 6: SAME(pselect(0, NULL, NULL, NULL, &time, NULL), 0); break;
  case 7: {
    struct epoll_event event;
    const int fd = epoll_create1(0);
    SAME(epoll_wait(fd, &event, 1, 4), 0);
    close(fd);
    break;
  }
  case 8: {
    const sigset_t set = set_of(SIGRTMIN + 3);
    SAME(sigtimedwait(&set, NULL, &time), -1);
    SAME(errno, EAGAIN);
    break;
  }
  case 9: {
    unsigned word = 0;
    SAME(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0), -1);
    SAME(errno, ETIMEDOUT);
  }
  }
  const double took = now() - start;
  if (took < 0.00399) {
    fprintf(stderr, "way %d took %.6f s\n", way % kWays, took);
    fail(__FILE__, __LINE__, "a wait ended early");
  }
}

int main(int argc, char **argv) {
  sigset_t blocked = set_of(SIGRTMIN + 1);
  sigaddset(&blocked, SIGRTMIN + 2), sigaddset(&blocked, SIGRTMIN + 3);
  pthread_sigmask(SIG_BLOCK, &blocked, NULL);  // before MPI_Init: for its threads too
  begin(&argc, &argv);
  const int rounds = atoi(argv[1]);
  const stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  SAME(sigaltstack(&stack, NULL), 0);
  handle(SIGUSR1, NULL, on_outer, SA_ONSTACK);
  handle(SIGUSR2, on_inner, NULL, SA_ONSTACK);
  handle(SIGSEGV, on_fault, NULL, SA_ONSTACK);
  handle(SIGALRM, on_alarm, NULL, SA_RESTART);
  char *forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  double last = now();
  int sum;
  for (int round = 0; round < rounds; ++round) {
    queue_and_take(round);
    handle_some(round);
    fault(forbidden);
    be_woken();
    wait_in_every_way(round);
    CHECK(now() >= last);
    last = now();
    if (round % 8 == 0) {
      MPI_Allreduce(&round, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
      SAME(sum, round * size);
    }
  }
  return end();
}
