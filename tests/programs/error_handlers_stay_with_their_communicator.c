// Error handlers of communicators, user-defined ones too, and error classes added by the program are there after a
// checkpoint, and an error is told to the handler of its own communicator.
#include "check.h"

static int calls, last_class;

static void remember(MPI_Comm *comm, int *code, ...) {
  (void)comm;
  ++calls;
  MPI_Error_class(*code, &last_class);
}

// MPICH returns what the handler has made of the code.
static void forgive(MPI_Comm *comm, int *code, ...) {
  remember(comm, code);
  *code = MPI_SUCCESS;
}

int main(int argc, char **argv) {
  MPI_Comm quiet, loud;
  MPI_Errhandler handler, got;
  int class, code, in_class, length, buffer = 0;
  char text[MPI_MAX_ERROR_STRING];
  begin(&argc, &argv);
  MPI_Comm_dup(MPI_COMM_WORLD, &quiet);
  MPI_Comm_set_errhandler(quiet, MPI_ERRORS_RETURN);
  MPI_Comm_create_errhandler(remember, &handler);
  MPI_Comm_dup(quiet, &loud);
  MPI_Comm_get_errhandler(loud, &got);  // inherited
  CHECK(got == MPI_ERRORS_RETURN);
  MPI_Comm_set_errhandler(loud, handler);
  MPI_Errhandler_free(&handler);
  CHECK(handler == MPI_ERRHANDLER_NULL);

  code = MPI_Send(&buffer, 1, MPI_INT, size + 5, 1, quiet);
  MPI_Error_class(code, &in_class);
  SAME(in_class, MPI_ERR_RANK);
  SAME(calls, 0);
  MPI_Error_string(code, text, &length);
  CHECK(length > 0 && (int)strlen(text) == length);
  MPI_Send(&buffer, 1, MPI_INT, size + 5, 1, loud);
  SAME(calls, 1);
  SAME(last_class, MPI_ERR_RANK);
  MPI_Comm_create_errhandler(forgive, &handler);
  MPI_Comm_set_errhandler(quiet, handler);
  MPI_Errhandler_free(&handler);
  MPI_Error_class(MPI_Send(&buffer, 1, MPI_INT, size + 5, 1, quiet), &in_class);
#ifdef MPICH_VERSION
  SAME(in_class, MPI_SUCCESS);
#else
  SAME(in_class, MPI_ERR_RANK);
#endif
  SAME(calls, 2);
  MPI_Comm_set_errhandler(quiet, MPI_ERRORS_RETURN);

  MPI_Add_error_class(&class);
  MPI_Add_error_code(class, &code);
  MPI_Add_error_string(code, "the milk is sour");
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Error_class(code, &in_class);
  SAME(in_class, class);
  MPI_Error_string(code, text, &length);
  CHECK(strcmp(text, "the milk is sour") == 0);
  MPI_Comm_call_errhandler(loud, code);
  SAME(calls, 3);
  SAME(last_class, class);
  SAME(MPI_Comm_call_errhandler(quiet, code), MPI_SUCCESS);
  MPI_Comm_get_errhandler(MPI_COMM_WORLD, &got);
  CHECK(got == MPI_ERRORS_ARE_FATAL);
  MPI_Comm_free(&quiet);
  MPI_Comm_free(&loud);
  return end();
}
