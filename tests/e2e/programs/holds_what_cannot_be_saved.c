// Has a FIFO, a connected TCP socket and, if asked, a child that sleeps, while it is checkpointed at its second barrier, when the other rank has them too.
//   holds_what_cannot_be_saved [child SECONDS]
#include "check.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  char name[40];
  pid_t child = -1;
  begin(&argc, &argv);
  sprintf(name, "fifo-%d", rank);
  mkfifo(name, 0600);
  const int fifo = open(name, O_RDWR), listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 1) == 0);
  getsockname(listener, (struct sockaddr *)&address, &length);
  CHECK(fifo >= 0 && connect(client, (struct sockaddr *)&address, sizeof address) == 0);
  if (argc > 2) {
    child = fork();
    if (child == 0) {
      execlp("sleep", "sleep", argv[2], (char *)NULL);
      _exit(127);
    }
  }
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Barrier(MPI_COMM_WORLD);
  if (child > 0) waitpid(child, NULL, 0);
  return end();
}
