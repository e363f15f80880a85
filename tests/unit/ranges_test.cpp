// The allocator's tree against the simplest thing that can be right: one flag per page.
#include "lower-half/ranges.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace mana {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kBase = 0x10000;

class Model {
public:
  explicit Model(std::size_t pages) : used_(pages, false) {}
  void set(std::size_t from, std::size_t to, bool used) {
    for (std::size_t i = from; i < to; ++i)
      used_[i] = used;
  }
  bool is_free(std::size_t from, std::size_t to) const {
    for (std::size_t i = from; i < to; ++i)
      if (used_[i])
        return false;
    return from < to;
  }
  // Page index of the lowest fit or -1.
  long find(std::size_t pages, std::size_t align, std::size_t from, std::size_t to) const {
    for (std::size_t i = from; i + pages <= to; ++i)
      if ((kBase / kPage + i) % align == 0 && is_free(i, i + pages))
        return static_cast<long>(i);
    return -1;
  }
  std::size_t size() const { return used_.size(); }
  bool used(std::size_t i) const { return used_[i]; }

private:
  std::vector<bool> used_;
};

std::uint64_t address(std::size_t page) { return kBase + page * kPage; }

void expect_same_used(const Ranges &ranges, const Model &model) {
  std::vector<bool> seen(model.size(), false);
  std::uint64_t from = 0;
  for (;;) {
    const Extent used = ranges.next_used(from);
    if (used.start == used.end)
      break;
    ASSERT_GT(used.end, from);
    for (std::uint64_t a = used.start; a < used.end; a += kPage)
      seen[(a - kBase) / kPage] = true;
    from = used.end;
  }
  for (std::size_t i = 0; i < model.size(); ++i)
    ASSERT_EQ(seen[i], model.used(i)) << "page " << i;
}

void run_random(unsigned seed, std::size_t pages, std::size_t longest, int steps) {
  std::mt19937 random(seed);
  Model model(pages);
  Ranges ranges;
  ranges.reset(kBase, kBase + pages * kPage);
  auto pick = [&](std::size_t below) { return static_cast<std::size_t>(random() % below); };
  for (int step = 0; step < steps; ++step) {
    const std::size_t from = pick(pages), length = 1 + pick(longest);
    const std::size_t to = std::min(pages, from + length);
    switch (pick(4)) {
    case 0:
      ranges.take(address(from), address(to));
      model.set(from, to, true);
      break;
    case 1:
      ranges.give(address(from), address(to));
      model.set(from, to, false);
      break;
    case 2: {
      const std::size_t align = std::size_t{1} << pick(4), low = pick(pages), high = low + pick(pages - low + 1);
      const long expected = model.find(length, align, low, high);
      const std::uint64_t found = ranges.find(length * kPage, align * kPage, address(low), address(high));
      ASSERT_EQ(found, expected < 0 ? 0 : address(static_cast<std::size_t>(expected))) << "step " << step;
      break;
    }
    default:
      ASSERT_EQ(ranges.is_free(address(from), address(to)), model.is_free(from, to)) << "step " << step;
    }
    if (step % 64 == 0)
      expect_same_used(ranges, model);
  }
  expect_same_used(ranges, model);
}

TEST(Ranges, AgreesWithAPageMapUnderRandomUse) {
  for (unsigned seed = 1; seed <= 20; ++seed)
    run_random(seed, 300, 40, 4000);
}

TEST(Ranges, AgreesWithAPageMapWhenFragmented) {
  for (unsigned seed = 1; seed <= 5; ++seed)
    run_random(seed, 2000, 3, 6000);
}

TEST(Ranges, CoalescesWhatIsGivenBack) {
  Ranges ranges;
  ranges.reset(kBase, address(1000));
  ranges.take(kBase, address(1000));
  EXPECT_EQ(ranges.free_extents(), 0u);
  for (std::size_t i = 0; i < 1000; i += 2)
    ranges.give(address(i), address(i + 1));
  EXPECT_EQ(ranges.free_extents(), 500u);
  for (std::size_t i = 1; i < 1000; i += 2)
    ranges.give(address(i), address(i + 1));
  EXPECT_EQ(ranges.free_extents(), 1u);
  EXPECT_TRUE(ranges.is_free(kBase, address(1000)));
}

TEST(Ranges, ClipsToItsBounds) {
  Ranges ranges;
  ranges.reset(kBase, address(10));
  ranges.take(0, address(1000));
  EXPECT_EQ(ranges.find(kPage, kPage, 0, ~0ull), 0u);
  ranges.give(0, ~0ull);
  EXPECT_EQ(ranges.find(10 * kPage, kPage, 0, ~0ull), kBase);
  EXPECT_EQ(ranges.find(11 * kPage, kPage, 0, ~0ull), 0u);
}

TEST(Ranges, SixtyThousandMappingsStayFast) {
  Ranges ranges;
  constexpr std::size_t kMappings = 60000;
  ranges.reset(kBase, address(4 * kMappings));
  for (std::size_t i = 0; i < kMappings; ++i)
    ranges.take(address(4 * i), address(4 * i + 1));
  EXPECT_EQ(ranges.find(4 * kPage, kPage, kBase, ~0ull), 0u);
  for (std::size_t i = 0; i < kMappings; ++i) {
    const std::uint64_t found = ranges.find(3 * kPage, kPage, kBase, ~0ull);
    ASSERT_EQ(found, address(4 * i + 1));
    ranges.take(found, found + 3 * kPage);
  }
  EXPECT_EQ(ranges.free_extents(), 0u);
}

} // namespace
} // namespace mana
