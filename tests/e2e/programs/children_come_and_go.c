// children_come_and_go ROUNDS: each rank starts processes by fork, vfork, posix_spawn, system and popen, talks to them through pipes,
// kills one, and waits for them at once, or after some rounds, or by waitid without taking them; none gets lost, and each ends with
// the status that it should.
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kLater = 6 };

extern char **environ;

static struct {
  pid_t pid;
  int status;
} later[kLater];

static volatile sig_atomic_t ended;

static void on_child(int sig) {
  (void)sig;
  ++ended;
}

static pid_t wait_for(pid_t pid, int *status) {
  pid_t got;
  while ((got = waitpid(pid, status, 0)) < 0 && errno == EINTR) continue;
  return got;
}

static void fork_one(int round) {
  int ends[2], status;
  char text[64] = {0};
  SAME(pipe(ends), 0);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    char message[64];
    snprintf(message, sizeof message, "round %d", round);
    if (write(ends[1], message, strlen(message)) < 0) _exit(99);
    _exit(round % 100);
  }
  close(ends[1]);
  for (ssize_t got, at = 0; (got = read(ends[0], text + at, sizeof text - 1 - (size_t)at)) != 0; at += got > 0 ? got : 0)
    if (got < 0) SAME(errno, EINTR);
  close(ends[0]);
  SAME(wait_for(pid, &status), pid);
  CHECK(WIFEXITED(status));
  SAME(WEXITSTATUS(status), round % 100);
  SAME(atoi(text + 6), round);
}

static void start_in_other_ways(int round) {
  int status;
  pid_t pid;
  char *words[] = {"true", NULL};
  if (round % 3 == 0) {
    SAME(posix_spawn(&pid, "/bin/true", NULL, NULL, words, environ), 0);
    SAME(wait_for(pid, &status), pid);
    SAME(status, 0);
  } else if (round % 3 == 1) {
    pid = vfork();
    if (pid == 0) {
      execl("/bin/false", "false", (char *)NULL);
      _exit(98);
    }
    CHECK(pid > 0);
    SAME(wait_for(pid, &status), pid);
    SAME(WEXITSTATUS(status), 1);
  } else {
    SAME(system("exit 7"), 7 << 8);
    char line[32];
    FILE *output = popen("echo hello; exit 5", "r");
    CHECK(output && fgets(line, sizeof line, output));
    CHECK(strcmp(line, "hello\n") == 0);
    SAME(pclose(output), 5 << 8);
  }
}

// Each has ended long before it is waited for.
static void wait_later(int round) {
  const int i = round % kLater;
  int status;
  if (later[i].pid != 0) {
    siginfo_t info;
    const int way = round / kLater % 3;
    if (way == 0) {
      SAME(wait_for(later[i].pid, &status), later[i].pid);
    } else if (way == 1) {
      info.si_pid = 0;
      SAME(waitid(P_PID, (id_t)later[i].pid, &info, WEXITED | WNOWAIT), 0);
      SAME(info.si_pid, later[i].pid);
      SAME(kill(later[i].pid, 0), 0);
      SAME(waitpid(later[i].pid, &status, WNOHANG), later[i].pid);
    } else {
      SAME(waitid(P_PID, (id_t)later[i].pid, &info, WEXITED), 0);
      SAME(info.si_pid, later[i].pid);
      SAME(info.si_code, WIFSIGNALED(later[i].status) ? CLD_KILLED : CLD_EXITED);
      status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
    }
    SAME(status, later[i].status);
    SAME(waitpid(later[i].pid, &status, WNOHANG), -1);
    SAME(errno, ECHILD);
  }
  const int killed = round % 2;
  later[i].pid = fork();
  CHECK(later[i].pid >= 0);
  if (later[i].pid == 0) {
    if (killed) {
      signal(SIGTERM, SIG_DFL);
      kill(getpid(), SIGTERM);
    }
    _exit(round % 50);
  }
  later[i].status = killed ? SIGTERM : round % 50 << 8;
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  const int rounds = atoi(argv[1]);
  int sum, status, left = 0;
  struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};
  sigaction(SIGCHLD, &action, NULL);
  for (int round = 0; round < rounds; ++round) {
    fork_one(round);
    start_in_other_ways(round);
    wait_later(round);
    if (round % 8 == 0) {
      MPI_Allreduce(&round, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
      SAME(sum, round * size);
    }
  }
  while (wait_for(-1, &status) > 0) ++left;
  SAME(left, rounds < kLater ? rounds : kLater);
  CHECK(ended > 0);
  return end();
}
