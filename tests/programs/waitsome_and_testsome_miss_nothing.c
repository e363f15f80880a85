// MPI_Waitsome and MPI_Testsome together complete every request of a list exactly once.
// polls
#include "check.h"

enum { kMessages = 8 };

static int in[kMessages], seen[kMessages];

static void take(int count, const int *indices, const MPI_Status *statuses) {
  for (int i = 0; i < count; ++i) {
    CHECK(!seen[indices[i]]);
    seen[indices[i]] = 1;
    SAME(statuses[i].MPI_TAG, 30 + indices[i]);
    SAME(in[indices[i]], prev * 10 + indices[i]);
  }
}

int main(int argc, char **argv) {
  int out[kMessages], indices[kMessages], count, done = 0;
  MPI_Request sends[kMessages], receives[kMessages];
  MPI_Status statuses[kMessages];
  begin(&argc, &argv);
  for (int i = 0; i < kMessages; ++i) MPI_Irecv(&in[i], 1, MPI_INT, prev, 30 + i, MPI_COMM_WORLD, &receives[i]);
  MPI_Testsome(kMessages, receives, &count, indices, statuses);
  take(count, indices, statuses);  // a fast neighbour may have sent nothing yet, or not: both are right
  done += count;
  for (int i = 0; i < kMessages; ++i) {
    out[i] = rank * 10 + i;
    MPI_Isend(&out[i], 1, MPI_INT, next, 30 + i, MPI_COMM_WORLD, &sends[i]);
  }
  while (done < kMessages) {
    MPI_Waitsome(kMessages, receives, &count, indices, statuses);
    CHECK(count > 0);
    take(count, indices, statuses);
    done += count;
    MPI_Testsome(kMessages, receives, &count, indices, statuses);
    if (count == MPI_UNDEFINED) break;
    take(count, indices, statuses);
    done += count;
  }
  SAME(done, kMessages);
  MPI_Waitsome(kMessages, receives, &count, indices, statuses);
  SAME(count, MPI_UNDEFINED);
  MPI_Waitall(kMessages, sends, MPI_STATUSES_IGNORE);
  return end();
}
