// "external32" is big-endian in the file and has sizes of its own, whichever access writes it. (MPICH 4.0 and Open MPI 4.1 by
// themselves forget the representation in some accesses: those are tried only where they work.)
#include "check.h"

#include <stdint.h>

int main(int argc, char **argv) {
  static const char name[] = "representations.dat";
  int32_t data[4], got[4];
  unsigned char bytes[4];
  MPI_File file;
  MPI_Status status;
  MPI_Aint extent;
  int class;
  begin(&argc, &argv);
  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file);
  MPI_File_set_size(file, 0);

  SAME(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "external32", MPI_INFO_NULL), MPI_SUCCESS);
  MPI_File_get_type_extent(file, MPI_INT, &extent);
  SAME(extent, 4);
  fill(data, 4, rank);
  SAME(MPI_File_write_at(file, 4 * rank, data, 2, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), 2);
  SAME(MPI_File_seek(file, 4 * rank + 2, MPI_SEEK_SET), MPI_SUCCESS);
  SAME(MPI_File_write(file, data + 2, 2, MPI_INT, &status), MPI_SUCCESS);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(MPI_File_read_at(file, 4 * next, got, 4, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), 4);
  VERIFY(got, 4, next);
  MPI_Barrier(MPI_COMM_WORLD);

  SAME(MPI_File_set_view(file, 0, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL), MPI_SUCCESS);
  for (int i = 0; i < 4; ++i) {
    MPI_File_read(file, bytes, 4, MPI_BYTE, MPI_STATUS_IGNORE);
    SAME((int32_t)((uint32_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]), i);
  }
  MPI_Error_class(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "unheard of", MPI_INFO_NULL), &class);
  SAME(class, MPI_ERR_UNSUPPORTED_DATAREP);
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
