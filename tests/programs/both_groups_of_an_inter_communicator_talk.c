// Ranks of an inter-communicator send to ranks of the other group, in every mode and with wildcards; both groups, its name
// and its error handler stay.
#include "check.h"

static int called;

static void note(MPI_Comm *comm, int *code, ...) {
  int class, is_inter;
  MPI_Comm_test_inter(*comm, &is_inter);
  SAME(is_inter, 1);
  MPI_Error_class(*code, &class);
  SAME(class, MPI_ERR_RANK);
  ++called;
}

int main(int argc, char **argv) {
  int first, mine, others, is_inter, flag, length, data[64], got[64], ranks[kMaxRanks], worlds[kMaxRanks];
  char name[MPI_MAX_OBJECT_NAME];
  MPI_Comm local, inter;
  MPI_Group world_group, group;
  MPI_Errhandler handler;
  MPI_Request requests[2];
  MPI_Message message;
  MPI_Status status;
  begin(&argc, &argv);
  first = (size + 1) / 3;  // ranks of the first group: 1 of 2, 1 of 4
  MPI_Comm_split(MPI_COMM_WORLD, rank < first, -rank, &local);  // the highest rank is 0 there
  MPI_Intercomm_create(local, 0, MPI_COMM_WORLD, rank < first ? size - 1 : first - 1, 7, &inter);
  MPI_Comm_set_name(inter, "between");
  MPI_Comm_test_inter(inter, &is_inter);
  SAME(is_inter, 1);
  MPI_Comm_test_inter(local, &is_inter);
  SAME(is_inter, 0);
  MPI_Comm_rank(inter, &mine);
  SAME(mine, rank < first ? first - 1 - rank : size - 1 - rank);
  MPI_Comm_size(inter, &length);
  SAME(length, rank < first ? first : size - first);
  MPI_Comm_remote_size(inter, &others);
  SAME(others, size - length);
  MPI_Comm_remote_group(inter, &group);
  MPI_Comm_group(MPI_COMM_WORLD, &world_group);
  for (int i = 0; i < others; ++i) ranks[i] = i;
  MPI_Group_translate_ranks(group, others, ranks, world_group, worlds);
  for (int i = 0; i < others; ++i) SAME(worlds[i], (rank < first ? size : first) - 1 - i);
  MPI_Group_rank(group, &flag);
  SAME(flag, MPI_UNDEFINED);
  MPI_Group_free(&group);
  MPI_Group_free(&world_group);

  // Everybody sends its world rank to everybody on the other side.
  for (int i = 0; i < others; ++i) {
    fill(data, 64, rank);
    if (i % 2)
      MPI_Send(data, 64, MPI_INT, i, 3, inter);
    else
      MPI_Isend(data, 64, MPI_INT, i, 3, inter, &requests[0]), MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
  }
  for (int i = 0; i < others; ++i) {
    MPI_Recv(got, 64, MPI_INT, MPI_ANY_SOURCE, 3, inter, &status);
    VERIFY(got, 64, (rank < first ? size : first) - 1 - status.MPI_SOURCE);
    SAME(count_of(&status, MPI_INT), 64);
  }

  // A receive that is posted, a synchronous send, a message that is probed.
  MPI_Irecv(got, 64, MPI_INT, 0, 4, inter, &requests[0]);
  if (mine == 0)
    for (int i = 0; i < others; ++i) {
      fill(data, 64, i);
      MPI_Issend(data, 64, MPI_INT, i, 4, inter, &requests[1]);
      if (i == 0) MPI_Wait(&requests[0], &status);
      MPI_Wait(&requests[1], MPI_STATUS_IGNORE);
    }
  MPI_Wait(&requests[0], mine == 0 ? MPI_STATUS_IGNORE : &status);
  VERIFY(got, 64, mine);
  SAME(status.MPI_SOURCE, 0);
  fill(data, 5, 70 + mine);
  MPI_Send(data, 5, MPI_INT, mine % others, 5, inter);
  for (int i = mine; i < size; i += length) {  // those of the others whose rank is mine modulo our size
    if (i >= others) break;
    MPI_Mprobe(i, 5, inter, &message, &status);
    SAME(status.MPI_SOURCE, i);
    MPI_Mrecv(got, 5, MPI_INT, &message, &status);
    VERIFY(got, 5, 70 + i);
  }
  MPI_Sendrecv(&rank, 1, MPI_INT, mine < others ? mine : MPI_PROC_NULL, 6, &flag, 1, MPI_INT,
               mine < others ? mine : MPI_PROC_NULL, 6, inter, &status);
  if (mine < others) SAME(flag, (rank < first ? size : first) - 1 - mine);

  MPI_Comm_create_errhandler(note, &handler);
  MPI_Comm_set_errhandler(inter, handler);
  MPI_Errhandler_free(&handler);
  MPI_Send(&rank, 1, MPI_INT, others, 8, inter);  // no such rank there
  SAME(called, 1);
  MPI_Comm_get_name(inter, name, &length);
  CHECK(strcmp(name, "between") == 0);
  MPI_Comm_free(&inter);
  CHECK(inter == MPI_COMM_NULL);
  MPI_Comm_free(&local);
  return end();
}
