// Several files at a time: of all ranks, of pairs that overlap, of one rank, opened and used in different order.
#include "check.h"

static MPI_File open_file(MPI_Comm comm, const char *name) {
  MPI_File file;
  SAME(MPI_File_open(comm, name, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file), MPI_SUCCESS);
  return file;
}

static void write_own(MPI_File file, int place, int seed) {
  int data[5];
  fill(data, 5, seed);
  SAME(MPI_File_write_at(file, place * 20, data, 5, MPI_INT, MPI_STATUS_IGNORE), MPI_SUCCESS);
}

static void read_one(MPI_File file, int place, int seed) {
  int data[5];
  SAME(MPI_File_read_at(file, place * 20, data, 5, MPI_INT, MPI_STATUS_IGNORE), MPI_SUCCESS);
  VERIFY(data, 5, seed);
}

int main(int argc, char **argv) {
  char names[4][40];
  MPI_Comm pairs[2];
  MPI_File files[4];
  int position, members;
  begin(&argc, &argv);
  // {0,1}{2,3} and, with more than two ranks, {1,2}{3,0}.
  MPI_Comm_split(MPI_COMM_WORLD, rank / 2, rank, &pairs[0]);
  MPI_Comm_split(MPI_COMM_WORLD, (rank + 1) % size / 2, rank, &pairs[1]);
  sprintf(names[0], "all.dat");
  sprintf(names[1], "pair-%d.dat", rank / 2);
  sprintf(names[2], "other-pair-%d.dat", (rank + 1) % size / 2);
  sprintf(names[3], "alone-%d.dat", rank);
  files[3] = open_file(MPI_COMM_SELF, names[3]);
  files[2] = open_file(pairs[1], names[2]);
  files[0] = open_file(MPI_COMM_WORLD, names[0]);
  files[1] = open_file(pairs[0], names[1]);
  const MPI_Fint integer = MPI_File_c2f(files[1]);
  CHECK(MPI_File_f2c(integer) == files[1]);
  CHECK(MPI_File_f2c(MPI_File_c2f(MPI_FILE_NULL)) == MPI_FILE_NULL);

  write_own(files[0], rank, 10 + rank);
  write_own(files[3], 0, 20 + rank);
  for (int i = 0; i < 2; ++i) {
    MPI_Comm_rank(pairs[i], &position);
    write_own(files[1 + i], position, 30 + 10 * i + rank);
    MPI_File_sync(files[1 + i]);
  }
  MPI_File_sync(files[0]);
  MPI_Barrier(MPI_COMM_WORLD);

  read_one(files[0], next, 10 + next);
  read_one(files[3], 0, 20 + rank);
  for (int i = 1; i >= 0; --i) {
    MPI_Offset bytes;
    MPI_Comm_size(pairs[i], &members);
    MPI_File_get_size(files[1 + i], &bytes);
    SAME(bytes, 20 * members);
    MPI_Comm_rank(pairs[i], &position);
    read_one(files[1 + i], position, 30 + 10 * i + rank);
    MPI_Comm_free(&pairs[i]);
  }
  const int closing[] = {1, 3, 0, 2};
  for (int i = 0; i < 4; ++i) {
    MPI_File_close(&files[closing[i]]);
    if (closing[i] == 3) MPI_File_delete(names[3], MPI_INFO_NULL);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(names[0], MPI_INFO_NULL);
  if (rank % 2 == 0) MPI_File_delete(names[1], MPI_INFO_NULL);
  if ((rank + 1) % size % 2 == 0) MPI_File_delete(names[2], MPI_INFO_NULL);
  return end();
}
