// maps_as_much_as_is_allowed MAPPINGS: so many mappings of one page each, every second read-only so that none is merged with its
// neighbour, live across a checkpoint with what is in them.
#define _GNU_SOURCE
#include "check.h"

#include <sys/mman.h>

enum { kPage = 4096 };

int main(int argc, char **argv) {
  begin(&argc, &argv);
  const long mappings = atol(argv[1]);
  char *start = mmap(NULL, (size_t)mappings * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(start != MAP_FAILED);
  for (long i = 0; i < mappings; ++i) {
    *(long *)(start + i * kPage) = i * 3 + 1;
    if (i % 2) SAME(mprotect(start + i * kPage, kPage, PROT_READ), 0);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Barrier(MPI_COMM_WORLD);
  for (long i = 0; i < mappings; ++i) SAME(*(long *)(start + i * kPage), i * 3 + 1);
  // The protections too: one page of each kind.
  SAME(mprotect(start + kPage, kPage, PROT_READ | PROT_WRITE), 0);
  start[kPage] = 1;
  return end();
}
