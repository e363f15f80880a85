// Extents, envelopes and contents of derived types are answered as on the day they were made.
#include "check.h"

int main(int argc, char **argv) {
  MPI_Datatype vector, shape, copy, inner, matched;
  int integers, addresses, types, combiner, list[8], size_of;
  MPI_Aint places[2], lower, extent, true_lower, true_extent, base, second;
  begin(&argc, &argv);
  MPI_Type_vector(3, 2, 5, MPI_DOUBLE, &vector);
  MPI_Type_create_resized(vector, -8, 200, &shape);
  MPI_Type_get_extent(shape, &lower, &extent);
  SAME(lower, -8);
  SAME(extent, 200);
  MPI_Type_get_true_extent(shape, &true_lower, &true_extent);
  SAME(true_lower, 0);
  SAME(true_extent, 96);
  MPI_Type_size(shape, &size_of);
  SAME(size_of, 48);
  MPI_Barrier(MPI_COMM_WORLD);

  MPI_Type_get_envelope(shape, &integers, &addresses, &types, &combiner);
  SAME(combiner, MPI_COMBINER_RESIZED);
  SAME(integers, 0);
  SAME(addresses, 2);
  SAME(types, 1);
  MPI_Type_get_contents(shape, 0, 2, 1, list, places, &inner);
  SAME(places[0], -8);
  SAME(places[1], 200);
  MPI_Type_get_envelope(inner, &integers, &addresses, &types, &combiner);
  SAME(combiner, MPI_COMBINER_VECTOR);
  SAME(integers, 3);
  MPI_Type_get_contents(inner, 3, 0, 1, list, places, &copy);
  SAME(list[0], 3);
  SAME(list[1], 2);
  SAME(list[2], 5);
  CHECK(copy == MPI_DOUBLE);
  MPI_Type_free(&inner);
  MPI_Type_get_envelope(MPI_INT, &integers, &addresses, &types, &combiner);
  SAME(combiner, MPI_COMBINER_NAMED);

  MPI_Type_dup(shape, &copy);
  MPI_Type_free(&shape);
  MPI_Type_free(&vector);
  MPI_Type_get_envelope(copy, &integers, &addresses, &types, &combiner);
  SAME(combiner, MPI_COMBINER_DUP);
  MPI_Type_get_extent(copy, &lower, &extent);
  SAME(extent, 200);
  MPI_Type_free(&copy);
  MPI_Type_match_size(MPI_TYPECLASS_REAL, 8, &matched);
  MPI_Type_size(matched, &size_of);
  SAME(size_of, 8);
  MPI_Get_address(list, &base);
  MPI_Get_address(list + 3, &second);
  SAME(second - base, 3 * (int)sizeof(int));
  MPI_Type_size(MPI_DOUBLE_INT, &size_of);
  SAME(size_of, 12);

  // 19 is what the standard ABI calls MPI_DISTRIBUTE_DFLT_DARG.
  int whole = 20, block = MPI_DISTRIBUTE_BLOCK, of_nineteen = 19, two = 2, numbers[8];
  MPI_Type_create_darray(2, 0, 1, &whole, &block, &of_nineteen, &two, MPI_ORDER_C, MPI_INT, &matched);
  MPI_Type_size(matched, &size_of);
  SAME(size_of, 19 * (int)sizeof(int));
  MPI_Type_get_contents(matched, 8, 0, 1, numbers, NULL, &inner);
  SAME(numbers[5], 19);
  MPI_Type_free(&matched);
  return end();
}
