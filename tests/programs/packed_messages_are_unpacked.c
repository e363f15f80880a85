// What MPI_Pack has put together before a checkpoint MPI_Unpack takes apart after it, on the sender or on a
// receiver, in the portable format too.
#include "check.h"

int main(int argc, char **argv) {
  int values[6], got[6], position = 0, bytes, more;
  double x = 0.5, y;
  char *buffer, *in;
  MPI_Aint size_external, place = 0;
  MPI_Datatype every_second;
  begin(&argc, &argv);
  fill(values, 6, rank);
  x = rank + 0.5;
  MPI_Type_vector(3, 1, 2, MPI_INT, &every_second);
  MPI_Type_commit(&every_second);
  MPI_Pack_size(1, every_second, MPI_COMM_WORLD, &bytes);
  MPI_Pack_size(1, MPI_DOUBLE, MPI_COMM_WORLD, &more);
  bytes = bytes + more + 6 * (int)sizeof(int);
  buffer = malloc(bytes);
  in = malloc(bytes);
  MPI_Pack(values, 1, every_second, buffer, bytes, &position, MPI_COMM_WORLD);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Pack(&x, 1, MPI_DOUBLE, buffer, bytes, &position, MPI_COMM_WORLD);
  MPI_Sendrecv(buffer, position, MPI_PACKED, next, 1, in, bytes, MPI_PACKED, prev, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  position = 0;
  MPI_Unpack(in, bytes, &position, got, 3, MPI_INT, MPI_COMM_WORLD);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Unpack(in, bytes, &position, &y, 1, MPI_DOUBLE, MPI_COMM_WORLD);
  for (int i = 0; i < 3; ++i) SAME(got[i], prev * 100003 + 2 * i);
  CHECK(y == prev + 0.5);
  // A packed message received as what it contains.
  memset(got, 0, sizeof got);
  position = 0;
  MPI_Pack(values, 6, MPI_INT, buffer, bytes, &position, MPI_COMM_WORLD);
  MPI_Sendrecv(buffer, position, MPI_PACKED, next, 2, got, 6, MPI_INT, prev, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  VERIFY(got, 6, prev);

  MPI_Pack_external_size("external32", 6, MPI_INT, &size_external);
  SAME(size_external, 24);
  MPI_Pack_external("external32", values, 6, MPI_INT, buffer, bytes, &place);
  SAME(place, 24);
  place = 0;
  memset(got, 0, sizeof got);
  MPI_Unpack_external("external32", buffer, bytes, &place, got, 6, MPI_INT);
  VERIFY(got, 6, rank);
  MPI_Type_free(&every_second);
  free(buffer);
  free(in);
  return end();
}
