// A data representation of the program's own is known to the views of files from then on; one whose data must be converted
// is refused under mana. (MPICH 4.0.2 by itself registers both and then knows them in no view, Open MPI 4.1.4 registers none.)
#include "check.h"
#include "mana.h"

static int of_file(MPI_Datatype type, MPI_Aint *extent, void *state) {
  MPI_Aint lb;
  (void)state;
  return MPI_Type_get_extent(type, &lb, extent);
}

static int convert(void *user, MPI_Datatype type, int count, void *buffer, MPI_Offset position, void *state) {
  (void)user, (void)type, (void)count, (void)buffer, (void)position, (void)state;
  fail(__FILE__, __LINE__, "nothing is to be converted");
  return MPI_SUCCESS;
}

// Files return their errors, and so does this, which belongs to none.
static int registered(const char *name, MPI_Datarep_conversion_function *conversion) {
  int class;
  MPI_Error_class(MPI_Register_datarep(name, conversion, conversion, of_file, NULL), &class);
  return class;
}

static int viewed(MPI_File file, const char *name) {
  int class;
  MPI_Error_class(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, name, MPI_INFO_NULL), &class);
  return class;
}

int main(int argc, char **argv) {
  static const char name[] = "registered.dat";
  const int exact = mana_is_restarted_impl != NULL;
  int data[2], got[2];
  MPI_File file;
  MPI_Datatype etype, filetype;
  MPI_Offset offset;
  char told[MPI_MAX_DATAREP_STRING];
  begin(&argc, &argv);
  const int first = registered("as in memory", MPI_CONVERSION_FN_NULL);
  const int second = registered("as in memory", MPI_CONVERSION_FN_NULL);
  const int third = registered("converted", convert);
  if (exact) SAME(first, MPI_SUCCESS);
  if (first == MPI_SUCCESS) SAME(second, MPI_ERR_DUP_DATAREP);
  if (exact) SAME(third, MPI_ERR_CONVERSION);

  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file);
  SAME(viewed(file, "native"), MPI_SUCCESS);
  const int known = viewed(file, "as in memory"), refused = viewed(file, "converted");
  if (exact) SAME(known, MPI_SUCCESS);
  if (exact) SAME(refused, MPI_ERR_UNSUPPORTED_DATAREP);
  MPI_File_get_view(file, &offset, &etype, &filetype, told);
  if (exact) CHECK(strcmp(told, "as in memory") == 0);
  fill(data, 2, rank);
  MPI_File_write_at(file, 2 * rank, data, 2, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_read_at(file, 2 * next, got, 2, MPI_INT, MPI_STATUS_IGNORE);
  VERIFY(got, 2, next);
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
