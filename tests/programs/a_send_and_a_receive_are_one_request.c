// MPI_Isendrecv and MPI_Isendrecv_replace: one request, complete when both are, with the status of the receive; with
// derived types, with oneself, with nobody, among other requests, waited for, tested and freed.
//
// MPICH 4.0.2 by itself gives another status, frees a derived type once too often and dies of
// MPI_PROC_NULL and of freed requests.
//
// needs openmpi 5.0, mpich 4.0
#include "check.h"
#include "mana.h"

enum { kCount = 300, kRounds = 3 };

static int out[kCount], in[kCount], swapped[kCount], columns[kCount];

int main(int argc, char **argv) {
  begin(&argc, &argv);
  const int by_mana = mana_is_restarted_impl != NULL;
  MPI_Status status, statuses[3];
  MPI_Request requests[3];

  for (int round = 0; round < kRounds; ++round) {
    fill(out, kCount, 10 * round + rank);
    memset(in, 0, sizeof in);
    MPI_Isendrecv(out, kCount - round, MPI_INT, next, round, in, kCount, MPI_INT, prev, round, MPI_COMM_WORLD, &requests[0]);
    fill(swapped, kCount, 100 + rank);
    MPI_Isendrecv_replace(swapped, kCount, MPI_INT, next, 50, prev, 50, MPI_COMM_WORLD, &requests[1]);
    MPI_Ibarrier(MPI_COMM_WORLD, &requests[2]);
    MPI_Waitall(3, requests, statuses);
    VERIFY(in, kCount - round, 10 * round + prev);
    VERIFY(swapped, kCount, 100 + prev);
    if (by_mana) {
      SAME(statuses[0].MPI_SOURCE, prev);
      SAME(statuses[0].MPI_TAG, round);
      SAME(count_of(&statuses[0], MPI_INT), kCount - round);
      SAME(statuses[1].MPI_TAG, 50);
    }
    for (int i = 0; i < 3; ++i) CHECK(requests[i] == MPI_REQUEST_NULL);
  }

  // Every third int, replaced by the neighbour's; the others stay.
  MPI_Datatype third;
  MPI_Type_vector(kCount / 3, 1, 3, MPI_INT, &third);
  MPI_Type_commit(&third);
  fill(columns, kCount, rank);
  if (by_mana) {
    MPI_Isendrecv_replace(columns, 1, third, next, 7, MPI_ANY_SOURCE, 7, MPI_COMM_WORLD, &requests[0]);
    MPI_Wait(&requests[0], &status);
    SAME(status.MPI_SOURCE, prev);
  }
  MPI_Type_free(&third);
  for (int i = 0; i < kCount; ++i) SAME(columns[i], (i % 3 || !by_mana ? rank : prev) * 100003 + i);

  // Waitany among one that completes and one whose partner comes later.
  int late = -1, soon = -1, own = rank;
  MPI_Isendrecv(&own, 1, MPI_INT, prev, 1, &late, 1, MPI_INT, next, 2, MPI_COMM_WORLD, &requests[0]);
  MPI_Isendrecv(&own, 1, MPI_INT, rank, 3, &soon, 1, MPI_INT, rank, 3, MPI_COMM_WORLD, &requests[1]);
  int index;
  MPI_Waitany(2, requests, &index, &status);
  SAME(index, 1);
  SAME(soon, rank);
  int got;
  MPI_Recv(&got, 1, MPI_INT, next, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  SAME(got, next);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Send(&own, 1, MPI_INT, prev, 2, MPI_COMM_WORLD);
  MPI_Wait(&requests[0], &status);
  SAME(late, next);
  if (by_mana) SAME(status.MPI_TAG, 2);

  if (by_mana) {
    MPI_Isendrecv(&own, 1, MPI_INT, MPI_PROC_NULL, 0, &soon, 1, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD, &requests[0]);
    MPI_Wait(&requests[0], &status);
    SAME(status.MPI_SOURCE, MPI_PROC_NULL);
  }

  // Freed while active: both happen all the same.
  int freed[2] = {rank, -1};
  if (by_mana) {
    MPI_Isendrecv(&freed[0], 1, MPI_INT, next, 9, &freed[1], 1, MPI_INT, prev, 9, MPI_COMM_WORLD, &requests[0]);
    MPI_Request_free(&requests[0]);
    MPI_Barrier(MPI_COMM_WORLD);
  }
  MPI_Sendrecv(&own, 1, MPI_INT, next, 10, &got, 1, MPI_INT, prev, 10, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  SAME(got, prev);
  return end();
}
