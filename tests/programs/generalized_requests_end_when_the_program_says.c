// A generalized request is complete when the program says so; its functions are asked for the outcome then, and freed once.
#include "check.h"

struct work {
  int value, queried, freed, cancelled;
  MPI_Request request;
};

static int query(void *state, MPI_Status *status) {
  struct work *work = state;
  ++work->queried;
  MPI_Status_set_elements(status, MPI_INT, work->value);
  MPI_Status_set_cancelled(status, work->cancelled);
  status->MPI_SOURCE = work->value + 1;
  status->MPI_TAG = MPI_UNDEFINED;
  return work->value < 0 ? MPI_ERR_COUNT : MPI_SUCCESS;
}

static int freed(void *state) {
  ++((struct work *)state)->freed;
  return MPI_SUCCESS;
}

static int cancel(void *state, int complete) {
  struct work *work = state;
  if (complete) return MPI_SUCCESS;
  work->cancelled = 1;
  return MPI_Grequest_complete(work->request);
}

static void expect(const struct work *work, int queried, int times_freed) {
  SAME(work->queried, queried);
  SAME(work->freed, times_freed);
}

static void expect_status(const MPI_Status *status, int value) {
  int cancelled;
  SAME(count_of(status, MPI_INT), value);
  SAME(status->MPI_SOURCE, value + 1);
  SAME(status->MPI_TAG, MPI_UNDEFINED);
  MPI_Test_cancelled(status, &cancelled);
  SAME(cancelled, 0);
}

int main(int argc, char **argv) {
  struct work one = {7, 0, 0, 0, MPI_REQUEST_NULL}, two = {9, 0, 0, 0, MPI_REQUEST_NULL};
  int flag, got = -1, index, count, indices[3], class;
  MPI_Request list[3], alias;
  MPI_Status status, statuses[3];
  begin(&argc, &argv);

  // By itself.
  MPI_Grequest_start(query, freed, cancel, &one, &one.request);
  MPI_Request_get_status(one.request, &flag, &status);
  SAME(flag, 0);
  MPI_Test(&one.request, &flag, &status);
  SAME(flag, 0);
  expect(&one, 0, 0);
  MPI_Grequest_complete(one.request);
  expect(&one, 0, 0);
  MPI_Request_get_status(one.request, &flag, &status);
  SAME(flag, 1);
  expect_status(&status, 7);
  expect(&one, 1, 0);
  MPI_Wait(&one.request, &status);
  CHECK(one.request == MPI_REQUEST_NULL);
  expect_status(&status, 7);
  expect(&one, 2, 1);

  // Among others.
  MPI_Grequest_start(query, freed, cancel, &one, &list[0]);
  MPI_Irecv(&got, 1, MPI_INT, prev, 1, MPI_COMM_WORLD, &list[1]);
  MPI_Grequest_start(query, freed, cancel, &two, &list[2]);
  MPI_Testall(3, list, &flag, statuses);
  SAME(flag, 0);
  MPI_Send(&rank, 1, MPI_INT, next, 1, MPI_COMM_WORLD);
  MPI_Grequest_complete(list[2]);
  MPI_Waitany(2, list, &index, &status);
  SAME(index, 1);
  SAME(got, prev);
  MPI_Testsome(3, list, &count, indices, statuses);
  SAME(count, 1);
  SAME(indices[0], 2);
  expect_status(&statuses[0], 9);
  expect(&two, 1, 1);
  MPI_Grequest_complete(list[0]);
  MPI_Irecv(&got, 1, MPI_INT, MPI_PROC_NULL, 1, MPI_COMM_WORLD, &list[1]);
  MPI_Waitall(3, list, statuses);
  expect_status(&statuses[0], 7);
  expect(&one, 3, 2);
  MPI_Grequest_start(query, freed, cancel, &one, &list[0]);
  MPI_Grequest_complete(list[0]);
  MPI_Testany(3, list, &index, &flag, MPI_STATUS_IGNORE);
  SAME(index, 0);
  expect(&one, 4, 3);

  // Cancelled; given up before it is complete and after.
  MPI_Grequest_start(query, freed, cancel, &two, &two.request);
  MPI_Cancel(&two.request);
  MPI_Wait(&two.request, &status);
  MPI_Test_cancelled(&status, &flag);
  SAME(flag, 1);
  expect(&two, 2, 2);
  MPI_Grequest_start(query, freed, cancel, &two, &two.request);
  alias = two.request;
  MPI_Request_free(&two.request);  // MPICH frees here, the standard says at the later of the two calls
  MPI_Grequest_complete(alias);
  expect(&two, 2, 3);
  MPI_Grequest_start(query, freed, cancel, &two, &two.request);
  MPI_Grequest_complete(two.request);
  MPI_Request_free(&two.request);
  expect(&two, 2, 4);

  // The query's error is the call's.
  one.value = -1;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Grequest_start(query, freed, cancel, &one, &one.request);
  MPI_Grequest_complete(one.request);
  MPI_Error_class(MPI_Wait(&one.request, &status), &class);
  SAME(class, MPI_ERR_COUNT);
  expect(&one, 5, 4);
  return end();
}
