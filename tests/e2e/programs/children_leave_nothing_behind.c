// A process is spawned that disconnects, finalizes MPI and ends. While its parent goes on nothing of it does: its thread writes no more,
// its alarm clock wakes nobody, and its lock is free.
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static int lock(const char *name) {
  const struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(open(name, O_RDWR | O_CREAT, 0600), F_SETLK, &whole);
}

static void *tick(void *ticks) {
  for (;; usleep(1000))
    CHECK(fputc('.', (FILE *)ticks) == '.' && fflush((FILE *)ticks) == 0);
  return NULL;
}

static void on_alarm(int sig) { _exit(sig); }

static off_t size_of(const char *name) {
  struct stat status;
  CHECK(stat(name, &status) == 0);
  return status.st_size;
}

int main(int argc, char **argv) {
  MPI_Comm parent, child;
  MPI_Init(&argc, &argv);
  MPI_Comm_get_parent(&parent);
  if (parent != MPI_COMM_NULL) {
    pthread_t thread;
    CHECK(lock("lock") == 0);
    CHECK(pthread_create(&thread, NULL, tick, fopen("ticks", "w")) == 0);
    MPI_Barrier(parent);
    MPI_Comm_disconnect(&parent);
    MPI_Finalize();
    signal(SIGALRM, on_alarm);
    alarm(1);
    return 0;
  }
  MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &child, MPI_ERRCODES_IGNORE);
  MPI_Barrier(child);
  MPI_Comm_disconnect(&child);
  for (int i = 0; lock("lock") != 0; ++i) {
    CHECK(i < 3000);
    usleep(10000);
  }
  const off_t ticks = size_of("ticks");
  for (int i = 0; i < 15; ++i) {
    usleep(100000);
    MPI_Barrier(MPI_COMM_WORLD);
  }
  CHECK(size_of("ticks") == ticks);
  puts("ok");
  MPI_Finalize();
  return 0;
}
