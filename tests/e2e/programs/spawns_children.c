// Every rank of MPI_COMM_WORLD spawns children with it, twice: messages and collectives between parents and children, the
// children's own MPI_COMM_WORLD, arguments, application numbers, and a merged communicator of all.
//
//     spawns_children [SECONDS]     SECONDS: how long parents and children talk in the end
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank, size, failed;

#define CHECK(condition)                                                                    \
  do {                                                                                      \
    if (!(condition)) {                                                                     \
      fprintf(stderr, "rank %d, line %d: not so: %s\n", rank, __LINE__, #condition);        \
      failed = 1;                                                                           \
    }                                                                                       \
  } while (0)

// What parents and children do with each other. `side` 0: parents.
static void talk(MPI_Comm inter, int side, double seconds) {
  int local, peers, mine, theirs, total, n, turn = 0, on = 1;
  MPI_Comm all;
  const double end = MPI_Wtime() + seconds;
  MPI_Comm_size(inter, &local);
  MPI_Comm_remote_size(inter, &peers);
  MPI_Comm_rank(inter, &mine);
  MPI_Intercomm_merge(inter, side, &all);
  MPI_Comm_size(all, &n);
  CHECK(n == local + peers);
  while (on) {
    int value = 100 * side + mine, got = -1, sum = -1;
    // Everybody with the member of the other group that has the same rank, where there is one.
    if (mine < peers) {
      MPI_Sendrecv(&value, 1, MPI_INT, mine, turn % 100, &got, 1, MPI_INT, mine, turn % 100, inter, MPI_STATUS_IGNORE);
      CHECK(got == 100 * !side + mine);
    }
    theirs = 100 * !side * peers + peers * (peers - 1) / 2;
    MPI_Allreduce(&value, &sum, 1, MPI_INT, MPI_SUM, inter);
    CHECK(sum == theirs);
    total = -1;
    MPI_Allreduce(&value, &total, 1, MPI_INT, MPI_SUM, all);
    CHECK(total == theirs + 100 * side * local + local * (local - 1) / 2);
    ++turn;
    on = MPI_Wtime() < end;
    MPI_Bcast(&on, 1, MPI_INT, 0, all);
  }
  MPI_Comm_free(&all);
}

static int child(MPI_Comm parent, int argc, char **argv) {
  char name[MPI_MAX_OBJECT_NAME];
  int length;
  MPI_Comm_get_name(parent, name, &length);
  CHECK(strcmp(name, "MPI_COMM_PARENT") == 0);
  int appnum = -1, *value, flag, inter;
  MPI_Comm again;
  CHECK(argc == 4 && strcmp(argv[2], "a b%") == 0 && strcmp(argv[3], "") == 0);
  MPI_Comm_test_inter(parent, &inter);
  CHECK(inter);
  MPI_Comm_get_parent(&again);
  CHECK(again == parent);
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_APPNUM, &value, &flag);
  if (flag) appnum = *value;
  CHECK(size == 3 && appnum == (rank < 1 ? 0 : 1) && atoi(argv[1]) == appnum);
  int sum, one = 1;
  MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  CHECK(sum == 3);
  double seconds;
  MPI_Bcast(&seconds, 1, MPI_DOUBLE, 0, parent);
  talk(parent, 1, seconds);
  MPI_Reduce(&failed, &sum, 1, MPI_INT, MPI_SUM, 0, parent);
  MPI_Comm_disconnect(&parent);
  MPI_Comm_get_parent(&parent);
  CHECK(parent == MPI_COMM_NULL);
  MPI_Finalize();
  return failed;
}

int main(int argc, char **argv) {
  MPI_Comm parent, inter[2];
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_get_parent(&parent);
  if (parent != MPI_COMM_NULL) return child(parent, argc, argv);
  const double seconds = argc > 1 ? atof(argv[1]) : 0;

  for (int turn = 0; turn < 2; ++turn) {
    char *first[] = {"0", "a b%", "", NULL}, *second[] = {"1", "a b%", "", NULL};
    char *commands[] = {argv[0], argv[0]}, **arguments[] = {first, second};
    const int processes[] = {1, 2};
    const MPI_Info infos[] = {MPI_INFO_NULL, MPI_INFO_NULL};
    int codes[3] = {-1, -1, -1}, peers, pending = 41, got = -1;
    MPI_Request request;
    MPI_Irecv(&got, 1, MPI_INT, (rank + size - 1) % size, 9, MPI_COMM_WORLD, &request);
    // What only the root looks at may be anything elsewhere.
    if (rank == size - 1)
      MPI_Comm_spawn_multiple(2, commands, arguments, processes, infos, rank, MPI_COMM_WORLD, &inter[turn], codes);
    else
      MPI_Comm_spawn_multiple(77, NULL, NULL, NULL, NULL, size - 1, MPI_COMM_WORLD, &inter[turn], codes);
    CHECK(codes[0] == MPI_SUCCESS && codes[1] == MPI_SUCCESS && codes[2] == MPI_SUCCESS);
    MPI_Comm_remote_size(inter[turn], &peers);
    CHECK(peers == 3);
    MPI_Send(&pending, 1, MPI_INT, (rank + 1) % size, 9, MPI_COMM_WORLD);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    CHECK(got == 41);
  }
  for (int turn = 0; turn < 2; ++turn) {
    MPI_Bcast((void *)&seconds, 1, MPI_DOUBLE, rank == 0 ? MPI_ROOT : MPI_PROC_NULL, inter[turn]);
    talk(inter[turn], 0, seconds);
    int theirs = 0, sum;
    MPI_Reduce(&failed, &theirs, 1, MPI_INT, MPI_SUM, rank == 0 ? MPI_ROOT : MPI_PROC_NULL, inter[turn]);
    if (rank == 0) CHECK(theirs == 0);
    MPI_Allreduce(&failed, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    failed = sum;
    MPI_Comm_disconnect(&inter[turn]);
  }
  if (rank == 0 && !failed) puts("ok");
  MPI_Finalize();
  return failed;
}
