// Fields of a status are read and written by functions, a pair type is found by its parts, hardware can be asked for, and a
// communicator is split by a resource (MPI-4.1); and what MPICH 4.2 adds of its own.
//
// needs mpich 4.2
#include "check.h"
#include "mana.h"

static MPI_Datatype pair(MPI_Datatype value, MPI_Datatype index) {
  MPI_Datatype found;
  MPI_Type_get_value_index(value, index, &found);
  return found;
}

static int split(const char *key, const char *value) {
  MPI_Info info;
  MPI_Comm comm;
  int members = 0;
  MPI_Info_create(&info);
  MPI_Info_set(info, key, value);
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_RESOURCE_GUIDED, 0, info, &comm);
  MPI_Info_free(&info);
  if (comm == MPI_COMM_NULL) return 0;
  MPI_Comm_size(comm, &members);
  MPI_Comm_free(&comm);
  return members;
}

int main(int argc, char **argv) {
  int value = rank, got, flag, length;
  MPI_Status status;
  MPI_Info info;
  begin(&argc, &argv);
  value = rank;
  MPI_Sendrecv(&value, 1, MPI_INT, next, 3, &got, 1, MPI_INT, prev, 3, MPI_COMM_WORLD, &status);
  MPI_Status_get_source(&status, &got);
  SAME(got, prev);
  MPI_Status_get_tag(&status, &got);
  SAME(got, 3);
  MPI_Status_set_source(&status, 7);
  MPI_Status_set_tag(&status, 8);
  MPI_Status_set_error(&status, MPI_ERR_OTHER);
  MPI_Status_set_elements_c(&status, MPI_INT, 5);
  MPI_Status_get_error(&status, &got);
  SAME(got, MPI_ERR_OTHER);
  SAME(status.MPI_SOURCE, 7);
  SAME(status.MPI_TAG, 8);
  SAME(count_of(&status, MPI_INT), 5);

  CHECK(pair(MPI_FLOAT, MPI_INT) == MPI_FLOAT_INT && pair(MPI_DOUBLE, MPI_INT) == MPI_DOUBLE_INT);
  CHECK(pair(MPI_LONG, MPI_INT) == MPI_LONG_INT && pair(MPI_SHORT, MPI_INT) == MPI_SHORT_INT);
  CHECK(pair(MPI_INT, MPI_INT) == MPI_2INT && pair(MPI_LONG_DOUBLE, MPI_INT) == MPI_LONG_DOUBLE_INT);
  CHECK(pair(MPI_BYTE, MPI_INT) == MPI_DATATYPE_NULL);

  MPI_Get_hw_resource_info(&info);
  int keys;
  MPI_Info_get_nkeys(info, &keys);
  for (int i = 0; i < keys; ++i) {
    char key[MPI_MAX_INFO_KEY], text[8];
    MPI_Info_get_nthkey(info, i, key);
    length = sizeof text;
    MPI_Info_get_string(info, key, &length, text, &flag);
    CHECK(flag && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0));
  }
  MPI_Info_free(&info);
  SAME(split("mpi_hw_resource_type", "mpi_shared_memory"), size);
  SAME(split("mpi_hw_resource_type", "nobody has this"), 0);
  // MPICH 4.2.1 by itself knows no process sets here.
  const int of_world = split("mpi_pset_name", "mpi://WORLD"), of_self = split("mpi_pset_name", "mpi://SELF");
  if (mana_is_restarted_impl != NULL) CHECK(of_world == size && of_self == 1);

  char hex[12];
  const unsigned char bytes[4] = {0x1a, 0, 0xff, 7};
  MPI_Info_create(&info);
  MPIX_Info_set_hex(info, "bytes", bytes, sizeof bytes);
  length = sizeof hex;
  MPI_Info_get_string(info, "bytes", &length, hex, &flag);
  CHECK(flag && strcmp(hex, "1A00FF07") == 0);
  MPI_Info_free(&info);
  MPIX_Comm_test_threadcomm(MPI_COMM_WORLD, &flag);
  SAME(flag, 0);
  return end();
}
