// A process may be a neighbour twice: in a periodic dimension of one or two processes, where what is sent in one direction comes in
// from the other, and by two edges of a graph, which are paired in their order. (By themselves MPICH 4.0 and Open MPI 4.1 have
// another order for most of these calls, so the results are looked at with an argument only.)
#include "check.h"

static int looked_at;

// Everything that was received is the same for each way to exchange, and for each MPI.
static void exchange(MPI_Comm comm, int n, const int *expected) {
  int to[8], from[8], counts[8], displs[8];
  MPI_Aint places[8];
  MPI_Datatype types[8];
  MPI_Request request;
  for (int i = 0; i < n; ++i) to[i] = 10 * rank + i, counts[i] = 1, displs[i] = i, places[i] = i * sizeof(int), types[i] = MPI_INT;
  for (int way = 0; way < (MPI_VERSION < 4 || !looked_at ? 6 : 9); ++way) {
    for (int i = 0; i < n; ++i) from[i] = -1;
    switch (way) {
    case 0: MPI_Neighbor_alltoall(to, 1, MPI_INT, from, 1, MPI_INT, comm); break;
    case 1: MPI_Neighbor_alltoallv(to, counts, displs, MPI_INT, from, counts, displs, MPI_INT, comm); break;
    case 2: MPI_Neighbor_alltoallw(to, counts, places, types, from, counts, places, types, comm); break;
    case 3: MPI_Ineighbor_alltoall(to, 1, MPI_INT, from, 1, MPI_INT, comm, &request); break;
    case 4: MPI_Ineighbor_alltoallv(to, counts, displs, MPI_INT, from, counts, displs, MPI_INT, comm, &request); break;
    case 5: MPI_Ineighbor_alltoallw(to, counts, places, types, from, counts, places, types, comm, &request); break;
#if MPI_VERSION >= 4
    case 6: MPI_Neighbor_alltoall_init(to, 1, MPI_INT, from, 1, MPI_INT, comm, MPI_INFO_NULL, &request); break;
    case 7: MPI_Neighbor_alltoallv_init(to, counts, displs, MPI_INT, from, counts, displs, MPI_INT, comm, MPI_INFO_NULL, &request); break;
    case 8:
      MPI_Neighbor_alltoallw_init(to, counts, places, types, from, counts, places, types, comm, MPI_INFO_NULL, &request);
      break;
#endif
    }
    if (way >= 6) MPI_Start(&request);
    if (way >= 3) MPI_Wait(&request, MPI_STATUS_IGNORE);
    if (way >= 6) MPI_Request_free(&request);
    for (int i = 0; i < n && looked_at; ++i)
      if (from[i] != expected[i]) {
        fprintf(stderr, "way %d, block %d: ", way, i);
        SAME(from[i], expected[i]);
      }
  }
}

int main(int argc, char **argv) {
  MPI_Comm comm;
  begin(&argc, &argv);
  looked_at = argc > 1;

  // Two in the first dimension, one in the second, on the first two ranks.
  const int dims[] = {2, 1}, periods[] = {1, 1};
  MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &comm);
  if (comm != MPI_COMM_NULL) {
    const int other = 10 * (1 - rank), expected[] = {other + 1, other, 10 * rank + 3, 10 * rank + 2};
    exchange(comm, 4, expected);
    MPI_Comm row;
    const int remain[] = {1, 0}, in_row[] = {other + 1, other};
    MPI_Cart_sub(comm, remain, &row);
    exchange(row, 2, in_row);
    MPI_Comm_free(&row);
    MPI_Comm_free(&comm);
  }

  // Two edges to the next rank around one to itself.
  const int from[] = {prev, rank, prev}, to[] = {next, rank, next};
  const int expected[] = {10 * prev, 10 * rank + 1, 10 * prev + 2};
  MPI_Comm copy;
  MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 3, from, MPI_UNWEIGHTED, 3, to, MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &comm);
  MPI_Comm_dup(comm, &copy);
  exchange(copy, 3, expected);
  MPI_Comm_free(&comm);
  MPI_Comm_free(&copy);
  return end();
}
