// Nanoseconds of single MPI calls in one process, as one line of JSON. The difference between this program under mana and without is
// what the wrappers and the crossing cost.
#include "timing.h"

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int value = 1, result = 0, flag;
  char out[8] = "message", in[8];
  MPI_Request requests[2];
  MPI_Datatype vector;
  MPI_Comm self = MPI_COMM_SELF, dup;
  MPI_Win win;
  long *memory, one = 1, old;
  MPI_Comm_dup(MPI_COMM_WORLD, &dup);
  MPI_Win_allocate(4096, sizeof(long), MPI_INFO_NULL, self, &memory, &win);
  MPI_Win_lock_all(0, win);
  MPI_Type_vector(3, 1, 2, MPI_INT, &vector);
  MPI_Type_commit(&vector);

  TIME(comm_rank, 2000, MPI_Comm_rank(dup, &value));
  TIME(type_size, 2000, MPI_Type_size(vector, &value));
  TIME(wtime, 1000, MPI_Wtime());
  // Crosses and finds nothing; its native cost varies with what the progress engine looks at.
  TIME(iprobe, 500, MPI_Iprobe(0, 5, self, &flag, MPI_STATUS_IGNORE));
  TIME(message, 200, {
    MPI_Irecv(in, 8, MPI_BYTE, 0, 1, self, &requests[0]);
    MPI_Isend(out, 8, MPI_BYTE, 0, 1, self, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
  });
  TIME(send_recv, 200, MPI_Sendrecv(out, 8, MPI_BYTE, 0, 1, in, 8, MPI_BYTE, 0, 1, self, MPI_STATUS_IGNORE));
  TIME(allreduce, 500, MPI_Allreduce(&value, &result, 1, MPI_INT, MPI_SUM, self));
  TIME(put, 500, {
    MPI_Put(&one, 1, MPI_LONG, 0, 0, 1, MPI_LONG, win);
    MPI_Win_flush(0, win);
  });
  TIME(get, 500, {
    MPI_Get(&old, 1, MPI_LONG, 0, 0, 1, MPI_LONG, win);
    MPI_Win_flush(0, win);
  });
  TIME(accumulate, 500, {
    MPI_Accumulate(&one, 1, MPI_LONG, 0, 1, 1, MPI_LONG, MPI_SUM, win);
    MPI_Win_flush(0, win);
  });
  TIME(fetch_and_op, 500, {
    MPI_Fetch_and_op(&one, &old, MPI_LONG, 0, 2, MPI_SUM, win);
    MPI_Win_flush(0, win);
  });
  printf("{\"Comm_rank\": %.2f, \"Type_size\": %.2f, \"Wtime\": %.2f, \"Iprobe\": %.2f, \"Isend+Irecv+Waitall\": %.2f, "
         "\"Sendrecv\": %.2f, \"Allreduce\": %.2f, \"Put+flush\": %.2f, \"Get+flush\": %.2f, \"Accumulate+flush\": %.2f, "
         "\"Fetch_and_op+flush\": %.2f}\n",
         comm_rank, type_size, wtime, iprobe, message, send_recv, allreduce, put, get, accumulate,
         fetch_and_op);
  MPI_Win_unlock_all(win);
  MPI_Win_free(&win);
  MPI_Type_free(&vector);
  MPI_Comm_free(&dup);
  MPI_Finalize();
  return 0;
}
