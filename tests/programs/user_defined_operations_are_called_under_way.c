// User-defined operations, a commutative one and one that is not, work in blocking and non-blocking reductions, with a
// derived type too, and may be freed while a reduction with them is under way.
#include "check.h"

// 2-by-2 matrices: multiplication does not commute. Unsigned arithmetic, so that it may wrap.
struct matrix {
  unsigned a, b, c, d;
};

static struct matrix times(struct matrix x, struct matrix y) {
  struct matrix r = {x.a * y.a + x.b * y.c, x.a * y.b + x.b * y.d, x.c * y.a + x.d * y.c, x.c * y.b + x.d * y.d};
  return r;
}

static void multiply(void *in, void *inout, int *length, MPI_Datatype *type) {
  int bytes;
  MPI_Type_size(*type, &bytes);
  if (bytes != sizeof(struct matrix)) fail(__FILE__, __LINE__, "wrong type in the operation");
  struct matrix *left = in, *right = inout;
  for (int i = 0; i < *length; ++i) right[i] = times(left[i], right[i]);
}

static void add_modulo(void *in, void *inout, int *length, MPI_Datatype *type) {
  (void)type;
  for (int i = 0; i < *length; ++i) ((int *)inout)[i] = (((int *)in)[i] + ((int *)inout)[i]) % 1009;
}

static struct matrix of_rank(int r) {
  struct matrix m = {r + 1, r + 2, 1, 2 * r + 1};
  return m;
}

static void check_product(struct matrix m, int ranks) {
  struct matrix expected = of_rank(0);
  for (int r = 1; r < ranks; ++r) expected = times(expected, of_rank(r));
  SAME(m.a, expected.a);
  SAME(m.b, expected.b);
  SAME(m.c, expected.c);
  SAME(m.d, expected.d);
}

int main(int argc, char **argv) {
  struct matrix mine, product, again, prefix;
  MPI_Datatype matrix;
  MPI_Op by, sum;
  MPI_Request requests[3];
  int values[50], sums[50], commutes;
  begin(&argc, &argv);
  MPI_Type_contiguous(4, MPI_UNSIGNED, &matrix);
  MPI_Type_commit(&matrix);
  MPI_Op_create(multiply, 0, &by);
  MPI_Op_create(add_modulo, 1, &sum);
  MPI_Op_commutative(by, &commutes);
  SAME(commutes, 0);
  mine = of_rank(rank);
  MPI_Reduce(&mine, &product, 1, matrix, by, 0, MPI_COMM_WORLD);
  if (rank == 0) check_product(product, size);
  MPI_Iallreduce(&mine, &again, 1, matrix, by, MPI_COMM_WORLD, &requests[0]);
  MPI_Iscan(&mine, &prefix, 1, matrix, by, MPI_COMM_WORLD, &requests[1]);
  for (int i = 0; i < 50; ++i) values[i] = 500 + rank + i;
  MPI_Iallreduce(values, sums, 50, MPI_INT, sum, MPI_COMM_WORLD, &requests[2]);
  MPI_Op_free(&by);
  MPI_Op_free(&sum);
  CHECK(by == MPI_OP_NULL);
  MPI_Type_free(&matrix);
  MPI_Waitall(3, requests, MPI_STATUSES_IGNORE);
  check_product(again, size);
  check_product(prefix, rank + 1);
  for (int i = 0; i < 50; ++i) SAME(sums[i], (size * (500 + i) + size * (size - 1) / 2) % 1009);

  int local[2] = {3, 4}, inout[2] = {1000, 8};  // a new one after the others are gone
  MPI_Op_create(add_modulo, 1, &sum);
  MPI_Reduce_local(local, inout, 2, MPI_INT, sum);
  SAME(inout[0], 1003);
  SAME(inout[1], 12);
  MPI_Reduce_scatter_block(values, sums, 1, MPI_INT, sum, MPI_COMM_WORLD);
  SAME(sums[0], (size * (500 + rank) + size * (size - 1) / 2) % 1009);
  MPI_Op_free(&sum);
  return end();
}
