// See groups.h. Set operations are linear: a RankIndex of one group answers membership for the other.
#include "core/groups.h"

#include "core/call.h"
#include "core/errors.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core_api.h"

namespace mana {

Group *new_group(int size) {
  Group *group = make<Group>();
  group->size = size;
  group->world_ranks = core_array<std::int32_t>(static_cast<std::size_t>(size));
  return group;
}

void finish_group(Group *group) { group->rank = find_rank(group, seam()->process); }

Group *new_group(int size, const std::int32_t *world_ranks) {
  Group *group = new_group(size);
  for (int i = 0; i < size; ++i)
    group->world_ranks[i] = world_ranks[i];
  finish_group(group);
  return group;
}

void retain(Group *group) { ++group->refs; }

void release(Group *group) {
  if (--group->refs != 0)
    return;
  core_free(group->world_ranks);
  destroy(group);
}

int find_rank(const Group *group, int world_rank) {
  for (int i = 0; i < group->size; ++i)
    if (group->world_ranks[i] == world_rank)
      return i;
  return abi::UNDEFINED;
}

RankIndex::RankIndex(const Group *group) : rank_of_(nullptr), limit_(0) {
  for (int i = 0; i < group->size; ++i)
    if (group->world_ranks[i] >= limit_)
      limit_ = group->world_ranks[i] + 1;
  rank_of_ = core_array<std::int32_t>(static_cast<std::size_t>(limit_));
  for (int i = 0; i < limit_; ++i)
    rank_of_[i] = -1;
  for (int i = 0; i < group->size; ++i)
    rank_of_[group->world_ranks[i]] = i;
}

RankIndex::~RankIndex() { core_free(rank_of_); }

int RankIndex::operator[](int world_rank) const {
  return world_rank >= 0 && world_rank < limit_ ? rank_of_[world_rank] : -1;
}

int compare_groups(const Group *a, const Group *b) {
  if (a->size != b->size)
    return abi::UNEQUAL;
  bool same_order = true;
  for (int i = 0; i < a->size && same_order; ++i)
    same_order = a->world_ranks[i] == b->world_ranks[i];
  if (same_order)
    return abi::IDENT;
  const RankIndex in_b(b);
  for (int i = 0; i < a->size; ++i)
    if (in_b[a->world_ranks[i]] < 0)
      return abi::UNEQUAL;
  return abi::SIMILAR;
}

namespace {

bool is_null(const Group *group) { return (group->flags & kNull) != 0; }

// Collects members, then becomes a group: MPI_GROUP_EMPTY itself when there are none.
class Members {
public:
  // Of a group derived from `from`.
  Members(int most, const Group *from) : group_(new_group(most)) {
    group_->size = 0;
    group_->session = from->session;
  }
  void add(std::int32_t world_rank) { group_->world_ranks[group_->size++] = world_rank; }
  int give(Group **out) {
    if (group_->size == 0) {
      release(group_);
      group_ = predefined<Group>(abi::GROUP_EMPTY);
      retain(group_);
    } else {
      finish_group(group_);
    }
    *out = group_;
    return 0;
  }

private:
  Group *group_;
};

// A set of ranks of a group, checked: each valid and named at most once.
class RankSet {
public:
  explicit RankSet(const Group *group) : size_(group->size), in_(core_array<bool>(std::size_t(group->size))) {
    __builtin_memset(in_, 0, static_cast<std::size_t>(size_));
  }
  ~RankSet() { core_free(in_); }
  RankSet(const RankSet &) = delete;
  RankSet &operator=(const RankSet &) = delete;
  bool add(int rank) {
    if (rank < 0 || rank >= size_ || in_[rank])
      return false;
    return in_[rank] = true;
  }
  bool has(int rank) const { return in_[rank]; }

private:
  int size_;
  bool *in_;
};

// Calls visit(rank) for the ranks of a list of ranges (first, last, stride); false when a range or a visit is
// invalid.
template <class Visit> bool expand(int n, const int (*ranges)[3], Visit visit) {
  for (int i = 0; i < n; ++i) {
    const int first = ranges[i][0], last = ranges[i][1], stride = ranges[i][2];
    if (stride == 0 || (stride > 0 && first > last) || (stride < 0 && first < last))
      return false;
    for (std::int64_t rank = first; stride > 0 ? rank <= last : rank >= last; rank += stride)
      if (!visit(static_cast<int>(rank)))
        return false;
  }
  return true;
}

int include(const Group *group, int n, const int *ranks, Group **out) {
  Members members(n, group);
  for (int i = 0; i < n; ++i)
    members.add(group->world_ranks[ranks[i]]);
  return members.give(out);
}

int exclude(const Group *group, const RankSet &without, Group **out) {
  Members members(group->size, group);
  for (int i = 0; i < group->size; ++i)
    if (!without.has(i))
      members.add(group->world_ranks[i]);
  return members.give(out);
}

} // namespace

namespace api {

int Group_size(Group *group, int *size) {
  Call call(Fn::Group_size);
  if (is_null(group))
    return raise(abi::ERR_GROUP);
  *size = group->size;
  return 0;
}

int Group_rank(Group *group, int *rank) {
  Call call(Fn::Group_rank);
  if (is_null(group))
    return raise(abi::ERR_GROUP);
  *rank = group->rank;
  return 0;
}

int Group_translate_ranks(Group *group1, int n, const int *ranks1, Group *group2, int *ranks2) {
  Call call(Fn::Group_translate_ranks);
  if (is_null(group1) || is_null(group2))
    return raise(abi::ERR_GROUP);
  if (n < 0)
    return raise(abi::ERR_ARG);
  const RankIndex in_2(group2);
  for (int i = 0; i < n; ++i) {
    if (ranks1[i] == abi::PROC_NULL) {
      ranks2[i] = abi::PROC_NULL;
      continue;
    }
    if (ranks1[i] < 0 || ranks1[i] >= group1->size)
      return raise(abi::ERR_RANK);
    const int rank = in_2[group1->world_ranks[ranks1[i]]];
    ranks2[i] = rank < 0 ? abi::UNDEFINED : rank;
  }
  return 0;
}

int Group_compare(Group *group1, Group *group2, int *result) {
  Call call(Fn::Group_compare);
  if (is_null(group1) || is_null(group2))
    return raise(abi::ERR_GROUP);
  *result = compare_groups(group1, group2);
  return 0;
}

// All of group1 in its order, then those of group2 that are not in group1.
int Group_union(Group *group1, Group *group2, Group **newgroup) {
  Call call(Fn::Group_union);
  if (is_null(group1) || is_null(group2))
    return raise(abi::ERR_GROUP);
  const RankIndex in_1(group1);
  Members members(group1->size + group2->size, group1);
  for (int i = 0; i < group1->size; ++i)
    members.add(group1->world_ranks[i]);
  for (int i = 0; i < group2->size; ++i)
    if (in_1[group2->world_ranks[i]] < 0)
      members.add(group2->world_ranks[i]);
  return members.give(newgroup);
}

int Group_intersection(Group *group1, Group *group2, Group **newgroup) {
  Call call(Fn::Group_intersection);
  if (is_null(group1) || is_null(group2))
    return raise(abi::ERR_GROUP);
  const RankIndex in_2(group2);
  Members members(group1->size, group1);
  for (int i = 0; i < group1->size; ++i)
    if (in_2[group1->world_ranks[i]] >= 0)
      members.add(group1->world_ranks[i]);
  return members.give(newgroup);
}

int Group_difference(Group *group1, Group *group2, Group **newgroup) {
  Call call(Fn::Group_difference);
  if (is_null(group1) || is_null(group2))
    return raise(abi::ERR_GROUP);
  const RankIndex in_2(group2);
  Members members(group1->size, group1);
  for (int i = 0; i < group1->size; ++i)
    if (in_2[group1->world_ranks[i]] < 0)
      members.add(group1->world_ranks[i]);
  return members.give(newgroup);
}

int Group_incl(Group *group, int n, const int *ranks, Group **newgroup) {
  Call call(Fn::Group_incl);
  if (is_null(group))
    return raise(abi::ERR_GROUP);
  if (n < 0)
    return raise(abi::ERR_ARG);
  RankSet named(group);
  for (int i = 0; i < n; ++i)
    if (!named.add(ranks[i]))
      return raise(abi::ERR_RANK);
  return include(group, n, ranks, newgroup);
}

int Group_excl(Group *group, int n, const int *ranks, Group **newgroup) {
  Call call(Fn::Group_excl);
  if (is_null(group))
    return raise(abi::ERR_GROUP);
  if (n < 0)
    return raise(abi::ERR_ARG);
  RankSet without(group);
  for (int i = 0; i < n; ++i)
    if (!without.add(ranks[i]))
      return raise(abi::ERR_RANK);
  return exclude(group, without, newgroup);
}

int Group_range_incl(Group *group, int n, const int (*ranges)[3], Group **newgroup) {
  Call call(Fn::Group_range_incl);
  if (is_null(group))
    return raise(abi::ERR_GROUP);
  if (n < 0)
    return raise(abi::ERR_ARG);
  RankSet named(group);
  if (!expand(n, ranges, [&](int rank) { return named.add(rank); }))
    return raise(abi::ERR_RANK);
  Members members(group->size, group);
  expand(n, ranges, [&](int rank) { return members.add(group->world_ranks[rank]), true; });
  return members.give(newgroup);
}

int Group_range_excl(Group *group, int n, const int (*ranges)[3], Group **newgroup) {
  Call call(Fn::Group_range_excl);
  if (is_null(group))
    return raise(abi::ERR_GROUP);
  if (n < 0)
    return raise(abi::ERR_ARG);
  RankSet without(group);
  if (!expand(n, ranges, [&](int rank) { return without.add(rank); }))
    return raise(abi::ERR_RANK);
  return exclude(group, without, newgroup);
}

// MPI_GROUP_EMPTY may be freed: operations return it.
int Group_free(Group **group) {
  Call call(Fn::Group_free);
  if (is_null(*group))
    return raise(abi::ERR_GROUP);
  release(*group);
  *group = predefined<Group>(abi::GROUP_NULL);
  return 0;
}

} // namespace api

} // namespace mana
