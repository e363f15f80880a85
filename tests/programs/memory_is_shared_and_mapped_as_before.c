// Memory shared under two addresses, with a descriptor, or with a file stays shared; sparse, growing, executable and very many
// mappings come back as they were.
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static void step(void) { MPI_Barrier(MPI_COMM_WORLD); }

static void *map(size_t bytes, int prot, int flags, int fd) {
  void *at = mmap(NULL, bytes, prot, flags, fd, 0);
  CHECK(at != MAP_FAILED);
  return at;
}

enum { kPage = 4096, kMany = 2000 };

static void shared_memory(void) {
  char name[60];
  sprintf(name, "mapped-%d.bin", rank);
  const int object = memfd_create("twice", 0), file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(ftruncate(object, 3 * kPage) == 0 && ftruncate(file, 2 * kPage) == 0);
  char *one = map(3 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, object), *two = map(3 * kPage, PROT_READ, MAP_SHARED, object);
  char *mapped = map(2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, file);
  char *alone = map(1l << 34, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1);
  close(object);
  strcpy(one + kPage, "once");
  strcpy(mapped + kPage, "in the file");
  strcpy(alone + (1l << 33), "far away");
  step();
  CHECK(strcmp(two + kPage, "once") == 0 && strcmp(alone + (1l << 33), "far away") == 0);
  strcpy(one + 2 * kPage, "twice");
  CHECK(strcmp(two + 2 * kPage, "twice") == 0);
  char got[12] = {0};
  SAME(pread(file, got, 11, kPage), 11);
  CHECK(strcmp(got, "in the file") == 0);
  SAME(pwrite(file, "from below", 11, 0), 11);
  CHECK(strcmp(mapped, "from below") == 0);
  munmap(one, 3 * kPage), munmap(two, 3 * kPage), munmap(mapped, 2 * kPage), munmap(alone, 1l << 34);
  close(file);
  unlink(name);
}

// Written through one mapping and executed in another, as compilers at run time do: every byte stays what was written.
static void shared_code(void) {
  static const unsigned char code[] = {0xbf, 0xff, 0xff, 0xff, 0xff,  // mov $-1, %edi
                                       0xb8, 140, 0, 0, 0,            // mov $SYS_getpriority, %eax
                                       0x0f, 0x05, 0xc3};             // syscall; ret
  const int object = memfd_create("code", 0);
  SAME(pwrite(object, code, sizeof code, 0), (int)sizeof code);
  unsigned char *run = map(kPage, PROT_READ | PROT_EXEC, MAP_SHARED, object), now[sizeof code];
  for (int i = 0; i < 2; ++i, step()) {
    SAME(((int (*)(void))(void *)run)(), -EINVAL);
    SAME(pread(object, now, sizeof now, 0), (int)sizeof now);
    SAME(memcmp(now, code, sizeof code), 0);
  }
  munmap(run, kPage);
  close(object);
}

static int resident(void *page) {
  unsigned char state;
  SAME(mincore(page, kPage, &state), 0);
  return state & 1;
}

static void private_memory(void) {
  static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};  // mov $42, %eax; ret
  char *sparse = map(100l << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
  char *guarded = map(3 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  char *striped = map(kMany * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  char *big = map(4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  char *compiled = map(kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  char *heap = sbrk(5 * kPage);
  CHECK(heap != (void *)-1);
  heap[5 * kPage - 1] = 5;
  sparse[77l << 30] = 7;
  CHECK(mprotect(guarded + kPage, kPage, PROT_READ | PROT_WRITE) == 0);
  guarded[kPage] = 8;
  for (int i = 0; i < kMany; i += 2) striped[i * kPage] = (char)i, mprotect(striped + i * kPage, kPage, PROT_READ);
  madvise(big, 4 << 20, MADV_DONTFORK);
  big[0] = 9;
  memcpy(compiled, code, sizeof code);
  mprotect(compiled, kPage, PROT_EXEC);
  step();
  SAME(heap[5 * kPage - 1], 5);
  CHECK(sbrk(0) == heap + 5 * kPage);
  SAME(sparse[77l << 30], 7);
  CHECK(!resident(sparse + (33l << 30)));
  SAME(sparse[33l << 30], 0);
  SAME(guarded[kPage], 8);
  int zero = open("/dev/zero", O_RDONLY);
  SAME(read(zero, guarded, 1), -1);
  SAME(errno, EFAULT);
  SAME(read(zero, guarded + 2 * kPage, 1), -1);
  SAME(read(zero, striped, 1), -1);
  close(zero);
  for (int i = 0; i < kMany; i += 2) SAME(striped[i * kPage], (char)i), striped[(i + 1) * kPage] = 1;
  SAME(big[0], 9);
  SAME(((int (*)(void))compiled)(), 42);
  char *moved = mremap(big, 4 << 20, 8 << 20, MREMAP_MAYMOVE);
  CHECK(moved != MAP_FAILED && moved[0] == 9);
  munmap(sparse, 100l << 30), munmap(guarded, 3 * kPage), munmap(striped, kMany * kPage), munmap(moved, 8 << 20), munmap(compiled, kPage);
}

// A mapping that grows by being touched.
static void growing_memory(void) {
  char *room = map(1024 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1), *stack = room + 1008 * kPage;
  munmap(room, 1024 * kPage);
  CHECK(mmap(stack, 16 * kPage, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0) == stack);
  memset(stack, 1, 16 * kPage);
  stack[-kPage] = 2;
  step();
  SAME(stack[-kPage], 2);
  SAME(stack[0], 1);
  stack[-2 * kPage] = 3;
  step();
  SAME(stack[-2 * kPage], 3);
  munmap(stack - 2 * kPage, 18 * kPage);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  shared_memory(), step();
  shared_code(), step();
  private_memory(), step();
  growing_memory(), step();
  return end();
}
