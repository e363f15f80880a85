// Rank 0 spawns while rank 1 waits for it in a collective that it has entered while a checkpoint was being prepared. Before, rank 1
// and a child of both have left rank 1 short of nothing and the child short of a broadcast, so that rank 1 is let go on.
//
//     spawns_while_others_wait 0|1     in MPI_Barrier (0) or MPI_Allreduce (1), which is the 10th MPI call of rank 1
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void pause_for(double seconds) {
  for (const double end = MPI_Wtime() + seconds; MPI_Wtime() < end;) usleep(1000);
}

static int child(MPI_Comm parent, int alone) {
  int value = 0;
  if (!alone) {
    MPI_Comm all, pair;
    MPI_Intercomm_merge(parent, 1, &all);
    MPI_Comm_split(all, 1, 0, &pair);
    pause_for(1);
    MPI_Bcast(&value, 1, MPI_INT, 0, pair);
    MPI_Comm_free(&pair);
    MPI_Comm_free(&all);
  }
  MPI_Send(&value, 1, MPI_INT, 0, 0, parent);
  MPI_Comm_disconnect(&parent);
  MPI_Finalize();
  return 0;
}

int main(int argc, char **argv) {
  MPI_Comm parent, inter, all, pair, parents, second;
  int rank, value = 0, sum = 0, got = -1, good = 1;
  MPI_Init(&argc, &argv);
  MPI_Comm_get_parent(&parent);
  if (parent != MPI_COMM_NULL) return child(parent, argc < 2);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  char *arguments[] = {argv[1], NULL};
  MPI_Comm_spawn(argv[0], arguments, 1, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter, MPI_ERRCODES_IGNORE);
  MPI_Intercomm_merge(inter, 0, &all);
  MPI_Comm_dup(MPI_COMM_WORLD, &parents);
  MPI_Comm_split(all, rank, 0, &pair);  // rank 1 and the child
  MPI_Barrier(parents);
  if (rank == 0) {
    pause_for(0.4);
    MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &second, MPI_ERRCODES_IGNORE);
    MPI_Recv(&got, 1, MPI_INT, 0, 0, second, MPI_STATUS_IGNORE);
    good = good && got == 0;
    MPI_Comm_disconnect(&second);
  } else {
    value = 7;
    MPI_Bcast(&value, 1, MPI_INT, 0, pair);
  }
  value = rank + 1;
  if (atoi(argv[1]) == 0)
    MPI_Barrier(parents);
  else
    MPI_Allreduce(&value, &sum, 1, MPI_INT, MPI_SUM, parents);
  good = good && (atoi(argv[1]) == 0 || sum == 3);
  if (rank == 0) {
    MPI_Recv(&got, 1, MPI_INT, 0, 0, inter, MPI_STATUS_IGNORE);
    good = good && got == 7;
  }
  MPI_Comm_free(&pair);
  MPI_Comm_free(&parents);
  MPI_Comm_free(&all);
  MPI_Comm_disconnect(&inter);
  if (rank == 0 && good) puts("ok");
  MPI_Finalize();
  return 0;
}
