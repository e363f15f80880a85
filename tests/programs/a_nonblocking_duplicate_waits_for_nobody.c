// MPI_Comm_idup returns although other ranks come to it only after a message from this one; several may be under way, on
// inter-communicators too, and attributes are copied by the call itself.
#include "check.h"

static int copies;

static int copy(MPI_Comm comm, int keyval, void *extra, void *in, void *out, int *flag) {
  (void)comm, (void)keyval, (void)extra;
  ++copies;
  *(void **)out = in;
  *flag = 1;
  return MPI_SUCCESS;
}

int main(int argc, char **argv) {
  int keyval, value = rank, got = -1, sum, flag, result, *attribute;
  MPI_Comm parent, one, two, local, inter, other;
  MPI_Request requests[3];
  begin(&argc, &argv);
  MPI_Comm_dup(MPI_COMM_WORLD, &parent);
  MPI_Comm_create_keyval(copy, MPI_COMM_NULL_DELETE_FN, &keyval, NULL);
  MPI_Comm_set_attr(parent, keyval, &keyval);

  // One after the other around the ring.
  if (rank > 0) MPI_Recv(&got, 1, MPI_INT, prev, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Comm_idup(parent, &one, &requests[0]);
  SAME(copies, 1);
  if (rank + 1 < size) MPI_Send(&rank, 1, MPI_INT, next, 1, MPI_COMM_WORLD);
  MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, one);
  SAME(sum, size * (size - 1) / 2);
  MPI_Comm_get_attr(one, keyval, &attribute, &flag);
  CHECK(flag && attribute == &keyval);
  MPI_Comm_compare(parent, one, &result);
  SAME(result, MPI_CONGRUENT);

  // Among others.
  MPI_Irecv(&got, 1, MPI_INT, prev, 2, one, &requests[0]);
  MPI_Comm_idup(one, &two, &requests[1]);
  MPI_Iallreduce(&rank, &sum, 1, MPI_INT, MPI_MAX, one, &requests[2]);
  MPI_Send(&rank, 1, MPI_INT, next, 2, one);
  MPI_Waitall(3, requests, MPI_STATUSES_IGNORE);
  SAME(got, prev);
  SAME(sum, size - 1);
  value = rank == 0 ? 5 : 0;
  MPI_Bcast(&value, 1, MPI_INT, 0, two);
  SAME(value, 5);
  MPI_Comm_free(&two);

  // Between two groups.
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &local);
  MPI_Intercomm_create(local, 0, MPI_COMM_WORLD, 1 - rank % 2, 1, &inter);
  if (rank > 0) MPI_Recv(&got, 1, MPI_INT, prev, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Comm_idup(inter, &other, &requests[0]);
  if (rank + 1 < size) MPI_Send(&rank, 1, MPI_INT, next, 3, MPI_COMM_WORLD);
  MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
  MPI_Sendrecv(&rank, 1, MPI_INT, rank / 2, 4, &got, 1, MPI_INT, rank / 2, 4, other, MPI_STATUS_IGNORE);
  SAME(got, rank ^ 1);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_MIN, other);
  SAME(sum, 1 - rank % 2);
  MPI_Comm_free(&other);
  MPI_Comm_free(&inter);
  MPI_Comm_free(&local);
  MPI_Comm_free(&one);
  MPI_Comm_free(&parent);
  MPI_Comm_free_keyval(&keyval);
  return end();
}
