// What MPI-3.0 has removed and both libraries still export: attributes, error handlers, addresses and types as MPI-1 spells them.
#include "check.h"

// Open MPI's mpi.h does not let programs be compiled with these any more; binaries have them.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#undef MPI_Address
#undef MPI_Errhandler_create
#undef MPI_Errhandler_get
#undef MPI_Errhandler_set
#undef MPI_Type_extent
#undef MPI_Type_hindexed
#undef MPI_Type_hvector
#undef MPI_Type_lb
#undef MPI_Type_struct
#undef MPI_Type_ub
int MPI_Address(void *, MPI_Aint *);
int MPI_Errhandler_create(MPI_Comm_errhandler_function *, MPI_Errhandler *);
int MPI_Errhandler_get(MPI_Comm, MPI_Errhandler *);
int MPI_Errhandler_set(MPI_Comm, MPI_Errhandler);
int MPI_Type_extent(MPI_Datatype, MPI_Aint *);
int MPI_Type_hindexed(int, int *, MPI_Aint *, MPI_Datatype, MPI_Datatype *);
int MPI_Type_hvector(int, int, MPI_Aint, MPI_Datatype, MPI_Datatype *);
int MPI_Type_lb(MPI_Datatype, MPI_Aint *);
int MPI_Type_struct(int, int *, MPI_Aint *, MPI_Datatype *, MPI_Datatype *);
int MPI_Type_ub(MPI_Datatype, MPI_Aint *);

static int errors, deleted;

static void handle(MPI_Comm *comm, int *code, ...) { (void)comm, (void)code, ++errors; }

static int copy(MPI_Comm comm, int keyval, void *extra, void *in, void *out, int *flag) {
  (void)comm, (void)keyval, (void)extra;
  *(void **)out = (char *)in + 1;
  return *flag = 1, MPI_SUCCESS;
}
static int delete(MPI_Comm comm, int keyval, void *value, void *extra) {
  (void)comm, (void)keyval, (void)value, (void)extra;
  return ++deleted, MPI_SUCCESS;
}

struct record {
  int number;
  double values[3];
};

int main(int argc, char **argv) {
  struct record mine = {0, {0}}, got = {0, {0}};
  int keyval, flag, lengths[2] = {1, 3}, sent[12], received[12], places[2] = {2, 1};
  char *value;
  MPI_Aint at[2], base, lower, upper, extent;
  MPI_Datatype parts[2] = {MPI_INT, MPI_DOUBLE}, type, columns;
  MPI_Errhandler handler, again;
  MPI_Comm one, two;
  begin(&argc, &argv);

  MPI_Comm_dup(MPI_COMM_WORLD, &one);
  MPI_Keyval_create(copy, delete, &keyval, NULL);
  MPI_Attr_put(one, keyval, (void *)100);
  MPI_Comm_dup(one, &two);
  MPI_Attr_get(two, keyval, &value, &flag);
  CHECK(flag && value == (char *)101);
  MPI_Attr_delete(two, keyval);
  SAME(deleted, 1);
  MPI_Attr_get(two, keyval, &value, &flag);
  SAME(flag, 0);
  MPI_Keyval_free(&keyval);
  SAME(keyval, MPI_KEYVAL_INVALID);

  MPI_Errhandler_create(handle, &handler);
  MPI_Errhandler_set(two, handler);
  MPI_Errhandler_get(two, &again);
  CHECK(again == handler);
  MPI_Errhandler_free(&again);
  MPI_Errhandler_free(&handler);
  MPI_Send(&flag, 1, MPI_INT, size, 0, two);
  SAME(errors, 1);

  MPI_Address(&mine, &base);
  MPI_Address(&mine.number, &at[0]);
  MPI_Address(&mine.values, &at[1]);
  at[0] -= base;
  at[1] -= base;
  MPI_Type_struct(2, lengths, at, parts, &type);
  MPI_Type_commit(&type);
  MPI_Type_extent(type, &extent);
  SAME(extent, sizeof mine);
  MPI_Type_lb(type, &lower);
  MPI_Type_ub(type, &upper);
  SAME(upper - lower, extent);
  mine.number = rank;
  mine.values[2] = 2.5 * rank;
  MPI_Sendrecv(&mine, 1, type, next, 1, &got, 1, type, prev, 1, two, MPI_STATUS_IGNORE);
  SAME(got.number, prev);
  CHECK(got.values[2] == 2.5 * prev);
  MPI_Type_free(&type);

  MPI_Type_hvector(3, 1, 4 * sizeof(int), MPI_INT, &columns);  // the first column of 3 rows
  MPI_Type_commit(&columns);
  at[0] = 0;
  at[1] = 3 * sizeof(int);
  MPI_Type_hindexed(2, places, at, columns, &type);
  MPI_Type_commit(&type);
  fill(sent, 12, rank);
  memset(received, 0, sizeof received);
  MPI_Sendrecv(sent, 1, columns, next, 2, received, 3, MPI_INT, prev, 2, two, MPI_STATUS_IGNORE);
  for (int i = 0; i < 3; ++i) SAME(received[i], prev * 100003 + 4 * i);
  MPI_Type_extent(type, &extent);
  SAME(extent, 18 * sizeof(int));
  MPI_Type_free(&type);
  MPI_Type_free(&columns);
  MPI_Comm_free(&two);
  MPI_Comm_free(&one);
  SAME(deleted, 2);
  return end();
}
