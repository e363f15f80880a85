// memory_changes_all_the_time ROUNDS: each rank maps, unmaps, moves, resizes, protects and discards memory, of the heap too,
// grows its stack, writes code and runs it, and keeps a sparse reservation of 100 GB; what every page holds and allows is known,
// and looked at in every round.
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { kPage = 4096, kSlots = 24, kBlocks = 40, kOpsPerRound = 12 };

static uint32_t random_state = 12345;
static uint32_t any(uint32_t below) {
  random_state ^= random_state << 13, random_state ^= random_state >> 17, random_state ^= random_state << 5;
  return random_state % below;
}

// --- mappings ---

enum Kind { kNone, kPrivate, kSharedAnonymous, kSharedFile, kPrivateFile, kMemfd };

static struct Slot {
  enum Kind kind;
  unsigned char *start;
  size_t pages;
  int read_only, fd;
  uint64_t seed;  // of the contents; 0: all zero
} slot[kSlots];

static uint64_t content(const struct Slot *s, size_t page) { return s->seed ? s->seed * 1000003 + page : 0; }

static void write_pages(struct Slot *s, size_t from) {
  for (size_t page = from; page < s->pages; ++page) {
    uint64_t value = content(s, page);
    memcpy(s->start + page * kPage, &value, 8);
    memcpy(s->start + page * kPage + kPage - 8, &value, 8);
  }
}

static int zero_file;

static void look_at(const struct Slot *s) {
  for (size_t page = 0; page < s->pages; ++page) {
    uint64_t first, last;
    memcpy(&first, s->start + page * kPage, 8);
    memcpy(&last, s->start + page * kPage + kPage - 8, 8);
    SAME(first, content(s, page));
    SAME(last, content(s, page));
  }
  // The kernel writes a byte, or cannot.
  unsigned char *place = s->start + s->pages * kPage / 2;
  const unsigned char kept = *place;
  const ssize_t got = read(zero_file, place, 1);
  if (s->read_only) {
    SAME(got, -1);
    SAME(errno, EFAULT);
  } else {
    SAME(got, 1);
    *place = kept;
  }
}

static int file_of(size_t pages, int in_memory) {
  char name[] = "memory-XXXXXX";
  const int fd = in_memory ? memfd_create("test", 0) : mkstemp(name);
  CHECK(fd >= 0);
  // Its name stays: a mapping of a file without one is private from then on. Removed at the end.
  SAME(ftruncate(fd, (off_t)pages * kPage), 0);
  return fd;
}

static void unmap(struct Slot *s) {
  SAME(munmap(s->start, s->pages * kPage), 0);
  if (s->kind == kSharedFile || s->kind == kPrivateFile || s->kind == kMemfd) {
    char path[64], name[4096];
    snprintf(path, sizeof path, "/proc/self/fd/%d", s->fd);
    const ssize_t length = readlink(path, name, sizeof name - 1);
    CHECK(length > 0);
    name[length] = 0;
    if (s->kind != kMemfd) SAME(unlink(name), 0);
    SAME(close(s->fd), 0);
  }
  s->kind = kNone;
}

static void map(struct Slot *s) {
  static uint64_t seeds = 0;
  s->kind = (enum Kind)(1 + any(5));
  s->pages = 1 + any(60);
  s->seed = ++seeds;
  s->read_only = 0;
  s->fd = -1;
  if (s->kind == kSharedFile || s->kind == kPrivateFile || s->kind == kMemfd) s->fd = file_of(s->pages, s->kind == kMemfd);
  const int shared = s->kind == kPrivate || s->kind == kPrivateFile ? MAP_PRIVATE : MAP_SHARED;
  s->start = mmap(NULL, s->pages * kPage, PROT_READ | PROT_WRITE, shared | (s->fd < 0 ? MAP_ANONYMOUS : 0), s->fd, 0);
  CHECK(s->start != MAP_FAILED);
  write_pages(s, 0);
}

static void change(struct Slot *s) {
  if (s->kind == kNone) return map(s);
  switch (any(5)) {
  case 0: return unmap(s);
  case 1:
    s->read_only = !s->read_only;
    SAME(mprotect(s->start, s->pages * kPage, s->read_only ? PROT_READ : PROT_READ | PROT_WRITE), 0);
    return;
  case 2:
    if (s->kind == kPrivate) {
      const size_t old = s->pages, pages = 1 + any(80);
      s->start = mremap(s->start, old * kPage, pages * kPage, MREMAP_MAYMOVE);
      CHECK(s->start != MAP_FAILED);
      s->pages = pages;
      if (s->read_only) SAME(mprotect(s->start, pages * kPage, PROT_READ | PROT_WRITE), 0), s->read_only = 0;
      if (pages > old) write_pages(s, old);
    }
    return;
  case 3:
    if (s->kind == kPrivate && !s->read_only) {
      SAME(madvise(s->start, s->pages * kPage, MADV_DONTNEED), 0);
      s->seed = 0;
    }
    return;
  default:
    if (!s->read_only) {
      ++s->seed;
      write_pages(s, 0);
    }
  }
}

// --- the heap ---

static struct Block {
  unsigned char *start;
  size_t bytes;
  unsigned char with;
} block[kBlocks];

static void change_block(struct Block *b) {
  for (size_t i = 0; i < b->bytes; i += 97)
    if (b->start[i] != b->with) SAME(b->start[i], b->with);
  const size_t bytes = any(8) ? any(3000) : any(400000);
  if (any(3) == 0) {
    free(b->start);
    b->start = malloc(bytes);
  } else {
    b->start = realloc(b->start, bytes ? bytes : 1);
  }
  CHECK(b->start || bytes == 0);
  b->bytes = bytes;
  b->with = (unsigned char)any(256);
  memset(b->start, b->with, bytes);
}

// --- code ---

static void run_new_code(uint32_t number) {
  unsigned char code[] = {0xb8, 0, 0, 0, 0, 0xc3};  // mov $number, %eax; ret
  memcpy(code + 1, &number, 4);
  unsigned char *page = mmap(NULL, kPage, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(page != MAP_FAILED);
  memcpy(page, code, sizeof code);
  SAME(((uint32_t(*)(void))page)(), number);
  SAME(mprotect(page, kPage, PROT_READ | PROT_EXEC), 0);
  SAME(((uint32_t(*)(void))page)(), number);
  SAME(munmap(page, kPage), 0);
}

static unsigned char *executable_only;

static uint64_t deep(int depth) {
  volatile unsigned char frame[3000];
  for (int i = 0; i < 3000; i += 500) frame[i] = (unsigned char)depth;
  const uint64_t below = depth ? deep(depth - 1) : 0;
  for (int i = 0; i < 3000; i += 500) SAME(frame[i], (unsigned char)depth);
  return below + frame[0];
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  const int rounds = atoi(argv[1]);
  random_state += (uint32_t)rank * 77777;
  zero_file = open("/dev/zero", O_RDONLY);
  const size_t reserved = (size_t)100 << 30;
  unsigned char *sparse = mmap(NULL, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  executable_only = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(sparse != MAP_FAILED && executable_only != MAP_FAILED);
  memcpy(executable_only, "\xb8\x2a\0\0\0\xc3", 6);
  SAME(mprotect(executable_only, kPage, PROT_EXEC), 0);
  unsigned char *top = sbrk(kPage);
  CHECK(top != (void *)-1);
  memset(top, 5, kPage);
  int sum;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < kOpsPerRound; ++i) {
      struct Slot *s = &slot[any(kSlots)];
      if (s->kind != kNone) look_at(s);
      change(s);
      change_block(&block[any(kBlocks)]);
    }
    sparse[(size_t)(round % 97) << 30] = (unsigned char)round;
    if (round > 5) SAME(sparse[(size_t)((round - 5) % 97) << 30], (unsigned char)(round - 5));
    SAME(sparse[((size_t)(round % 97) << 30) + 12 * kPage], 0);
    run_new_code((uint32_t)round * 7919);
    SAME(((int (*)(void))executable_only)(), 42);
    deep(any(500));
    SAME(top[round % kPage], 5);
    if (round % 8 == 0) {
      MPI_Allreduce(&round, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
      SAME(sum, round * size);
    }
  }
  for (int i = 0; i < kSlots; ++i)
    if (slot[i].kind != kNone) look_at(&slot[i]), unmap(&slot[i]);
  return end();
}
