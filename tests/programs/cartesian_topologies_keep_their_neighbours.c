// A Cartesian communicator and its slices know their dimensions, coordinates and neighbours, and neighbourhood collectives
// on them, one of them under way, reach these.
#include "check.h"

int main(int argc, char **argv) {
  int dims[2] = {0, 0}, periods[2] = {1, 0}, got_dims[2], got_periods[2], at[2], keep[2] = {0, 1};
  int up, down, left, right, n, kind, r, in[4], out[4];
  MPI_Comm grid, row;
  MPI_Request request;
  begin(&argc, &argv);
  MPI_Dims_create(size, 2, dims);
  SAME(dims[0] * dims[1], size);
  MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &grid);
  MPI_Topo_test(grid, &kind);
  SAME(kind, MPI_CART);
  MPI_Cartdim_get(grid, &n);
  SAME(n, 2);
  MPI_Cart_get(grid, 2, got_dims, got_periods, at);
  SAME(got_dims[0], dims[0]);
  SAME(got_periods[0], 1);
  SAME(got_periods[1], 0);
  SAME(at[0] * dims[1] + at[1], rank);
  MPI_Cart_shift(grid, 0, 1, &up, &down);
  MPI_Cart_shift(grid, 1, 1, &left, &right);
  MPI_Cart_rank(grid, at, &r);
  SAME(r, rank);
  SAME(down, (at[0] + 1) % dims[0] * dims[1] + at[1]);
  SAME(right, at[1] + 1 < dims[1] ? rank + 1 : MPI_PROC_NULL);

  int neighbour[4] = {up, down, left, right};
  for (int i = 0; i < 4; ++i) in[i] = -1, out[i] = rank * 10 + i;
  MPI_Ineighbor_allgather(&rank, 1, MPI_INT, in, 1, MPI_INT, grid, &request);
  MPI_Cart_sub(grid, keep, &row);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  for (int i = 0; i < 4; ++i) SAME(in[i], neighbour[i] == MPI_PROC_NULL ? -1 : neighbour[i]);
  // Without periods of length one or two, where the standard leaves the pairing to the reader.
  MPI_Neighbor_alltoall(out, 1, MPI_INT, in, 1, MPI_INT, grid);
  if (right != MPI_PROC_NULL) SAME(in[3], right * 10 + 2);
  if (left != MPI_PROC_NULL) SAME(in[2], left * 10 + 3);

  MPI_Comm_size(row, &n);
  SAME(n, dims[1]);
  MPI_Cartdim_get(row, &n);
  SAME(n, 1);
  MPI_Cart_coords(row, 0, 1, &r);
  SAME(r, 0);
  MPI_Allreduce(&rank, &r, 1, MPI_INT, MPI_MIN, row);
  SAME(r, at[0] * dims[1]);
  MPI_Sendrecv(&rank, 1, MPI_INT, right, 1, &in[0], 1, MPI_INT, left, 1, grid, MPI_STATUS_IGNORE);
  if (left != MPI_PROC_NULL) SAME(in[0], left);
  MPI_Comm_free(&row);

  // A grid without dimensions for each process; MPICH makes it for the first alone.
  const int none[2] = {0, 0};
  MPI_Cart_sub(grid, none, &row);
#ifdef MPICH_VERSION
  CHECK((row == MPI_COMM_NULL) == (rank != 0));
#endif
  if (row != MPI_COMM_NULL) {
    MPI_Cartdim_get(row, &n);
    SAME(n, 0);
    MPI_Comm_size(row, &n);
    SAME(n, 1);
    MPI_Comm_free(&row);
  }
  MPI_Comm_free(&grid);
  return end();
}
