// MPI_Comm_dup, MPI_Comm_idup, MPI_Comm_dup_with_info and MPI_Comm_split_type give communicators with the same members and a
// context of their own, also when the duplication is under way at the checkpoint.
#include "check.h"

int main(int argc, char **argv) {
  MPI_Comm dup, idup, with_info, node;
  MPI_Info info, used;
  MPI_Request request;
  int relation, n, sum;
  begin(&argc, &argv);
  MPI_Comm_idup(MPI_COMM_WORLD, &idup, &request);
  MPI_Comm_dup(MPI_COMM_WORLD, &dup);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  MPI_Info_create(&info);
  MPI_Info_set(info, "some_hint", "true");
  MPI_Comm_dup_with_info(idup, info, &with_info);
  MPI_Info_free(&info);
  MPI_Comm_compare(dup, idup, &relation);
  SAME(relation, MPI_CONGRUENT);
  MPI_Comm_compare(with_info, MPI_COMM_WORLD, &relation);
  SAME(relation, MPI_CONGRUENT);
  MPI_Comm_get_info(with_info, &used);
  CHECK(used != MPI_INFO_NULL);
  MPI_Info_free(&used);
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &n);
  CHECK(n >= 1 && n <= size);
  MPI_Comm_test_inter(dup, &n);
  SAME(n, 0);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, idup);
  SAME(sum, size * (size - 1) / 2);
  MPI_Comm_free(&node);
  MPI_Comm_free(&dup);
  MPI_Comm_free(&idup);
  MPI_Bcast(&sum, 1, MPI_INT, 0, with_info);
  MPI_Comm_free(&with_info);
  return end();
}
