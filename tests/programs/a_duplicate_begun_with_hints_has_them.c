// MPI_Comm_idup_with_info gives the duplicate the hints of the info, which may be freed before it ends, and leaves those of the
// communicator alone. Which hints it keeps is the MPI's affair: those that it tells of have the values that were given.
//
// needs openmpi 5.0, mpich 4.0
#include "check.h"

// Whether the communicator knows the hint; it has no other value then.
static int has(MPI_Comm comm, const char *value) {
  char got[20];
  int flag;
  MPI_Info info;
  MPI_Comm_get_info(comm, &info);
  MPI_Info_get(info, "mpi_assert_exact_length", sizeof got - 1, got, &flag);
  if (flag) CHECK(strcmp(got, value) == 0);
  MPI_Info_free(&info);
  return flag;
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  MPI_Comm comm, copy;
  MPI_Info info;
  MPI_Request request;
  int sum, result;
  MPI_Info_create(&info);
  MPI_Info_set(info, "mpi_assert_exact_length", "false");
  MPI_Comm_dup_with_info(MPI_COMM_WORLD, info, &comm);
  MPI_Info_set(info, "mpi_assert_exact_length", "true");
  MPI_Comm_idup_with_info(comm, info, &copy, &request);
  MPI_Info_free(&info);
  MPI_Barrier(comm);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  MPI_Comm_compare(comm, copy, &result);
  SAME(result, MPI_CONGRUENT);
  SAME(has(copy, "true"), has(comm, "false"));
  MPI_Comm_free(&comm);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, copy);
  SAME(sum, size * (size - 1) / 2);
  has(copy, "true");
  MPI_Comm_free(&copy);
  return end();
}
