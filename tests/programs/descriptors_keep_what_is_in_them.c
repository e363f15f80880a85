// Descriptors of every kind that lives within a process are there after a restart, with what was in them, their flags and
// offsets, whom they share them with, and what they watch.
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void step(void) { MPI_Barrier(MPI_COMM_WORLD); }

static void expect(int fd, const char *text) {
  char got[300] = {0};
  const size_t length = strlen(text);
  SAME(read(fd, got, sizeof got - 1), length);
  if (memcmp(got, text, length) != 0) fail(__FILE__, __LINE__, got);
}

static void put(int fd, const char *text) { SAME(write(fd, text, strlen(text)), strlen(text)); }

static void pipes(void) {
  int plain[2], ended[2], deaf[2];
  CHECK(pipe(plain) == 0 && pipe2(ended, O_CLOEXEC | O_NONBLOCK) == 0 && pipe(deaf) == 0);
  put(plain[1], "in the pipe");
  put(ended[1], "the last");
  close(ended[1]);
  close(deaf[0]);
  const int twin = dup(plain[1]);
  CHECK(fcntl(plain[0], F_SETPIPE_SZ, 1 << 17) >= 1 << 17);
  step();
  put(twin, ", and more");
  expect(plain[0], "in the pipe, and more");
  CHECK(fcntl(plain[0], F_GETPIPE_SZ) >= 1 << 17);
  SAME(fcntl(plain[0], F_GETFL) & (O_NONBLOCK | O_ACCMODE), O_RDONLY);
  SAME(fcntl(ended[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  SAME(fcntl(ended[0], F_GETFD), FD_CLOEXEC);
  SAME(fcntl(plain[0], F_GETFD), 0);
  expect(ended[0], "the last");
  expect(ended[0], "");
  signal(SIGPIPE, SIG_IGN);
  SAME(write(deaf[1], "x", 1), -1);
  SAME(errno, EPIPE);
  close(plain[0]), close(plain[1]), close(twin), close(ended[0]), close(deaf[1]);
}

static void sockets(void) {
  int stream[2], packets[2], half[2], unused;
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, stream) == 0 && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packets) == 0 &&
        socketpair(AF_UNIX, SOCK_STREAM, 0, half) == 0);
  unused = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  put(stream[0], "there, ");
  put(stream[1], "and back");
  put(packets[0], "one");
  put(packets[0], "two");
  put(half[0], "before the end");
  shutdown(half[0], SHUT_WR);
  step();
  put(stream[0], "again");
  expect(stream[1], "there, again");
  expect(stream[0], "and back");
  expect(packets[1], "one");
  expect(packets[1], "two");
  expect(half[1], "before the end");
  expect(half[1], "");
  put(half[1], "the other way");
  expect(half[0], "the other way");
  SAME(fcntl(unused, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  for (int i = 0; i < 2; ++i) close(stream[i]), close(packets[i]), close(half[i]);
  close(unused);
}

static void events(void) {
  unsigned long long count = 0;
  struct epoll_event ready[4], want = {EPOLLIN, {.u64 = 77}};
  struct itimerspec periodic = {{0, 1000000}, {0, 1000000}}, far = {{0, 0}, {1000, 0}}, left;
  struct signalfd_siginfo info;
  sigset_t set;
  const int counter = eventfd(5, 0), semaphore = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK);
  const int ticks = timerfd_create(CLOCK_MONOTONIC, 0), later = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
  const int set_of = epoll_create1(0), all = epoll_create1(EPOLL_CLOEXEC);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, NULL);
  const int signals = signalfd(-1, &set, 0);
  CHECK(timerfd_settime(ticks, 0, &periodic, NULL) == 0 && timerfd_settime(later, 0, &far, NULL) == 0);
  CHECK(epoll_ctl(set_of, EPOLL_CTL_ADD, counter, &want) == 0);
  want.data.u64 = 78;
  CHECK(epoll_ctl(all, EPOLL_CTL_ADD, set_of, &want) == 0);
  want.events = EPOLLIN | EPOLLONESHOT;
  CHECK(epoll_ctl(all, EPOLL_CTL_ADD, semaphore, &want) == 0);
  SAME(epoll_wait(all, ready, 4, 1000), 2);  // the oneshot is over
  raise(SIGUSR2);
  step();
  SAME(epoll_wait(all, ready, 4, 1000), 1);
  SAME(ready[0].data.u64, 78);
  SAME(epoll_wait(set_of, ready, 4, 1000), 1);
  SAME(ready[0].data.u64, 77);
  SAME(read(counter, &count, 8), 8);
  SAME(count, 5);
  SAME(epoll_wait(all, ready, 4, 0), 0);
  for (int i = 0; i < 3; ++i) SAME(read(semaphore, &count, 8), 8), SAME(count, 1);
  SAME(read(semaphore, &count, 8), -1);
  SAME(read(ticks, &count, 8), 8);
  CHECK(count >= 1);
  SAME(read(ticks, &count, 8), 8);  // and it goes on
  CHECK(timerfd_gettime(later, &left) == 0 && left.it_value.tv_sec > 800 && left.it_value.tv_sec < 1000);
  SAME(fcntl(later, F_GETFD), FD_CLOEXEC);
  SAME(read(signals, &info, sizeof info), sizeof info);
  SAME(info.ssi_signo, SIGUSR2);
  close(counter), close(semaphore), close(ticks), close(later), close(set_of), close(all), close(signals);
}

static void files(void) {
  char name[60], folder[60], *shared;
  sprintf(name, "gone-%d.txt", rank);
  sprintf(folder, "folder-%d", rank);
  mkdir(folder, 0700);
  const int gone = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600), named = open("/dev/null", O_WRONLY);
  unlink(name);
  put(gone, "without a name");
  CHECK(lseek(gone, 1 << 26, SEEK_SET) > 0);
  put(gone, "far away");
  CHECK(lseek(gone, 8, SEEK_SET) == 8);
  const int memory = memfd_create("memory", MFD_CLOEXEC), listed = open(folder, O_RDONLY | O_DIRECTORY);
  CHECK(ftruncate(memory, 8192) == 0);
  shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  strcpy(shared + 4096, "mapped");
  sprintf(name, "locked-%d.txt", rank);
  const int locked = open(name, O_RDWR | O_CREAT, 0600);
  CHECK(flock(locked, LOCK_EX) == 0);
  const int watch = inotify_init1(IN_NONBLOCK), watched = inotify_add_watch(watch, folder, IN_CREATE);
  CHECK(watched > 0);
  step();
  char part[7] = {0};
  SAME(read(gone, part, 6), 6);
  CHECK(strcmp(part, "a name") == 0);
  SAME(lseek(gone, 1 << 26, SEEK_SET), 1 << 26);
  expect(gone, "far away");
  put(named, "swallowed");
  SAME(lseek(memory, 4096, SEEK_SET), 4096);
  char got[8] = {0};
  SAME(read(memory, got, 6), 6);
  CHECK(strcmp(got, "mapped") == 0);
  SAME(pwrite(memory, "still", 5, 0), 5);
  CHECK(strcmp(shared, "still") == 0);
  const int other = open(name, O_RDWR);
  SAME(flock(other, LOCK_EX | LOCK_NB), -1);
  const int made = openat(listed, "made", O_WRONLY | O_CREAT, 0600);
  CHECK(made >= 0);
  struct inotify_event event[8];
  CHECK(read(watch, event, sizeof event) > 0);
  SAME(event[0].wd, watched);
  SAME(event[0].mask, IN_CREATE);
  unlinkat(listed, "made", 0);
  rmdir(folder);
  unlink(name);
  munmap(shared, 8192);
  close(gone), close(named), close(memory), close(listed), close(locked), close(other), close(made), close(watch);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  void (*const kinds[])(void) = {pipes, sockets, events, files};
  for (int i = 0; i < 4; ++i) kinds[i](), step();
  return end();
}
