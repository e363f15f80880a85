// ends_with_a_status CODE [abort|signal]: returns CODE from main on every rank, or aborts with it, or dies of that signal.
#include "check.h"

#include <signal.h>

int main(int argc, char **argv) {
  begin(&argc, &argv);
  int code = atoi(argv[1]);
  MPI_Barrier(MPI_COMM_WORLD);
  if (argc > 2 && strcmp(argv[2], "abort") == 0) MPI_Abort(MPI_COMM_WORLD, code);
  if (argc > 2 && strcmp(argv[2], "signal") == 0) raise(code);
  MPI_Finalize();
  return code;
}
