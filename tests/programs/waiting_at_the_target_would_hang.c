// C sits in a collective on X. B, the other member, first needs a message of A, which A sends after a collective on Y with
// D. If A were held before Y until all targets are met, nobody would move again.
#include "check.h"

int main(int argc, char **argv) {
  MPI_Comm x = MPI_COMM_NULL, y = MPI_COMM_NULL;
  int token = 0, sum = 0;
  begin(&argc, &argv);
  // With two ranks A and D are one rank and Y is a communicator of itself alone; B and C the other two roles.
  int a = 0, b = 1, c = size > 2 ? 2 : 0, d = size > 3 ? 3 : 0;
  MPI_Comm_split(MPI_COMM_WORLD, rank == b || rank == c ? 0 : MPI_UNDEFINED, rank, &x);
  MPI_Comm_split(MPI_COMM_WORLD, rank == a || rank == d ? 0 : MPI_UNDEFINED, rank, &y);
  for (int round = 0; round < 3; ++round) {
    if (rank == a) {
      MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, y);
      SAME(sum, a == d ? a : a + d);
      token = 100 + round;
      MPI_Send(&token, 1, MPI_INT, b, 1, MPI_COMM_WORLD);
    }
    if (rank == d && d != a) MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, y);
    if (rank == b) {
      MPI_Recv(&token, 1, MPI_INT, a, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      SAME(token, 100 + round);
    }
    if (rank == b || rank == c) {
      MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, x);
      SAME(sum, b + c);
    }
  }
  if (x != MPI_COMM_NULL) MPI_Comm_free(&x);
  if (y != MPI_COMM_NULL) MPI_Comm_free(&y);
  return end();
}
