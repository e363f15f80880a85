// MPI_BYTE in sums, products, extrema and logical operations, which the standard does not have: Open MPI takes a number of 8 bits
// without a sign. Operations on bits, and functions of the program, get bytes as everywhere.
// openmpi only
#include "check.h"

enum { kLength = 3 };

static int types_seen_wrong = 0;

static void subtract(void *in, void *inout, int *n, MPI_Datatype *type) {
  const unsigned char *a = in;
  unsigned char *b = inout;
  types_seen_wrong += *type != MPI_BYTE;
  for (int i = 0; i < *n; ++i) b[i] = (unsigned char)(a[i] - b[i]);
}

static void each(MPI_Op op, unsigned char expected) {
  const unsigned char mine[kLength] = {(unsigned char)(100 + rank), (unsigned char)(100 + rank), (unsigned char)(100 + rank)};
  unsigned char got[kLength] = {0}, later[kLength] = {0}, fetched = 0;
  MPI_Request request;
  MPI_Win window;
  SAME(MPI_Allreduce(mine, got, kLength, MPI_BYTE, op, MPI_COMM_WORLD), MPI_SUCCESS);
  SAME(MPI_Iallreduce(mine, later, kLength, MPI_BYTE, op, MPI_COMM_WORLD, &request), MPI_SUCCESS);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  for (int i = 0; i < kLength; ++i) SAME(got[i], expected);
  for (int i = 0; i < kLength; ++i) SAME(later[i], expected);
  later[0] = 100;
  SAME(MPI_Reduce_local(mine, later, 1, MPI_BYTE, op), MPI_SUCCESS);
  if (op == MPI_MAX) SAME(later[0], 100 + rank);
  if (op != MPI_SUM) return;
  // In a window: the sum of all ranks, one after the other.
  got[0] = 0;
  MPI_Win_create(got, 1, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &window);
  MPI_Win_fence(0, window);
  SAME(MPI_Fetch_and_op(mine, &fetched, MPI_BYTE, 0, 0, MPI_SUM, window), MPI_SUCCESS);
  MPI_Win_fence(0, window);
  if (rank == 0) SAME(got[0], expected);
  MPI_Win_free(&window);
}

int main(int argc, char **argv) {
  unsigned char sum = 0, product = 1, mine, got = 0;
  MPI_Op op;
  begin(&argc, &argv);
  for (int i = 0; i < size; ++i) {
    sum = (unsigned char)(sum + 100 + i);
    product = (unsigned char)(product * (100 + i));
  }
  each(MPI_SUM, sum);
  each(MPI_PROD, product);
  each(MPI_MAX, (unsigned char)(100 + size - 1));
  each(MPI_MIN, 100);
  each(MPI_LAND, 1);
  each(MPI_LXOR, (unsigned char)(size % 2));

  mine = (unsigned char)(1 << rank % 8);
  MPI_Allreduce(&mine, &got, 1, MPI_BYTE, MPI_BOR, MPI_COMM_WORLD);
  SAME(got, size < 8 ? (1 << size) - 1 : 255);
  MPI_Op_create(subtract, 0, &op);
  MPI_Allreduce(&mine, &got, 1, MPI_BYTE, op, MPI_COMM_WORLD);
  SAME(types_seen_wrong, 0);
  MPI_Op_free(&op);
  return end();
}
