// What the program was told about MPI stays true: version, limits, thread level, processor name, clock.
#include "check.h"

int main(int argc, char **argv) {
  char name[2][MPI_MAX_PROCESSOR_NAME], library[2][MPI_MAX_LIBRARY_VERSION_STRING];
  int length, provided, level[2], version[2], subversion, flag, *tag_ub, limit, main_thread;
  double start, later, tick;
  void *memory;
  MPI_Initialized(&flag);
  SAME(flag, 0);
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  CHECK(provided >= MPI_THREAD_FUNNELED);
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &tag_ub, &flag);
  SAME(flag, 1);
  CHECK(*tag_ub >= 32767);
  limit = *tag_ub;
  MPI_Get_processor_name(name[0], &length);
  MPI_Get_library_version(library[0], &length);
  MPI_Query_thread(&level[0]);
  start = MPI_Wtime();
  MPI_Get_version(&version[0], &subversion);
  MPI_Alloc_mem(5000, MPI_INFO_NULL, &memory);
  memset(memory, 7, 5000);
  MPI_Barrier(MPI_COMM_WORLD);

  int in, out = rank;
  MPI_Sendrecv(&out, 1, MPI_INT, (rank + 1) % size, limit, &in, 1, MPI_INT, (rank + size - 1) % size, limit, MPI_COMM_WORLD,
               MPI_STATUS_IGNORE);
  SAME(in, (rank + size - 1) % size);
  MPI_Get_library_version(library[1], &length);
  CHECK(strcmp(library[0], library[1]) == 0);
  MPI_Get_version(&version[1], &subversion);
  SAME(version[0], version[1]);
  MPI_Query_thread(&level[1]);
  SAME(level[0], level[1]);
  MPI_Is_thread_main(&main_thread);
  SAME(main_thread, 1);
  later = MPI_Wtime();
  tick = MPI_Wtick();
  CHECK(later >= start && later < start + 600 && tick > 0 && tick < 0.1);
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &tag_ub, &flag);
  SAME(*tag_ub, limit);
  for (int i = 0; i < 5000; ++i) SAME(((char *)memory)[i], 7);
  MPI_Free_mem(memory);
  MPI_Pcontrol(1);
  MPI_Finalized(&flag);
  SAME(flag, 0);
  MPI_Initialized(&flag);
  SAME(flag, 1);
  return end();
}
