// Attributes with their copy and delete functions, info objects and names of communicators and types are as they were.
#include "check.h"

static int copied, deleted;

static int copy_attribute(MPI_Comm comm, int keyval, void *extra, void *in, void *out, int *flag) {
  (void)comm, (void)keyval;
  ++copied;
  *(void **)out = (char *)in + *(int *)extra;
  *flag = 1;
  return MPI_SUCCESS;
}

static int delete_attribute(MPI_Comm comm, int keyval, void *value, void *extra) {
  (void)comm, (void)keyval, (void)value, (void)extra;
  ++deleted;
  return MPI_SUCCESS;
}

int main(int argc, char **argv) {
  static char place[100];
  int step = 5, keyval, plain, flag, length, count;
  char *value, text[MPI_MAX_OBJECT_NAME], key[MPI_MAX_INFO_KEY + 1], *held;
  MPI_Comm one, two;
  MPI_Info info, copy;
  MPI_Datatype type;
  begin(&argc, &argv);
  MPI_Comm_create_keyval(copy_attribute, delete_attribute, &keyval, &step);
  MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, MPI_COMM_NULL_DELETE_FN, &plain, NULL);
  MPI_Comm_dup(MPI_COMM_WORLD, &one);
  MPI_Comm_set_attr(one, keyval, place + 10);
  MPI_Comm_set_attr(one, plain, place);
  MPI_Comm_set_name(one, "the first one");
  MPI_Comm_dup(one, &two);
  SAME(copied, 1);
  MPI_Comm_get_attr(two, keyval, &value, &flag);
  SAME(flag, 1);
  CHECK(value == place + 15);
  MPI_Comm_get_attr(two, plain, &value, &flag);
  SAME(flag, 0);
  MPI_Comm_get_name(one, text, &length);
  CHECK(strcmp(text, "the first one") == 0);
  SAME(length, 13);
  MPI_Comm_free_keyval(&keyval);  // lives on in the attributes
  SAME(keyval, MPI_KEYVAL_INVALID);
  MPI_Comm_free(&two);
  SAME(deleted, 1);
  MPI_Comm_delete_attr(one, plain);
  MPI_Comm_free(&one);
  SAME(deleted, 2);
  MPI_Comm_free_keyval(&plain);

  MPI_Info_create(&info);
  MPI_Info_set(info, "colour", "green");
  MPI_Info_set(info, "size", "12");
  MPI_Info_dup(info, &copy);
  MPI_Info_set(info, "colour", "a longer shade of blue");
  MPI_Info_delete(info, "size");
  MPI_Info_get_nkeys(copy, &count);
  SAME(count, 2);
  MPI_Info_get_nthkey(copy, 1, key);
  CHECK(strcmp(key, "size") == 0);
  MPI_Info_get_valuelen(info, "colour", &length, &flag);
  SAME(length, 22);
  held = malloc(length + 1);
  MPI_Info_get(info, "colour", length, held, &flag);
  CHECK(flag && strcmp(held, "a longer shade of blue") == 0);
  MPI_Info_get(copy, "colour", 5, held, &flag);
  CHECK(flag && strcmp(held, "green") == 0);
  MPI_Info_get(info, "size", 5, held, &flag);
  SAME(flag, 0);
  MPI_Info_free(&info);
  MPI_Info_free(&copy);
  free(held);

  MPI_Type_contiguous(3, MPI_INT, &type);
  MPI_Type_set_name(type, "three");
  MPI_Type_get_name(type, text, &length);
  CHECK(strcmp(text, "three") == 0);
  MPI_Type_get_name(MPI_DOUBLE, text, &length);
  CHECK(strcmp(text, "MPI_DOUBLE") == 0);
  MPI_Comm_get_name(MPI_COMM_WORLD, text, &length);
  CHECK(strcmp(text, "MPI_COMM_WORLD") == 0);
  MPI_Type_free(&type);
  return end();
}
