// Signals that wait while they are blocked arrive after a restart in their order and with their values; handlers run on the
// alternative stack; threads in sigwaitinfo and sigsuspend go on waiting.
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static int got[8], number_of_got;
static volatile sig_atomic_t on_other_stack, suspended_handler_ran;
static volatile int waiting;
static char other_stack[64 << 10];

static void on_queued(int sig, siginfo_t *info, void *context) {
  char here;
  (void)context;
  on_other_stack = &here >= other_stack && &here < other_stack + sizeof other_stack;
  if (number_of_got < 8) got[number_of_got++] = sig * 1000 + (info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
}

static void on_suspended(int sig) {
  (void)sig;
  ++suspended_handler_ran;
}

static void *wait_for_info(void *result) {
  siginfo_t info;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN + 5);
  __atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
  SAME(sigwaitinfo(&set, &info), SIGRTMIN + 5);
  *(int *)result = info.si_value.sival_int;
  return NULL;
}

static void *suspend(void *result) {
  sigset_t all_but;
  sigfillset(&all_but);
  sigdelset(&all_but, SIGUSR2);
  __atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
  sigsuspend(&all_but);
  *(int *)result = suspended_handler_ran;
  return NULL;
}

static void queue_to(pthread_t thread, int sig, int value) {
  union sigval with = {.sival_int = value};
  CHECK(pthread_sigqueue(thread, sig, with) == 0);
}

int main(int argc, char **argv) {
  struct sigaction queued = {.sa_sigaction = on_queued, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  struct sigaction suspended = {.sa_handler = on_suspended};
  stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack}, now;
  pthread_t waiter, sleeper;
  sigset_t set, old;
  int value = 0, ran = 0;
  begin(&argc, &argv);
  CHECK(sigaltstack(&stack, NULL) == 0);
  sigemptyset(&set);
  for (int sig = SIGRTMIN + 4; sig <= SIGRTMIN + 6; ++sig) sigaddset(&set, sig), sigaction(sig, &queued, NULL);
  sigaddset(&set, SIGUSR1), sigaddset(&set, SIGUSR2);
  sigaction(SIGUSR1, &queued, NULL);
  sigaction(SIGUSR2, &suspended, NULL);
  pthread_sigmask(SIG_BLOCK, &set, &old);
  CHECK(pthread_create(&waiter, NULL, wait_for_info, &value) == 0 && pthread_create(&sleeper, NULL, suspend, &ran) == 0);
  while (waiting < 2) usleep(100);
  for (int i = 1; i <= 3; ++i) queue_to(pthread_self(), SIGRTMIN + 4, i);
  queue_to(pthread_self(), SIGRTMIN + 6, 7);
  raise(SIGUSR1);
  MPI_Barrier(MPI_COMM_WORLD);

  SAME(number_of_got, 0);
  sigpending(&set);
  CHECK(sigismember(&set, SIGUSR1) && sigismember(&set, SIGRTMIN + 6));
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  // The lowest number first is the kernel's choice, and the handler called first returns last: only order per signal is promised.
  SAME(number_of_got, 5);
  int next_value = 1, usr1 = 0, other = 0;
  for (int i = 0; i < 5; ++i) {
    if (got[i] / 1000 == SIGRTMIN + 4) SAME(got[i] % 1000, next_value), ++next_value;
    usr1 += got[i] == SIGUSR1 * 1000;
    other += got[i] == (SIGRTMIN + 6) * 1000 + 7;
  }
  SAME(next_value, 4);
  SAME(usr1, 1);
  SAME(other, 1);
  CHECK(on_other_stack);
  CHECK(sigaltstack(NULL, &now) == 0 && now.ss_sp == other_stack && now.ss_size == sizeof other_stack);
  MPI_Barrier(MPI_COMM_WORLD);

  queue_to(waiter, SIGRTMIN + 5, 99);
  pthread_kill(sleeper, SIGUSR2);
  pthread_join(waiter, NULL);
  pthread_join(sleeper, NULL);
  SAME(value, 99);
  SAME(ran, 1);
  return end();
}
