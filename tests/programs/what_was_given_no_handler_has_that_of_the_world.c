// A communicator and a window that were never given an error handler use the one that MPI_COMM_WORLD has when the
// error happens: MPICH's reading of the standard. Error classes that are deleted are given again.
//
// mpich only
#include "check.h"

#if MPICH_NUMVERSION < 40200000
#define MPI_Remove_error_class MPIX_Delete_error_class
#endif

int main(int argc, char **argv) {
  int memory, keyval, class_of, value = 0, first = -1, again = -1;
  MPI_Comm comm;
  MPI_Win win;
  MPI_Errhandler handler;
  begin(&argc, &argv);
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  MPI_Win_create(&memory, sizeof memory, 1, MPI_INFO_NULL, comm, &win);
  MPI_Type_create_keyval(MPI_TYPE_NULL_COPY_FN, MPI_TYPE_NULL_DELETE_FN, &keyval, NULL);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  for (int round = 0; round < 2; ++round) {
    MPI_Error_class(MPI_Send(&value, 1, MPI_INT, size, 0, comm), &class_of);
    SAME(class_of, MPI_ERR_RANK);
    CHECK(MPI_Win_set_attr(win, keyval, &value) != MPI_SUCCESS);
    MPI_Comm_get_errhandler(comm, &handler);
    MPI_Errhandler_free(&handler);
    // From here on it has its own.
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN);
    if (round == 0) MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
  }
  MPI_Add_error_class(&first);
  MPI_Remove_error_class(first);
  MPI_Add_error_class(&again);
  SAME(again, first);
  MPI_Type_free_keyval(&keyval);
  MPI_Win_free(&win);
  MPI_Comm_free(&comm);
  return end();
}
