// Which hints a communicator or a window keeps is the MPI's affair. MPICH keeps those that it knows, shows their defaults, and gives
// duplicates the defaults (MPI-4.0, 7.4.2). Open MPI 4.1 keeps what a communicator is made with, and ignores what is set later and
// is not known.
#include "check.h"

#ifdef MPICH_VERSION
enum { kOfMpich = 1 };
#else
enum { kOfMpich = 0 };
#endif

static MPI_Info given(void) {
  MPI_Info info;
  MPI_Info_create(&info);
  MPI_Info_set(info, "nobody_knows_it", "true");
  MPI_Info_set(info, "no_locks", "true");
  MPI_Info_set(info, "mpi_assert_no_any_tag", "true");
  return info;
}

// MPICH shows the hint if there is a value, and else not.
static void look(MPI_Info info, const char *key, const char *value) {
  char got[MPI_MAX_INFO_VAL + 1] = "";
  int flag;
  MPI_Info_get(info, key, MPI_MAX_INFO_VAL, got, &flag);
  if (kOfMpich) SAME(flag, value != NULL);
  if (kOfMpich && value) CHECK(strcmp(got, value) == 0);
}

static void look_for_unknown(MPI_Comm comm) {
  MPI_Info info;
  int flag = 0, bytes;
  MPI_Comm_get_info(comm, &info);
  MPI_Info_get_valuelen(info, "nobody_knows_it", &bytes, &flag);
#if defined(MPICH_VERSION) || OMPI_MAJOR_VERSION < 5
  SAME(flag, 0);
#endif
  MPI_Info_free(&info);
}

static void look_at_comm(MPI_Comm comm, const char *no_any_tag) {
  MPI_Info info;
  MPI_Comm_get_info(comm, &info);
  look(info, "nobody_knows_it", NULL);
  look(info, "no_locks", NULL);
  look(info, "mpi_assert_no_any_tag", no_any_tag);
  look(info, "mpi_assert_no_any_source", "false");
  MPI_Info_free(&info);
}

static void look_at_win(MPI_Win win, const char *no_locks) {
  MPI_Info info;
  MPI_Win_get_info(win, &info);
  look(info, "nobody_knows_it", NULL);
  look(info, "mpi_assert_no_any_tag", NULL);
  look(info, "no_locks", no_locks);
  look(info, "same_size", "false");
  look(info, "accumulate_ops", "same_op_no_op");
  MPI_Info_free(&info);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  MPI_Info info = given();
  MPI_Comm comm, copy, begun, made;
  MPI_Request request;
  MPI_Win win, set;
  int words[2] = {0, 0};
  MPI_Comm_dup_with_info(MPI_COMM_WORLD, info, &made);
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  look_at_comm(comm, "false");
  MPI_Comm_set_info(comm, info);
  MPI_Comm_dup(comm, &copy);
  MPI_Comm_idup(comm, &begun, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  MPI_Win_create(words, sizeof words, sizeof(int), info, comm, &win);
  MPI_Win_create(words, sizeof words, sizeof(int), MPI_INFO_NULL, comm, &set);
  look_at_win(set, "false");
  MPI_Win_set_info(set, info);
  MPI_Info_free(&info);
  MPI_Barrier(comm);
  look_at_comm(comm, "true");
  look_for_unknown(comm);
  look_at_comm(made, "true");
  look_at_comm(copy, "false");
  look_at_comm(begun, "false");
  look_at_win(win, "true");
  look_at_win(set, "true");
  MPI_Win_free(&set);
  MPI_Win_free(&win);
  MPI_Comm_free(&made);
  MPI_Comm_free(&begun);
  MPI_Comm_free(&copy);
  MPI_Comm_free(&comm);
  return end();
}
