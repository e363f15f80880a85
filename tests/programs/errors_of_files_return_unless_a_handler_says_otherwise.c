// Error handlers of files: MPI_ERRORS_RETURN to begin with, that of MPI_FILE_NULL for what has no file and for files
// opened later. (The handler is never freed: MPICH 4.0 counts too few references to those of files.)
#include "check.h"

#include <unistd.h>

static int calls, last_class, last_was_null;

static void count_call(MPI_File *file, int *error, ...) {
  ++calls;
  last_was_null = *file == MPI_FILE_NULL;
  MPI_Error_class(*error, &last_class);
}

static int class_of(int error) {
  int class;
  MPI_Error_class(error, &class);
  return class;
}

int main(int argc, char **argv) {
  static const char name[] = "files-with-errors.dat";
  int data[4] = {0};
  MPI_File file, none;
  MPI_Errhandler handler, found;
  begin(&argc, &argv);
  MPI_File_get_errhandler(MPI_FILE_NULL, &found);
  CHECK(found == MPI_ERRORS_RETURN);
  SAME(class_of(MPI_File_open(MPI_COMM_WORLD, "no-such-file.dat", MPI_MODE_RDONLY, MPI_INFO_NULL, &none)),
       MPI_ERR_NO_SUCH_FILE);
  CHECK(none == MPI_FILE_NULL);
  SAME(class_of(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDONLY | MPI_MODE_WRONLY, MPI_INFO_NULL, &none)),
       MPI_ERR_AMODE);
  SAME(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_WRONLY | MPI_MODE_CREATE, MPI_INFO_NULL, &file), MPI_SUCCESS);
  SAME(class_of(MPI_File_read_at(file, 0, data, 4, MPI_INT, MPI_STATUS_IGNORE)), MPI_ERR_ACCESS);
  SAME(calls, 0);

  SAME(MPI_File_create_errhandler(count_call, &handler), MPI_SUCCESS);
  MPI_File_set_errhandler(file, handler);
  MPI_File_get_errhandler(file, &found);
  CHECK(found == handler);
  SAME(class_of(MPI_File_read_at(file, 0, data, 4, MPI_INT, MPI_STATUS_IGNORE)), MPI_ERR_ACCESS);
  SAME(calls, 1);
  SAME(last_class, MPI_ERR_ACCESS);
  SAME(last_was_null, 0);
  MPI_File_call_errhandler(file, MPI_ERR_QUOTA);
  SAME(calls, 2);
  SAME(last_class, MPI_ERR_QUOTA);
  SAME(class_of(MPI_File_write_at(file, 0, data, -1, MPI_INT, MPI_STATUS_IGNORE)), MPI_ERR_COUNT);
  SAME(calls, 3);
  // Not that of MPI_FILE_NULL.
  SAME(class_of(MPI_File_delete("no-such-file.dat", MPI_INFO_NULL)), MPI_ERR_NO_SUCH_FILE);
  SAME(calls, 3);
  MPI_File_set_errhandler(MPI_FILE_NULL, handler);
  SAME(class_of(MPI_File_delete("no-such-file.dat", MPI_INFO_NULL)), MPI_ERR_NO_SUCH_FILE);
  SAME(calls, 4);
  SAME(last_was_null, 1);
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);

  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDONLY, MPI_INFO_NULL, &file);
  SAME(class_of(MPI_File_write_at(file, 0, data, 4, MPI_INT, MPI_STATUS_IGNORE)), MPI_ERR_READ_ONLY);
  SAME(calls, 5);
  MPI_File_set_errhandler(file, MPI_ERRORS_RETURN);
  MPI_File_write_at(file, 0, data, 4, MPI_INT, MPI_STATUS_IGNORE);
  SAME(class_of(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "no such representation", MPI_INFO_NULL)),
       MPI_ERR_UNSUPPORTED_DATAREP);
  SAME(calls, 5);
#ifdef MPICH_VERSION
  const int bad_filetype = MPI_ERR_IO;
#else
  const int bad_filetype = MPI_ERR_TYPE;
#endif
  MPI_Datatype backwards;
  MPI_Type_indexed(2, (int[]){1, 1}, (int[]){3, 0}, MPI_INT, &backwards);
  MPI_Type_commit(&backwards);
  SAME(class_of(MPI_File_set_view(file, 0, MPI_INT, backwards, "native", MPI_INFO_NULL)), bad_filetype);
  MPI_Type_free(&backwards);
  MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_RETURN);
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
