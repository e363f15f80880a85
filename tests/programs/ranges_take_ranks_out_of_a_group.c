// A group less ranges of its ranks keeps the order of the others; less none it is the same, less all of them it is empty.
#include "check.h"

static void members(MPI_Group group, int count, const int *expected) {
  MPI_Group world;
  int n, from[kMaxRanks], to[kMaxRanks];
  MPI_Group_size(group, &n);
  SAME(n, count);
  for (int i = 0; i < n; ++i) from[i] = i;
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  MPI_Group_translate_ranks(group, n, from, world, to);
  MPI_Group_free(&world);
  for (int i = 0; i < n; ++i) SAME(to[i], expected[i]);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  MPI_Group world, group, odd;
  MPI_Comm comm;
  int all[kMaxRanks], odds[kMaxRanks], last[1] = {size - 1}, count = 0, own, sum = 0, result;
  for (int i = 0; i < size; ++i) {
    all[i] = i;
    if (i % 2) odds[count++] = i;
  }
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  int none[1][3] = {{0, 0, 1}}, even[1][3] = {{0, size - 1, 2}}, backwards[1][3] = {{size - 1, 0, -1}};
  MPI_Group_range_excl(world, 0, none, &group);
  MPI_Group_compare(world, group, &result);
  SAME(result, MPI_IDENT);
  MPI_Group_free(&group);

  MPI_Group_range_excl(world, 1, even, &odd);
  MPI_Barrier(MPI_COMM_WORLD);
  members(odd, count, odds);
  MPI_Group_rank(odd, &own);
  SAME(own, rank % 2 ? rank / 2 : MPI_UNDEFINED);
  MPI_Comm_create(MPI_COMM_WORLD, odd, &comm);
  SAME(comm == MPI_COMM_NULL, rank % 2 == 0);
  if (comm != MPI_COMM_NULL) {
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, comm);
    SAME(sum, count * count);
    MPI_Comm_free(&comm);
  }

  MPI_Group_range_excl(world, 1, backwards, &group);
  CHECK(group == MPI_GROUP_EMPTY);
  MPI_Group_free(&group);
  // All but the last, in two ranges, one of them of one rank; with two ranks there is nothing for the second.
  int two[2][3] = {{0, 0, 1}, {size - 2, 1, -1}};
  MPI_Group_range_excl(world, size > 2 ? 2 : 1, two, &group);
  members(group, 1, last);
  MPI_Group_free(&group);
  MPI_Group_range_excl(odd, 1, none, &group);
  members(group, count - 1, odds + 1);
  MPI_Group_free(&group);
  MPI_Group_free(&odd);
  members(world, size, all);
  MPI_Group_free(&world);
  return end();
}
