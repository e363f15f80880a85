// A struct of no blocks, made of null pointers: it has no size, and it can be sent, received and counted.
#include "check.h"

int main(int argc, char **argv) {
  int bytes = -1, ni, na, nd, combiner, value = 5;
  MPI_Aint lb = -1, extent = -1;
  MPI_Datatype empty, twice;
  MPI_Status status;
  begin(&argc, &argv);
  MPI_Type_create_struct(0, NULL, NULL, NULL, &empty);
  MPI_Type_commit(&empty);
  MPI_Type_size(empty, &bytes);
  SAME(bytes, 0);
  MPI_Type_get_extent(empty, &lb, &extent);
  SAME(lb, 0);
  SAME(extent, 0);
  MPI_Type_get_envelope(empty, &ni, &na, &nd, &combiner);
  SAME(ni, 1);
  SAME(na, 0);
  SAME(nd, 0);
  MPI_Type_contiguous(2, empty, &twice);
  MPI_Type_commit(&twice);
  MPI_Sendrecv(&value, 3, empty, next, 1, &value, 3, twice, prev, 1, MPI_COMM_WORLD, &status);
  SAME(status.MPI_SOURCE, prev);
  SAME(count_of(&status, MPI_BYTE), 0);
  SAME(value, 5);
  MPI_Type_free(&twice);
  MPI_Type_free(&empty);
  return end();
}
