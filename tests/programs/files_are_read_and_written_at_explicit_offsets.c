// Accesses at explicit offsets, blocking and nonblocking, by one rank or by all, find what another rank has written.
#include "check.h"

enum { kInts = 50 };

int main(int argc, char **argv) {
  static const char name[] = "explicit-offsets.dat";
  const MPI_Offset bytes = kInts * sizeof(int);
  int mine[kInts], other[kInts];
  MPI_File file;
  MPI_Status status;
  MPI_Request requests[2];
  MPI_Offset total;
  begin(&argc, &argv);
  SAME(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file), MPI_SUCCESS);
  SAME(MPI_File_set_size(file, 0), MPI_SUCCESS);

  fill(mine, kInts, rank);
  SAME(MPI_File_write_at(file, rank * bytes, mine, kInts, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_sync(file);
  SAME(MPI_File_read_at(file, next * bytes, other, kInts, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  VERIFY(other, kInts, next);
  MPI_File_get_size(file, &total);
  SAME(total, size * bytes);
  MPI_Barrier(MPI_COMM_WORLD);

  fill(mine, kInts, 100 + rank);
  SAME(MPI_File_write_at_all(file, prev * bytes, mine, kInts, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(MPI_File_read_at_all(file, rank * bytes, other, kInts, MPI_INT, MPI_STATUS_IGNORE), MPI_SUCCESS);
  VERIFY(other, kInts, 100 + next);
  MPI_Barrier(MPI_COMM_WORLD);

  fill(mine, kInts, 200 + rank);
  MPI_File_iwrite_at(file, rank * bytes, mine, kInts / 2, MPI_INT, &requests[0]);
  MPI_File_iwrite_at(file, rank * bytes + bytes / 2, mine + kInts / 2, kInts / 2, MPI_INT, &requests[1]);
  SAME(MPI_Waitall(2, requests, MPI_STATUSES_IGNORE), MPI_SUCCESS);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_iread_at(file, prev * bytes, other, kInts, MPI_INT, &requests[0]);
  SAME(MPI_Wait(&requests[0], &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  VERIFY(other, kInts, 200 + prev);
  MPI_Barrier(MPI_COMM_WORLD);

  fill(mine, kInts, 300 + rank);
  MPI_File_iwrite_at_all(file, next * bytes, mine, kInts, MPI_INT, &requests[0]);
  SAME(MPI_Wait(&requests[0], &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_iread_at_all(file, rank * bytes, other, kInts, MPI_INT, &requests[0]);
  SAME(MPI_Wait(&requests[0], &status), MPI_SUCCESS);
  VERIFY(other, kInts, 300 + prev);

  // Beyond the end there is nothing.
  SAME(MPI_File_read_at(file, size * bytes - (MPI_Offset)sizeof(int), other, 10, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), 1);
  SAME(MPI_File_close(&file), MPI_SUCCESS);
  CHECK(file == MPI_FILE_NULL);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) SAME(MPI_File_delete(name, MPI_INFO_NULL), MPI_SUCCESS);
  return end();
}
