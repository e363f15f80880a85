// The state of several requests can be asked for as often as wanted: all, any or some are complete, and each is still there for
// MPI_Wait (MPI-4.1).
//
// polls
// needs mpich 4.2
#include <unistd.h>

#include "check.h"

enum { kRequests = 3 };

static int in[kRequests];
static MPI_Request requests[kRequests + 1];

static void post(void) {
  for (int i = 0; i < kRequests; ++i) MPI_Irecv(&in[i], 1, MPI_INT, prev, i, MPI_COMM_WORLD, &requests[i]);
  requests[kRequests] = MPI_REQUEST_NULL;
}

static void send(int tag) {
  int value = 10 * rank + tag;
  MPI_Send(&value, 1, MPI_INT, next, tag, MPI_COMM_WORLD);
}

// The message has gone, its receiver sleeps between two looks: few calls.
static int is_not_yet(int flag) {
  if (!flag) usleep(20000);
  return !flag;
}

static void finish(void) {
  MPI_Waitall(kRequests + 1, requests, MPI_STATUSES_IGNORE);
  for (int i = 0; i < kRequests; ++i) SAME(in[i], 10 * prev + i);
}

int main(int argc, char **argv) {
  int flag, index, n, indices[kRequests + 1];
  MPI_Status status, statuses[kRequests + 1];
  begin(&argc, &argv);

  post();
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Request_get_status_all(kRequests + 1, requests, &flag, statuses);
  SAME(flag, 0);
  MPI_Request_get_status_any(kRequests + 1, requests, &index, &flag, &status);
  SAME(flag, 0);
  MPI_Request_get_status_some(kRequests + 1, requests, &n, indices, statuses);
  SAME(n, 0);
  MPI_Barrier(MPI_COMM_WORLD);

  send(1);
  MPI_Barrier(MPI_COMM_WORLD);
  do MPI_Request_get_status_any(kRequests + 1, requests, &index, &flag, &status);
  while (is_not_yet(flag));
  SAME(index, 1);
  SAME(status.MPI_SOURCE, prev);
  SAME(status.MPI_TAG, 1);
  SAME(count_of(&status, MPI_INT), 1);
  CHECK(requests[1] != MPI_REQUEST_NULL);
  MPI_Request_get_status_some(kRequests + 1, requests, &n, indices, statuses);
  SAME(n, 1);
  SAME(indices[0], 1);
  SAME(statuses[0].MPI_TAG, 1);
  MPI_Request_get_status_all(kRequests + 1, requests, &flag, MPI_STATUSES_IGNORE);
  SAME(flag, 0);
  MPI_Barrier(MPI_COMM_WORLD);

  send(0);
  send(2);
  MPI_Barrier(MPI_COMM_WORLD);
  do MPI_Request_get_status_all(kRequests + 1, requests, &flag, statuses);
  while (is_not_yet(flag));
  for (int i = 0; i < kRequests; ++i) {
    SAME(statuses[i].MPI_TAG, i);
    CHECK(requests[i] != MPI_REQUEST_NULL);
  }
  SAME(statuses[kRequests].MPI_SOURCE, MPI_ANY_SOURCE);
  MPI_Request_get_status_some(kRequests, requests, &n, indices, MPI_STATUSES_IGNORE);
  SAME(n, kRequests);
  finish();

  // Nothing to ask about.
  MPI_Request_get_status_all(kRequests + 1, requests, &flag, statuses);
  SAME(flag, 1);
  MPI_Request_get_status_any(kRequests + 1, requests, &index, &flag, &status);
  SAME(flag, 1);
  SAME(index, MPI_UNDEFINED);
  MPI_Request_get_status_some(kRequests + 1, requests, &n, indices, statuses);
  SAME(n, MPI_UNDEFINED);
  return end();
}
