// Handlers, masks and pending signals of the program are as they were, and a handler finds the program's own thread variables,
// also when it interrupts MPI.
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static __thread int of_the_thread = 5;
static volatile sig_atomic_t handled, seen;

static void handle(int number, siginfo_t *info, void *context) {
  (void)context;
  ++handled;
  seen = number == SIGUSR2 && info->si_pid == getpid() ? of_the_thread : -1;
  errno = 77;
}

int main(int argc, char **argv) {
  struct sigaction action = {0}, old;
  sigset_t blocked, now;
  int sum;
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaction(SIGUSR2, &action, NULL);
  begin(&argc, &argv);
  of_the_thread = 6;
  raise(SIGUSR2);
  SAME(handled, 1);
  SAME(seen, 6);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  sigaddset(&blocked, SIGWINCH);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  MPI_Barrier(MPI_COMM_WORLD);
  sigprocmask(SIG_BLOCK, NULL, &now);
  SAME(sigismember(&now, SIGUSR2), 1);
  SAME(sigismember(&now, SIGWINCH), 1);
  SAME(sigismember(&now, SIGALRM), 0);
  sigaction(SIGUSR2, NULL, &old);
  CHECK(old.sa_sigaction == handle && (old.sa_flags & SA_RESTART));
  raise(SIGUSR2);
  SAME(handled, 1);
  MPI_Barrier(MPI_COMM_WORLD);
  sigprocmask(SIG_UNBLOCK, &blocked, NULL);
  SAME(handled, 2);
  SAME(seen, 6);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  SAME(sum, size * (size - 1) / 2);
  raise(SIGUSR2);
  SAME(handled, 3);
  return end();
}
