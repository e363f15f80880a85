// Nobody leaves MPI_Barrier on an inter-communicator before all members of the other group have entered it.
//
// With an argument nobody leaves MPI_Ibarrier either, which members of Open MPI 4.1 do that are not the first of their group.
#include <unistd.h>

#include "check.h"

enum { kLeft = 5 };

static int mine, others, length, in_first;
static MPI_Comm inter;

static void barrier(int nonblocking) {
  MPI_Request request;
  if (!nonblocking) {
    MPI_Barrier(inter);
    return;
  }
  MPI_Ibarrier(inter, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
}

// The last member of a group comes late. It must not have heard before that one of the others has left.
static void late(int of_first, int nonblocking) {
  int left = 0;
  if (in_first == of_first && mine == length - 1) {
    for (int turn = 0; turn < 4; ++turn) {
      usleep(30000);
      MPI_Iprobe(MPI_ANY_SOURCE, kLeft, inter, &left, MPI_STATUS_IGNORE);
      SAME(left, 0);
    }
    barrier(nonblocking);
    for (int i = 0; i < others; ++i) MPI_Recv(NULL, 0, MPI_INT, i, kLeft, inter, MPI_STATUS_IGNORE);
  } else {
    barrier(nonblocking);
    if (in_first != of_first) MPI_Send(NULL, 0, MPI_INT, others - 1, kLeft, inter);
  }
}

int main(int argc, char **argv) {
  MPI_Comm local;
  begin(&argc, &argv);
  in_first = rank % 2 == 0;
  inter = join_even_and_odd(&local);
  MPI_Comm_rank(inter, &mine);
  MPI_Comm_size(inter, &length);
  MPI_Comm_remote_size(inter, &others);
  for (int turn = 0; turn < (argc > 1 ? 4 : 2); ++turn) late(turn % 2, turn / 2);
  MPI_Comm_free(&inter);
  MPI_Comm_free(&local);
  return end();
}
