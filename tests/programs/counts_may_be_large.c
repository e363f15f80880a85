// The functions with MPI_Count arguments give the results of those with ints: point-to-point, collective and persistent
// communication, packing, statuses, an operation whose length is an MPI_Count.
//
// mpich only
#include "check.h"

enum { kCount = 40 };

static int in[kCount], out[kCount], wide[kMaxRanks], wide_out[kMaxRanks];

static void add(void *from, void *to, MPI_Count *len, MPI_Datatype *type) {
  int *a = from, *b = to;
  if (*type != MPI_INT) fail(__FILE__, __LINE__, "the type is another");
  for (MPI_Count i = 0; i < *len; ++i) b[i] += a[i];
}

static void point_to_point(void) {
  MPI_Status status;
  MPI_Request requests[2];
  MPI_Message message;
  MPI_Count count;

  fill(out, kCount, rank);
  MPI_Irecv_c(in, kCount, MPI_INT, prev, 1, MPI_COMM_WORLD, &requests[0]);
  MPI_Send_c(out, kCount - 1, MPI_INT, next, 1, MPI_COMM_WORLD);
  MPI_Wait(&requests[0], &status);
  MPI_Get_count_c(&status, MPI_INT, &count);
  SAME(count, kCount - 1);
  MPI_Get_elements_c(&status, MPI_INT, &count);
  SAME(count, kCount - 1);
  VERIFY(in, kCount - 1, prev);

  fill(out, kCount, rank + 20);
  MPI_Isend_c(out, kCount, MPI_INT, next, 2, MPI_COMM_WORLD, &requests[0]);
  MPI_Recv_c(in, kCount, MPI_INT, prev, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
  VERIFY(in, kCount, prev + 20);

  MPI_Issend_c(out, kCount, MPI_INT, next, 3, MPI_COMM_WORLD, &requests[0]);
  MPI_Mprobe(prev, 3, MPI_COMM_WORLD, &message, &status);
  MPI_Mrecv_c(in, kCount, MPI_INT, &message, &status);
  CHECK(message == MPI_MESSAGE_NULL);
  MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
  VERIFY(in, kCount, prev + 20);

  MPI_Sendrecv_c(out, kCount, MPI_INT, next, 4, in, kCount, MPI_INT, prev, 4, MPI_COMM_WORLD, &status);
  VERIFY(in, kCount, prev + 20);
  MPI_Sendrecv_replace_c(in, kCount, MPI_INT, next, 5, prev, 5, MPI_COMM_WORLD, &status);
  VERIFY(in, kCount, (rank + size - 2) % size + 20);

  MPI_Recv_init_c(in, kCount, MPI_INT, prev, 6, MPI_COMM_WORLD, &requests[0]);
  MPI_Send_init_c(out, kCount, MPI_INT, next, 6, MPI_COMM_WORLD, &requests[1]);
  MPI_Startall(2, requests);
  MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
  VERIFY(in, kCount, prev + 20);
  MPI_Request_free(&requests[0]);
  MPI_Request_free(&requests[1]);
}

static void packing(void) {
  char packed[4 * kCount];
  MPI_Count size_needed, position = 0;
  MPI_Pack_size_c(kCount, MPI_INT, MPI_COMM_WORLD, &size_needed);
  CHECK(size_needed >= 4 * kCount);
  MPI_Pack_c(out, kCount, MPI_INT, packed, sizeof packed, &position, MPI_COMM_WORLD);
  SAME(position, 4 * kCount);
  position = 0;
  MPI_Unpack_c(packed, sizeof packed, &position, in, kCount, MPI_INT, MPI_COMM_WORLD);
  VERIFY(in, kCount, rank + 20);
  char external[4 * kCount];
  MPI_Pack_external_size_c("external32", kCount, MPI_INT, &size_needed);
  SAME(size_needed, 4 * kCount);
  position = 0;
  MPI_Pack_external_c("external32", out, kCount, MPI_INT, external, sizeof external, &position);
  position = 0;
  memset(in, 0, sizeof in);
  MPI_Unpack_external_c("external32", external, sizeof external, &position, in, kCount, MPI_INT);
  VERIFY(in, kCount, rank + 20);
}

static void collectives(void) {
  MPI_Count ones[kMaxRanks];
  MPI_Aint places[kMaxRanks];
  for (int i = 0; i < size; ++i) {
    ones[i] = 1;
    places[i] = i;
    wide[i] = 10 * rank + i;
  }
  MPI_Request requests[3];
  MPI_Op op;
  MPI_Op_create_c(add, 1, &op);
  for (int i = 0; i < kCount; ++i) out[i] = i + rank;
  MPI_Allreduce_c(out, in, kCount, MPI_INT, op, MPI_COMM_WORLD);
  for (int i = 0; i < kCount; ++i) SAME(in[i], size * i + size * (size - 1) / 2);
  MPI_Iallreduce_c(out, in, kCount, MPI_INT, op, MPI_COMM_WORLD, &requests[0]);
  MPI_Ialltoallv_c(wide, ones, places, MPI_INT, wide_out, ones, places, MPI_INT, MPI_COMM_WORLD, &requests[1]);
  MPI_Op_free(&op);
  MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
  for (int i = 0; i < kCount; ++i) SAME(in[i], size * i + size * (size - 1) / 2);
  for (int i = 0; i < size; ++i) SAME(wide_out[i], 10 * i + rank);
  memset(wide_out, -1, sizeof wide_out);
  MPI_Allgatherv_c(&wide[rank], 1, MPI_INT, wide_out, ones, places, MPI_INT, MPI_COMM_WORLD);
  for (int i = 0; i < size; ++i) SAME(wide_out[i], 11 * i);
  int got = -1;
  MPI_Scatterv_c(wide, ones, places, MPI_INT, &got, 1, MPI_INT, 1, MPI_COMM_WORLD);
  SAME(got, 10 + rank);
  MPI_Bcast_c(in, kCount, MPI_INT, 1, MPI_COMM_WORLD);
  MPI_Gather_c(&rank, 1, MPI_INT, wide_out, 1, MPI_INT, 0, MPI_COMM_WORLD);
  for (int i = 0; rank == 0 && i < size; ++i) SAME(wide_out[i], i);
  MPI_Exscan_c(&wide[0], &got, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank > 0) SAME(got, 10 * rank * (rank - 1) / 2);
  MPI_Reduce_scatter_c(wide, &got, ones, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  SAME(got, size * rank + 10 * size * (size - 1) / 2);
  int least[kMaxRanks] = {0};
  MPI_Reduce_local_c(wide, least, size, MPI_INT, MPI_MAX);
  SAME(least[1], wide[1]);

  MPI_Bcast_init_c(in, kCount, MPI_INT, 0, MPI_COMM_WORLD, MPI_INFO_NULL, &requests[0]);
  fill(in, kCount, rank == 0 ? 70 : 0);
  MPI_Start(&requests[0]);
  MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
  VERIFY(in, kCount, 70);
  MPI_Request_free(&requests[0]);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  point_to_point();
  packing();
  collectives();
  char *buffer = malloc(10000), *detached;
  MPI_Count attached;
  MPI_Buffer_attach_c(buffer, 10000);
  MPI_Bsend_c(out, kCount, MPI_INT, next, 8, MPI_COMM_WORLD);
  MPI_Recv_c(in, kCount, MPI_INT, prev, 8, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Buffer_detach_c(&detached, &attached);
  CHECK(detached == buffer && attached == 10000);
  for (int i = 0; i < kCount; ++i) SAME(in[i], i + prev);
  free(buffer);
  return end();
}
