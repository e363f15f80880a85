// Non-blocking neighbourhood collectives, several at once, bring each neighbour's part to its place; where a chain ends
// nothing is written.
#include "check.h"

enum { kPart = 4 };

// Items that a rank sends to each of its neighbours.
static int items_of(int i) { return 1 + i % kPart; }

int main(int argc, char **argv) {
  begin(&argc, &argv);
  // From the two before to the two after; the second may be the rank itself.
  const int from[2] = {prev, (rank + size - 2) % size}, to[2] = {next, (rank + 2) % size};
  MPI_Comm graph, chain;
  MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 2, from, MPI_UNWEIGHTED, 2, to, MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &graph);
  const int dims[1] = {size}, periods[1] = {0};
  MPI_Cart_create(MPI_COMM_WORLD, 1, dims, periods, 0, &chain);
  MPI_Datatype item;
  MPI_Type_contiguous(2, MPI_INT, &item);
  MPI_Type_commit(&item);

  int mine[2 * kPart], gathered[4 * kPart], out[4 * kPart], in[4 * kPart], along[4], ends[4] = {-1, -1, -1, -1};
  fill(mine, 2 * kPart, rank);
  fill(out, 2 * kPart, 2 * rank);
  fill(out + 2 * kPart, 2 * kPart, 2 * rank + 1);
  fill(along, 2, 2 * rank);
  fill(along + 2, 2, 2 * rank + 1);
  memset(gathered, -1, sizeof gathered);
  memset(in, -1, sizeof in);
  // What comes second is put first.
  const int counts[2] = {items_of(from[0]), items_of(from[1])}, places[2] = {kPart, 0};
  const int sent[2] = {items_of(rank), items_of(rank)}, begins[2] = {0, kPart};
  MPI_Request requests[3];
  MPI_Ineighbor_allgatherv(mine, items_of(rank), item, gathered, counts, places, item, graph, &requests[0]);
  MPI_Ineighbor_alltoallv(out, sent, begins, item, in, counts, places, item, graph, &requests[1]);
  MPI_Ineighbor_alltoall(along, 1, item, ends, 2, MPI_INT, chain, &requests[2]);
  MPI_Type_free(&item);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Waitall(3, requests, MPI_STATUSES_IGNORE);

  for (int i = 0; i < 2; ++i) {
    const int n = 2 * counts[i], at = 2 * places[i];
    VERIFY(gathered + at, n, from[i]);
    VERIFY(in + at, n, 2 * from[i] + i);
    if (n == 2 * kPart) continue;
    SAME(gathered[at + n], -1);
    SAME(in[at + n], -1);
  }
  if (rank > 0)
    VERIFY(ends, 2, 2 * prev + 1);
  else
    SAME(ends[0] + ends[1], -2);
  if (rank < size - 1)
    VERIFY(ends + 2, 2, 2 * next);
  else
    SAME(ends[2] + ends[3], -2);
  MPI_Comm_free(&graph);
  MPI_Comm_free(&chain);
  return end();
}
