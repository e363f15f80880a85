// Collectives over an inter-communicator: what one group gives the other group gets; with a root, only one of them does.
#include "check.h"

static int mine, length, others, in_first, last_of_first, last_of_second;
static MPI_Comm inter;

// The root argument when rank `root` of the first group (to_second) or of the second is the root.
static int root_of(int root, int in_first_group) {
  if (in_first != in_first_group) return root;
  return mine == root ? MPI_ROOT : MPI_PROC_NULL;
}
static int remote(int i) { return 2 * i + in_first; }  // world rank of rank i of the other group

static void rooted(int from_first, int number) {
  int value = -1, all[kMaxRanks], counts[kMaxRanks], displs[kMaxRanks];
  const int root = root_of(number, from_first), is_root = root == MPI_ROOT, in_roots_group = in_first == from_first;
  if (is_root) value = 100 + from_first;
  MPI_Bcast(&value, 1, MPI_INT, root, inter);
  SAME(value, is_root || !in_roots_group ? 100 + from_first : -1);

  for (int i = 0; i < others; ++i) all[i] = is_root ? 200 + i : 0, counts[i] = 1, displs[i] = others - 1 - i;
  value = -1;
  MPI_Scatter(all, 1, is_root ? MPI_INT : MPI_DATATYPE_NULL, &value, 1, in_roots_group ? MPI_DATATYPE_NULL : MPI_INT, root,
              inter);
  SAME(value, in_roots_group ? -1 : 200 + mine);
  MPI_Scatterv(all, counts, displs, MPI_INT, &value, 1, MPI_INT, root, inter);
  if (!in_roots_group) SAME(value, 200 + length - 1 - mine);

  for (int i = 0; i < others; ++i) all[i] = -1;
  MPI_Gather(&rank, 1, MPI_INT, all, 1, MPI_INT, root, inter);
  for (int i = 0; i < others; ++i) SAME(all[i], is_root ? remote(i) : -1);
  MPI_Gatherv(&rank, 1, MPI_INT, all, counts, displs, MPI_INT, root, inter);
  for (int i = 0; i < others; ++i) SAME(all[i], is_root ? remote(others - 1 - i) : -1);

  value = -1;
  MPI_Reduce(&rank, &value, 1, MPI_INT, MPI_SUM, root, inter);
  int sum = 0;
  for (int i = 0; i < others; ++i) sum += remote(i);
  SAME(value, is_root ? sum : -1);
}

static void symmetric(void) {
  int value, one = rank, all[kMaxRanks], data[kMaxRanks], counts[kMaxRanks], displs[kMaxRanks], recvcounts[kMaxRanks];
  MPI_Datatype types[kMaxRanks];
  int sum = 0;
  for (int i = 0; i < others; ++i) sum += remote(i);
  MPI_Allreduce(&rank, &value, 1, MPI_INT, MPI_SUM, inter);
  SAME(value, sum);
  MPI_Allgather(&rank, 1, MPI_INT, all, 1, MPI_INT, inter);
  for (int i = 0; i < others; ++i) SAME(all[i], remote(i));
  for (int i = 0; i < others; ++i) counts[i] = 1, displs[i] = others - 1 - i;
  MPI_Allgatherv(&rank, 1, MPI_INT, all, counts, displs, MPI_INT, inter);
  for (int i = 0; i < others; ++i) SAME(all[i], remote(others - 1 - i));
  for (int i = 0; i < others; ++i) data[i] = 100 * rank + i;
  MPI_Alltoall(data, 1, MPI_INT, all, 1, MPI_INT, inter);
  for (int i = 0; i < others; ++i) SAME(all[i], 100 * remote(i) + mine);
  for (int i = 0; i < others; ++i) displs[i] = i;
  MPI_Alltoallv(data, counts, displs, MPI_INT, all, counts, displs, MPI_INT, inter);
  for (int i = 0; i < others; ++i) SAME(all[i], 100 * remote(i) + mine);
  for (int i = 0; i < others; ++i) displs[i] = i * (int)sizeof(int), types[i] = MPI_INT, all[i] = -1;
  MPI_Alltoallw(data, counts, displs, types, all, counts, displs, types, inter);
  for (int i = 0; i < others; ++i) SAME(all[i], 100 * remote(i) + mine);

  // The sum over the other group, whose members give as many elements in all as ours receive.
  const int given = length * others;
  int *vector = malloc(sizeof(int) * given), *part = malloc(sizeof(int) * given);
  for (int i = 0; i < given; ++i) vector[i] = i;
  for (int i = 0; i < length; ++i) recvcounts[i] = others;
  MPI_Reduce_scatter(vector, part, recvcounts, MPI_INT, MPI_SUM, inter);
  for (int i = 0; i < others; ++i) SAME(part[i], others * (mine * others + i));
  MPI_Reduce_scatter_block(vector, part, others, MPI_INT, MPI_MAX, inter);
  for (int i = 0; i < others; ++i) SAME(part[i], mine * others + i);
  free(vector);
  free(part);
  MPI_Barrier(inter);
  MPI_Allreduce(&one, &value, 1, MPI_INT, MPI_MIN, inter);
  SAME(value, remote(0));
}

int main(int argc, char **argv) {
  MPI_Comm local;
  begin(&argc, &argv);
  in_first = rank % 2 == 0;
  inter = join_even_and_odd(&local);
  MPI_Comm_rank(inter, &mine);
  MPI_Comm_size(inter, &length);
  MPI_Comm_remote_size(inter, &others);
  last_of_first = (size + 1) / 2 - 1;
  last_of_second = size / 2 - 1;
  rooted(1, last_of_first);
  symmetric();
  rooted(0, last_of_second);
  rooted(1, 0);
  MPI_Comm_free(&inter);
  MPI_Comm_free(&local);
  return end();
}
