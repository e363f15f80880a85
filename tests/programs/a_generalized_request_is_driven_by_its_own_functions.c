// MPICH's generalized requests may have functions that do the work: MPI_Test calls the one that polls, MPI_Wait and
// MPI_Waitall that one or the one that waits.
//
// mpich only
// polls
#include "check.h"

struct work {
  MPI_Request request;
  int steps, polled, waited, freed;
};

static int query(void *state, MPI_Status *status) {
  struct work *work = state;
  MPI_Status_set_elements(status, MPI_INT, work->polled + work->waited);
  MPI_Status_set_cancelled(status, 0);
  status->MPI_SOURCE = status->MPI_TAG = MPI_UNDEFINED;
  return MPI_SUCCESS;
}

static int freed(void *state) {
  ++((struct work *)state)->freed;
  return MPI_SUCCESS;
}

static int cancel(void *state, int complete) {
  (void)state, (void)complete;
  return MPI_SUCCESS;
}

static int poll(void *state, MPI_Status *status) {
  struct work *work = state;
  (void)status;
  ++work->polled;
  return --work->steps == 0 ? MPI_Grequest_complete(work->request) : MPI_SUCCESS;
}

static int wait(int count, void **states, double timeout, MPI_Status *status) {
  (void)timeout, (void)status;
  for (int i = 0; i < count; ++i) {
    struct work *work = states[i];
    ++work->waited;
    work->steps = 0;
    MPI_Grequest_complete(work->request);
  }
  return MPI_SUCCESS;
}

static void finished(const struct work *work, const MPI_Status *status) {
  CHECK(work->request == MPI_REQUEST_NULL);
  SAME(work->steps, 0);
  SAME(count_of(status, MPI_INT), work->polled + work->waited);
  SAME(work->freed, 1);
}

int main(int argc, char **argv) {
  struct work one = {MPI_REQUEST_NULL, 4, 0, 0, 0}, two = one, three = one, four = one;
  MPIX_Grequest_class class;
  MPI_Status status;
  int flag = 0;
  begin(&argc, &argv);
  MPIX_Grequest_start(query, freed, cancel, poll, wait, &one, &one.request);
  MPI_Barrier(MPI_COMM_WORLD);
  while (!flag) MPI_Test(&one.request, &flag, &status);
  finished(&one, &status);
  CHECK(one.polled >= 4);
  SAME(one.waited, 0);

  MPIX_Grequest_start(query, freed, cancel, poll, wait, &two, &two.request);
  MPI_Wait(&two.request, &status);
  finished(&two, &status);
  CHECK(two.waited + two.polled > 0);

  MPIX_Grequest_class_create(query, freed, cancel, poll, wait, &class);
  MPIX_Grequest_class_allocate(class, &three, &three.request);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Test(&three.request, &flag, &status);
  SAME(flag, 0);
  MPI_Wait(&three.request, &status);
  finished(&three, &status);
  CHECK(three.polled > 0);

  // Among others.
  int got = -1;
  MPI_Request both[2];
  MPI_Status statuses[2];
  MPI_Irecv(&got, 1, MPI_INT, prev, 1, MPI_COMM_WORLD, &both[0]);
  MPIX_Grequest_start(query, freed, cancel, poll, wait, &four, &four.request);
  both[1] = four.request;
  MPI_Send(&rank, 1, MPI_INT, next, 1, MPI_COMM_WORLD);
  MPI_Waitall(2, both, statuses);
  SAME(got, prev);
  four.request = both[1];
  finished(&four, &statuses[1]);
  return end();
}
