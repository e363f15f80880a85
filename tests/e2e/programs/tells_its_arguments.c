// Rank 0 writes the arguments of every rank, byte for byte as hexadecimal digits, and the variable TELL of the environment.
#include "check.h"

int main(int argc, char **argv) {
  static char mine[1 << 20], theirs[1 << 20];
  begin(&argc, &argv);
  int length = 0;
  for (int i = 1; i < argc; ++i) {
    for (const char *c = argv[i]; *c; ++c) length += sprintf(mine + length, "%02x", (unsigned char)*c);
    mine[length++] = ' ';
  }
  const char *tell = getenv("TELL");
  length += sprintf(mine + length, "TELL=%s", tell ? tell : "") + 1;
  for (int r = 0; r < size; ++r) {
    if (rank == r && r > 0) MPI_Send(mine, length, MPI_CHAR, 0, 1, MPI_COMM_WORLD);
    if (rank != 0) continue;
    if (r > 0) MPI_Recv(theirs, sizeof theirs, MPI_CHAR, r, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    printf("rank %d: %s\n", r, r ? theirs : mine);
  }
  return end();
}
