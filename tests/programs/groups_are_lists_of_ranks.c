// Groups, what is computed from them, and communicators made of them stay what they are.
#include "check.h"

int main(int argc, char **argv) {
  MPI_Group world, evens, reverse, both, rest, common, empty;
  MPI_Comm comm, some;
  int n, r, relation, list[kMaxRanks], back[kMaxRanks], sum;
  begin(&argc, &argv);
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  int every_second[1][3] = {{0, size - 1, 2}}, downward[1][3] = {{size - 1, 0, -1}};
  MPI_Group_range_incl(world, 1, every_second, &evens);
  MPI_Group_range_incl(world, 1, downward, &reverse);
  MPI_Group_size(evens, &n);
  SAME(n, (size + 1) / 2);
  MPI_Group_rank(evens, &r);
  SAME(r, rank % 2 ? MPI_UNDEFINED : rank / 2);
  MPI_Group_rank(reverse, &r);
  SAME(r, size - 1 - rank);
  MPI_Group_compare(world, reverse, &relation);
  SAME(relation, MPI_SIMILAR);
  MPI_Group_difference(reverse, evens, &rest);
  MPI_Group_union(rest, evens, &both);
  MPI_Group_intersection(reverse, evens, &common);
  MPI_Group_compare(common, evens, &relation);
  SAME(relation, n > 1 ? MPI_SIMILAR : MPI_IDENT);
  for (int i = 0; i < size; ++i) list[i] = i;
  MPI_Group_translate_ranks(both, size, list, world, back);
  for (int i = 0, odd = (size / 2) * 2 - 1; i < size; ++i) SAME(back[i], i < size / 2 ? odd - 2 * i : 2 * (i - size / 2));
  list[0] = MPI_PROC_NULL;
  MPI_Group_translate_ranks(world, 2, list, evens, back);
  SAME(back[0], MPI_PROC_NULL);
  SAME(back[1], MPI_UNDEFINED);
  list[0] = 0;
  MPI_Group_excl(world, 1, list, &empty);
  MPI_Group_size(empty, &n);
  SAME(n, size - 1);

  MPI_Comm_create(MPI_COMM_WORLD, reverse, &comm);
  MPI_Comm_rank(comm, &r);
  SAME(r, size - 1 - rank);
  if (rank % 2 == 0) {
    MPI_Comm_create_group(MPI_COMM_WORLD, evens, 17, &some);
    MPI_Group_free(&evens);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, some);
    SAME(sum, (size - 1) / 2 * ((size - 1) / 2 + 1));
    MPI_Comm_free(&some);
  } else {
    MPI_Group_free(&evens);
  }
  MPI_Bcast(&r, 1, MPI_INT, 0, comm);
  SAME(r, 0);
  MPI_Group_free(&world);
  MPI_Group_free(&reverse);
  MPI_Group_free(&rest);
  MPI_Group_free(&both);
  MPI_Group_free(&common);
  MPI_Group_free(&empty);
  MPI_Comm_free(&comm);
  CHECK(world == MPI_GROUP_NULL);
  return end();
}
