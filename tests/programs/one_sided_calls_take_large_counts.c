// The one-sided calls of MPI-4 with MPI_Count do what those with int do. An MPI that has not got them runs the others.
#include "check.h"

#if MPI_VERSION < 4
#define MPI_Win_create_c MPI_Win_create
#define MPI_Win_allocate_c MPI_Win_allocate
#define MPI_Win_allocate_shared_c MPI_Win_allocate_shared
#define MPI_Win_shared_query_c MPI_Win_shared_query
#define MPI_Put_c MPI_Put
#define MPI_Get_c MPI_Get
#define MPI_Accumulate_c MPI_Accumulate
#define MPI_Get_accumulate_c MPI_Get_accumulate
#define MPI_Rput_c MPI_Rput
#define MPI_Rget_c MPI_Rget
#define MPI_Raccumulate_c MPI_Raccumulate
#define MPI_Rget_accumulate_c MPI_Rget_accumulate
typedef int Unit;
typedef int Count;
#else
typedef MPI_Aint Unit;
typedef MPI_Count Count;
#endif

enum { kInts = 100 };

int main(int argc, char **argv) {
  MPI_Win made, given, shared;
  MPI_Request request;
  MPI_Aint bytes;
  Unit unit = sizeof(int), seen;
  Count n = kInts;
  int own[2 * kInts] = {0}, *memory, *common, *first, out[kInts], in[kInts];
  begin(&argc, &argv);
  MPI_Win_create_c(own, sizeof own, unit, MPI_INFO_NULL, MPI_COMM_WORLD, &made);
  MPI_Win_allocate_c(2 * kInts * sizeof(int), unit, MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &given);
  MPI_Win_allocate_shared_c(kInts * sizeof(int), unit, MPI_INFO_NULL, MPI_COMM_WORLD, &common, &shared);
  MPI_Win_shared_query_c(shared, 0, &bytes, &seen, &first);
  CHECK(bytes >= (MPI_Aint)(kInts * sizeof(int)) && seen == unit && (rank != 0 || first == common));
  memset(memory, 0, 2 * kInts * sizeof(int));
  fill(out, kInts, rank);

  MPI_Win_fence(0, made);
  MPI_Put_c(out, n, MPI_INT, next, 0, n, MPI_INT, made);
  MPI_Accumulate_c(out, n, MPI_INT, next, kInts, n, MPI_INT, MPI_SUM, made);
  MPI_Win_fence(0, made);
  VERIFY(own, kInts, prev);
  VERIFY(own + kInts, kInts, prev);
  MPI_Get_c(in, n, MPI_INT, next, 0, n, MPI_INT, made);
  MPI_Win_fence(MPI_MODE_NOSUCCEED, made);
  VERIFY(in, kInts, rank);

  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_lock_all(0, given);
  MPI_Rput_c(out, n, MPI_INT, next, 0, n, MPI_INT, given, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  MPI_Raccumulate_c(out, n, MPI_INT, next, kInts, n, MPI_INT, MPI_REPLACE, given, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  MPI_Win_flush(next, given);
  MPI_Rget_c(in, n, MPI_INT, next, 0, n, MPI_INT, given, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  VERIFY(in, kInts, rank);
  MPI_Get_accumulate_c(out, n, MPI_INT, in, n, MPI_INT, next, kInts, n, MPI_INT, MPI_SUM, given);
  MPI_Win_flush(next, given);
  VERIFY(in, kInts, rank);
  MPI_Rget_accumulate_c(out, n, MPI_INT, in, n, MPI_INT, next, kInts, n, MPI_INT, MPI_NO_OP, given, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  for (int i = 0; i < kInts; ++i) SAME(in[i], 2 * out[i]);
  MPI_Win_unlock_all(given);
  MPI_Win_free(&shared);
  MPI_Win_free(&given);
  MPI_Win_free(&made);
  return end();
}
