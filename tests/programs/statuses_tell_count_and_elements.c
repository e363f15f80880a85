// A status taken before a checkpoint answers the same questions after it: count, elements, of messages that fill
// a type in part, and what the program itself has put there.
#include "check.h"

int main(int argc, char **argv) {
  struct {
    int a, b;
    double c;
  } in[3];
  int out[5] = {1, 2, 3, 4, 5}, n, flag;
  MPI_Count long_count;
  MPI_Datatype triple;
  MPI_Status status, empty;
  MPI_Request send, receive;
  begin(&argc, &argv);
  MPI_Type_contiguous(3, MPI_INT, &triple);
  MPI_Type_commit(&triple);
  MPI_Isend(out, 5, MPI_INT, next, 1, MPI_COMM_WORLD, &send);
  MPI_Irecv(in, 4, triple, prev, 1, MPI_COMM_WORLD, &receive);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Wait(&receive, &status);
  SAME(status.MPI_SOURCE, prev);
  MPI_Get_count(&status, triple, &n);  // one triple and two thirds
  SAME(n, MPI_UNDEFINED);
  MPI_Get_elements(&status, triple, &n);
  SAME(n, 5);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Get_elements_x(&status, triple, &long_count);
  SAME(long_count, 5);
  MPI_Get_count(&status, MPI_BYTE, &n);
  SAME(n, 20);
  MPI_Wait(&send, MPI_STATUS_IGNORE);

  memset(&empty, 0, sizeof empty);
  MPI_Wait(&send, &empty);  // a null request: an empty status
  SAME(empty.MPI_SOURCE, MPI_ANY_SOURCE);
  SAME(empty.MPI_TAG, MPI_ANY_TAG);
  SAME(count_of(&empty, MPI_INT), 0);
  MPI_Test_cancelled(&empty, &flag);
  SAME(flag, 0);
  MPI_Status_set_elements(&empty, MPI_INT, 6);
  MPI_Status_set_cancelled(&empty, 1);
  MPI_Test_cancelled(&empty, &flag);
  SAME(flag, 1);
  MPI_Get_count(&empty, triple, &n);
  SAME(n, 2);

  MPI_Irecv(in, 5, MPI_INT, prev, 2, MPI_COMM_WORLD, &receive);
  MPI_Request_get_status(receive, &flag, &status);
  SAME(flag, 0);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Send(out, 2, MPI_INT, next, 2, MPI_COMM_WORLD);
  MPI_Wait(&receive, &status);
  SAME(count_of(&status, MPI_INT), 2);
  MPI_Type_free(&triple);
  return end();
}
