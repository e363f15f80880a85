// The live MPI's descriptors of an open file take no number that the program would get.
#include "check.h"

#include <fcntl.h>
#include <unistd.h>

static int lowest(void) {
  const int fd = open("/dev/null", O_RDONLY);
  close(fd);
  return fd;
}

int main(int argc, char **argv) {
  static const char name[] = "descriptors.dat";
  MPI_File file;
  int value;
  begin(&argc, &argv);
  const int before = lowest();
  SAME(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file), MPI_SUCCESS);
  SAME(lowest(), before);
  MPI_File_write_shared(file, &rank, 1, MPI_INT, MPI_STATUS_IGNORE);
  SAME(lowest(), before);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(lowest(), before);
  MPI_File_read_at_all(file, 0, &value, 1, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_close(&file);
  SAME(lowest(), before);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
