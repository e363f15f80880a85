// A put outside of any epoch and an unlock without a lock are told by an error class; the window is as before and works on.
//
// Open MPI 5.0.7 by itself does not notice; started by mpirun alone the program does not try it there.
#include "check.h"
#include "mana.h"

#if defined(OPEN_MPI) && OMPI_MAJOR_VERSION >= 5
#define NOTICED(call) (mana_is_restarted_impl ? (call) : MPI_Barrier(MPI_COMM_SELF) ? MPI_ERR_OTHER : MPI_ERR_RMA_SYNC)
#else
#define NOTICED(call) (call)
#endif

static int class_of(int code) {
  int class;
  MPI_Error_class(code, &class);
  return class;
}

int main(int argc, char **argv) {
  MPI_Win win;
  int *memory, value = 4;
  begin(&argc, &argv);
  MPI_Win_allocate(4 * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &win);
  MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN);
  memory[1] = 0;
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(class_of(NOTICED(MPI_Put(&value, 1, MPI_INT, next, 1, 1, MPI_INT, win))), MPI_ERR_RMA_SYNC);
  SAME(class_of(NOTICED(MPI_Win_unlock(next, win))), MPI_ERR_RMA_SYNC);
  MPI_Win_lock(MPI_LOCK_SHARED, next, 0, win);
  MPI_Put(&value, 1, MPI_INT, next, 1, 1, MPI_INT, win);
  MPI_Win_unlock(next, win);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_lock(MPI_LOCK_SHARED, rank, 0, win);
  SAME(memory[1], 4);
  MPI_Win_unlock(rank, win);
  MPI_Win_free(&win);
  return end();
}
