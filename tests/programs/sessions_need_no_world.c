// A program that only uses sessions: process sets, groups and communicators made from them, messages and collectives on
// those, error handlers, a second session beside the first and one after it. MPI_Init has not been called.
//
// needs openmpi 5.0, mpich 4.0
#include "check.h"

static int errors_seen;

static void note(MPI_Session *session, int *error, ...) {
  int class;
  (void)session;
  MPI_Error_class(*error, &class);
  errors_seen += class == MPI_ERR_OTHER;
}

static MPI_Comm comm_of(MPI_Session session, const char *set, const char *tag) {
  MPI_Group group;
  MPI_Comm comm;
  MPI_Group_from_session_pset(session, set, &group);
  MPI_Comm_create_from_group(group, tag, MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm);
  MPI_Group_free(&group);
  return comm;
}

static void talk(MPI_Comm comm) {
  int sum = 0, got = -1;
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, comm);
  SAME(sum, size * (size - 1) / 2);
  MPI_Sendrecv(&rank, 1, MPI_INT, next, 3, &got, 1, MPI_INT, prev, 3, comm, MPI_STATUS_IGNORE);
  SAME(got, prev);
}

static void look_at_sets(MPI_Session session) {
  int sets, flag = 0, world_seen = 0, self_seen = 0;
  MPI_Session_get_num_psets(session, MPI_INFO_NULL, &sets);
  CHECK(sets >= 2);
  for (int i = 0; i < 2; ++i) {
    char name[100] = "";
    int length = 0;
    MPI_Session_get_nth_pset(session, MPI_INFO_NULL, i, &length, NULL);
    CHECK(length > 0 && length < 100);
    MPI_Session_get_nth_pset(session, MPI_INFO_NULL, i, &length, name);
    world_seen += strcmp(name, "mpi://WORLD") == 0;
    self_seen += strcmp(name, "mpi://SELF") == 0;
  }
  SAME(world_seen + self_seen, 2);
  MPI_Info info;
  char value[20] = "";
  int length = sizeof value;
  MPI_Session_get_pset_info(session, "mpi://WORLD", &info);
  MPI_Info_get_string(info, "mpi_size", &length, value, &flag);
  CHECK(flag);
  SAME(atoi(value), size);
  SAME(length, (int)strlen(value) + 1);
  MPI_Info_free(&info);
}

int main(void) {
  MPI_Session session, other;
  MPI_Info info;
  MPI_Info_create(&info);
  MPI_Info_set(info, "thread_level", "MPI_THREAD_SINGLE");
  MPI_Session_init(info, MPI_ERRORS_RETURN, &session);
  MPI_Info_free(&info);
  int flag = 1;
  MPI_Initialized(&flag);
  SAME(flag, 0);

  MPI_Comm everyone = comm_of(session, "mpi://WORLD", "a test of mana"), alone = comm_of(session, "mpi://SELF", "alone");
  MPI_Comm_rank(everyone, &rank);
  MPI_Comm_size(everyone, &size);
  next = (rank + 1) % size;
  prev = (rank + size - 1) % size;
  int one;
  MPI_Comm_size(alone, &one);
  SAME(one, 1);
  look_at_sets(session);
  talk(everyone);

  MPI_Session_get_info(session, &info);
  MPI_Info_free(&info);
  MPI_Errhandler handler, got;
  MPI_Session_create_errhandler(note, &handler);
  MPI_Session_set_errhandler(session, handler);
  MPI_Session_get_errhandler(session, &got);
  CHECK(got == handler);
  MPI_Errhandler_free(&got);
  MPI_Errhandler_free(&handler);
  MPI_Session_call_errhandler(session, MPI_ERR_OTHER);
  SAME(errors_seen, 1);

  MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &other);
  MPI_Comm again = comm_of(other, "mpi://WORLD", "another");
  int sent = 100 + rank, received = -1;
  MPI_Request request;
  MPI_Irecv(&received, 1, MPI_INT, prev, 1, everyone, &request);
  talk(again);
  MPI_Send(&sent, 1, MPI_INT, next, 1, everyone);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  SAME(received, 100 + prev);
  MPI_Comm_free(&again);
  MPI_Session_finalize(&other);
  CHECK(other == MPI_SESSION_NULL);

  MPI_Comm_free(&alone);
  MPI_Comm_free(&everyone);
  MPI_Session_finalize(&session);
  MPI_Initialized(&flag);
  SAME(flag, 0);
  if (rank == 0) puts("ok");
  return 0;
}
