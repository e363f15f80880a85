// A synchronous send is not complete before its receive has been started, even when a checkpoint has already taken the
// message out of the network.
#include "check.h"

int main(int argc, char **argv) {
  static int out[2][30000], in[30000];
  int flag = 0, token = 0;
  MPI_Request sends[2];
  begin(&argc, &argv);
  int peer = rank ^ 1;
  if (peer < size && rank % 2 == 0) {
    fill(out[0], 30000, 1);
    fill(out[1], 30000, 2);
    MPI_Issend(out[0], 3, MPI_INT, peer, 1, MPI_COMM_WORLD, &sends[0]);
    MPI_Issend(out[1], 30000, MPI_INT, peer, 2, MPI_COMM_WORLD, &sends[1]);
    for (int i = 0; i < 4; ++i) {
      MPI_Test(&sends[i % 2], &flag, MPI_STATUS_IGNORE);
      SAME(flag, 0);  // the peer receives only after the token
    }
    MPI_Send(&token, 1, MPI_INT, peer, 3, MPI_COMM_WORLD);
    MPI_Recv(&token, 1, MPI_INT, peer, 4, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Wait(&sends[1], MPI_STATUS_IGNORE);
    MPI_Test(&sends[0], &flag, MPI_STATUS_IGNORE);
    SAME(flag, 0);
    MPI_Send(&token, 1, MPI_INT, peer, 3, MPI_COMM_WORLD);
    MPI_Wait(&sends[0], MPI_STATUS_IGNORE);
    MPI_Ssend(out[0], 5, MPI_INT, peer, 5, MPI_COMM_WORLD);
  } else if (peer < size) {
    MPI_Recv(&token, 1, MPI_INT, peer, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Recv(in, 30000, MPI_INT, peer, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    VERIFY(in, 30000, 2);
    MPI_Send(&token, 1, MPI_INT, peer, 4, MPI_COMM_WORLD);
    MPI_Recv(&token, 1, MPI_INT, peer, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Recv(in, 3, MPI_INT, peer, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    VERIFY(in, 3, 1);
    MPI_Recv(in, 5, MPI_INT, peer, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    VERIFY(in, 5, 1);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  return end();
}
