// Each rank sees its own block of a file as bytes: the first rank's view is the one that a file has which was just opened.
#include "check.h"

enum { kBlock = 24 };

int main(int argc, char **argv) {
  char path[64], written[kBlock], read[kBlock], whole[kBlock * kMaxRanks];
  MPI_File file;
  begin(&argc, &argv);
  snprintf(path, sizeof path, "view-from-the-start.%d", size);
  MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &file);
  SAME(MPI_File_set_view(file, (MPI_Offset)rank * kBlock, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL), MPI_SUCCESS);
  memset(written, 'a' + rank, kBlock);
  MPI_File_write(file, written, kBlock / 2, MPI_BYTE, MPI_STATUS_IGNORE);
  MPI_File_write_at_all(file, kBlock / 2, written, kBlock / 2, MPI_BYTE, MPI_STATUS_IGNORE);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_sync(file);
  MPI_File_read_at_all(file, 0, read, kBlock, MPI_BYTE, MPI_STATUS_IGNORE);
  CHECK(memcmp(read, written, kBlock) == 0);
  SAME(MPI_File_set_view(file, 0, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL), MPI_SUCCESS);
  MPI_File_read_at_all(file, 0, whole, kBlock * size, MPI_BYTE, MPI_STATUS_IGNORE);
  for (int i = 0; i < kBlock * size; ++i) SAME(whole[i], 'a' + i / kBlock);
  MPI_File_close(&file);
  return end();
}
