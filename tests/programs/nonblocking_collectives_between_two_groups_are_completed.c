// Nonblocking collectives over an inter-communicator, several under way at once, are completed with the right results.
//
// With an argument the last member of a group is the root: the broadcast of MPICH 4.0 then gives other data by itself.
#include "check.h"

int main(int argc, char **argv) {
  int mine, length, others, in_first, sum = 0, from = -1, total, all[kMaxRanks], data[kMaxRanks], spread[kMaxRanks];
  int gathered[kMaxRanks], piece = -1, number, root, is_root, smallest = -1;
  MPI_Comm local, inter;
  MPI_Request requests[8];
  begin(&argc, &argv);
  in_first = rank % 2 == 0;
  inter = join_even_and_odd(&local);
  MPI_Comm_rank(inter, &mine);
  MPI_Comm_size(inter, &length);
  MPI_Comm_remote_size(inter, &others);
  for (int turn = 0; turn < 2; ++turn) {
    number = argc > 1 ? (size + turn) / 2 - 1 : 0;
    root = in_first != turn ? number : mine == number ? MPI_ROOT : MPI_PROC_NULL;
    is_root = root == MPI_ROOT;
    for (int i = 0; i < others; ++i) data[i] = 100 * rank + i, gathered[i] = all[i] = spread[i] = -1;
    from = is_root ? 500 + turn : -1;
    smallest = piece = -1;
    MPI_Ibcast(&from, 1, MPI_INT, root, inter, &requests[0]);
    MPI_Iallreduce(&rank, &total, 1, MPI_INT, MPI_SUM, inter, &requests[1]);
    MPI_Iallgather(&rank, 1, MPI_INT, all, 1, MPI_INT, inter, &requests[2]);
    MPI_Ialltoall(data, 1, MPI_INT, spread, 1, MPI_INT, inter, &requests[3]);
    MPI_Igather(&rank, 1, MPI_INT, gathered, 1, MPI_INT, root, inter, &requests[4]);
    MPI_Iscatter(data, 1, MPI_INT, &piece, 1, MPI_INT, root, inter, &requests[5]);
    MPI_Ireduce(&rank, &smallest, 1, MPI_INT, MPI_MIN, root, inter, &requests[6]);
    MPI_Ibarrier(inter, &requests[7]);
    MPI_Waitall(8, requests, MPI_STATUSES_IGNORE);
    SAME(from, in_first == turn && !is_root ? -1 : 500 + turn);
    sum = 0;
    for (int i = 0; i < others; ++i) {
      const int remote = 2 * i + in_first;
      sum += remote;
      SAME(all[i], remote);
      SAME(spread[i], 100 * remote + mine);
      SAME(gathered[i], is_root ? remote : -1);
    }
    SAME(total, sum);
    SAME(piece, in_first == turn ? -1 : 100 * (2 * number + !turn) + mine);
    SAME(smallest, is_root ? in_first : -1);
  }
  MPI_Comm_free(&inter);
  MPI_Comm_free(&local);
  return end();
}
