// "external32" in every kind of access, with types whose sizes differ there, and a registered representation: beyond what the
// MPIs can do by themselves.
#include "check.h"

#include <stdint.h>

static MPI_File file;

static void written(int place, MPI_Status *status) {
  long got[2];
  SAME(count_of(status, MPI_LONG), 2);
  SAME(MPI_File_sync(file), MPI_SUCCESS);
  SAME(MPI_File_read_at(file, place, got, 2, MPI_LONG, status), MPI_SUCCESS);
  SAME(count_of(status, MPI_LONG), 2);
  SAME(got[0], -5 - place);
  SAME(got[1], 70000 + place);
}

static long *two(int place) {
  static long data[2];
  data[0] = -5 - place;
  data[1] = 70000 + place;
  return data;
}

static int no_extent(MPI_Datatype type, MPI_Aint *extent, void *state) {
  (void)type, (void)extent, (void)state;
  return MPI_SUCCESS;
}
static int no_conversion(void *user, MPI_Datatype type, int count, void *data, MPI_Offset position, void *state) {
  (void)user, (void)type, (void)count, (void)data, (void)position, (void)state;
  return MPI_SUCCESS;
}

int main(int argc, char **argv) {
  static const char name[] = "converted.dat";
  char representation[MPI_MAX_DATAREP_STRING];
  MPI_Status status;
  MPI_Request request;
  MPI_Aint extent;
  MPI_Offset disp, bytes;
  MPI_Datatype pairs, etype, filetype;
  int class;
  long got[4];
  begin(&argc, &argv);
  SAME(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file), MPI_SUCCESS);
  SAME(MPI_File_set_view(file, 0, MPI_LONG, MPI_LONG, "external32", MPI_INFO_NULL), MPI_SUCCESS);
  MPI_File_get_type_extent(file, MPI_LONG, &extent);
  SAME(extent, 4);
  int place = 40 * rank;
  MPI_File_write_at_all(file, place, two(place), 2, MPI_LONG, &status);
  written(place, &status);
  place += 2;
  MPI_File_iwrite_at(file, place, two(place), 2, MPI_LONG, &request);
  MPI_Wait(&request, &status);
  written(place, &status);
  place += 2;
  MPI_File_seek(file, place, MPI_SEEK_SET);
  MPI_File_write_all_begin(file, two(place), 2, MPI_LONG);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_write_all_end(file, two(place), &status);
  written(place, &status);
  place += 2;
  MPI_File_iwrite_all(file, two(place), 2, MPI_LONG, &request);
  MPI_Wait(&request, &status);
  written(place, &status);
  MPI_File_iread_at_all(file, place, got, 2, MPI_LONG, &request);
  MPI_Wait(&request, &status);
  SAME(count_of(&status, MPI_LONG), 2);
  SAME(got[1], 70000 + place);
  MPI_File_get_size(file, &bytes);
  CHECK(bytes >= 4 * (40 * rank + 8));

  // Every second pair of longs, four bytes each in the file.
  MPI_Type_vector(2, 2, 4, MPI_LONG, &pairs);
  MPI_Type_commit(&pairs);
  SAME(MPI_File_set_view(file, 160 * rank, MPI_LONG, pairs, "external32", MPI_INFO_NULL), MPI_SUCCESS);
  MPI_File_read_all_begin(file, got, 4, MPI_LONG);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_read_all_end(file, got, &status);
  SAME(count_of(&status, MPI_LONG), 4);
  SAME(got[0], -5 - 40 * rank);
  SAME(got[3], 70000 + 40 * rank + 4);
  MPI_File_get_view(file, &disp, &etype, &filetype, representation);
  CHECK(strcmp(representation, "external32") == 0 && disp == 160 * rank);
  MPI_Type_free(&filetype);
  MPI_Type_free(&pairs);

  SAME(MPI_Register_datarep("my own", MPI_CONVERSION_FN_NULL, MPI_CONVERSION_FN_NULL, no_extent, NULL), MPI_SUCCESS);
  MPI_Error_class(MPI_Register_datarep("my own", NULL, NULL, no_extent, NULL), &class);
  SAME(class, MPI_ERR_DUP_DATAREP);
  MPI_Error_class(MPI_Register_datarep("converted", no_conversion, no_conversion, no_extent, NULL), &class);
  SAME(class, MPI_ERR_CONVERSION);
#if MPI_VERSION >= 4
  SAME(MPI_Register_datarep_c("my own with counts", MPI_CONVERSION_FN_NULL_C, MPI_CONVERSION_FN_NULL_C, no_extent, NULL), MPI_SUCCESS);
  MPI_Error_class(MPI_Register_datarep_c("my own", MPI_CONVERSION_FN_NULL_C, MPI_CONVERSION_FN_NULL_C, no_extent, NULL), &class);
  SAME(class, MPI_ERR_DUP_DATAREP);
#endif
  SAME(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "my own", MPI_INFO_NULL), MPI_SUCCESS);
  int one = 7 + rank, back = 0;
  MPI_File_write_at_all(file, rank, &one, 1, MPI_INT, &status);
  MPI_File_read_at_all(file, rank, &back, 1, MPI_INT, &status);
  SAME(back, one);
  MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "internal", MPI_INFO_NULL);
  MPI_File_read_at_all(file, rank, &back, 1, MPI_INT, &status);
  SAME(back, one);
#if MPI_VERSION >= 4
  MPI_File_write_at_all_c(file, rank, &one, 1, MPI_INT, &status);
  MPI_File_iread_at_c(file, rank, &back, 1, MPI_INT, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  SAME(back, one);
  MPI_Count wide;
  MPI_File_get_type_extent_c(file, MPI_INT, &wide);
  SAME(wide, 4);
#endif
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
