// A text, a code and a class of the program's own can be taken back; the others stay (MPI-4.1, an extension of MPICH before).
//
// mpich only
#include "check.h"

#if MPICH_NUMVERSION < 40200000
#define MPI_Remove_error_class MPIX_Delete_error_class
#define MPI_Remove_error_code MPIX_Delete_error_code
#define MPI_Remove_error_string MPIX_Delete_error_string
#endif

static int text_is(int code, const char *expected) {
  char text[MPI_MAX_ERROR_STRING];
  int length;
  MPI_Error_string(code, text, &length);
  SAME(strlen(text), length);
  return strcmp(text, expected) == 0;
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  int class, code, other, got;
  MPI_Add_error_class(&class);
  MPI_Add_error_code(class, &code);
  MPI_Add_error_code(class, &other);
  MPI_Add_error_string(class, "the class");
  MPI_Add_error_string(code, "the code");
  MPI_Add_error_string(other, "the other");
  SAME(MPI_Remove_error_string(code), MPI_SUCCESS);
  CHECK(!text_is(code, "the code"));
  CHECK(text_is(other, "the other"));
  MPI_Error_class(code, &got);
  SAME(got, class);
  MPI_Add_error_string(code, "a new text");
  CHECK(text_is(code, "a new text"));

  SAME(MPI_Remove_error_string(code), MPI_SUCCESS);
  SAME(MPI_Remove_error_code(code), MPI_SUCCESS);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Error_class(other, &got);
  SAME(got, class);
  CHECK(text_is(class, "the class"));
  MPI_Add_error_code(class, &code);
  CHECK(code != other);
  CHECK(!text_is(code, "a new text"));
  MPI_Error_class(code, &got);
  SAME(got, class);

  SAME(MPI_Remove_error_code(code), MPI_SUCCESS);
  SAME(MPI_Remove_error_string(other), MPI_SUCCESS);
  SAME(MPI_Remove_error_code(other), MPI_SUCCESS);
  SAME(MPI_Remove_error_string(class), MPI_SUCCESS);
  SAME(MPI_Remove_error_class(class), MPI_SUCCESS);
  MPI_Add_error_class(&class);
  CHECK(!text_is(class, "the class"));
  return end();
}
