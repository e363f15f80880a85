// Attribute functions make communicators and send messages, error handlers wait for each other, the functions of generalized
// requests run collectives; those of MPI_COMM_SELF run in MPI_Finalize, the newest first, while MPI still works.
#include "check.h"

static int copies, deletions, errors, last;

// Makes a communicator and runs a collective on it.
static int copy(MPI_Comm comm, int keyval, void *extra, void *in, void *out, int *flag) {
  int sum;
  MPI_Comm inner;
  (void)comm, (void)keyval, (void)extra;
  MPI_Comm_split(MPI_COMM_WORLD, 0, rank, &inner);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, inner);
  SAME(sum, size * (size - 1) / 2);
  MPI_Comm_free(&inner);
  *(void **)out = in;
  *flag = 1;
  ++copies;
  return MPI_SUCCESS;
}

// Passes a message around the ring.
static int delete(MPI_Comm comm, int keyval, void *value, void *extra) {
  int got = -1;
  (void)comm, (void)keyval, (void)value, (void)extra;
  MPI_Sendrecv(&rank, 1, MPI_INT, next, 7, &got, 1, MPI_INT, prev, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  SAME(got, prev);
  ++deletions;
  return MPI_SUCCESS;
}

static void handle(MPI_Comm *comm, int *code, ...) {
  int class;
  MPI_Error_class(*code, &class);
  SAME(class, MPI_ERR_TAG);
  MPI_Barrier(*comm);
  ++errors;
}

static int query(void *state, MPI_Status *status) {
  int most;
  MPI_Allreduce(state, &most, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Status_set_elements(status, MPI_INT, most);
  MPI_Status_set_cancelled(status, 0);
  return MPI_SUCCESS;
}
static int release(void *state) { return (void)state, MPI_SUCCESS; }
static int cancel(void *state, int complete) { return (void)state, (void)complete, MPI_SUCCESS; }

// In MPI_Finalize.
static int at_end(MPI_Comm comm, int keyval, void *value, void *extra) {
  int initialized, finalized, order = (int)(size_t)value, most;
  (void)keyval, (void)extra;
  CHECK(comm == MPI_COMM_SELF);
  SAME(order, last - 1);
  last = order;
  MPI_Finalized(&finalized);
  SAME(finalized, 0);
  MPI_Initialized(&initialized);
  SAME(initialized, 1);
  MPI_Allreduce(&rank, &most, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  SAME(most, size - 1);
  if (order == 1 && rank == 0) puts("ok");
  return MPI_SUCCESS;
}

int main(int argc, char **argv) {
  int keyval, keys[3], value = 1;
  MPI_Comm one, two;
  MPI_Errhandler handler;
  MPI_Request request;
  MPI_Status status;
  begin(&argc, &argv);
  MPI_Comm_create_keyval(copy, delete, &keyval, NULL);
  MPI_Comm_dup(MPI_COMM_WORLD, &one);
  MPI_Comm_set_attr(one, keyval, &value);
  MPI_Comm_dup(one, &two);
  SAME(copies, 1);
  MPI_Comm_delete_attr(two, keyval);
  SAME(deletions, 1);
  MPI_Comm_free(&one);
  SAME(deletions, 2);
  MPI_Comm_free_keyval(&keyval);

  MPI_Comm_create_errhandler(handle, &handler);
  MPI_Comm_set_errhandler(two, handler);
  MPI_Send(&value, 1, MPI_INT, next, -5, two);
  SAME(errors, 1);
  MPI_Comm_free(&two);
  MPI_Errhandler_free(&handler);

  value = 10 + rank;
  MPI_Grequest_start(query, release, cancel, &value, &request);
  MPI_Grequest_complete(request);
  MPI_Wait(&request, &status);
  SAME(count_of(&status, MPI_INT), 9 + size);

  for (int i = 0; i < 3; ++i) {
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, at_end, &keys[i], NULL);
    MPI_Comm_set_attr(MPI_COMM_SELF, keys[i], (void *)(size_t)(i + 1));
  }
  last = 4;
  MPI_Finalize();
  return last == 1 ? 0 : 1;
}
