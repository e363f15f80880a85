// MPI_Intercomm_create_from_groups: two groups that share no communicator, with leaders in the middle, several times and under
// several names at once.
//
// needs openmpi 5.0, mpich 4.0
#include "check.h"

static MPI_Group part(MPI_Group all, int odd) {
  int ranks[kMaxRanks], n = 0;
  for (int i = odd; i < size; i += 2) ranks[n++] = i;
  MPI_Group made;
  MPI_Group_incl(all, n, ranks, &made);
  return made;
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  const int odd = rank % 2;
  MPI_Group all, own, other;
  MPI_Comm inter[2];
  MPI_Comm_group(MPI_COMM_WORLD, &all);
  own = part(all, odd);
  other = part(all, 1 - odd);
  int members, others;
  MPI_Group_size(own, &members);
  MPI_Group_size(other, &others);
  for (int i = 0; i < 2; ++i)
    MPI_Intercomm_create_from_groups(own, members - 1, other, others - 1, i == 0 ? "one" : "two", MPI_INFO_NULL,
                                     MPI_ERRORS_RETURN, &inter[i]);
  for (int i = 0; i < 2; ++i) {
    int is_inter, remote, mine, sum = -1, got = -1;
    MPI_Comm_test_inter(inter[i], &is_inter);
    CHECK(is_inter);
    MPI_Comm_remote_size(inter[i], &remote);
    SAME(remote, others);
    MPI_Comm_rank(inter[i], &mine);
    SAME(mine, rank / 2);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_MIN, inter[i]);
    SAME(sum, 1 - odd);
    if (mine == 0)
      MPI_Sendrecv(&rank, 1, MPI_INT, 0, i, &got, 1, MPI_INT, 0, i, inter[i], MPI_STATUS_IGNORE), SAME(got, 1 - odd);
  }
  MPI_Errhandler handler;
  MPI_Comm_get_errhandler(inter[0], &handler);
  CHECK(handler == MPI_ERRORS_RETURN);
  MPI_Errhandler_free(&handler);
  for (int i = 0; i < 2; ++i) MPI_Comm_free(&inter[i]);
  MPI_Group_free(&own);
  MPI_Group_free(&other);
  MPI_Group_free(&all);
  return end();
}
