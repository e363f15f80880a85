// Sums of integers of 8 and 16 bits wrap, as MPICH's do wherever in the array they stand.
//
// mpich only
#include "check.h"

enum { kLength = 67 };

#define SUMS(c_type, type, number) \
  do { \
    c_type mine[kLength], all[kLength], later[kLength], local[kLength]; \
    MPI_Request request; \
    for (int i = 0; i < kLength; ++i) mine[i] = local[i] = (c_type)((number) + rank); \
    MPI_Iallreduce(mine, later, kLength, type, MPI_SUM, MPI_COMM_WORLD, &request); \
    MPI_Allreduce(mine, all, kLength, type, MPI_SUM, MPI_COMM_WORLD); \
    MPI_Wait(&request, MPI_STATUS_IGNORE); \
    MPI_Reduce_local(mine, local, kLength, type, MPI_SUM); \
    for (int i = 0; i < kLength; ++i) { \
      SAME(all[i], (c_type)(size * (number) + size * (size - 1) / 2)); \
      SAME(later[i], all[i]); \
      SAME(local[i], (c_type)(2 * ((number) + rank))); \
    } \
  } while (0)

int main(int argc, char **argv) {
  begin(&argc, &argv);
  SUMS(signed char, MPI_SIGNED_CHAR, 100);
  SUMS(unsigned char, MPI_UNSIGNED_CHAR, 200);
  SUMS(signed char, MPI_INT8_T, -100);
  SUMS(short, MPI_SHORT, 30000);
  SUMS(unsigned short, MPI_UINT16_T, 60000);
  return end();
}
