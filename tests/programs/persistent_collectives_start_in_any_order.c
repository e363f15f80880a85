// Persistent collectives match in the order of their initialisation: ranks may start them in any order, several at a time,
// again and again, mixed with other collectives. A request that was freed makes room for another.
#include "check.h"

#if defined(OPEN_MPI) && OMPI_MAJOR_VERSION < 5
#include <mpi-ext.h>
#define MPI_Allreduce_init MPIX_Allreduce_init
#define MPI_Barrier_init MPIX_Barrier_init
#define MPI_Bcast_init MPIX_Bcast_init
#endif

enum { kRounds = 4, kCount = 50 };

static int sums[kCount], results[kCount], news[kCount];

static void prepare(int round) {
  for (int i = 0; i < kCount; ++i) sums[i] = rank + i + round;
  memset(results, -1, sizeof results);
  if (rank == round % 2) fill(news, kCount, round);
}

static void look(int round, int broadcast_round) {
  for (int i = 0; i < kCount; ++i) SAME(results[i], size * (size - 1) / 2 + size * (i + round));
  VERIFY(news, kCount, broadcast_round);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  MPI_Comm comm;
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  MPI_Request requests[3];
  MPI_Allreduce_init(sums, results, kCount, MPI_INT, MPI_SUM, comm, MPI_INFO_NULL, &requests[0]);
  MPI_Bcast_init(news, kCount, MPI_INT, 0, comm, MPI_INFO_NULL, &requests[1]);
  MPI_Barrier_init(comm, MPI_INFO_NULL, &requests[2]);
  for (int round = 0; round < kRounds; ++round) {
    memset(news, 0, sizeof news);
    prepare(round);
    if (rank == 0) fill(news, kCount, 77 + round);
    if ((rank + round) % 2) {
      MPI_Start(&requests[1]);
      MPI_Start(&requests[0]);
    } else {
      MPI_Start(&requests[0]);
      MPI_Start(&requests[1]);
    }
    int token = rank;
    MPI_Bcast(&token, 1, MPI_INT, 1, comm);
    SAME(token, 1);
    MPI_Start(&requests[2]);
    MPI_Waitall(3, requests, MPI_STATUSES_IGNORE);
    look(round, 77 + round);
    CHECK(requests[0] != MPI_REQUEST_NULL);
  }
  // Inactive ones complete at once.
  MPI_Status status;
  MPI_Wait(&requests[2], &status);
  SAME(status.MPI_SOURCE, MPI_ANY_SOURCE);
  MPI_Request_free(&requests[2]);
  CHECK(requests[2] == MPI_REQUEST_NULL);

  MPI_Barrier_init(comm, MPI_INFO_NULL, &requests[2]);
  prepare(9);
  memset(news, 0, sizeof news);
  if (rank == 0) fill(news, kCount, 5);
  MPI_Startall(3, requests);
  MPI_Waitall(3, requests, MPI_STATUSES_IGNORE);
  look(9, 5);
  for (int i = 0; i < 3; ++i) MPI_Request_free(&requests[i]);
  MPI_Comm_free(&comm);
  return end();
}
