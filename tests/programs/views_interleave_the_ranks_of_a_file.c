// Views with derived filetypes, and derived types in memory: rank r owns column r of a matrix in the file.
#include "check.h"

enum { kRows = 8 };

int main(int argc, char **argv) {
  static const char name[] = "interleaved-views.dat";
  int column[2 * kRows], matrix[kRows * kMaxRanks], sizes[2], part[2], starts[2];
  MPI_File file;
  MPI_Datatype filetype, spread, etype, seen;
  MPI_Status status;
  MPI_Offset disp, bytes;
  MPI_Aint extent;
  char representation[MPI_MAX_DATAREP_STRING];
  int combiner, ni, na, nd;
  begin(&argc, &argv);
  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file);
  MPI_File_set_size(file, 0);
  sizes[0] = kRows, sizes[1] = size, part[0] = kRows, part[1] = 1, starts[0] = 0, starts[1] = rank;
  MPI_Type_create_subarray(2, sizes, part, starts, MPI_ORDER_C, MPI_INT, &filetype);
  MPI_Type_commit(&filetype);
  MPI_Type_vector(kRows, 1, 2, MPI_INT, &spread);
  MPI_Type_commit(&spread);
  SAME(MPI_File_set_view(file, 16, MPI_INT, filetype, "native", MPI_INFO_NULL), MPI_SUCCESS);
  MPI_Type_free(&filetype);

  for (int i = 0; i < 2 * kRows; ++i) column[i] = i % 2 ? -1 : 1000 * rank + i / 2;
  SAME(MPI_File_write_all(file, column, 1, spread, &status), MPI_SUCCESS);
  SAME(count_of(&status, spread), 1);
  SAME(count_of(&status, MPI_INT), kRows);
  MPI_File_get_byte_offset(file, 3, &bytes);
  SAME(bytes, 16 + (3 * size + rank) * (MPI_Offset)sizeof(int));
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);

  memset(column, 0, sizeof column);
  SAME(MPI_File_read_at(file, 0, column, 1, spread, &status), MPI_SUCCESS);
  for (int i = 0; i < 2 * kRows; ++i) SAME(column[i], i % 2 ? 0 : 1000 * rank + i / 2);
  // The second half of the column, by the pointer.
  MPI_File_seek(file, kRows / 2, MPI_SEEK_SET);
  SAME(MPI_File_read_all(file, column, kRows / 2, MPI_INT, &status), MPI_SUCCESS);
  for (int i = 0; i < kRows / 2; ++i) SAME(column[i], 1000 * rank + kRows / 2 + i);
  // The next item of the filetype begins behind the whole matrix.
  MPI_File_get_byte_offset(file, kRows, &bytes);
  SAME(bytes, 16 + (kRows * size + rank) * (MPI_Offset)sizeof(int));

  MPI_File_get_view(file, &disp, &etype, &seen, representation);
  SAME(disp, 16);
  CHECK(etype == MPI_INT && strcmp(representation, "native") == 0);
  MPI_Type_get_envelope(seen, &ni, &na, &nd, &combiner);
  CHECK(combiner != MPI_COMBINER_NAMED);
  MPI_Type_size(seen, &ni);
  SAME(ni, kRows * sizeof(int));
  MPI_Type_free(&seen);
  MPI_File_get_type_extent(file, MPI_DOUBLE, &extent);
  SAME(extent, 8);

  // The whole file as it is.
  SAME(MPI_File_set_view(file, 16, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL), MPI_SUCCESS);
  SAME(MPI_File_read(file, matrix, kRows * size, MPI_INT, &status), MPI_SUCCESS);
  for (int i = 0; i < kRows * size; ++i) SAME(matrix[i], 1000 * (i % size) + i / size);
  MPI_Type_free(&spread);
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
