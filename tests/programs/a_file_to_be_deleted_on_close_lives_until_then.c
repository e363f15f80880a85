// MPI_MODE_DELETE_ON_CLOSE deletes at the close and not before; MPI_MODE_EXCL and MPI_MODE_CREATE look at what is there once.
#include "check.h"

#include <unistd.h>

int main(int argc, char **argv) {
  static const char name[] = "deleted-on-close.dat";
  int data[10], got[10], class;
  MPI_File file, twice;
  begin(&argc, &argv);
  int error = MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDONLY, MPI_INFO_NULL, &file);
  MPI_Error_class(error, &class);
  SAME(class, MPI_ERR_NO_SUCH_FILE);

  SAME(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE | MPI_MODE_EXCL | MPI_MODE_DELETE_ON_CLOSE,
                     MPI_INFO_NULL, &file), MPI_SUCCESS);
  fill(data, 10, rank);
  MPI_File_write_at_all(file, rank * 40, data, 10, MPI_INT, MPI_STATUS_IGNORE);
  error = MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE | MPI_MODE_EXCL, MPI_INFO_NULL, &twice);
  MPI_Error_class(error, &class);
  SAME(class, MPI_ERR_FILE_EXISTS);
  CHECK(access(name, R_OK) == 0);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(access(name, R_OK) == 0);
  MPI_File_read_at_all(file, next * 40, got, 10, MPI_INT, MPI_STATUS_IGNORE);
  VERIFY(got, 10, next);
  SAME(MPI_File_close(&file), MPI_SUCCESS);
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(access(name, R_OK) != 0);

  // One rank alone.
  char own[40];
  sprintf(own, "deleted-on-close-%d.dat", rank);
  SAME(MPI_File_open(MPI_COMM_SELF, own, MPI_MODE_WRONLY | MPI_MODE_CREATE | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL,
                     &file), MPI_SUCCESS);
  MPI_File_write(file, data, 10, MPI_INT, MPI_STATUS_IGNORE);
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(access(own, R_OK) == 0);
  MPI_File_close(&file);
  CHECK(access(own, R_OK) != 0);
  if (rank == 0) {
    MPI_Error_class(MPI_File_delete(own, MPI_INFO_NULL), &class);
    SAME(class, MPI_ERR_NO_SUCH_FILE);
  }
  return end();
}
