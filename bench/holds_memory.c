// holds_memory MIB: each rank fills that much memory with numbers that are all different, says "ready", and waits until
// a file "go" appears in its directory.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  size_t count = (argc > 1 ? strtoul(argv[1], NULL, 10) : 256) * (1 << 20) / sizeof(unsigned long);
  unsigned long *memory = malloc(count * sizeof *memory);
  for (size_t i = 0; i < count; ++i) memory[i] = (i + rank) * 0x9e3779b97f4a7c15ul;
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    puts("ready");
    fflush(stdout);
  }
  while (access("go", F_OK) != 0) usleep(10000);
  int wrong = 0;
  for (size_t i = 0; i < count; ++i) wrong |= memory[i] != (i + rank) * 0x9e3779b97f4a7c15ul;
  MPI_Finalize();
  return wrong;
}
