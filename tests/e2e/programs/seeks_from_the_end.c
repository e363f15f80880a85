// MPI_SEEK_END counts from the end of the file in the view, also in files of many megabytes and in views with gaps, where Open
// MPI 4.1 by itself goes elsewhere.
#include <mpi.h>
#include <stdio.h>

static int good = 1;

static void look(MPI_File file, MPI_Offset back, MPI_Offset expected) {
  MPI_Offset at = -1;
  MPI_File_seek(file, -back, MPI_SEEK_END);
  MPI_File_get_position(file, &at);
  if (at == expected) return;
  fprintf(stderr, "position %lld, not %lld\n", (long long)at, (long long)expected);
  good = 0;
}

int main(int argc, char **argv) {
  static const MPI_Offset kSizes[] = {1000, 8000000, 5000000000};
  MPI_File file;
  MPI_Datatype with_gap, far_apart;
  int rank, all;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Type_create_resized(MPI_INT, 0, 8, &with_gap);
  MPI_Type_commit(&with_gap);
  MPI_Type_create_resized(MPI_INT, 0, (MPI_Aint)1 << 40, &far_apart);
  MPI_Type_commit(&far_apart);
  for (int i = 0; i < 3; ++i) {
    MPI_File_open(MPI_COMM_WORLD, "sought", MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &file);
    MPI_File_set_size(file, kSizes[i]);
    look(file, 10, kSizes[i] - 10);
    MPI_File_set_view(file, 4, MPI_INT, MPI_INT, "native", MPI_INFO_NULL);
    look(file, 2, (kSizes[i] - 4) / 4 - 2);
    MPI_File_set_view(file, 4, MPI_INT, with_gap, "native", MPI_INFO_NULL);
    look(file, 2, (kSizes[i] - 4 + 7) / 8 - 2);
    MPI_File_set_view(file, 4, MPI_INT, far_apart, "native", MPI_INFO_NULL);
    look(file, 0, (kSizes[i] - 4 + (1ll << 40) - 1) >> 40);
    MPI_File_close(&file);
  }
  MPI_Type_free(&with_gap);
  MPI_Type_free(&far_apart);
  MPI_Allreduce(&good, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  if (rank == 0 && all) puts("ok");
  MPI_Finalize();
  return 0;
}
