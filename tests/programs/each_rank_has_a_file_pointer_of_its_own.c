// The individual file pointer of each rank goes on from where that rank has left it.
#include "check.h"

enum { kInts = 20 };

static MPI_File file;

static void at(MPI_Offset expected) {
  MPI_Offset position;
  SAME(MPI_File_get_position(file, &position), MPI_SUCCESS);
  SAME(position, expected);
}

static void synchronize(void) {
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv) {
  static const char name[] = "individual-pointers.dat";
  int data[2 * kInts];
  MPI_Request request;
  MPI_Status status;
  MPI_Offset bytes;
  begin(&argc, &argv);
  const MPI_Offset start = 3 * kInts * rank;
  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file);
  MPI_File_set_size(file, 0);
  MPI_File_set_view(file, 8, MPI_INT, MPI_INT, "native", MPI_INFO_NULL);
  at(0);

  SAME(MPI_File_seek(file, start, MPI_SEEK_SET), MPI_SUCCESS);
  fill(data, kInts, rank);
  MPI_File_write(file, data, kInts, MPI_INT, &status);
  SAME(count_of(&status, MPI_INT), kInts);
  fill(data, kInts, 10 + rank);
  MPI_File_write_all(file, data, kInts, MPI_INT, &status);
  SAME(count_of(&status, MPI_INT), kInts);
  MPI_Barrier(MPI_COMM_WORLD); // what_is_written_beside_a_collective_write_stays.c
  at(start + 2 * kInts);
  fill(data, kInts, 20 + rank);
  MPI_File_iwrite(file, data, kInts / 2, MPI_INT, &request);
  MPI_Wait(&request, &status);
  SAME(count_of(&status, MPI_INT), kInts / 2);
  MPI_File_iwrite_all(file, data + kInts / 2, kInts / 2, MPI_INT, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  at(start + 3 * kInts);
  synchronize();

  SAME(MPI_File_seek(file, -3 * kInts, MPI_SEEK_CUR), MPI_SUCCESS);
  MPI_File_read(file, data, kInts, MPI_INT, &status);
  SAME(count_of(&status, MPI_INT), kInts);
  VERIFY(data, kInts, rank);
  MPI_File_read_all(file, data, kInts, MPI_INT, &status);
  VERIFY(data, kInts, 10 + rank);
  MPI_File_iread(file, data, kInts / 2, MPI_INT, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  MPI_File_iread_all(file, data + kInts / 2, kInts / 2, MPI_INT, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  VERIFY(data, kInts, 20 + rank);

  // Another rank's, from the end of the file.
  SAME(MPI_File_seek(file, -3 * kInts * (MPI_Offset)(size - next), MPI_SEEK_END), MPI_SUCCESS);
  at(3 * kInts * next);
  MPI_File_read(file, data, kInts, MPI_INT, &status);
  VERIFY(data, kInts, next);
  MPI_File_get_byte_offset(file, 5, &bytes);
  SAME(bytes, 28);
  MPI_File_seek(file, 3 * kInts * size - 2, MPI_SEEK_SET);
  MPI_File_read(file, data, kInts, MPI_INT, &status);
  SAME(count_of(&status, MPI_INT), 2);
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
