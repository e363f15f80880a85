// Reads and writes with counts of MPI_Count, blocking and not, collective and not, with the rank's own pointer and at
// offsets, move what those with ints move: each rank writes its column of blocks and reads its neighbour's. A count
// beyond an int is one of an empty type here.
//
// MPICH 4.0.2 by itself has no counts of files beyond an int: it dies of them. It mixes up the data of two non-blocking
// collective accesses to a file that are tested in turn, so there is one at a time.
//
// mpich only
#include "check.h"
#include "mana.h"

enum { kInts = 6, kBlocks = 8 };

static const MPI_Count kMany = 3000000000;

static MPI_File file;
static MPI_Datatype column;
static int data[kBlocks + 1][kInts];

static MPI_Offset place(int block) { return (MPI_Offset)kInts * block; }

// The blocks of rank `of` alone can be seen.
static void see(int of) {
  SAME(MPI_File_set_view(file, 16 + 4 * kInts * of, MPI_INT, column, "native", MPI_INFO_NULL), MPI_SUCCESS);
}

static void make_column(void) {
  MPI_Datatype block;
  MPI_Type_contiguous(kInts, MPI_INT, &block);
  MPI_Type_create_resized(block, 0, 4 * kInts * size, &column);
  MPI_Type_commit(&column);
  MPI_Type_free(&block);
}

static void position_is(int block) {
  MPI_Offset position;
  MPI_File_get_position(file, &position);
  SAME(position, place(block));
}

// Only one of the requests is of a collective access.
static void wait_for(MPI_Request *requests) {
  MPI_Status statuses[2];
  SAME(MPI_Waitall(2, requests, statuses), MPI_SUCCESS);
  for (int i = 0; i < 2; ++i) SAME(count_of(&statuses[i], MPI_INT), kInts);
}

static void write_column(void) {
  MPI_Request requests[2];
  MPI_Status status;
  for (int i = 0; i < kBlocks; ++i) fill(data[i], kInts, 20 * rank + i);
  SAME(MPI_File_write_c(file, data[0], kInts, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  SAME(MPI_File_write_all_c(file, data[1], kInts, MPI_INT, MPI_STATUS_IGNORE), MPI_SUCCESS);
  SAME(MPI_File_iwrite_c(file, data[2], kInts, MPI_INT, &requests[0]), MPI_SUCCESS);
  SAME(MPI_File_iwrite_all_c(file, data[3], kInts, MPI_INT, &requests[1]), MPI_SUCCESS);
  wait_for(requests);
  SAME(MPI_File_iwrite_at_c(file, place(6), data[6], kInts, MPI_INT, &requests[0]), MPI_SUCCESS);
  SAME(MPI_File_iwrite_at_all_c(file, place(7), data[7], kInts, MPI_INT, &requests[1]), MPI_SUCCESS);
  SAME(MPI_File_write_at_c(file, place(4), data[4], kInts, MPI_INT, MPI_STATUS_IGNORE), MPI_SUCCESS);
  wait_for(requests);
  SAME(MPI_File_write_at_all_c(file, place(5), data[5], kInts, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  position_is(4);
}

static void read_column(int of) {
  MPI_Request requests[2];
  MPI_Status statuses[4];
  memset(data, -1, sizeof data);
  SAME(MPI_File_read_at_c(file, place(0), data[0], kInts, MPI_INT, &statuses[0]), MPI_SUCCESS);
  SAME(MPI_File_read_at_all_c(file, place(1), data[1], kInts, MPI_INT, &statuses[1]), MPI_SUCCESS);
  SAME(MPI_File_iread_at_c(file, place(2), data[2], kInts, MPI_INT, &requests[0]), MPI_SUCCESS);
  SAME(MPI_File_iread_at_all_c(file, place(3), data[3], kInts, MPI_INT, &requests[1]), MPI_SUCCESS);
  MPI_File_seek(file, place(4), MPI_SEEK_SET);
  wait_for(requests);
  SAME(MPI_File_read_c(file, data[4], kInts, MPI_INT, &statuses[2]), MPI_SUCCESS);
  SAME(MPI_File_read_all_c(file, data[5], kInts, MPI_INT, &statuses[3]), MPI_SUCCESS);
  SAME(MPI_File_iread_c(file, data[6], kInts, MPI_INT, &requests[0]), MPI_SUCCESS);
  SAME(MPI_File_iread_all_c(file, data[7], kInts, MPI_INT, &requests[1]), MPI_SUCCESS);
  position_is(8);
  wait_for(requests);
  for (int i = 0; i < 4; ++i) SAME(count_of(&statuses[i], MPI_INT), kInts);
  for (int i = 0; i < kBlocks; ++i) VERIFY(data[i], kInts, 20 * of + i);
  for (int i = 0; i < kInts; ++i) SAME(data[kBlocks][i], -1);
}

// Counts and extents that no int holds.
static void look_far(void) {
  const MPI_Count n = mana_is_restarted_impl ? kMany : 1;
  MPI_Datatype far, empty;
  MPI_Count extent;
  MPI_Status status;
  MPI_Type_create_resized(MPI_INT, 0, kMany, &far);
  MPI_Type_commit(&far);
  SAME(MPI_File_get_type_extent_c(file, far, &extent), MPI_SUCCESS);
  SAME(extent, kMany);
  MPI_Type_free(&far);
  MPI_Type_contiguous(0, MPI_INT, &empty);
  MPI_Type_commit(&empty);
  SAME(MPI_File_write_at_c(file, place(kBlocks), data, n, empty, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), 0);
  MPI_Type_free(&empty);
}

int main(int argc, char **argv) {
  static const char name[] = "large-counts.dat";
  begin(&argc, &argv);
  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file);
  MPI_File_set_size(file, 0);
  make_column();
  see(rank);
  write_column();
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  see(next);
  read_column(next);
  look_far();
  MPI_Type_free(&column);
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
