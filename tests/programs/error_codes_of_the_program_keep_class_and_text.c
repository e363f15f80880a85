// Error classes, codes and texts that the program adds stay; MPI_LASTUSEDCODE grows; the library's own have a text each.
#include "check.h"

static int seen;

static void handle(MPI_Comm *comm, int *code, ...) { (void)comm, seen = *code; }

int main(int argc, char **argv) {
  static const int known[] = {MPI_ERR_BUFFER, MPI_ERR_COUNT, MPI_ERR_TYPE, MPI_ERR_TAG, MPI_ERR_COMM, MPI_ERR_RANK,
                              MPI_ERR_REQUEST, MPI_ERR_ROOT, MPI_ERR_GROUP, MPI_ERR_OP, MPI_ERR_TRUNCATE, MPI_T_ERR_MEMORY, MPI_T_ERR_INVALID_INDEX,
                       MPI_T_ERR_PVAR_NO_ATOMIC};
  int class, code, other, got, length, flag, *last, before;
  char text[MPI_MAX_ERROR_STRING];
  MPI_Errhandler handler;
  begin(&argc, &argv);
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_LASTUSEDCODE, &last, &flag);
  CHECK(flag && *last >= MPI_ERR_LASTCODE);
  before = *last;
  MPI_Add_error_class(&class);
  MPI_Add_error_code(class, &code);
  MPI_Add_error_code(MPI_ERR_OTHER, &other);
  CHECK(class > before && code != class && other != code);
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_LASTUSEDCODE, &last, &flag);
  CHECK(*last >= class);
  MPI_Add_error_string(class, "the class");
  MPI_Add_error_string(code, "the code");
  MPI_Error_class(code, &got);  // not asked of the class itself: Open MPI says MPI_ERR_UNKNOWN
  SAME(got, class);
  MPI_Error_class(other, &got);
  SAME(got, MPI_ERR_OTHER);
  MPI_Error_string(code, text, &length);
  CHECK(strcmp(text, "the code") == 0 && length == 8);
  MPI_Error_string(class, text, &length);
  CHECK(strcmp(text, "the class") == 0 && length == 9);
  MPI_Add_error_string(code, "another text");
  MPI_Error_string(code, text, &length);
  CHECK(strcmp(text, "another text") == 0);

  MPI_Comm_create_errhandler(handle, &handler);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler);
  MPI_Errhandler_free(&handler);
  MPI_Comm_call_errhandler(MPI_COMM_WORLD, code);
  SAME(seen, code);
  MPI_Error_class(MPI_Send(&got, 1, MPI_INT, size + 1, 0, MPI_COMM_WORLD), &got);
  SAME(got, MPI_ERR_RANK);
  MPI_Error_class(seen, &got);
  SAME(got, MPI_ERR_RANK);
  for (int i = 0; i < (int)(sizeof known / sizeof *known); ++i) {
    MPI_Error_string(known[i], text, &length);
    CHECK(length > 5 && (int)strlen(text) == length);
    MPI_Error_class(known[i], &got);
    SAME(got, known[i]);
  }
  MPI_Error_string(MPI_SUCCESS, text, &length);
  CHECK(length > 0);
  return end();
}
