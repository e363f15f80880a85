// descriptors_change_all_the_time ROUNDS: each rank has streams of bytes under way in a pipe and a socketpair, datagrams, an event
// counter, a log that it appends to, a file without a name, one offset shared by two descriptors, locks, an open directory, an
// epoll set, flags of descriptors, and opens and closes some in every round; what it reads is what it wrote.
#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { kFiles = 12, kUnderWay = 26000 };  // bytes: a pipe holds 16 pages, which may be little more than half full

static uint32_t random_state = 2463534242u;
static uint32_t any(uint32_t below) {
  random_state ^= random_state << 13, random_state ^= random_state >> 17, random_state ^= random_state << 5;
  return random_state % below;
}

// A stream whose byte number n is a function of n.
struct Stream {
  int in, out;
  uint64_t written, taken;
};

static unsigned char byte_of(uint64_t position) { return (unsigned char)(position * 131 + position / 251); }

static void flow(struct Stream *s, int most_under_way) {
  unsigned char buffer[6000];
  int bytes = 1 + (int)any(sizeof buffer);
  if (s->written - s->taken + (uint64_t)bytes < (uint64_t)most_under_way) {
    for (int i = 0; i < bytes; ++i) buffer[i] = byte_of(s->written + (uint64_t)i);
    SAME(write(s->in, buffer, (size_t)bytes), bytes);
    s->written += (uint64_t)bytes;
  }
  bytes = 1 + (int)any(sizeof buffer);
  if (s->written == s->taken) return;
  const ssize_t got = read(s->out, buffer, (size_t)bytes);
  CHECK(got > 0);
  for (ssize_t i = 0; i < got; ++i)
    if (buffer[i] != byte_of(s->taken + (uint64_t)i)) SAME(buffer[i], byte_of(s->taken + (uint64_t)i));
  s->taken += (uint64_t)got;
}

static void exchange_datagrams(int pair[2], int round) {
  char text[64], got[64];
  snprintf(text, sizeof text, "datagram %d", round);
  SAME(send(pair[0], text, strlen(text), 0), (ssize_t)strlen(text));
  if (round < 3) return;  // three are under way
  snprintf(text, sizeof text, "datagram %d", round - 3);
  const ssize_t length = recv(pair[1], got, sizeof got, 0);
  SAME(length, (ssize_t)strlen(text));
  CHECK(memcmp(text, got, (size_t)length) == 0);
}

static void append(int log, int reader, int round) {
  char line[32], got[32];
  snprintf(line, sizeof line, "line %8d\n", round);
  const ssize_t length = (ssize_t)strlen(line);
  SAME(write(log, line, (size_t)length), length);
  SAME(pread(reader, got, sizeof got, (off_t)round * length), length);
  CHECK(memcmp(line, got, (size_t)length) == 0);
  struct stat status;
  SAME(fstat(log, &status), 0);
  SAME(status.st_size, (long long)(round + 1) * length);
}

static void keep_without_a_name(int fd, int round) {
  uint64_t value = (uint64_t)round * 77, seen;
  SAME(pwrite(fd, &value, 8, (round % 5000) * 8L), 8);
  if (round == 0) return;
  const int earlier = round - 1 - (int)any((uint32_t)(round < 4000 ? round : 4000));
  SAME(pread(fd, &seen, 8, (earlier % 5000) * 8L), 8);
  SAME(seen, (uint64_t)earlier * 77);
}

static void share_an_offset(int fd, int twin, int round) {
  const off_t to = (off_t)any(5000);
  SAME(lseek(round % 2 ? fd : twin, to, SEEK_SET), to);
  SAME(lseek(round % 2 ? twin : fd, 0, SEEK_CUR), to);
  SAME(lseek(fd, 3, SEEK_CUR), to + 3);
  SAME(lseek(twin, 0, SEEK_CUR), to + 3);
}

static void be_locked_out(int other) {
  struct flock question = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
  SAME(flock(other, LOCK_EX | LOCK_NB), -1);
  SAME(errno, EWOULDBLOCK);
  SAME(fcntl(other, F_OFD_GETLK, &question), 0);
  SAME(question.l_type, F_WRLCK);
  SAME(question.l_start, 8);
}

static void list(DIR *folder, int round) {
  static int seen[kFiles], total;
  for (int i = 0; i <= round % 3; ++i) {
    const struct dirent *entry = readdir(folder);
    if (!entry) {
      SAME(total, kFiles);
      rewinddir(folder);
      memset(seen, 0, sizeof seen);
      total = 0;
      continue;
    }
    if (entry->d_name[0] == '.') continue;
    const int number = atoi(entry->d_name + 1);
    SAME(seen[number]++, 0);
    ++total;
  }
}

static void watch(int set, struct Stream *s) {
  struct epoll_event event;
  struct pollfd poll_one = {.fd = s->out, .events = POLLIN};
  const int ready = s->written != s->taken;
  SAME(poll(&poll_one, 1, 0), ready);
  SAME(epoll_wait(set, &event, 1, 0), ready);
  if (ready) SAME(event.data.u64, 4711);
}

static void change_flags(int fd, int round) {
  static int flags, descriptor_flags;
  SAME(fcntl(fd, F_GETFL) & O_NONBLOCK, flags);
  SAME(fcntl(fd, F_GETFD), descriptor_flags);
  flags = round % 3 ? O_NONBLOCK : 0;
  descriptor_flags = round % 2 ? FD_CLOEXEC : 0;
  SAME(fcntl(fd, F_SETFL, flags), 0);
  SAME(fcntl(fd, F_SETFD, descriptor_flags), 0);
}

static void come_and_go(int round) {
  static int open_one = -1;
  static int number_before = -1;
  if (open_one >= 0) {
    SAME(close(open_one), 0);
    SAME(fcntl(open_one, F_GETFD), -1);
  }
  open_one = open(round % 2 ? "/dev/null" : "/dev/zero", O_RDWR);
  CHECK(open_one >= 0);
  if (number_before >= 0) SAME(open_one, number_before);  // the lowest that is free
  number_before = open_one;
  char byte = 1;
  SAME(read(open_one, &byte, 1), round % 2 ? 0 : 1);
  SAME(byte, round % 2 ? 1 : 0);
}

static int open_checked(const char *path, int flags) {
  const int fd = open(path, flags, 0600);
  if (fd < 0) perror(path);
  CHECK(fd >= 0);
  return fd;
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  const int rounds = atoi(argv[1]);
  char folder[32], path[64];
  snprintf(folder, sizeof folder, "folder-%d", rank);
  SAME(mkdir(folder, 0700), 0);
  for (int i = 0; i < kFiles; ++i) {
    snprintf(path, sizeof path, "%s/f%d", folder, i);
    close(open_checked(path, O_CREAT | O_WRONLY));
  }
  DIR *listed = opendir(folder);
  SAME(chdir(folder), 0);

  struct Stream through_pipe = {0}, through_pair = {0};
  int ends[2], pair[2], datagrams[2];
  SAME(pipe(ends), 0);
  SAME(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  SAME(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams), 0);
  through_pipe.in = ends[1], through_pipe.out = ends[0];
  through_pair.in = pair[0], through_pair.out = pair[1];
  const int events = eventfd(0, 0), set = epoll_create1(0);
  struct epoll_event wanted = {.events = EPOLLIN, .data = {.u64 = 4711}};
  SAME(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &wanted), 0);
  snprintf(path, sizeof path, "../log-%d.txt", rank);
  const int appended = open_checked(path, O_CREAT | O_WRONLY | O_APPEND), reader = open_checked(path, O_RDONLY);
  snprintf(path, sizeof path, "../nameless-%d", rank);
  const int nameless = open_checked(path, O_CREAT | O_RDWR);
  SAME(unlink(path), 0);
  SAME(ftruncate(nameless, 5000 * 8), 0);
  snprintf(path, sizeof path, "../locked-%d", rank);
  const int locked = open_checked(path, O_CREAT | O_RDWR), other = open_checked(path, O_RDWR);
  SAME(flock(locked, LOCK_EX), 0);
  struct flock part = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 8, .l_len = 100};
  SAME(fcntl(locked, F_OFD_SETLK, &part), 0);
  const int shared = open_checked("f0", O_RDWR), twin = dup(shared), alone = open_checked("f1", O_RDWR);

  const int of_this_process = open_checked("/proc/self/statm", O_RDONLY);
  char sizes[100];

  uint64_t events_now = 0, value;
  int sum;
  for (int round = 0; round < rounds; ++round) {
    flow(&through_pipe, kUnderWay);
    flow(&through_pair, kUnderWay);
    exchange_datagrams(datagrams, round);
    value = 1 + any(5);
    events_now += value;
    SAME(write(events, &value, 8), 8);
    if (round % 4 == 3) {
      SAME(read(events, &value, 8), 8);
      SAME(value, events_now);
      events_now = 0;
    }
    append(appended, reader, round);
    keep_without_a_name(nameless, round);
    share_an_offset(shared, twin, round);
    be_locked_out(other);
    list(listed, round);
    watch(set, &through_pipe);
    change_flags(alone, round);
    come_and_go(round);
    SAME(lseek(of_this_process, 0, SEEK_SET), 0);
    CHECK(read(of_this_process, sizes, sizeof sizes) > 10);
    if (round % 32 == 0) {
      MPI_Allreduce(&round, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
      SAME(sum, round * size);
    }
  }
  return end();
}
