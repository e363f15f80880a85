// Groups are ordered lists of ranks in MPI_COMM_WORLD, kept and computed wholly in the upper half.
// A communicator's group is the record that MPI_Comm_group hands out, one reference more.
#pragma once
#include "core/objects.h"

namespace mana {

// A group of `size` members whose world_ranks are not yet written; then finish_group() finds the own rank in it.
Group *new_group(int size);
void finish_group(Group *group);
// Both at once.
Group *new_group(int size, const std::int32_t *world_ranks);

void retain(Group *group);
void release(Group *group);

// MPI_IDENT, MPI_SIMILAR or MPI_UNEQUAL (ABI).
int compare_groups(const Group *a, const Group *b);

// Rank of a process in the group or MPI_UNDEFINED. O(size): callers with many ranks use RankIndex.
int find_rank(const Group *group, int world_rank);

// Inverse of a group's list: world rank -> rank in the group, O(1) after O(size). On the caller's stack.
class RankIndex {
public:
  explicit RankIndex(const Group *group);
  ~RankIndex();
  RankIndex(const RankIndex &) = delete;
  RankIndex &operator=(const RankIndex &) = delete;
  int operator[](int world_rank) const; // rank or -1

private:
  std::int32_t *rank_of_;
  int limit_;
};

} // namespace mana
