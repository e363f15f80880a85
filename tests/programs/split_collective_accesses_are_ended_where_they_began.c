// Between the two halves of a split collective access a program may do other things; the second half has the outcome.
#include "check.h"

enum { kInts = 30 };

int main(int argc, char **argv) {
  static const char name[] = "split-accesses.dat";
  int mine[kInts], other[kInts], token = -1;
  MPI_File file;
  MPI_Status status;
  begin(&argc, &argv);
  const MPI_Offset place = kInts * rank;
  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file);
  MPI_File_set_size(file, 0);
  MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL);

  fill(mine, kInts, rank);
  SAME(MPI_File_write_at_all_begin(file, place, mine, kInts, MPI_INT), MPI_SUCCESS);
  MPI_Sendrecv(&rank, 1, MPI_INT, next, 0, &token, 1, MPI_INT, prev, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  SAME(token, prev);
  SAME(MPI_File_write_at_all_end(file, mine, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  MPI_File_sync(file);
  SAME(MPI_File_read_at_all_begin(file, kInts * next, other, kInts, MPI_INT), MPI_SUCCESS);
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(MPI_File_read_at_all_end(file, other, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  VERIFY(other, kInts, next);
  MPI_Barrier(MPI_COMM_WORLD);

  MPI_File_seek(file, place, MPI_SEEK_SET);
  fill(mine, kInts, 10 + rank);
  SAME(MPI_File_write_all_begin(file, mine, kInts, MPI_INT), MPI_SUCCESS);
  MPI_Allreduce(&rank, &token, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  SAME(token, size - 1);
  SAME(MPI_File_write_all_end(file, mine, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_seek(file, kInts * prev, MPI_SEEK_SET);
  SAME(MPI_File_read_all_begin(file, other, kInts, MPI_INT), MPI_SUCCESS);
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(MPI_File_read_all_end(file, other, MPI_STATUS_IGNORE), MPI_SUCCESS);
  VERIFY(other, kInts, 10 + prev);
  MPI_Barrier(MPI_COMM_WORLD);

  fill(mine, kInts, 20 + rank);
  SAME(MPI_File_write_ordered_begin(file, mine, kInts, MPI_INT), MPI_SUCCESS);
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(MPI_File_write_ordered_end(file, mine, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  MPI_File_sync(file);
  MPI_File_seek_shared(file, 0, MPI_SEEK_SET);
  SAME(MPI_File_read_ordered_begin(file, other, kInts, MPI_INT), MPI_SUCCESS);
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(MPI_File_read_ordered_end(file, other, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  VERIFY(other, kInts, 20 + rank);
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
