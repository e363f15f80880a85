// Groups as rank lists: the operations of MPI-3.1, section 6.3.
#include "core/groups.h"

#include <vector>

#include "core_api.h"
#include "core_fixture.h"

namespace mana {

namespace {

class Groups : public CoreTest {
protected:
  static std::vector<int> ranks(const Group *group) { return {group->world_ranks, group->world_ranks + group->size}; }
  static Group *make(std::vector<std::int32_t> ranks) { return new_group(int(ranks.size()), ranks.data()); }
};

using Ranks = std::vector<int>;

TEST_F(Groups, OwnRankIsFoundOrUndefined) {
  EXPECT_EQ(make({3, 0, 5})->rank, 1);
  EXPECT_EQ(make({3, 5})->rank, abi::UNDEFINED);
}

TEST_F(Groups, UnionKeepsTheFirstGroupsOrderThenAddsTheRest) {
  Group *result;
  ASSERT_EQ(api::Group_union(make({4, 1, 2}), make({2, 7, 0, 1}), &result), 0);
  EXPECT_EQ(ranks(result), (Ranks{4, 1, 2, 7, 0}));
}

TEST_F(Groups, IntersectionAndDifferenceAreInTheFirstGroupsOrder) {
  Group *result;
  ASSERT_EQ(api::Group_intersection(make({4, 1, 2}), make({2, 7, 4}), &result), 0);
  EXPECT_EQ(ranks(result), (Ranks{4, 2}));
  ASSERT_EQ(api::Group_difference(make({4, 1, 2}), make({2, 7, 4}), &result), 0);
  EXPECT_EQ(ranks(result), (Ranks{1}));
}

TEST_F(Groups, AnEmptyResultIsGroupEmptyAndMayBeFreed) {
  Group *result;
  ASSERT_EQ(api::Group_intersection(make({1, 2}), make({3}), &result), 0);
  EXPECT_EQ(result, predefined<Group>(abi::GROUP_EMPTY));
  EXPECT_EQ(api::Group_free(&result), 0);
  EXPECT_EQ(result, predefined<Group>(abi::GROUP_NULL));
  EXPECT_EQ(api::Group_free(&result), abi::ERR_GROUP);
}

TEST_F(Groups, InclAndExclRefuseInvalidAndRepeatedRanks) {
  Group *group = make({10, 11, 12, 13}), *result;
  const int good[] = {3, 0}, repeated[] = {1, 1}, outside[] = {4};
  ASSERT_EQ(api::Group_incl(group, 2, good, &result), 0);
  EXPECT_EQ(ranks(result), (Ranks{13, 10}));
  ASSERT_EQ(api::Group_excl(group, 2, good, &result), 0);
  EXPECT_EQ(ranks(result), (Ranks{11, 12}));
  EXPECT_EQ(api::Group_incl(group, 2, repeated, &result), abi::ERR_RANK);
  EXPECT_EQ(api::Group_excl(group, 1, outside, &result), abi::ERR_RANK);
}

TEST_F(Groups, RangesCountUpAndDown) {
  Group *group = make({0, 1, 2, 3, 4, 5, 6, 7}), *result;
  const int ranges[][3] = {{1, 6, 2}, {7, 6, -1}};
  ASSERT_EQ(api::Group_range_incl(group, 2, ranges, &result), 0);
  EXPECT_EQ(ranks(result), (Ranks{1, 3, 5, 7, 6}));
  ASSERT_EQ(api::Group_range_excl(group, 2, ranges, &result), 0);
  EXPECT_EQ(ranks(result), (Ranks{0, 2, 4}));
  const int no_stride[][3] = {{0, 1, 0}}, wrong_way[][3] = {{3, 1, 1}};
  EXPECT_EQ(api::Group_range_incl(group, 1, no_stride, &result), abi::ERR_RANK);
  EXPECT_EQ(api::Group_range_incl(group, 1, wrong_way, &result), abi::ERR_RANK);
}

TEST_F(Groups, TranslateHandlesProcNullAndStrangers) {
  const int asked[] = {0, abi::PROC_NULL, 2};
  int answered[3];
  ASSERT_EQ(api::Group_translate_ranks(make({5, 6, 7}), 3, asked, make({7, 1, 5}), answered), 0);
  EXPECT_EQ((Ranks{answered, answered + 3}), (Ranks{2, abi::PROC_NULL, 0}));
  const int stranger[] = {1}, outside[] = {3};
  ASSERT_EQ(api::Group_translate_ranks(make({5, 6, 7}), 1, stranger, make({7}), answered), 0);
  EXPECT_EQ(answered[0], abi::UNDEFINED);
  EXPECT_EQ(api::Group_translate_ranks(make({5, 6, 7}), 1, outside, make({7}), answered), abi::ERR_RANK);
}

TEST_F(Groups, CompareTellsIdenticalSimilarUnequal) {
  int result;
  ASSERT_EQ(api::Group_compare(make({1, 2}), make({1, 2}), &result), 0);
  EXPECT_EQ(result, abi::IDENT);
  ASSERT_EQ(api::Group_compare(make({1, 2}), make({2, 1}), &result), 0);
  EXPECT_EQ(result, abi::SIMILAR);
  ASSERT_EQ(api::Group_compare(make({1, 2}), make({1, 3}), &result), 0);
  EXPECT_EQ(result, abi::UNEQUAL);
}

TEST_F(Groups, AMillionCyclesUseNoMoreMemory) {
  for (int i = 0; i < 1'000'000; ++i) {
    Group *group = make({0, 1, 2});
    ASSERT_LT(group->index, 4096u);
    release(group);
  }
}

} // namespace

} // namespace mana
