// A datatype is of no use in communication before MPI_Type_commit: MPI_ERR_TYPE, and the call has done nothing. A duplicate is
// committed when its original is, and one that a datatype is made of need not be.
#include "check.h"

#define REFUSED(call) \
  do { \
    int class = call; \
    MPI_Error_class(class, &class); \
    SAME(class, MPI_ERR_TYPE); \
  } while (0)

int main(int argc, char **argv) {
  MPI_Datatype pair, pairs, same_pairs;
  MPI_Request request;
  int out[kMaxRanks * 4], in[kMaxRanks * 4], sum = 0;
  begin(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Type_contiguous(2, MPI_INT, &pair);
  MPI_Type_vector(2, 1, 1, pair, &pairs);
  fill(out, kMaxRanks * 4, rank);
  REFUSED(MPI_Send(out, 1, pairs, next, 0, MPI_COMM_WORLD));
  REFUSED(MPI_Irecv(in, 1, pairs, prev, 0, MPI_COMM_WORLD, &request));
  REFUSED(MPI_Bcast(out, 1, pairs, 0, MPI_COMM_WORLD));
  REFUSED(MPI_Allgather(out, 1, pairs, in, 1, pairs, MPI_COMM_WORLD));
  REFUSED(MPI_Ialltoall(out, 1, pairs, in, 1, pairs, MPI_COMM_WORLD, &request));
  MPI_Type_dup(pairs, &same_pairs);
  MPI_Type_commit(&same_pairs);
  REFUSED(MPI_Bcast(out, 1, pairs, 0, MPI_COMM_WORLD));
  MPI_Type_commit(&pairs);
  MPI_Allgather(out, 1, pairs, in, 1, same_pairs, MPI_COMM_WORLD);
  for (int i = 0; i < size; ++i) VERIFY(in + 4 * i, 4, i);
  REFUSED(MPI_Bcast(out, 1, pair, 0, MPI_COMM_WORLD));
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  SAME(sum, size * (size - 1) / 2);
  MPI_Type_free(&same_pairs);
  MPI_Type_free(&pairs);
  MPI_Type_free(&pair);
  return end();
}
