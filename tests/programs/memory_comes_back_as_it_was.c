// Every kind of memory of the process is there after a restart, at its address, with its contents and its protection.
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static char zeroed[100000], initialised[] = "initialised";
static __thread int of_the_thread = 11;

enum { kMap = 3 << 20, kBig = 8 << 20 };

static void barrier_and(int step) {
  int sum;
  of_the_thread += step;
  MPI_Allreduce(&step, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  SAME(sum, size * step);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  char stack[20000], *small = strdup("small"), *big = malloc(kBig);
  char *map = mmap(NULL, kMap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *untouched = mmap(NULL, 1l << 32, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(map != MAP_FAILED && untouched != MAP_FAILED);
  for (int i = 0; i < kMap; ++i) map[i] = (char)(i * 7 + i / 4096);
  memset(big, 3, kBig);
  memset(stack, 4, sizeof stack);
  zeroed[50000] = 9;
  initialised[0] = 'I';
  untouched[1l << 31] = 1;
  barrier_and(1);
  CHECK(mprotect(map, 4096, PROT_READ) == 0);
  munmap(map + 4096 * 100, 4096 * 100);  // a hole
  barrier_and(2);
  char *moved = mremap(map + 4096 * 300, 4096 * 50, 4096 * 60, MREMAP_MAYMOVE);
  CHECK(moved != MAP_FAILED);
  barrier_and(3);

  SAME(of_the_thread, 17);
  for (int i = 0; i < kMap; ++i) {
    int page = i / 4096;
    if ((page >= 100 && page < 200) || (page >= 300 && page < 350)) continue;
    if (map[i] != (char)(i * 7 + i / 4096)) SAME(map[i], (char)(i * 7 + i / 4096));
  }
  for (int i = 0; i < 4096 * 50; ++i) SAME(moved[i], (char)((i + 4096 * 300) * 7 + (i + 4096 * 300) / 4096));
  for (int i = 0; i < kBig; ++i)
    if (big[i] != 3) SAME(big[i], 3);
  for (int i = 0; i < (int)sizeof stack; ++i) SAME(stack[i], 4);
  SAME(zeroed[50000], 9);
  SAME(zeroed[50001], 0);
  CHECK(strcmp(initialised, "Initialised") == 0 && strcmp(small, "small") == 0);
  SAME(untouched[1l << 31], 1);
  SAME(untouched[(1l << 31) + 4096], 0);
  // The protection holds: the kernel refuses to write there for us.
  int zero = open("/dev/zero", O_RDONLY);
  SAME(read(zero, map, 1), -1);
  SAME(errno, EFAULT);
  SAME(read(zero, map + 4096, 1), 1);
  close(zero);
  munmap(untouched, 1l << 32);
  free(small);
  free(big);
  return end();
}
