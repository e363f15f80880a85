// Each access with the shared pointer, by whichever rank, begins where the last one has ended; ordered ones by rank.
#include "check.h"

enum { kInts = 6 };

static MPI_File file;

static void all_at(MPI_Offset expected) {
  MPI_Offset position;
  MPI_Barrier(MPI_COMM_WORLD);
  SAME(MPI_File_get_position_shared(file, &position), MPI_SUCCESS);
  SAME(position, expected);
  MPI_Barrier(MPI_COMM_WORLD);
}

// Every block of the file is some rank's, whole, and each rank has `per_rank` of them.
static void check_blocks(const int *data, int blocks, int seed, int per_rank) {
  int seen[kMaxRanks] = {0};
  for (int b = 0; b < blocks; ++b) {
    const int owner = data[b * kInts] / 100003 - seed;
    CHECK(owner >= 0 && owner < size);
    VERIFY(data + b * kInts, kInts, seed + owner);
    ++seen[owner];
  }
  for (int r = 0; r < size; ++r) SAME(seen[r], per_rank);
}

int main(int argc, char **argv) {
  static const char name[] = "shared-pointer.dat";
  int mine[kInts], all[2 * kMaxRanks * kInts], got[kInts];
  MPI_Request request;
  MPI_Status status;
  begin(&argc, &argv);
  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file);
  MPI_File_set_size(file, 0);
  MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL);

  fill(mine, kInts, 10 + rank);
  SAME(MPI_File_write_shared(file, mine, kInts, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  MPI_File_iwrite_shared(file, mine, kInts, MPI_INT, &request);
  SAME(MPI_Wait(&request, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  all_at(2 * size * kInts);
  MPI_File_sync(file);
  MPI_File_read_at(file, 0, all, 2 * size * kInts, MPI_INT, MPI_STATUS_IGNORE);
  check_blocks(all, 2 * size, 10, 2);
  MPI_Barrier(MPI_COMM_WORLD);

  SAME(MPI_File_seek_shared(file, 0, MPI_SEEK_SET), MPI_SUCCESS);
  all_at(0);
  MPI_File_read_shared(file, got, kInts, MPI_INT, &status);
  SAME(count_of(&status, MPI_INT), kInts);
  VERIFY(got, kInts, got[0] / 100003);
  MPI_File_iread_shared(file, got, kInts, MPI_INT, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  VERIFY(got, kInts, got[0] / 100003);
  all_at(2 * size * kInts);

  // In the order of ranks.
  MPI_File_seek_shared(file, -kInts * size, MPI_SEEK_CUR);
  fill(mine, kInts, 30 + rank);
  SAME(MPI_File_write_ordered(file, mine, kInts, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), kInts);
  MPI_File_write_ordered(file, mine, rank == 0 ? kInts : 0, MPI_INT, &status);
  SAME(count_of(&status, MPI_INT), rank == 0 ? kInts : 0);
  all_at((2 * size + 1) * kInts);
  MPI_File_sync(file);
  MPI_File_seek_shared(file, -kInts * (size + 1), MPI_SEEK_END);
  MPI_File_read_ordered(file, got, kInts, MPI_INT, &status);
  SAME(count_of(&status, MPI_INT), kInts);
  VERIFY(got, kInts, 30 + rank);
  all_at(2 * size * kInts);
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
