// "external32" is big-endian in the file, whichever access writes it.
#include "check.h"

#include <stdint.h>

static int class_of(int error) {
  int class;
  MPI_Error_class(error, &class);
  return class;
}

int main(int argc, char **argv) {
  static const char name[] = "representations.dat";
  int32_t data[6], got[6];
  double real = 1.5 + rank, real_got;
  unsigned char bytes[8];
  MPI_File file;
  MPI_Request request;
  MPI_Status status;
  MPI_Aint extent;
  begin(&argc, &argv);
  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file);
  MPI_File_set_size(file, 0);

  SAME(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "external32", MPI_INFO_NULL), MPI_SUCCESS);
  MPI_File_get_type_extent(file, MPI_INT, &extent);
  SAME(extent, 4);
  fill(data, 6, rank);
  SAME(MPI_File_write_at_all(file, 6 * rank, data, 2, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), 2);
  SAME(MPI_File_write_at(file, 6 * rank + 2, data + 2, 2, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), 2);
  MPI_File_iwrite_at(file, 6 * rank + 4, data + 4, 2, MPI_INT, &request);
  MPI_Wait(&request, &status);
  SAME(count_of(&status, MPI_INT), 2);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(MPI_File_read_at(file, 6 * next, got, 3, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), 3);
  MPI_File_iread_at(file, 6 * next + 3, got + 3, 3, MPI_INT, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  VERIFY(got, 6, next);
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(MPI_File_set_view(file, 0, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL), MPI_SUCCESS);
  for (int i = 0; i < 6; ++i) {
    MPI_File_read(file, bytes, 4, MPI_BYTE, MPI_STATUS_IGNORE);
    SAME((int32_t)((uint32_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]), i);
  }
  MPI_Barrier(MPI_COMM_WORLD);

  SAME(MPI_File_set_view(file, 0, MPI_DOUBLE, MPI_DOUBLE, "external32", MPI_INFO_NULL), MPI_SUCCESS);
  MPI_File_seek(file, rank, MPI_SEEK_SET);
  MPI_File_write_all(file, &real, 1, MPI_DOUBLE, MPI_STATUS_IGNORE);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_read_at_all(file, next, &real_got, 1, MPI_DOUBLE, MPI_STATUS_IGNORE);
  CHECK(real_got == 1.5 + next);
  SAME(class_of(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "unheard of", MPI_INFO_NULL)), MPI_ERR_UNSUPPORTED_DATAREP);
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
