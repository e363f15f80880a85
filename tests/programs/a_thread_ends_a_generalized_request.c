// A thread computes while others wait for its generalized request, alone and among receives.
// polls
#include <pthread.h>
#include <unistd.h>

#include "check.h"

static int done;

static int query(void *state, MPI_Status *status) {
  (void)state;
  MPI_Status_set_elements(status, MPI_BYTE, done);
  MPI_Status_set_cancelled(status, 0);
  status->MPI_SOURCE = status->MPI_TAG = MPI_UNDEFINED;
  return MPI_SUCCESS;
}
static int freed(void *state) { return (void)state, MPI_SUCCESS; }
static int cancel(void *state, int complete) { return (void)state, (void)complete, MPI_SUCCESS; }

static void *work(void *request) {
  usleep(3000);
  ++done;
  MPI_Grequest_complete(*(MPI_Request *)request);
  return NULL;
}

int main(int argc, char **argv) {
  int provided, got, index;
  pthread_t thread;
  MPI_Request requests[2], own;
  MPI_Status statuses[2];
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  next = (rank + 1) % size;
  prev = (rank + size - 1) % size;
  SAME(provided, MPI_THREAD_MULTIPLE);
  for (int round = 1; round <= 6; ++round) {
    MPI_Grequest_start(query, freed, cancel, NULL, &own);
    requests[0] = own;
    MPI_Irecv(&got, 1, MPI_INT, prev, round, MPI_COMM_WORLD, &requests[1]);
    pthread_create(&thread, NULL, work, &own);
    if (round % 3 == 0) MPI_Wait(&requests[0], &statuses[0]);
    MPI_Send(&round, 1, MPI_INT, next, round, MPI_COMM_WORLD);
    if (round % 3 == 1) {
      MPI_Waitany(2, requests, &index, &statuses[0]);
      if (index == 1) MPI_Wait(&requests[0], &statuses[0]);
      else MPI_Wait(&requests[1], MPI_STATUS_IGNORE);
    } else {
      MPI_Waitall(2, requests, round % 3 ? statuses : MPI_STATUSES_IGNORE);
    }
    pthread_join(thread, NULL);
    SAME(done, round);
    SAME(got, round);
    SAME(count_of(&statuses[0], MPI_BYTE), round);
    CHECK(requests[0] == MPI_REQUEST_NULL && requests[1] == MPI_REQUEST_NULL);
  }
  return end();
}
