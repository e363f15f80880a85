// MPI_Info_get_string and MPI_Info_create_env, splits by hardware resources, MPI_ERRORS_ABORT as a handle (MPICH 4.0.2 by
// itself fails an assertion over that one).
//
// needs openmpi 5.0, mpich 4.0
#include "check.h"
#include "mana.h"

int main(int argc, char **argv) {
  begin(&argc, &argv);
  MPI_Info info;
  int length = 0, flag = 0;
  char value[20] = "untouched";
  MPI_Info_create(&info);
  MPI_Info_set(info, "colour", "ultramarine");
  MPI_Info_get_string(info, "colour", &length, value, &flag);
  SAME(flag, 1);
  SAME(length, 12);
  SAME(strcmp(value, "untouched"), 0);
  length = 6;
  MPI_Info_get_string(info, "colour", &length, value, &flag);
  SAME(strcmp(value, "ultra"), 0);
  SAME(length, 12);
  length = sizeof value;
  MPI_Info_get_string(info, "colour", &length, value, &flag);
  SAME(strcmp(value, "ultramarine"), 0);
  MPI_Info_get_string(info, "shape", &length, value, &flag);
  SAME(flag, 0);
  MPI_Info_free(&info);
  MPI_Info_create_env(argc, argv, &info);
  CHECK(info != MPI_INFO_NULL);
  MPI_Info_free(&info);

  MPI_Comm near;
  int members, sum;
  MPI_Info_create(&info);
  MPI_Info_set(info, "mpi_hw_resource_type", "mpi_shared_memory");
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_GUIDED, 0, info, &near);
  MPI_Info_free(&info);
  if (near != MPI_COMM_NULL) {
    MPI_Comm_size(near, &members);
    SAME(members, size);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, near);
    SAME(sum, size * (size - 1) / 2);
    MPI_Comm_free(&near);
  }
  if (mana_is_restarted_impl != NULL) {
    MPI_Errhandler handler;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ABORT);
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &handler);
    CHECK(handler == MPI_ERRORS_ABORT);
  }
  return end();
}
