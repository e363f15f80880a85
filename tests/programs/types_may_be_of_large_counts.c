// Datatypes made with MPI_Count arguments: more items than an int counts, sizes and extents beyond it, the arguments
// told back, and small ones used in communication.
//
// mpich only
#include "check.h"

static const MPI_Count large = 3000000000ll;

static void bounds(MPI_Datatype type, MPI_Count size_is, MPI_Count lb_is, MPI_Count extent_is) {
  MPI_Count bytes, lb, extent, true_lb, true_extent;
  MPI_Type_size_c(type, &bytes);
  SAME(bytes, size_is);
  MPI_Type_get_extent_c(type, &lb, &extent);
  SAME(lb, lb_is);
  SAME(extent, extent_is);
  MPI_Type_get_true_extent_c(type, &true_lb, &true_extent);
  SAME(true_lb, 0);
}

static void contents(MPI_Datatype type, int combiner, MPI_Count ni, MPI_Count nc, MPI_Count nd, MPI_Count last) {
  MPI_Count integers, addresses, counts, types;
  int told;
  MPI_Type_get_envelope_c(type, &integers, &addresses, &counts, &types, &told);
  SAME(told, combiner);
  SAME(integers, ni);
  SAME(addresses, 0);
  SAME(counts, nc);
  SAME(types, nd);
  int is[20];
  MPI_Aint as[1];
  MPI_Count cs[20];
  MPI_Datatype ts[4];
  MPI_Type_get_contents_c(type, integers, addresses, counts, types, is, as, cs, ts);
  SAME(cs[nc - 1], last);
  CHECK(ts[0] == MPI_INT);
  if (combiner == MPI_COMBINER_SUBARRAY) SAME(is[1], MPI_ORDER_C);
  if (combiner != MPI_COMBINER_DARRAY) return;
  SAME(is[3], MPI_DISTRIBUTE_BLOCK);
  SAME(is[5], MPI_DISTRIBUTE_DFLT_DARG);
  SAME(is[8], 2);
  SAME(is[9], MPI_ORDER_C);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  MPI_Datatype type;
  MPI_Type_contiguous_c(large, MPI_INT, &type);
  MPI_Type_commit(&type);
  bounds(type, 4 * large, 0, 4 * large);
  contents(type, MPI_COMBINER_CONTIGUOUS, 0, 1, 1, large);
  MPI_Type_free(&type);

  MPI_Type_vector_c(3, large, large + 1, MPI_INT, &type);
  bounds(type, 12 * large, 0, 4 * (3 * large + 2));
  contents(type, MPI_COMBINER_VECTOR, 0, 3, 1, large + 1);
  MPI_Type_free(&type);

  MPI_Count lengths[2] = {1, 2}, places[2] = {0, large};
  MPI_Type_create_hindexed_c(2, lengths, places, MPI_INT, &type);
  bounds(type, 12, 0, large + 8);
  contents(type, MPI_COMBINER_HINDEXED, 0, 5, 1, large);
  MPI_Type_free(&type);

  MPI_Datatype types[2] = {MPI_INT, MPI_INT};
  MPI_Type_create_struct_c(2, lengths, places, types, &type);
  bounds(type, 12, 0, large + 8);
  contents(type, MPI_COMBINER_STRUCT, 0, 5, 2, large);
  MPI_Type_free(&type);

  // Small ones travel; each restarted process makes them again.
  int in[16], out[16];
  MPI_Count sizes[2] = {4, 4}, subsizes[2] = {2, 2}, starts[2] = {1, 1};
  MPI_Type_create_subarray_c(2, sizes, subsizes, starts, MPI_ORDER_C, MPI_INT, &type);
  MPI_Type_commit(&type);
  contents(type, MPI_COMBINER_SUBARRAY, 2, 6, 1, 1);
  for (int i = 0; i < 16; ++i) out[i] = 100 * rank + i, in[i] = -1;
  MPI_Sendrecv(out, 1, type, next, 0, in, 1, type, prev, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  for (int i = 0; i < 16; ++i) SAME(in[i], i == 5 || i == 6 || i == 9 || i == 10 ? 100 * prev + i : -1);
  MPI_Type_free(&type);

  MPI_Type_create_resized_c(MPI_INT, 0, 8, &type);
  MPI_Type_commit(&type);
  bounds(type, 4, 0, 8);
  contents(type, MPI_COMBINER_RESIZED, 0, 2, 1, 8);
  for (int i = 0; i < 16; ++i) in[i] = -1;
  MPI_Sendrecv(out, 8, type, next, 1, in, 8, type, prev, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  for (int i = 0; i < 16; ++i) SAME(in[i], i % 2 ? -1 : 100 * prev + i);
  MPI_Type_free(&type);

  MPI_Count blocks[2] = {0, 3};
  MPI_Type_create_indexed_block_c(2, 1, blocks, MPI_INT, &type);
  MPI_Type_commit(&type);
  contents(type, MPI_COMBINER_INDEXED_BLOCK, 0, 4, 1, 3);
  MPI_Sendrecv(out, 1, type, next, 2, in, 1, type, prev, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  SAME(in[3], 100 * prev + 3);
  MPI_Type_free(&type);

  MPI_Type_indexed_c(2, lengths, blocks, MPI_INT, &type);
  bounds(type, 12, 0, 20);
  MPI_Type_free(&type);
  MPI_Type_create_hindexed_block_c(2, 2, places, MPI_INT, &type);
  bounds(type, 16, 0, large + 8);
  MPI_Type_free(&type);
  MPI_Type_create_hvector_c(2, 2, large, MPI_INT, &type);
  bounds(type, 16, 0, large + 8);
  MPI_Type_free(&type);
  int distributions[2] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_BLOCK}, arguments[2], grid[2] = {1, 2};
  arguments[0] = arguments[1] = MPI_DISTRIBUTE_DFLT_DARG;
  MPI_Type_create_darray_c(2, 0, 2, sizes, distributions, arguments, grid, MPI_ORDER_C, MPI_INT, &type);
  bounds(type, 32, 0, 64);
  contents(type, MPI_COMBINER_DARRAY, 10, 2, 1, 4);
  MPI_Type_free(&type);
  return end();
}
