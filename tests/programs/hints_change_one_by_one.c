// MPI_Comm_set_info changes the hints that it names and no others. Which hints it keeps is the MPI's affair: those that it tells
// of have the values that were given.
#include "check.h"

static MPI_Info hint(const char *key, const char *value) {
  MPI_Info info;
  MPI_Info_create(&info);
  MPI_Info_set(info, key, value);
  return info;
}

// Whether the communicator knows the hint; it has no other value then.
static int has(MPI_Comm comm, const char *key, const char *value) {
  char got[MPI_MAX_INFO_VAL + 1];
  int flag;
  MPI_Info info;
  MPI_Comm_get_info(comm, &info);
  CHECK(info != MPI_INFO_NULL);
  MPI_Info_get(info, key, MPI_MAX_INFO_VAL, got, &flag);
  if (flag) CHECK(strcmp(got, value) == 0);
  MPI_Info_free(&info);
  return flag;
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  MPI_Comm comm;
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  MPI_Info info = hint("mpi_assert_no_any_tag", "true");
  MPI_Comm_set_info(comm, info);
  MPI_Info_free(&info);
  const int known = has(comm, "mpi_assert_no_any_tag", "true");
  // A hint that is not named stays.
  info = hint("mpi_assert_exact_length", "true");
  MPI_Comm_set_info(comm, info);
  MPI_Barrier(comm);
  SAME(has(comm, "mpi_assert_no_any_tag", "true"), known);
  has(comm, "mpi_assert_exact_length", "true");
  MPI_Info_set(info, "mpi_assert_no_any_tag", "false");
  MPI_Comm_set_info(comm, info);
  SAME(has(comm, "mpi_assert_no_any_tag", "false"), known);
  MPI_Info_free(&info);
  MPI_Comm_free(&comm);
  return end();
}
