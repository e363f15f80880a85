// An MPI_Ibarrier completes after its last member has started it and not before, also when the last member needs
// messages of the others first.
#include "check.h"

int main(int argc, char **argv) {
  int token = 0, flag = 0;
  MPI_Request barrier, second;
  begin(&argc, &argv);
  if (rank == 0) {
    for (int source = 1; source < size; ++source) {
      MPI_Recv(&token, 1, MPI_INT, source, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      SAME(token, source);
    }
    MPI_Ibarrier(MPI_COMM_WORLD, &barrier);
  } else {
    MPI_Ibarrier(MPI_COMM_WORLD, &barrier);
    for (int i = 0; i < 3; ++i) {
      MPI_Test(&barrier, &flag, MPI_STATUS_IGNORE);
      SAME(flag, 0);
    }
    MPI_Send(&rank, 1, MPI_INT, 0, 1, MPI_COMM_WORLD);
  }
  MPI_Ibarrier(MPI_COMM_WORLD, &second);
  MPI_Wait(&second, MPI_STATUS_IGNORE);
  MPI_Wait(&barrier, MPI_STATUS_IGNORE);
  // Blocking and non-blocking ones on one communicator, in one order.
  MPI_Ibarrier(MPI_COMM_WORLD, &barrier);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Wait(&barrier, MPI_STATUS_IGNORE);
  CHECK(barrier == MPI_REQUEST_NULL);
  return end();
}
