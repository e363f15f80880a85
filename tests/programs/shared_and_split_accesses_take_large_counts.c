// Accesses with the shared file pointer, ordered ones, and collective ones in two halves take counts of MPI_Count,
// which may differ from rank to rank.
//
// mpich only
#include "check.h"

enum { kInts = 6, kMost = kInts + kMaxRanks };

static MPI_File file;

// Ranks write more the higher they are, and read more the lower they are: so they read what others have written.
static int written_by(int r) { return kInts + r; }
static int read_by(int r) { return kInts + size - 1 - r; }

static int before(int r, int (*count)(int)) {
  int n = 0;
  for (int i = 0; i < r; ++i) n += count(i);
  return n;
}

static void all_written(void) {
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_sync(file);
}

// `got` is what this rank finds where the ranks have written one after the other.
static void check_read(const int *got, const MPI_Status *status, int seed) {
  int all[kMaxRanks * kMost];
  SAME(count_of(status, MPI_INT), read_by(rank));
  for (int r = 0; r < size; ++r) fill(all + before(r, written_by), written_by(r), seed + r);
  for (int i = 0; i < read_by(rank); ++i) SAME(got[i], all[before(rank, read_by) + i]);
  SAME(got[read_by(rank)], -1);
}

static void ordered(void) {
  int mine[kMost], got[kMost + 1];
  const int n = written_by(rank), total = before(size, written_by);
  MPI_Status status;
  MPI_Offset position;
  fill(mine, n, 10 + rank);
  SAME(MPI_File_write_ordered_c(file, mine, n, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), n);
  fill(mine, n, 30 + rank);
  SAME(MPI_File_write_ordered_begin_c(file, mine, n, MPI_INT), MPI_SUCCESS);
  SAME(MPI_File_write_ordered_end(file, mine, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), n);
  all_written();
  SAME(MPI_File_seek_shared(file, 0, MPI_SEEK_SET), MPI_SUCCESS);
  memset(got, -1, sizeof got);
  SAME(MPI_File_read_ordered_c(file, got, read_by(rank), MPI_INT, &status), MPI_SUCCESS);
  check_read(got, &status, 10);
  memset(got, -1, sizeof got);
  SAME(MPI_File_read_ordered_begin_c(file, got, read_by(rank), MPI_INT), MPI_SUCCESS);
  SAME(MPI_File_read_ordered_end(file, got, &status), MPI_SUCCESS);
  check_read(got, &status, 30);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_get_position_shared(file, &position);
  SAME(position, 2 * total);
  MPI_Barrier(MPI_COMM_WORLD);
}

// Whose block it is, which must be whole.
static int owner(const int *block) {
  const int found = block[0] / 100003 - 50;
  CHECK(found >= 0 && found < size);
  VERIFY(block, kInts, 50 + found);
  return found;
}

// Two blocks from each rank, in any order, behind what was written before.
static void shared(void) {
  int mine[kInts], got[2][kInts], seen[kMaxRanks] = {0};
  MPI_Request request;
  MPI_Status status, later;
  fill(mine, kInts, 50 + rank);
  SAME(MPI_File_iwrite_shared_c(file, mine, kInts, MPI_INT, &request), MPI_SUCCESS);
  SAME(MPI_File_write_shared_c(file, mine, kInts, MPI_INT, &status), MPI_SUCCESS);
  MPI_Wait(&request, &later);
  SAME(count_of(&status, MPI_INT), kInts);
  SAME(count_of(&later, MPI_INT), kInts);
  all_written();
  SAME(MPI_File_seek_shared(file, -2 * kInts * size, MPI_SEEK_CUR), MPI_SUCCESS);
  SAME(MPI_File_iread_shared_c(file, got[0], kInts, MPI_INT, &request), MPI_SUCCESS);
  SAME(MPI_File_read_shared_c(file, got[1], kInts, MPI_INT, &status), MPI_SUCCESS);
  MPI_Wait(&request, &later);
  SAME(count_of(&status, MPI_INT), kInts);
  SAME(count_of(&later, MPI_INT), kInts);
  for (int i = 0; i < 2; ++i) ++seen[owner(got[i])];
  MPI_Allreduce(MPI_IN_PLACE, seen, size, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  for (int i = 0; i < size; ++i) SAME(seen[i], 2);
  // Nothing is left.
  SAME(MPI_File_read_shared_c(file, got[0], kInts, MPI_INT, &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), 0);
}

// Over the beginning of the file, by the rank's own pointer and at offsets.
static void in_halves(void) {
  int mine[2][kMost], got[2][kMost + 1];
  const int n = written_by(rank), total = before(size, written_by);
  MPI_Status status;
  for (int i = 0; i < 2; ++i) fill(mine[i], n, 70 + 20 * i + rank);
  MPI_File_seek(file, before(rank, written_by), MPI_SEEK_SET);
  SAME(MPI_File_write_all_begin_c(file, mine[0], n, MPI_INT), MPI_SUCCESS);
  SAME(MPI_File_write_all_end(file, mine[0], &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), n);
  SAME(MPI_File_write_at_all_begin_c(file, total + before(rank, written_by), mine[1], n, MPI_INT), MPI_SUCCESS);
  SAME(MPI_File_write_at_all_end(file, mine[1], &status), MPI_SUCCESS);
  SAME(count_of(&status, MPI_INT), n);
  all_written();
  memset(got, -1, sizeof got);
  MPI_File_seek(file, before(rank, read_by), MPI_SEEK_SET);
  SAME(MPI_File_read_all_begin_c(file, got[0], read_by(rank), MPI_INT), MPI_SUCCESS);
  SAME(MPI_File_read_all_end(file, got[0], &status), MPI_SUCCESS);
  check_read(got[0], &status, 70);
  SAME(MPI_File_read_at_all_begin_c(file, total + before(rank, read_by), got[1], read_by(rank), MPI_INT), MPI_SUCCESS);
  SAME(MPI_File_read_at_all_end(file, got[1], &status), MPI_SUCCESS);
  check_read(got[1], &status, 90);
}

int main(int argc, char **argv) {
  static const char name[] = "shared-large-counts.dat";
  begin(&argc, &argv);
  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file);
  MPI_File_set_size(file, 0);
  MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL);
  ordered();
  shared();
  in_halves();
  MPI_File_close(&file);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_File_delete(name, MPI_INFO_NULL);
  return end();
}
