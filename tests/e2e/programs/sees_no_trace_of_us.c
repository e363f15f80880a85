// The program and its children find the environment and the search path that the user gave, and /proc/self/exe names the
// program.
#include "check.h"

#include <unistd.h>

int main(int argc, char **argv) {
  char exe[4096] = {0};
  begin(&argc, &argv);
  const char *path = getenv("LD_LIBRARY_PATH");
  CHECK(path && strcmp(path, "/nonexistent/of-the-user") == 0);
  CHECK(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0);
  CHECK(strstr(exe, "sees_no_trace_of_us"));
  CHECK(system("test \"$LD_LIBRARY_PATH\" = /nonexistent/of-the-user") == 0);
  MPI_Barrier(MPI_COMM_WORLD);
  FILE *child = popen("echo from a child", "r");
  char line[100] = {0};
  CHECK(child && fgets(line, sizeof line, child) && strcmp(line, "from a child\n") == 0);
  CHECK(pclose(child) == 0);
  return end();
}
