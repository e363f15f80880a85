// Huge pages of its own, private, shared, and of a file in memory: what is in them lives across a checkpoint, and the private ones
// are huge again when there are enough. Says whether they are.
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

enum { kHuge = 2 << 20, kBytes = 2 * kHuge };

static int is_huge(const void *start) {
  char line[300];
  unsigned long low, high;
  int mine = 0, huge = 0;
  FILE *file = fopen("/proc/self/smaps", "r");
  CHECK(file);
  while (fgets(line, sizeof line, file)) {
    if (sscanf(line, "%lx-%lx", &low, &high) == 2) mine = low <= (unsigned long)start && (unsigned long)start < high;
    if (mine && strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " ht")) huge = 1;
  }
  fclose(file);
  return huge;
}

static unsigned char *map(int flags, int file) {
  unsigned char *start = mmap(NULL, kBytes, PROT_READ | PROT_WRITE, flags, file, 0);
  CHECK(start != MAP_FAILED);
  SAME((unsigned long)start % kHuge, 0);
  for (int i = 0; i < kHuge; i += 1000) start[i] = (unsigned char)(i / 1000 + rank + flags);
  return start;
}

static void look(const unsigned char *start, int flags) {
  for (int i = 0; i < kHuge; i += 1000) SAME(start[i], (unsigned char)(i / 1000 + rank + flags));
  for (int i = kHuge; i < kBytes; i += 1000) SAME(start[i], 0);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  const int private = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, shared = MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB;
  const int file = memfd_create("huge", MFD_HUGETLB);
  CHECK(file >= 0 && ftruncate(file, kBytes) == 0);
  unsigned char *own = map(private, -1), *common = map(shared, -1), *from_file = map(MAP_SHARED, file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Barrier(MPI_COMM_WORLD);
  look(own, private);
  look(common, shared);
  look(from_file, MAP_SHARED);
  printf("rank %d: %d\n", rank, is_huge(own));
  SAME(munmap(own, kHuge), 0);
  SAME(munmap(common, kBytes), 0);
  return end();
}
