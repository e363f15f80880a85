// MPIX_COMM_TYPE_NEIGHBORHOOD gives those who see the same directory, if all who take part name the same one, and no communicator
// for hints that are not known.
//
// mpich only
#include "check.h"

static MPI_Comm split(int type, const char *hint, const char *value) {
  MPI_Info info;
  MPI_Comm made;
  MPI_Info_create(&info);
  MPI_Info_set(info, hint, value);
  MPI_Comm_split_type(MPI_COMM_WORLD, type, 0, info, &made);
  MPI_Info_free(&info);
  return made;
}

static void check_members(MPI_Comm comm, int first) {
  int members, place, sum;
  CHECK(comm != MPI_COMM_NULL);
  MPI_Comm_size(comm, &members);
  MPI_Comm_rank(comm, &place);
  SAME(members, size - first);
  SAME(place, rank - first);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, comm);
  SAME(sum, size * (size - 1) / 2);
  MPI_Comm_free(&comm);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  MPI_Comm all = split(MPIX_COMM_TYPE_NEIGHBORHOOD, "nbhd_common_dirname", ".");
  CHECK(split(MPIX_COMM_TYPE_NEIGHBORHOOD, "nbhd_common_dirname", rank == 1 ? "." : "..") == MPI_COMM_NULL);
  CHECK(split(MPIX_COMM_TYPE_NEIGHBORHOOD, "colour", "blue") == MPI_COMM_NULL);
  // Rank 0 takes no part.
  MPI_Comm most = split(rank > 0 ? MPIX_COMM_TYPE_NEIGHBORHOOD : MPI_UNDEFINED, "nbhd_common_dirname", ".");
  MPI_Comm same_machine = split(rank > 0 ? MPI_COMM_TYPE_SHARED : MPI_UNDEFINED, "colour", "blue");
  check_members(all, 0);
  if (rank > 0) {
    check_members(most, 1);
    check_members(same_machine, 1);
  } else {
    CHECK(most == MPI_COMM_NULL && same_machine == MPI_COMM_NULL);
  }
  return end();
}
