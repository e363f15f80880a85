// Is started and ends: linked with MPI and with ten shared libraries of all sizes, as CMakeLists.txt says.
#include <mpi.h>

int main(int argc, char **argv) {
  if (argc > 100) MPI_Init(&argc, &argv);
  return 0;
}
