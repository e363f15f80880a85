// A message of one derived type is received with another of the same signature; gaps in the receive buffer
// stay untouched; the types may be freed while the operation is under way.
#include "check.h"

#include <stddef.h>

struct particle {
  double position[3];
  int kind;
  char name[5];
};

int main(int argc, char **argv) {
  begin(&argc, &argv);

  // Every third int out of 30 into a 2-by-5 corner of a 4-by-8 array.
  MPI_Datatype column, corner;
  int sizes[2] = {4, 8}, part[2] = {2, 5}, start[2] = {1, 2};
  MPI_Type_vector(10, 1, 3, MPI_INT, &column);
  MPI_Type_create_subarray(2, sizes, part, start, MPI_ORDER_C, MPI_INT, &corner);
  MPI_Type_commit(&column);
  MPI_Type_commit(&corner);
  int out[30], in[4][8];
  fill(out, 30, rank);
  memset(in, -1, sizeof in);
  MPI_Request requests[4];
  MPI_Isend(out, 1, column, next, 1, MPI_COMM_WORLD, &requests[0]);
  MPI_Type_free(&column);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Irecv(in, 1, corner, prev, 1, MPI_COMM_WORLD, &requests[1]);
  MPI_Type_free(&corner);
  SAME(column, MPI_DATATYPE_NULL);

  // Structures with padding, two of them, sent as a struct type and received field by field.
  struct particle particles[2], got[2];
  memset(particles, 0, sizeof particles);
  for (int i = 0; i < 2; ++i) {
    for (int k = 0; k < 3; ++k) particles[i].position[k] = rank + 0.25 * (3 * i + k);
    particles[i].kind = 10 * rank + i;
    snprintf(particles[i].name, sizeof particles[i].name, "p%d%d", rank % 10, i);
  }
  MPI_Datatype fields, particle;
  int lengths[3] = {3, 1, 5};
  MPI_Aint offsets[3] = {offsetof(struct particle, position), offsetof(struct particle, kind), offsetof(struct particle, name)};
  MPI_Datatype types[3] = {MPI_DOUBLE, MPI_INT, MPI_CHAR};
  MPI_Type_create_struct(3, lengths, offsets, types, &fields);
  MPI_Type_create_resized(fields, 0, sizeof(struct particle), &particle);
  MPI_Type_free(&fields);
  MPI_Type_commit(&particle);
  memset(got, 0, sizeof got);
  MPI_Isend(particles, 2, particle, next, 2, MPI_COMM_WORLD, &requests[2]);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Irecv(got, 2, particle, prev, 2, MPI_COMM_WORLD, &requests[3]);
  MPI_Type_free(&particle);
  MPI_Waitall(4, requests, MPI_STATUSES_IGNORE);

  for (int row = 0, i = 0; row < 4; ++row)
    for (int col = 0; col < 8; ++col) {
      int inside = row >= 1 && row < 3 && col >= 2 && col < 7;
      SAME(in[row][col], inside ? prev * 100003 + 3 * i : -1);
      if (inside) ++i;
    }
  for (int i = 0; i < 2; ++i) {
    char name[5];
    snprintf(name, sizeof name, "p%d%d", prev % 10, i);
    for (int k = 0; k < 3; ++k) CHECK(got[i].position[k] == prev + 0.25 * (3 * i + k));
    SAME(got[i].kind, 10 * prev + i);
    CHECK(strcmp(got[i].name, name) == 0);
  }
  return end();
}
