// Every mode of sending takes counts of MPI_Count, non-blocking, persistent and matched, and a count beyond an int is
// one: three thousand million items of an empty type are an empty message.
//
// MPICH 4.0.2 by itself gives another status of MPI_Isendrecv_c and MPI_Isendrecv_replace_c.
//
// mpich only
#include "check.h"
#include "mana.h"

enum { kCount = 60, kModes = 7 };

static const MPI_Count kMany = 3000000000;

static int out[kModes][kCount], in[kModes][kCount];

static MPI_Count large_count_of(const MPI_Status *status, MPI_Datatype type) {
  MPI_Count count;
  MPI_Get_count_c(status, type, &count);
  return count;
}

// The message of each mode is shorter by one than the one before.
static void post(int first, int n, MPI_Request *receives) {
  for (int i = first; i < first + n; ++i) {
    memset(in[i], -1, sizeof in[i]);
    MPI_Irecv_c(in[i], kCount, MPI_INT, prev, i, MPI_COMM_WORLD, &receives[i]);
  }
}

static void check_received(int mode, const MPI_Status *status, int seed) {
  SAME(status->MPI_SOURCE, prev);
  SAME(status->MPI_TAG, mode);
  SAME(count_of(status, MPI_INT), kCount - mode);
  VERIFY(in[mode], kCount - mode, seed + 20 * prev + mode);
  for (int i = kCount - mode; i < kCount; ++i) SAME(in[mode][i], -1);
}

static void send_once(void) {
  MPI_Request receives[4], sends[2];
  MPI_Status statuses[4];
  for (int i = 0; i < 4; ++i) fill(out[i], kCount, 20 * rank + i);
  post(0, 4, receives);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Ibsend_c(out[0], kCount - 0, MPI_INT, next, 0, MPI_COMM_WORLD, &sends[0]);
  MPI_Irsend_c(out[1], kCount - 1, MPI_INT, next, 1, MPI_COMM_WORLD, &sends[1]);
  MPI_Rsend_c(out[2], kCount - 2, MPI_INT, next, 2, MPI_COMM_WORLD);
  MPI_Ssend_c(out[3], kCount - 3, MPI_INT, next, 3, MPI_COMM_WORLD);
  MPI_Waitall(2, sends, MPI_STATUSES_IGNORE);
  MPI_Waitall(4, receives, statuses);
  for (int i = 0; i < 4; ++i) check_received(i, &statuses[i], 0);
}

static void send_twice(void) {
  MPI_Request receives[kModes], sends[3];
  MPI_Status statuses[kModes];
  MPI_Bsend_init_c(out[4], kCount - 4, MPI_INT, next, 4, MPI_COMM_WORLD, &sends[0]);
  MPI_Rsend_init_c(out[5], kCount - 5, MPI_INT, next, 5, MPI_COMM_WORLD, &sends[1]);
  MPI_Ssend_init_c(out[6], kCount - 6, MPI_INT, next, 6, MPI_COMM_WORLD, &sends[2]);
  for (int round = 0; round < 2; ++round) {
    for (int i = 4; i < kModes; ++i) fill(out[i], kCount, 400 * round + 20 * rank + i);
    post(4, 3, receives);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Startall(3, sends);
    MPI_Waitall(3, &receives[4], &statuses[4]);
    MPI_Waitall(3, sends, MPI_STATUSES_IGNORE);
    for (int i = 4; i < kModes; ++i) check_received(i, &statuses[i], 400 * round);
  }
  for (int i = 0; i < 3; ++i) MPI_Request_free(&sends[i]);
}

static void probe_and_receive(void) {
  MPI_Request send, receive;
  MPI_Message message;
  MPI_Status status;
  MPI_Isend_c(out[4], kCount, MPI_INT, next, 8, MPI_COMM_WORLD, &send);
  MPI_Mprobe(prev, 8, MPI_COMM_WORLD, &message, &status);
  SAME(large_count_of(&status, MPI_INT), kCount);
  MPI_Imrecv_c(in[4], kCount, MPI_INT, &message, &receive);
  CHECK(message == MPI_MESSAGE_NULL);
  MPI_Wait(&receive, &status);
  MPI_Wait(&send, MPI_STATUS_IGNORE);
  SAME(large_count_of(&status, MPI_INT), kCount);
  VERIFY(in[4], kCount, 400 + 20 * prev + 4);
}

static void send_and_receive(void) {
  const int by_mana = mana_is_restarted_impl != NULL;
  MPI_Datatype empty;
  MPI_Request requests[3];
  MPI_Status statuses[3];
  fill(out[0], kCount, 500 + rank);
  fill(out[1], kCount, 600 + rank);
  memset(in[0], -1, sizeof in[0]);
  MPI_Type_contiguous(0, MPI_INT, &empty);
  MPI_Type_commit(&empty);
  MPI_Irecv_c(in[1], kMany, empty, prev, 11, MPI_COMM_WORLD, &requests[2]);
  MPI_Isendrecv_c(out[0], kCount - 1, MPI_INT, next, 9, in[0], kCount, MPI_INT, prev, 9, MPI_COMM_WORLD, &requests[0]);
  MPI_Isendrecv_replace_c(out[1], kCount, MPI_INT, next, 10, prev, 10, MPI_COMM_WORLD, &requests[1]);
  MPI_Ssend_c(out[0], kMany, empty, next, 11, MPI_COMM_WORLD);
  MPI_Type_free(&empty);
  MPI_Waitall(3, requests, statuses);
  VERIFY(in[0], kCount - 1, 500 + prev);
  SAME(in[0][kCount - 1], -1);
  VERIFY(out[1], kCount, 600 + prev);
  for (int i = by_mana ? 0 : 2; i < 3; ++i) {
    SAME(statuses[i].MPI_SOURCE, prev);
    SAME(statuses[i].MPI_TAG, 9 + i);
    SAME(large_count_of(&statuses[i], MPI_INT), i == 0 ? kCount - 1 : i == 1 ? kCount : 0);
  }
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  const int bytes = 2 * (kCount * (int)sizeof(int) + MPI_BSEND_OVERHEAD);
  void *buffer = malloc(bytes), *was;
  int detached;
  MPI_Buffer_attach(buffer, bytes);
  send_once();
  send_twice();
  probe_and_receive();
  send_and_receive();
  MPI_Buffer_detach(&was, &detached);
  CHECK(was == buffer && detached == bytes);
  free(buffer);
  return end();
}
