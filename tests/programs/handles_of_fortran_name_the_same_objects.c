// An integer that a handle was turned into names that object for its life; a status keeps its contents in Fortran's form.
#include "check.h"

int main(int argc, char **argv) {
  int got, value = 40 + rank, flag, count;
  char text[8];
  MPI_Comm comm;
  MPI_Group group;
  MPI_Datatype type;
  MPI_Info info;
  MPI_Errhandler handler;
  MPI_Request request;
  MPI_Message message;
  MPI_Status status, again;
  MPI_Fint f_comm, f_group, f_type, f_op, f_info, f_handler, f_request, f_status[sizeof(MPI_Status) / sizeof(MPI_Fint)];
  begin(&argc, &argv);
  value = 40 + rank;
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  MPI_Comm_group(comm, &group);
  MPI_Type_contiguous(2, MPI_INT, &type);
  MPI_Type_commit(&type);
  MPI_Info_create(&info);
  MPI_Comm_get_errhandler(comm, &handler);
  f_comm = MPI_Comm_c2f(comm);
  f_group = MPI_Group_c2f(group);
  f_type = MPI_Type_c2f(type);
  f_op = MPI_Op_c2f(MPI_SUM);
  f_info = MPI_Info_c2f(info);
  f_handler = MPI_Errhandler_c2f(handler);
  MPI_Irecv(&got, 1, MPI_INT, prev, 1, MPI_Comm_f2c(f_comm), &request);
  f_request = MPI_Request_c2f(request);
  MPI_Barrier(MPI_Comm_f2c(f_comm));

  CHECK(MPI_Comm_f2c(f_comm) == comm && MPI_Group_f2c(f_group) == group && MPI_Type_f2c(f_type) == type);
  CHECK(MPI_Op_f2c(f_op) == MPI_SUM && MPI_Info_f2c(f_info) == info && MPI_Errhandler_f2c(f_handler) == handler);
  CHECK(MPI_Request_f2c(f_request) == request);
  CHECK(MPI_Comm_f2c(MPI_Comm_c2f(MPI_COMM_NULL)) == MPI_COMM_NULL);
  CHECK(MPI_Comm_f2c(MPI_Comm_c2f(MPI_COMM_SELF)) == MPI_COMM_SELF);
  CHECK(MPI_Win_f2c(MPI_Win_c2f(MPI_WIN_NULL)) == MPI_WIN_NULL && MPI_File_f2c(MPI_File_c2f(MPI_FILE_NULL)) == MPI_FILE_NULL);
  MPI_Send(&value, 1, MPI_INT, next, 1, comm);
  request = MPI_Request_f2c(f_request);
  MPI_Wait(&request, &status);
  SAME(got, 40 + prev);
  MPI_Status_c2f(&status, f_status);
  memset(&again, 0, sizeof again);
  MPI_Status_f2c(f_status, &again);
  SAME(again.MPI_SOURCE, prev);
  SAME(again.MPI_TAG, 1);
  SAME(count_of(&again, MPI_INT), 1);
  MPI_Allreduce(&value, &got, 1, MPI_INT, MPI_Op_f2c(f_op), MPI_Comm_f2c(f_comm));
  SAME(got, 40 * size + size * (size - 1) / 2);
  MPI_Type_size(MPI_Type_f2c(f_type), &count);
  SAME(count, 2 * sizeof(int));
  MPI_Group_size(MPI_Group_f2c(f_group), &count);
  SAME(count, size);
  MPI_Info_set(MPI_Info_f2c(f_info), "key", "value");
  MPI_Info_get(info, "key", 7, text, &flag);
  CHECK(flag && strcmp(text, "value") == 0);

  MPI_Send(&value, 1, MPI_INT, next, 2, comm);
  MPI_Mprobe(prev, 2, comm, &message, MPI_STATUS_IGNORE);
  message = MPI_Message_f2c(MPI_Message_c2f(message));
  MPI_Mrecv(&got, 1, MPI_INT, &message, MPI_STATUS_IGNORE);
  SAME(got, 40 + prev);
  MPI_Errhandler_free(&handler);
  MPI_Info_free(&info);
  MPI_Type_free(&type);
  MPI_Group_free(&group);
  MPI_Comm_free(&comm);
  return end();
}
