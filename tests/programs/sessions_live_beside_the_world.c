// Sessions before, during and after MPI_Init and MPI_Finalize: each is usable as long as it is open.
//
// needs openmpi 5.0, mpich 4.0
#include "check.h"

static MPI_Comm make(MPI_Session session) {
  MPI_Group all, some;
  MPI_Comm comm;
  MPI_Group_from_session_pset(session, "mpi://WORLD", &all);
  int members;
  MPI_Group_size(all, &members);
  int ranks[kMaxRanks];
  for (int i = 0; i < members; ++i) ranks[i] = members - 1 - i;
  MPI_Group_incl(all, members, ranks, &some);
  MPI_Comm_create_from_group(some, "backwards", MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &comm);
  MPI_Group_free(&all);
  MPI_Group_free(&some);
  return comm;
}

static void talk(MPI_Comm comm) {
  int backwards, sum;
  MPI_Comm_rank(comm, &backwards);
  SAME(backwards, size - 1 - rank);
  MPI_Scan(&rank, &sum, 1, MPI_INT, MPI_SUM, comm);
  int expected = 0;
  for (int i = rank; i < size; ++i) expected += i;
  SAME(sum, expected);
}

int main(int argc, char **argv) {
  MPI_Session session;
  MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &session);
  MPI_Comm comm = make(session);
  begin(&argc, &argv);
  CHECK(MPI_Session_f2c(MPI_Session_c2f(session)) == session);
  talk(comm);
  int flag, value = rank;
  MPI_Initialized(&flag);
  SAME(flag, 1);
  MPI_Bcast(&value, 1, MPI_INT, 1, MPI_COMM_WORLD);
  SAME(value, 1);
  talk(comm);
  MPI_Comm_free(&comm);
  comm = make(session);
  MPI_Finalize();
  MPI_Finalized(&flag);
  SAME(flag, 1);
  talk(comm);
  MPI_Comm_free(&comm);
  MPI_Session_finalize(&session);
  if (rank == 0) puts("ok");
  return 0;
}
