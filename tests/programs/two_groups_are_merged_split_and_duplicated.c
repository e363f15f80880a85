// Inter-communicators are duplicated, split, made smaller and merged; communicators of one rank are joined in a ring.
#include "check.h"

static int color_of(int world_rank) { return world_rank / 2 % 2; }

// Both leaders exchange a value over an inter-communicator.
static void talk(MPI_Comm inter, int value, int expected) {
  int mine, got = -1;
  MPI_Comm_rank(inter, &mine);
  if (mine != 0) return;
  MPI_Sendrecv(&value, 1, MPI_INT, 0, 2, &got, 1, MPI_INT, 0, 2, inter, MPI_STATUS_IGNORE);
  SAME(got, expected);
}

int main(int argc, char **argv) {
  int in_first, result, members, others, mine, value, keyval, flag, *attribute;
  MPI_Comm local, inter, copy, part, smaller, merged, left, right;
  MPI_Group group, one;
  begin(&argc, &argv);
  in_first = rank % 2 == 0;
  inter = join_even_and_odd(&local);

  MPI_Comm_create_keyval(MPI_COMM_DUP_FN, MPI_COMM_NULL_DELETE_FN, &keyval, NULL);
  MPI_Comm_set_attr(inter, keyval, &result);
  MPI_Comm_dup(inter, &copy);
  MPI_Comm_get_attr(copy, keyval, &attribute, &flag);
  CHECK(flag && attribute == &result);
  MPI_Comm_free_keyval(&keyval);
  MPI_Comm_compare(inter, copy, &result);
  SAME(result, MPI_CONGRUENT);
  MPI_Comm_compare(inter, inter, &result);
  SAME(result, MPI_IDENT);
  MPI_Comm_compare(inter, local, &result);
  SAME(result, MPI_UNEQUAL);
  talk(copy, rank, in_first);

  MPI_Intercomm_merge(copy, in_first, &merged);  // odd ranks come first
  MPI_Comm_rank(merged, &mine);
  MPI_Comm_size(merged, &members);
  SAME(members, size);
  SAME(mine, in_first ? size / 2 + rank / 2 : rank / 2);
  MPI_Allreduce(&rank, &value, 1, MPI_INT, MPI_SUM, merged);
  SAME(value, size * (size - 1) / 2);
  MPI_Comm_free(&copy);

  // Ranks 0 and 1 belong together, 2 and 3, ...
  MPI_Comm_split(inter, color_of(rank), 0, &part);
  MPI_Comm_remote_size(part, &others);
  SAME(others, (size + 2 - 2 * color_of(rank)) / 4);
  talk(part, 7 * rank, 7 * (2 * color_of(rank) + in_first));

  // The first of each group.
  MPI_Comm_group(inter, &group);
  value = 0;
  MPI_Group_incl(group, 1, &value, &one);
  MPI_Comm_create(inter, one, &smaller);
  if (rank < 2) {
    MPI_Comm_remote_size(smaller, &others);
    SAME(others, 1);
    talk(smaller, 9 * rank, 9 * in_first);
    MPI_Comm_compare(smaller, inter, &result);
    SAME(result, size == 2 ? MPI_CONGRUENT : MPI_UNEQUAL);
    MPI_Comm_free(&smaller);
  } else {
    CHECK(smaller == MPI_COMM_NULL);
  }
  MPI_Group_free(&group);
  MPI_Group_free(&one);

  // Each rank alone with each of its neighbours: first those where the lower one is even.
  if (size > 2) {
    MPI_Intercomm_create(MPI_COMM_SELF, 0, merged, (mine ^ 1) % size, 11, &right);
    MPI_Intercomm_create(MPI_COMM_SELF, 0, merged, mine % 2 ? (mine + 1) % size : (mine + size - 1) % size, 12, &left);
    talk(right, mine, mine ^ 1);
    talk(left, mine, mine % 2 ? (mine + 1) % size : (mine + size - 1) % size);
    MPI_Comm_free(&left);
    MPI_Comm_free(&right);
  }
  talk(inter, rank, in_first);
  MPI_Comm_free(&part);
  MPI_Comm_disconnect(&inter);
  MPI_Comm_free(&merged);
  MPI_Comm_free(&local);
  return end();
}
