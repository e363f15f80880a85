// Sizes, extents and numbers of elements beyond an int are told as MPI_Count; complex types are found by their precision and
// range. (MPICH 4.0.2 by itself takes the elements of a derived type for whole ones when they are set.)
#include "check.h"
#include "mana.h"

int main(int argc, char **argv) {
  begin(&argc, &argv);
  // Blocks of 2^20 ints with gaps: 2^33 ints in all.
  const MPI_Count blocks = 1 << 13, ints = 1 << 20, gap = 64;
  MPI_Datatype block, large, shifted;
  MPI_Count bytes, lb, extent;
  MPI_Type_contiguous((int)ints, MPI_INT, &block);
  MPI_Type_create_hvector((int)blocks, 1, (MPI_Aint)(4 * ints + gap), block, &large);
  MPI_Type_free(&block);
  MPI_Type_create_resized(large, -gap, (MPI_Aint)((4 * ints + gap) * blocks), &shifted);
  MPI_Type_commit(&shifted);
  MPI_Type_size_x(shifted, &bytes);
  SAME(bytes, 4 * ints * blocks);
  MPI_Type_get_extent_x(shifted, &lb, &extent);
  SAME(lb, -gap);
  SAME(extent, (4 * ints + gap) * blocks);
  MPI_Type_get_true_extent_x(shifted, &lb, &extent);
  SAME(lb, 0);
  SAME(extent, (4 * ints + gap) * blocks - gap);
  MPI_Type_size_x(MPI_INT, &bytes);
  SAME(bytes, 4);

  MPI_Status status;
  MPI_Count elements;
  int n, whole;
  memset(&status, 0, sizeof status);
  MPI_Status_set_elements_x(&status, MPI_INT, 3000000000ll);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Get_elements_x(&status, MPI_INT, &elements);
  SAME(elements, 3000000000ll);
  MPI_Get_count(&status, MPI_INT, &n);
  SAME(n, MPI_UNDEFINED);
  MPI_Status_set_elements_x(&status, MPI_INT, 2 * ints * blocks);
  MPI_Get_elements_x(&status, shifted, &elements);
  SAME(elements, 2 * ints * blocks);
  MPI_Get_count(&status, shifted, &whole);
  SAME(whole, 2);
  MPI_Status_set_elements_x(&status, shifted, ints * blocks + 1);
  MPI_Get_elements_x(&status, shifted, &elements);
  MPI_Get_count(&status, shifted, &whole);
  if (mana_is_restarted_impl != NULL) {
    SAME(elements, ints * blocks + 1);
    SAME(whole, MPI_UNDEFINED);
  }
  MPI_Type_free(&large);
  MPI_Type_free(&shifted);

  MPI_Datatype narrow, wide, by_range;
  MPI_Type_create_f90_complex(6, 30, &narrow);
  MPI_Type_create_f90_complex(15, MPI_UNDEFINED, &wide);
  MPI_Type_create_f90_complex(MPI_UNDEFINED, 200, &by_range);
  MPI_Type_size_x(narrow, &bytes);
  SAME(bytes, 2 * sizeof(float));
  MPI_Type_size_x(wide, &bytes);
  SAME(bytes, 2 * sizeof(double));
  MPI_Type_size_x(by_range, &bytes);
  SAME(bytes, 2 * sizeof(double));
  int addresses, types, combiner, integers[2];
  MPI_Type_get_envelope(narrow, &n, &addresses, &types, &combiner);
  SAME(combiner, MPI_COMBINER_F90_COMPLEX);
  SAME(n, 2);
  SAME(addresses + types, 0);
  MPI_Type_get_contents(narrow, 2, 0, 0, integers, NULL, NULL);
  SAME(integers[0], 6);
  SAME(integers[1], 30);
  float small[2] = {rank, 0.5f}, got[2];
  double values[2] = {rank, -1}, sums[2];
  MPI_Sendrecv(small, 1, narrow, next, 1, got, 1, narrow, prev, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  CHECK(got[0] == prev && got[1] == 0.5f);
  MPI_Allreduce(values, sums, 1, wide, MPI_SUM, MPI_COMM_WORLD);
  CHECK(sums[0] == size * (size - 1) / 2 && sums[1] == -size);
  return end();
}
