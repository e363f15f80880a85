// MPI_Comm_free by one member after the other, while those that have it still send and receive on it and what the others have
// begun before goes on. Of whole groups, of parts of the job, and of two groups facing each other.
#include "check.h"

enum { kLate = 7, kTurn = 8 };

// Rank `turn` of a communicator frees it, whatever its rank in the job.
static void free_in_turn(MPI_Comm *comm, int members, int own) {
  int late = -1, given = 500 + own, got = -1;
  MPI_Request receive, send;
  const int to = (own + 1) % members, from = (own + members - 1) % members;
  MPI_Irecv(&late, 1, MPI_INT, from, kLate, *comm, &receive);
  MPI_Isend(&given, 1, MPI_INT, to, kLate, *comm, &send);
  for (int turn = 0; turn < members; ++turn) {
    if (own == turn) MPI_Comm_free(comm);
    // The next one is the first of those left: its message goes round among them.
    if (own > turn && own < members - 1) MPI_Send(&turn, 1, MPI_INT, own + 1, kTurn, *comm);
    if (own > turn + 1) {
      MPI_Recv(&got, 1, MPI_INT, own - 1, kTurn, *comm, MPI_STATUS_IGNORE);
      SAME(got, turn);
    }
    MPI_Barrier(MPI_COMM_WORLD);
  }
  CHECK(*comm == MPI_COMM_NULL);
  MPI_Wait(&receive, MPI_STATUS_IGNORE);
  MPI_Wait(&send, MPI_STATUS_IGNORE);
  SAME(late, 500 + from);
}

int main(int argc, char **argv) {
  MPI_Comm all, half, between, other;
  int later = -1, token = 0;
  begin(&argc, &argv);

  MPI_Comm_dup(MPI_COMM_WORLD, &all);
  free_in_turn(&all, size, rank);

  // The last frees first.
  MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, &all);
  free_in_turn(&all, size, size - 1 - rank);

  // Two groups: the even ranks free what joins them at once, the odd ones have to wait for a message first.
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
  MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - rank % 2, 1, &between);
  if (rank % 2 == 0) MPI_Comm_free(&between);
  if (rank == 0) MPI_Send(&size, 1, MPI_INT, 1, 2, MPI_COMM_WORLD);
  if (rank == 1) MPI_Recv(&token, 1, MPI_INT, 0, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  if (rank % 2 == 1) {
    MPI_Bcast(&token, 1, MPI_INT, 0, half);
    SAME(token, size);
    MPI_Comm_free(&between);
  }
  MPI_Comm_free(&half);

  // One that is made afterwards has messages of its own.
  MPI_Comm_dup(MPI_COMM_WORLD, &other);
  MPI_Sendrecv(&rank, 1, MPI_INT, next, kLate, &later, 1, MPI_INT, prev, kLate, other, MPI_STATUS_IGNORE);
  SAME(later, prev);
  MPI_Comm_free(&other);
  return end();
}
