// In a rooted collective between two groups, members of the root's group other than the root pass no data, and may pass any count.
// What follows on the inter-communicator is not disturbed.
//
// With an argument it does what live MPIs get wrong by themselves: at the root of a reduction the send buffer is null (MPICH 4.0
// refuses that), and the same with nonblocking collectives (Open MPI 4.1 mixes up what follows).
#include "check.h"

static int mine, others, in_first, all_ways;
static MPI_Comm inter;

static void rooted(int from_first, int nonblocking) {
  const int in_roots_group = in_first == from_first, root = !in_roots_group ? 0 : mine == 0 ? MPI_ROOT : MPI_PROC_NULL;
  const int idle = root == MPI_PROC_NULL, count = idle ? 0 : 2;
  int data[2] = {-1, -1}, sum[2] = {-1, -1}, all = -1, expected = 0;
  MPI_Request requests[2];
  for (int i = 0; i < others; ++i) expected += 2 * i + in_first;
  if (root == MPI_ROOT) data[0] = 5, data[1] = 6;
  void *sent = idle ? NULL : data, *from = in_roots_group && all_ways ? NULL : data, *to = root == MPI_ROOT ? sum : NULL;
  if (nonblocking) {
    MPI_Ibcast(sent, count, MPI_INT, root, inter, &requests[0]);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
  } else {
    MPI_Bcast(sent, count, MPI_INT, root, inter);
  }
  SAME(data[1], idle ? -1 : 6);
  MPI_Allreduce(&rank, &all, 1, MPI_INT, MPI_SUM, inter);
  SAME(all, expected);
  data[0] = data[1] = rank;
  if (nonblocking) {
    MPI_Ireduce(from, to, count, MPI_INT, MPI_SUM, root, inter, &requests[0]);
    MPI_Iallreduce(&rank, &all, 1, MPI_INT, MPI_MAX, inter, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
  } else {
    MPI_Reduce(from, to, count, MPI_INT, MPI_SUM, root, inter);
    MPI_Allreduce(&rank, &all, 1, MPI_INT, MPI_MAX, inter);
  }
  SAME(sum[1], root == MPI_ROOT ? expected : -1);
  SAME(all, 2 * (others - 1) + in_first);
  MPI_Barrier(inter);
}

int main(int argc, char **argv) {
  MPI_Comm local;
  begin(&argc, &argv);
  in_first = rank % 2 == 0;
  inter = join_even_and_odd(&local);
  MPI_Comm_rank(inter, &mine);
  MPI_Comm_remote_size(inter, &others);
  all_ways = argc > 1;
  for (int turn = 0; turn < (all_ways ? 4 : 2); ++turn) rooted(turn % 2, turn / 2);
  MPI_Comm_free(&inter);
  MPI_Comm_free(&local);
  return end();
}
