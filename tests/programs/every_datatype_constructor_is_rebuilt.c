// One type of each constructor picks the same elements of an array after a checkpoint as before, whether it was
// committed then or not.
#include "check.h"

enum { kTypes = 13 };

int main(int argc, char **argv) {
  // For each type: the elements of an array of ints that it takes, in order.
  static const int taken[kTypes][9] = {
      {4, 0, 1, 2, 3},     // contiguous
      {6, 0, 1, 4, 5, 8, 9},   // vector
      {4, 0, 1, 10, 11},   // hvector
      {3, 7, 2, 3},        // indexed: order of the blocks, not of the memory
      {3, 9, 0, 1},        // hindexed
      {4, 6, 7, 2, 3},     // indexed_block
      {2, 5, 3},           // hindexed_block
      {5, 0, 1, 4, 8, 9},  // struct
      {4, 6, 7, 11, 12},   // subarray
      {4, 0, 1, 4, 5},     // darray: the first half of each row of a 2-by-4 array
      {4, 0, 1, 2, 3},     // dup
      {4, 0, 1, 20, 21},   // two resized blocks
      {8, 0, 1, 4, 5, 40, 41, 44, 45},  // a vector of vectors
  };
  int in[60], out[60];
  MPI_Datatype type[kTypes], pair, part, ints[3] = {MPI_INT, MPI_INT, MPI_INT};
  begin(&argc, &argv);
  const MPI_Aint z = sizeof(int);
  int lengths[3] = {1, 2, 0}, places[3] = {7, 2, 1}, blocks[2] = {6, 2};
  MPI_Aint byte_places[3] = {9 * z, 0, 0}, struct_places[3] = {0, 4 * z, 8 * z}, single[2] = {5 * z, 3 * z};
  int struct_lengths[3] = {2, 1, 2}, sizes[2] = {3, 5}, sub[2] = {2, 2}, start[2] = {1, 1};
  int whole[2] = {2, 4}, how[2] = {MPI_DISTRIBUTE_NONE, MPI_DISTRIBUTE_BLOCK},
      args[2] = {MPI_DISTRIBUTE_DFLT_DARG, MPI_DISTRIBUTE_DFLT_DARG}, processes[2] = {1, 2};
  MPI_Type_contiguous(4, MPI_INT, &type[0]);
  MPI_Type_vector(3, 2, 4, MPI_INT, &type[1]);
  MPI_Type_create_hvector(2, 2, 10 * z, MPI_INT, &type[2]);
  MPI_Type_indexed(3, lengths, places, MPI_INT, &type[3]);
  MPI_Type_create_hindexed(3, lengths, byte_places, MPI_INT, &type[4]);
  MPI_Type_create_indexed_block(2, 2, blocks, MPI_INT, &type[5]);
  MPI_Type_create_hindexed_block(2, 1, single, MPI_INT, &type[6]);
  MPI_Type_create_struct(3, struct_lengths, struct_places, ints, &type[7]);
  MPI_Type_create_subarray(2, sizes, sub, start, MPI_ORDER_C, MPI_INT, &type[8]);
  MPI_Type_create_darray(2, 0, 2, whole, how, args, processes, MPI_ORDER_C, MPI_INT, &type[9]);
  MPI_Type_dup(type[0], &type[10]);
  MPI_Type_contiguous(2, MPI_INT, &pair);
  MPI_Type_create_resized(pair, 0, 20 * z, &part);
  MPI_Type_contiguous(2, part, &type[11]);
  MPI_Type_free(&part);
  MPI_Type_vector(2, 1, 2, pair, &part);
  MPI_Type_create_hvector(2, 1, 40 * z, part, &type[12]);
  MPI_Type_free(&part);
  MPI_Type_free(&pair);

  for (int t = 0; t < kTypes; ++t) {
    int bytes, n = taken[t][0];
    MPI_Type_commit(&type[t]);
    MPI_Type_size(type[t], &bytes);
    SAME(bytes, n * z);
    fill(in, 60, 0);
    memset(out, -1, sizeof out);
    MPI_Sendrecv(in, 1, type[t], next, t, out, n, MPI_INT, prev, t, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    for (int i = 0; i < 9; ++i) SAME(out[i], i < n ? taken[t][i + 1 < 9 ? i + 1 : 8] : -1);
  }
  for (int t = 0; t < kTypes; ++t) MPI_Type_free(&type[t]);
  return end();
}
