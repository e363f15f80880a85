// Nonblocking collective accesses of one file that are under way at once, of different lengths and at different places, each bring
// their own data.
//
// MPICH 4.0.2 mixes them up when a program tests them in turn: they are waited for.
#include "check.h"

enum { kBlock = 6, kBlocks = 8 };

int main(int argc, char **argv) {
  int written[kBlocks * kBlock], first[2 * kBlock], second[kBlock], third[3 * kBlock];
  MPI_File file;
  MPI_Datatype block, mine;
  MPI_Request requests[3];
  begin(&argc, &argv);
  MPI_Type_contiguous(kBlock, MPI_INT, &block);
  MPI_Type_create_resized(block, 0, (MPI_Aint)(kBlock * sizeof(int)) * size, &mine);
  MPI_Type_commit(&mine);
  MPI_Type_free(&block);
  SAME(MPI_File_open(MPI_COMM_WORLD, "blocks", MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &file),
       MPI_SUCCESS);
  MPI_File_set_view(file, (MPI_Offset)(kBlock * sizeof(int)) * rank, MPI_INT, mine, "native", MPI_INFO_NULL);
  fill(written, kBlocks * kBlock, rank + 1);
  MPI_File_write_at_all(file, 0, written, kBlocks * kBlock, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_set_view(file, (MPI_Offset)(kBlock * sizeof(int)) * next, MPI_INT, mine, "native", MPI_INFO_NULL);
  MPI_File_iread_at_all(file, 3 * kBlock, first, 2 * kBlock, MPI_INT, &requests[0]);
  MPI_File_iread_at_all(file, 7 * kBlock, second, kBlock, MPI_INT, &requests[1]);
  MPI_File_iread_at_all(file, 0, third, 3 * kBlock, MPI_INT, &requests[2]);
  MPI_Waitall(3, requests, MPI_STATUSES_IGNORE);
  fill(written, kBlocks * kBlock, next + 1);
  CHECK(memcmp(first, &written[3 * kBlock], sizeof first) == 0);
  CHECK(memcmp(second, &written[7 * kBlock], sizeof second) == 0);
  CHECK(memcmp(third, written, sizeof third) == 0);
  MPI_Type_free(&mine);
  MPI_File_close(&file);
  return end();
}
