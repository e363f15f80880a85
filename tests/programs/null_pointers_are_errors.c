// A call that is to write through a null pointer returns an error; one that asks for the status of no request gives the empty
// status; MPI_Waitall that succeeds says so in every status, as both MPIs do.
#include "check.h"

#define WRONG(call) \
  do { \
    int class_of; \
    MPI_Error_class(call, &class_of); \
    CHECK(class_of == MPI_ERR_ARG); \
  } while (0)

int main(int argc, char **argv) {
  int flag = 0, length = -1;
  MPI_Group group;
  MPI_Status status;
  MPI_Request none = MPI_REQUEST_NULL;
  begin(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_group(MPI_COMM_WORLD, &group);
  WRONG(MPI_Comm_size(MPI_COMM_WORLD, NULL));
  WRONG(MPI_Comm_rank(MPI_COMM_WORLD, NULL));
  WRONG(MPI_Group_size(group, NULL));
  WRONG(MPI_Group_rank(group, NULL));
  WRONG(MPI_Type_get_extent(MPI_INT, NULL, NULL));
  WRONG(MPI_Comm_group(MPI_COMM_WORLD, NULL));
  MPI_Group_free(&group);

  memset(&status, 0x55, sizeof status);
  MPI_Request_get_status(none, &flag, &status);
  CHECK(flag);
  SAME(status.MPI_SOURCE, MPI_ANY_SOURCE);
  SAME(status.MPI_TAG, MPI_ANY_TAG);
  SAME(count_of(&status, MPI_INT), 0);
  memset(&status, 0x55, sizeof status);
  MPI_Wait(&none, &status);
  SAME(status.MPI_SOURCE, MPI_ANY_SOURCE);
  MPI_Request both[2];
  MPI_Status statuses[2];
  int got = -1;
  memset(statuses, 0x55, sizeof statuses);
  MPI_Irecv(&got, 1, MPI_INT, prev, 1, MPI_COMM_WORLD, &both[0]);
  MPI_Isend(&rank, 1, MPI_INT, next, 1, MPI_COMM_WORLD, &both[1]);
  MPI_Waitall(2, both, statuses);
  SAME(got, prev);
  SAME(statuses[0].MPI_ERROR, MPI_SUCCESS);
  SAME(statuses[1].MPI_ERROR, MPI_SUCCESS);
  char name[MPI_MAX_OBJECT_NAME];
  MPI_Type_get_name(MPI_C_FLOAT_COMPLEX, name, &length);
  CHECK(strcmp(name, "MPI_C_COMPLEX") == 0);
  return end();
}
