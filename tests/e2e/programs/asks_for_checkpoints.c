// Rank 0 asks for a checkpoint with mana.h and tells what its callbacks and the call say, while the other ranks wait for it in a
// receive with a message under way to them. Without mana the same program runs and says so.
#include "check.h"
#include "mana.h"

static void say(const char *text) {
  puts(text);
  fflush(stdout);
}

static void before(void *arg) { say(arg); }
static void after_resume(void *arg) { say(*(char *)arg == 'b' ? "resumed" : "wrong argument"); }
static void after_restart(void *arg) { say(*(char *)arg == 'b' ? "restarted" : "wrong argument"); }

int main(int argc, char **argv) {
  static char text[] = "before";
  begin(&argc, &argv);
  int in[2], out = 5, expected = 0;
  MPI_Request sends[kMaxRanks];
  if (rank == 0) {
    for (int r = 1; r < size; ++r) MPI_Isend(&out, 1, MPI_INT, r, 1, MPI_COMM_WORLD, &sends[r]);
    SAME(mana_is_restarted(), 0);
    int registered = mana_on_event(before, after_resume, after_restart, text);
    int result = mana_checkpoint();
    SAME(registered, result < 0 ? -1 : 0);
    say(result < 0 ? "not under mana" : result == 0 ? "taken" : "back");
    expected = result > 0;
    SAME(mana_is_restarted(), expected);
    for (int r = 1; r < size; ++r) MPI_Send(&expected, 1, MPI_INT, r, 2, MPI_COMM_WORLD);
    MPI_Waitall(size - 1, &sends[1], MPI_STATUSES_IGNORE);
  } else {
    MPI_Recv(&in[1], 1, MPI_INT, 0, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Recv(&in[0], 1, MPI_INT, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    SAME(in[0], 5);
    SAME(mana_is_restarted(), in[1]);
  }
  return end();
}
