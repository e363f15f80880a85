// Each rank appends ten lines to a file of its own, in a folder that is given, with a barrier between two.
#include "check.h"

#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv) {
  char name[4200];
  begin(&argc, &argv);
  snprintf(name, sizeof name, "%s/lines-%d.txt", argc > 1 ? argv[1] : ".", rank);
  const int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  CHECK(fd >= 0);
  for (int i = 0; i < 10; ++i) {
    snprintf(name, sizeof name, "line %d\n", i);
    CHECK(write(fd, name, strlen(name)) == (ssize_t)strlen(name));
    MPI_Barrier(MPI_COMM_WORLD);
  }
  return end();
}
