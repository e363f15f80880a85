// children_end_before_parents exit|_exit|exec|fexecve: three times a process is spawned that disconnects, finalizes MPI, and only then writes a file;
// the parents wait for that file. Then these finalize MPI first, and two more processes that go on write for them.
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { kChildren = 3 };

static void write_file(const char *name) {
  FILE *file = fopen(name, "w");
  CHECK(file && fputs("done\n", file) >= 0);
  CHECK(fclose(file) == 0);
}

static void await_file(const char *name) {
  struct stat status;
  for (int i = 0; stat(name, &status) != 0; ++i) {
    CHECK(i < 3000);
    usleep(10000);
  }
}

// Leaves its last words to stdio where it ends by exit().
static int last(const char *how, const char *words) {
  char *echo[] = {(char *)"echo", (char *)words, NULL};
  if (strcmp(how, "exec") == 0) execvp(echo[0], echo);
  if (strcmp(how, "fexecve") == 0) fexecve(open("/bin/echo", O_RDONLY | O_CLOEXEC), echo, environ);
  puts(words);
  if (strcmp(how, "exit") == 0) return 0;
  fflush(stdout);
  _exit(0);
}

static MPI_Comm spawn(char **argv, char *name, int processes) {
  char *words[] = {argv[1], name, NULL};
  MPI_Comm made;
  MPI_Comm_spawn(argv[0], words, processes, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &made, MPI_ERRCODES_IGNORE);
  return made;
}

int main(int argc, char **argv) {
  char name[kChildren][20];
  MPI_Comm parent;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_get_parent(&parent);
  if (parent != MPI_COMM_NULL) {
    MPI_Barrier(parent);
    MPI_Comm_disconnect(&parent);
    if (strcmp(argv[2], "late") == 0) {
      await_file("parent");
      MPI_Barrier(MPI_COMM_WORLD);
    }
    MPI_Finalize();
    CHECK(execl("/nowhere", "nothing", (char *)NULL) == -1);
    if (rank == 0) write_file(argv[2]);
    return last(argv[1], "child");
  }
  for (int i = 0; i < kChildren; ++i) {
    sprintf(name[i], "child-%d", i);
    MPI_Comm child = spawn(argv, name[i], 1);
    MPI_Barrier(child);
    MPI_Comm_disconnect(&child);
    await_file(name[i]);
    usleep(300000);  // the child comes to its end: the next takes its place
    MPI_Barrier(MPI_COMM_WORLD);
  }
  MPI_Comm child = spawn(argv, "late", 2);
  MPI_Barrier(child);
  MPI_Comm_disconnect(&child);
  MPI_Finalize();
  if (rank == 0) write_file("parent");
  await_file("late");
  return last(argv[1], "parent");
}
