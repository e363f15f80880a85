// MPI_MODE_APPEND sets the pointers to the end once; a file opened with MPI_MODE_SEQUENTIAL knows the shared pointer only.
// (Open MPI 4.1 does not refuse the individual pointer there, so that is not tried.)
#include "check.h"

enum { kInts = 4 };

static void write_block(MPI_File file, int seed) {
  int block[kInts];
  fill(block, kInts, seed);
  SAME(MPI_File_write_ordered(file, block, kInts, MPI_INT, MPI_STATUS_IGNORE), MPI_SUCCESS);
}

static void read_block(MPI_File file, int seed) {
  int block[kInts];
  MPI_Status status;
  SAME(MPI_File_read_ordered(file, block, kInts, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  VERIFY(block, kInts, seed);
}

int main(int argc, char **argv) {
  static const char name[] = "appended-to.dat";
  const int round = kInts * sizeof(int);
  int block[kInts], amode;
  MPI_File file;
  MPI_Offset position;
  begin(&argc, &argv);
  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_WRONLY | MPI_MODE_CREATE, MPI_INFO_NULL, &file);
  MPI_File_set_size(file, 0);
  write_block(file, 10 + rank);
  MPI_File_close(&file);

  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_APPEND, MPI_INFO_NULL, &file);
  MPI_File_get_position(file, &position);
  SAME(position, round * size);
  MPI_File_get_position_shared(file, &position);
  SAME(position, round * size);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_get_amode(file, &amode);
  SAME(amode, MPI_MODE_RDWR | MPI_MODE_APPEND);
  write_block(file, 20 + rank);
  write_block(file, 30 + rank);
  // The individual pointer still stands at the old end.
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_read_all(file, block, kInts, MPI_INT, MPI_STATUS_IGNORE);
  VERIFY(block, kInts, 20);
  MPI_File_close(&file);

  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDONLY | MPI_MODE_SEQUENTIAL, MPI_INFO_NULL, &file);
  read_block(file, 10 + rank);
  read_block(file, 20 + rank);
  MPI_File_get_amode(file, &amode);
  SAME(amode, MPI_MODE_RDONLY | MPI_MODE_SEQUENTIAL);
  read_block(file, 30 + rank);
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
