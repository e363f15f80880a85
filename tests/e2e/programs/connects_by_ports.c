// Ports, the names of services and MPI_Comm_join, within one job: the lower half of MPI_COMM_WORLD serves, the upper half
// connects.
//
//     connects_by_ports [SECONDS]     SECONDS: how long the servers wait in MPI_Comm_accept, a name published meanwhile
#include <mpi.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int rank, size, failed;

#define CHECK(condition)                                                                    \
  do {                                                                                      \
    if (!(condition)) {                                                                     \
      fprintf(stderr, "rank %d, line %d: not so: %s\n", rank, __LINE__, #condition);        \
      failed = 1;                                                                           \
    }                                                                                       \
  } while (0)

static void compute(double seconds) {
  const double end = MPI_Wtime() + seconds;
  while (MPI_Wtime() < end) {
  }
}

static void talk(MPI_Comm inter, int side) {
  int peers, mine, value, got = -1, sum;
  MPI_Comm_remote_size(inter, &peers);
  MPI_Comm_rank(inter, &mine);
  CHECK(peers == size / 2);
  value = 10 * side + mine;
  MPI_Sendrecv(&value, 1, MPI_INT, mine, 3, &got, 1, MPI_INT, mine, 3, inter, MPI_STATUS_IGNORE);
  CHECK(got == 10 * !side + mine);
  MPI_Allreduce(&value, &sum, 1, MPI_INT, MPI_SUM, inter);
  CHECK(sum == 10 * !side * peers + peers * (peers - 1) / 2);
}

// A socket between world ranks 0 and 1.
static int connected_socket(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int length = sizeof address.sun_path - 2, fd;
  if (rank == 0) snprintf(address.sun_path + 1, (size_t)length, "connects_by_ports-%d", (int)getpid());
  MPI_Bcast(address.sun_path, sizeof address.sun_path, MPI_BYTE, 0, MPI_COMM_WORLD);
  const socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(address.sun_path + 1));
  const int listening = socket(AF_UNIX, SOCK_STREAM, 0);
  if (rank == 0 && (bind(listening, (struct sockaddr *)&address, bytes) || listen(listening, 1))) MPI_Abort(MPI_COMM_WORLD, 3);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    fd = accept(listening, NULL, NULL);
    close(listening);
    return fd;
  }
  if (rank == 1 && connect(listening, (struct sockaddr *)&address, bytes)) MPI_Abort(MPI_COMM_WORLD, 3);
  if (rank != 1) close(listening);
  return listening;
}

int main(int argc, char **argv) {
  char port[MPI_MAX_PORT_NAME] = "", other[MPI_MAX_PORT_NAME] = "";
  const char service[] = "a service with blanks";
  MPI_Comm half, inter;
  int error;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const double seconds = argc > 1 ? atof(argv[1]) : 0;
  const int side = rank >= size / 2;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_split(MPI_COMM_WORLD, side, rank, &half);

  // What is not there.
  CHECK(MPI_Lookup_name("no such service", MPI_INFO_NULL, other) != MPI_SUCCESS);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
  error = MPI_Comm_connect("tag#0$description#somewhere$port#1$", MPI_INFO_NULL, 0, MPI_COMM_SELF, &inter);
  MPI_Error_class(error, &error);
  CHECK(error == MPI_ERR_PORT);

  if (rank == 0) {
    MPI_Open_port(MPI_INFO_NULL, port);
    CHECK(MPI_Publish_name(service, MPI_INFO_NULL, port) == MPI_SUCCESS);
    CHECK(MPI_Publish_name(service, MPI_INFO_NULL, port) != MPI_SUCCESS);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  for (int turn = 0; turn < 2; ++turn) {
    if (!side) {
      MPI_Comm_accept(port, MPI_INFO_NULL, 0, half, &inter);
    } else {
      compute(turn == 0 ? seconds : 0);
      if (rank == size / 2) CHECK(MPI_Lookup_name(service, MPI_INFO_NULL, port) == MPI_SUCCESS);
      MPI_Comm_connect(port, MPI_INFO_NULL, 0, half, &inter);
    }
    talk(inter, side);
    MPI_Comm_disconnect(&inter);
  }
  if (rank == 0) {
    CHECK(MPI_Unpublish_name(service, MPI_INFO_NULL, port) == MPI_SUCCESS);
    CHECK(MPI_Unpublish_name(service, MPI_INFO_NULL, port) != MPI_SUCCESS);
    CHECK(MPI_Close_port(port) == MPI_SUCCESS);
    CHECK(MPI_Close_port(port) != MPI_SUCCESS);
  }
  const int fd = connected_socket();
  if (rank < 2) {
    int mine = 7 + rank, got = -1, local;
    CHECK(MPI_Comm_join(fd, &inter) == MPI_SUCCESS);
    close(fd);
    MPI_Comm_size(inter, &local);
    CHECK(local == 1);
    MPI_Sendrecv(&mine, 1, MPI_INT, 0, 0, &got, 1, MPI_INT, 0, 0, inter, MPI_STATUS_IGNORE);
    CHECK(got == 8 - rank);
    MPI_Comm_disconnect(&inter);
  }
  MPI_Comm_free(&half);
  int sum;
  MPI_Allreduce(&failed, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0 && sum == 0) puts("ok");
  MPI_Finalize();
  return failed;
}
