// MPI_Dims_create and the arithmetic of grids.
#include <algorithm>
#include <vector>

#include "core/topology.h"
#include "core_api.h"
#include "core_fixture.h"

namespace mana {

namespace {

class Dims : public CoreTest {};
using List = std::vector<int>;

List balanced(int nnodes, List dims) {
  EXPECT_EQ(balance_dims(nnodes, int(dims.size()), dims.data()), 0) << nnodes;
  return dims;
}

TEST_F(Dims, ExamplesOfTheStandard) {
  EXPECT_EQ(balanced(6, {0, 0}), (List{3, 2}));
  EXPECT_EQ(balanced(7, {0, 0}), (List{7, 1}));
  EXPECT_EQ(balanced(6, {0, 3, 0}), (List{2, 3, 1}));
  List dims{0, 3, 0};
  EXPECT_EQ(balance_dims(7, 3, dims.data()), abi::ERR_DIMS);
}

TEST_F(Dims, LargestAndSmallestDifferAsLittleAsPossible) {
  EXPECT_EQ(balanced(72, {0, 0, 0}), (List{6, 4, 3}));
  EXPECT_EQ(balanced(16, {0, 0, 0}), (List{4, 2, 2}));
  EXPECT_EQ(balanced(1024, {0, 0, 0, 0, 0}), (List{4, 4, 4, 4, 4}));
  EXPECT_EQ(balanced(2147483647, {0, 0, 0}), (List{2147483647, 1, 1}));
  EXPECT_EQ(balanced(1, {0, 0}), (List{1, 1}));
  EXPECT_EQ(balanced(7488, {0, 0, 0}), (List{26, 18, 16}));
  EXPECT_EQ(balanced(5040, {0, 0, 0}), (List{21, 16, 15}));
  EXPECT_EQ(balanced(70416, {0, 0, 0, 0}), (List{163, 9, 8, 6}));
}

// The number with the most divisors, in any number of dimensions.
TEST_F(Dims, ManyDivisorsTakeNoTime) {
  for (std::size_t ndims = 1; ndims <= 40; ++ndims) {
    std::int64_t product = 1;
    for (int factor : balanced(2095133040, List(ndims, 0))) product *= factor;
    EXPECT_EQ(product, 2095133040);
  }
}

TEST_F(Dims, AgreesWithTryingEverythingForThreeDimensions) {
  for (int n = 1; n <= 3000; ++n) {
    List best{n, 1, 1};
    for (int small = 1; small * small * small <= n; ++small)
      for (int middle = small; small * middle * middle <= n; ++middle) {
        if (n % (small * middle) != 0)
          continue;
        const int large = n / small / middle;
        if (large - small <= best[0] - best[2])
          best = {large, middle, small};
      }
    ASSERT_EQ(balanced(n, {0, 0, 0}), best) << n;
  }
}

TEST_F(Dims, AgreesWithTryingEverythingForTwoDimensions) {
  for (int n = 1; n <= 2000; ++n) {
    int best = n;
    for (int d = 1; d <= n; ++d)
      if (n % d == 0)
        best = std::min(best, std::max(d, n / d));
    ASSERT_EQ(balanced(n, {0, 0}), (List{best, n / best}));
  }
}

TEST_F(Dims, Refusals) {
  List zero{0}, negative{-1, 0}, fixed{2, 2};
  EXPECT_EQ(balance_dims(0, 1, zero.data()), abi::ERR_ARG);
  EXPECT_EQ(balance_dims(4, 2, negative.data()), abi::ERR_DIMS);
  EXPECT_EQ(balance_dims(5, 2, fixed.data()), abi::ERR_DIMS);
  EXPECT_EQ(balance_dims(4, 2, fixed.data()), 0);
}

TopologyData *grid(List dims, List periods) {
  TopologyData *cart = new_cart(int(dims.size()));
  std::copy(dims.begin(), dims.end(), cart->dims);
  std::copy(periods.begin(), periods.end(), cart->periods);
  return cart;
}

TEST_F(Dims, CoordinatesAndRanksAreInverse) {
  TopologyData *cart = grid({3, 4, 2}, {0, 1, 0});
  for (int rank = 0; rank < cart_size(cart); ++rank) {
    int coords[3];
    cart_coords(cart, rank, coords);
    EXPECT_EQ(cart_rank(cart, coords), rank);
  }
}

TEST_F(Dims, ShiftsWrapWherePeriodicAndEndElsewhere) {
  TopologyData *cart = grid({3, 4}, {0, 1});
  int source, destination;
  cart_shift(cart, 1, 0, 1, &source, &destination); // coordinates (0, 1)
  EXPECT_EQ(source, abi::PROC_NULL);
  EXPECT_EQ(destination, 5);
  cart_shift(cart, 1, 1, -6, &source, &destination);
  EXPECT_EQ(source, 3);
  EXPECT_EQ(destination, 3);
  cart_shift(cart, 1, 1, 0, &source, &destination);
  EXPECT_EQ(source, 1);
  EXPECT_EQ(destination, 1);
}

TEST_F(Dims, SubgridsPartitionTheGrid) {
  TopologyData *cart = grid({2, 3, 4}, {1, 0, 1});
  const int remain[] = {0, 1, 1};
  for (int rank = 0; rank < 24; ++rank) {
    const CartSub sub = cart_sub(cart, rank, remain);
    EXPECT_EQ(sub.color, rank / 12);
    EXPECT_EQ(sub.rank, rank % 12);
    EXPECT_EQ(sub.topology->ndims, 2);
    EXPECT_EQ(sub.topology->dims[1], 4);
    EXPECT_EQ(cart_rank(sub.topology, sub.topology->coords), sub.rank);
  }
  const int nothing[] = {0, 0, 0};
  EXPECT_EQ(cart_sub(cart, 5, nothing).color, 5);
  EXPECT_EQ(cart_sub(cart, 5, nothing).topology->ndims, 0);
}

TEST_F(Dims, CopiesAreEqualAndTheirOwn) {
  TopologyData *graph = new_dist_graph(2, 1, true);
  graph->sources[1] = 4;
  graph->destination_weights[0] = 9;
  TopologyData *copy = copy_topology(graph);
  graph->sources[1] = 0;
  EXPECT_EQ(copy->sources[1], 4);
  EXPECT_EQ(copy->destination_weights[0], 9);
  EXPECT_EQ(copy->weighted, 1);
}

} // namespace

} // namespace mana
