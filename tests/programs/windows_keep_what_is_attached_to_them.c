// Names, attributes, infos, groups and error handlers of windows are there after a checkpoint, and windows are what they
// were made as: predefined attributes. A window outlives its communicator.
#include "check.h"

static int copies, deletes, errors, last_class;

static int on_copy(MPI_Win win, int keyval, void *extra, void *in, void *out, int *flag) {
  (void)win, (void)keyval, (void)extra;
  *(void **)out = in;
  *flag = 1;
  ++copies;
  return MPI_SUCCESS;
}
static int on_delete(MPI_Win win, int keyval, void *value, void *extra) {
  (void)win, (void)keyval;
  CHECK(value == extra);
  ++deletes;
  return MPI_SUCCESS;
}
static void on_error(MPI_Win *win, int *code, ...) {
  CHECK(*win != MPI_WIN_NULL);
  MPI_Error_class(*code, &last_class);
  ++errors;
}

int main(int argc, char **argv) {
  MPI_Win win, shared;
  MPI_Comm comm;
  MPI_Group of_win, of_comm;
  MPI_Info info, got;
  MPI_Errhandler handler, fetched;
  char name[MPI_MAX_OBJECT_NAME], data[64];
  int keyval, keyval2, flag, length, value = 0, relation, *memory, *number, code, in_class;
  void *base, *attribute;
  MPI_Aint *bytes;
  begin(&argc, &argv);
  MPI_Comm_split(MPI_COMM_WORLD, 0, size - rank, &comm);
  MPI_Comm_group(comm, &of_comm);
  MPI_Info_create(&info);
  MPI_Info_set(info, "no_locks", "false");
  MPI_Win_create(data, sizeof data, 4, info, comm, &win);
  MPI_Win_allocate_shared(sizeof(int), 1, MPI_INFO_NULL, comm, &memory, &shared);
  MPI_Comm_free(&comm);

  MPI_Win_get_name(win, name, &length);
  SAME(length, strlen(name));  // empty, or what the library gives it
  MPI_Win_set_name(win, "my window");
  MPI_Win_create_keyval(on_copy, on_delete, &keyval, &value);
  MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, MPI_WIN_NULL_DELETE_FN, &keyval2, NULL);
  MPI_Win_set_attr(win, keyval, &value);
  MPI_Win_set_attr(win, keyval2, data);
  MPI_Win_free_keyval(&keyval2);
  SAME(keyval2, MPI_KEYVAL_INVALID);
  MPI_Win_set_info(win, info);
  MPI_Info_free(&info);
  MPI_Win_create_errhandler(on_error, &handler);
  MPI_Win_set_errhandler(win, handler);
  MPI_Errhandler_free(&handler);
  MPI_Win_get_errhandler(shared, &fetched);
  CHECK(fetched == MPI_ERRORS_ARE_FATAL);
  MPI_Win_set_errhandler(shared, MPI_ERRORS_RETURN);
  MPI_Barrier(MPI_COMM_WORLD);

  MPI_Win_get_name(win, name, &length);
  CHECK(strcmp(name, "my window") == 0 && length == 9);
  MPI_Win_get_attr(win, keyval, &attribute, &flag);
  CHECK(flag && attribute == &value);
  MPI_Win_delete_attr(win, keyval);
  SAME(deletes, 1);
  MPI_Win_get_attr(win, keyval, &attribute, &flag);
  SAME(flag, 0);
  MPI_Win_set_attr(win, keyval, &value);
  MPI_Win_get_info(win, &got);
  MPI_Info_free(&got);
  MPI_Win_get_group(win, &of_win);
  MPI_Group_compare(of_win, of_comm, &relation);
  SAME(relation, MPI_IDENT);
  MPI_Group_free(&of_win);
  MPI_Group_free(&of_comm);

  CHECK(MPI_Win_f2c(MPI_Win_c2f(win)) == win);

  MPI_Win_get_attr(win, MPI_WIN_BASE, &base, &flag);
  CHECK(flag && base == data);
  MPI_Win_get_attr(win, MPI_WIN_SIZE, &bytes, &flag);
  CHECK(flag && *bytes == sizeof data);
  MPI_Win_get_attr(win, MPI_WIN_DISP_UNIT, &number, &flag);
  CHECK(flag && *number == 4);
  MPI_Win_get_attr(win, MPI_WIN_CREATE_FLAVOR, &number, &flag);
  CHECK(flag && *number == MPI_WIN_FLAVOR_CREATE);
  MPI_Win_get_attr(win, MPI_WIN_MODEL, &number, &flag);
  CHECK(flag && *number == MPI_WIN_UNIFIED);
  MPI_Win_get_attr(shared, MPI_WIN_CREATE_FLAVOR, &number, &flag);
  CHECK(flag && *number == MPI_WIN_FLAVOR_SHARED);
  MPI_Win_get_attr(shared, MPI_WIN_BASE, &base, &flag);
  CHECK(flag && base == memory);

  MPI_Win_call_errhandler(win, MPI_ERR_OTHER);
  SAME(errors, 1);
  SAME(last_class, MPI_ERR_OTHER);
  MPI_Win_fence(0, shared);
  code = MPI_Put(&value, 1, MPI_INT, size, 0, 1, MPI_INT, shared);
  MPI_Error_class(code, &in_class);
  SAME(in_class, MPI_ERR_RANK);
  MPI_Win_fence(0, shared);
  MPI_Win_fence(0, win);
  MPI_Put(&value, 1, MPI_INT, size, 0, 1, MPI_INT, win);
  SAME(errors, 2);
  SAME(last_class, MPI_ERR_RANK);
  MPI_Win_fence(0, win);
  MPI_Win_free(&shared);
  MPI_Win_free(&win);
  SAME(deletes, 2);
  SAME(copies, 0);
  MPI_Win_free_keyval(&keyval);
  return end();
}
