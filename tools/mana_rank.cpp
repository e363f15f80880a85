// mana-rank: what a launcher starts in the place of the program. Finds out which MPI the launcher belongs to and
// becomes the lower half for it, with the same arguments:
//
//     mana-rank -- PROGRAM ARGUMENTS...
//     mana-rank --restart GENERATION-FOLDER
//
// What the user preloads is for the application only: a tool that wraps MPI calls would also wrap those of the lower half. So
// LD_PRELOAD and LD_AUDIT go by in MANA_USER_*; the lower half gives them back to the application (upper_stack.cpp).
//
// Runs once per rank in front of everything else, so it is static and does nothing but look at its environment.
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace {

bool has(const char *name) {
  const char *value = std::getenv(name);
  return value != nullptr && value[0] != 0;
}

bool exists(const char *folder, const char *mpi) {
  char path[PATH_MAX];
  std::snprintf(path, sizeof path, "%s/mana-lower-%s", folder, mpi);
  return ::access(path, X_OK) == 0;
}

// What was asked for, else what the launcher has left in the environment, else (no launcher: a single process) what
// is installed.
const char *choose(const char *folder) {
  if (has("MANA_MPI"))
    return std::getenv("MANA_MPI");
  // Open MPI's launcher first: it may run inside a job of another one, whose PMI_* are then inherited.
  if (has("OMPI_COMM_WORLD_RANK") || has("PMIX_RANK"))
    return "openmpi";
  if (has("PMI_RANK") || has("PMI_FD") || has("PMI_PORT") || has("PMI_SIZE"))
    return "mpich";
  return exists(folder, "openmpi") ? "openmpi" : "mpich";
}

bool own_folder(char *folder, std::size_t size) {
  const ssize_t n = ::readlink("/proc/self/exe", folder, size - 1);
  if (n <= 0)
    return false;
  folder[n] = 0;
  char *slash = std::strrchr(folder, '/');
  if (slash == nullptr)
    return false;
  *slash = 0;
  return true;
}

void keep_for_application(const char *name, const char *kept) {
  const char *value = std::getenv(name);
  if (value == nullptr)
    return;
  ::setenv(kept, value, 1);
  ::unsetenv(name);
}

} // namespace

int main(int argc, char **argv) {
  char folder[PATH_MAX - 64];
  if (argc < 2 || !own_folder(folder, sizeof folder)) {
    std::fprintf(stderr, "mana-rank: is started by mana_launch and mana_restart\n");
    return 2;
  }
  keep_for_application("LD_PRELOAD", "MANA_USER_LD_PRELOAD");
  keep_for_application("LD_AUDIT", "MANA_USER_LD_AUDIT");
  const char *mpi = choose(folder);
  char path[PATH_MAX];
  std::snprintf(path, sizeof path, "%s/mana-lower-%s", folder, mpi);
  ::execv(path, argv);
  const int error = errno;
  if (error == ENOENT)
    std::fprintf(stderr, "mana-rank: this installation has no lower half for %s (%s)\n", mpi, path);
  else
    std::fprintf(stderr, "mana-rank: cannot run %s: %s\n", path, std::strerror(error));
  return error == ENOENT ? 78 : 126;
}
