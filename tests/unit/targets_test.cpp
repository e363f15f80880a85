// A job that is asked to quiesce always comes to a point where every communicator's members have entered the same
// collectives and nobody is inside one: in random programs, and in every interleaving of small ones.
#include "drain/targets.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_set>

#include "targets_model.h"

using mana::CommCount;
using mana::Targets;
using namespace model;

namespace {

// Runs one random interleaving. Stalls are called when nothing else can happen, and now and then too early.
std::string run_random(const Program &program, std::mt19937 &random, int request_after) {
  World world(program, true);
  int useless_stalls = 0;
  for (int steps = 0; !world.all_parked(); ++steps) {
    auto actions = world.enabled(true);
    if (steps < request_after && actions.size() > 1)
      std::erase_if(actions, [](auto &a) { return a.type == Action::request; });
    std::erase_if(actions, [&](auto &a) { return a.type == Action::say_blocked && random() % 8 != 0; });
    if (actions.empty()) {
      if (!world.quiescing())
        return "nothing moves after PARK";
      if (++useless_stalls > 1000)
        return "quiescing does not end: " + world.explain();
      world.perform({Action::stall});
      continue;
    }
    useless_stalls = 0;
    if (world.quiescing() && random() % 50 == 0)
      world.perform({Action::stall});
    else
      world.perform(actions[random() % actions.size()]);
  }
  return world.wrong();
}

// A program that cannot hang: ranks append their part of one global order of events. Ranks may still run far apart.
Program random_program(std::mt19937 &random, int ranks, int comms, int events) {
  Program program;
  program.ranks.resize(ranks);
  for (int c = 0; c < comms; ++c) {
    std::vector<int> members;
    while (members.size() < 2) {
      members.clear();
      for (int r = 0; r < ranks; ++r)
        if (c == 0 || random() % 2)
          members.push_back(r);
    }
    program.comms.push_back(members);
  }
  std::vector<int> open; // started collectives without their wait
  for (int e = 0; e < events; ++e) {
    const int c = static_cast<int>(random() % comms);
    const auto waits = [&](int comm) {
      for (int r : program.comms[comm])
        program.ranks[r].push_back({Kind::wait, comm});
    };
    switch (random() % 6) {
    case 0:
    case 1:
      for (int r : program.comms[c])
        program.ranks[r].push_back({Kind::collective, c});
      break;
    case 2:
      for (int r : program.comms[c])
        program.ranks[r].push_back({Kind::start, c});
      open.push_back(c);
      break;
    case 3:
      if (!open.empty()) {
        waits(open.back());
        open.pop_back();
      }
      break;
    default: {
      const int from = static_cast<int>(random() % ranks), to = static_cast<int>(random() % ranks);
      program.ranks[from].push_back({Kind::send, to});
      program.ranks[to].push_back({Kind::receive, from});
    }
    }
  }
  return program;
}

struct Search {
  const Program &program;
  bool early_stalls, split_counts;
  std::size_t limit = 4'000'000;
  std::unordered_set<std::string> seen{};
  std::string failure{};

  void explore() {
    std::vector<World> todo{World(program, split_counts)};
    while (!todo.empty() && failure.empty() && seen.size() < limit) {
      World world = std::move(todo.back());
      todo.pop_back();
      if (!seen.insert(world.fingerprint()).second)
        continue;
      if (world.all_parked()) {
        failure = world.wrong();
        continue;
      }
      const auto actions = world.enabled(false);
      for (const Action &action : actions) {
        World next = world;
        next.perform(action);
        todo.push_back(std::move(next));
      }
      if (world.quiescing() && (early_stalls || actions.empty())) {
        World next = world;
        next.perform({Action::stall});
        if (actions.empty() && next.fingerprint() == world.fingerprint())
          failure = "nothing moves and nobody is released: " + world.explain();
        todo.push_back(std::move(next));
      } else if (actions.empty()) {
        failure = "nothing moves after PARK";
      }
    }
    if (failure.empty() && seen.size() >= limit)
      failure = "too many states";
  }
};

void expect_always_parks(const Program &program, bool early_stalls, bool split_counts = false) {
  Search search{program, early_stalls, split_counts};
  search.explore();
  EXPECT_EQ(search.failure, "") << search.seen.size() << " states";
  EXPECT_GT(search.seen.size(), 10u);
}

constexpr Op coll(int c) { return {Kind::collective, c}; }
constexpr Op start(int c) { return {Kind::start, c}; }
constexpr Op wait(int c) { return {Kind::wait, c}; }
constexpr Op send(int r) { return {Kind::send, r}; }
constexpr Op recv(int r) { return {Kind::receive, r}; }

// DESIGN 3.4: A waits before Y; B must receive from A, after Y, before it can enter X, in which C sits.
const Program kHang{{{1, 2}, {0, 3}}, {{coll(1), send(1)}, {recv(0), coll(0)}, {coll(0)}, {coll(1)}}};

} // namespace

TEST(Targets, ParksAtOnceWhenAllCountsAgree) {
  Targets targets(2);
  const CommCount counts[] = {{1, 5}, {2, 3}};
  targets.counts(0, counts, {});
  EXPECT_FALSE(targets.ready());
  targets.counts(1, counts, {});
  EXPECT_TRUE(targets.ready());
}

TEST(Targets, HoldsBeyondTheTargetAndLetsTheLaggardIn) {
  Targets targets(2);
  targets.counts(0, std::vector<CommCount>{{1, 5}}, {});
  targets.counts(1, std::vector<CommCount>{{1, 4}}, {});
  targets.gate(0, 1, 6, {});
  EXPECT_TRUE(targets.take_admissions().empty());
  EXPECT_FALSE(targets.ready());
  EXPECT_NE(targets.explain().find("rank 1 has entered 4 of 5"), std::string::npos);
  targets.gate(1, 1, 5, {});
  EXPECT_EQ(targets.take_admissions(), (std::vector<Targets::Admission>{{1, 1, 5}}));
  EXPECT_FALSE(targets.ready());
  targets.left(1, {});
  EXPECT_TRUE(targets.ready());
}

TEST(Targets, ARankWithAnUnmetTargetRaisesWhatStandsBeforeIt) {
  Targets targets(3);
  targets.counts(0, std::vector<CommCount>{{1, 2}, {2, 0}}, {1});
  targets.counts(1, std::vector<CommCount>{{1, 1}, {2, 0}}, {});
  targets.counts(2, std::vector<CommCount>{{2, 0}}, {});
  targets.gate(2, 2, 1, {});
  EXPECT_TRUE(targets.take_admissions().empty());
  targets.gate(1, 2, 1, {}); // before its second on 1: 2 is entered, so rank 2 comes too, and rank 0 must
  EXPECT_EQ(targets.take_admissions(), (std::vector<Targets::Admission>{{1, 2, 1}, {2, 2, 1}}));
  EXPECT_FALSE(targets.ready());
}

TEST(Targets, ACountedButHeldCollectiveIsNotEntered) {
  Targets targets(2);
  targets.counts(0, std::vector<CommCount>{{1, 3}}, {1}); // the third is counted, the gate not reached
  targets.counts(1, std::vector<CommCount>{{1, 2}}, {});
  targets.gate(0, 1, 3, {});
  EXPECT_EQ(targets.take_admissions().size(), 1u);
}

TEST(Targets, ReleasesInTurnWhatCostsLeast) {
  Targets targets(3);
  targets.counts(0, std::vector<CommCount>{{1, 0}, {3, 1}}, {1});
  targets.counts(1, std::vector<CommCount>{{1, 0}, {2, 0}, {3, 0}}, {});
  targets.counts(2, std::vector<CommCount>{{2, 0}, {1, 0}}, {});
  targets.gate(2, 1, 1, {});
  EXPECT_FALSE(targets.nothing_runs());
  targets.blocked(1, true);
  EXPECT_TRUE(targets.nothing_runs());
  EXPECT_TRUE(targets.stalled());
  EXPECT_EQ(targets.take_admissions(), (std::vector<Targets::Admission>{{2, 1, 1}}));
  EXPECT_FALSE(targets.stalled()) << "nobody is held any more";
}

TEST(Targets, ThePlainGateIsReleasedLastButIsReleased) {
  Targets targets(3);
  targets.counts(0, std::vector<CommCount>{{1, 1}}, {1});
  targets.counts(1, std::vector<CommCount>{{1, 0}}, {}); // waits for a message of rank 2
  targets.counts(2, std::vector<CommCount>{}, {});
  targets.gate_plain(2);
  EXPECT_TRUE(targets.take_admissions().empty());
  EXPECT_TRUE(targets.stalled());
  EXPECT_EQ(targets.take_admissions(), (std::vector<Targets::Admission>{{2, 0, 0}}));
}

TEST(Targets, AFreedCommunicatorIsForgotten) {
  Targets targets(2);
  targets.counts(0, std::vector<CommCount>{{1, 0}, {7, 1}}, {1});
  targets.counts(1, std::vector<CommCount>{{1, 0}, {7, 1}}, {1});
  targets.left(0, std::vector<CommCount>{{1, 0}});
  targets.left(1, std::vector<CommCount>{{1, 0}});
  EXPECT_TRUE(targets.ready());
  targets.gate(0, 7, 1, std::vector<CommCount>{{1, 0}, {7, 1}});
  EXPECT_TRUE(targets.take_admissions().empty()) << "the same id used anew is counted anew";
}

TEST(Targets, GateAndLeftMayOvertakeTheCounts) {
  Targets targets(2);
  targets.left(0, {});
  targets.counts(0, std::vector<CommCount>{{1, 1}}, {1});
  targets.gate(1, 1, 2, {});
  targets.counts(1, std::vector<CommCount>{{1, 1}}, {1});
  EXPECT_TRUE(targets.ready()) << targets.explain();
}

// A barrier under way at the request passes no gate, and is counted when it is left.
TEST(Targets, WhoHasLeftABarrierIsNoLongerShortOfIt) {
  Targets targets(2);
  targets.counts(0, std::vector<CommCount>{{1, 3}}, {});
  targets.counts(1, std::vector<CommCount>{{1, 2}}, {});
  EXPECT_FALSE(targets.ready());
  targets.left(1, std::vector<CommCount>{{1, 3}});
  EXPECT_TRUE(targets.ready()) << targets.explain();
  targets.gate(1, 1, 4, std::vector<CommCount>{{1, 3}});
  EXPECT_TRUE(targets.take_admissions().empty());
}

TEST(Targets, WhoLeavesABarrierIsFollowedByTheOthers) {
  Targets targets(2);
  targets.counts(0, std::vector<CommCount>{{1, 2}}, {});
  targets.counts(1, std::vector<CommCount>{{1, 2}}, {1});
  targets.left(0, std::vector<CommCount>{{1, 3}});
  targets.left(1, std::vector<CommCount>{{1, 2}});
  EXPECT_FALSE(targets.ready()) << "rank 1 is still in the barrier which rank 0 has left";
  targets.left(1, std::vector<CommCount>{{1, 3}});
  EXPECT_TRUE(targets.ready()) << targets.explain();
}

// Rank 0 cannot come to the collective in which rank 1 waits: it spawns.
TEST(Targets, AllCanParkWhenThoseInsideCanWithdraw) {
  Targets targets(2);
  targets.counts(0, std::vector<CommCount>{{1, 2}}, {});
  targets.counts(1, std::vector<CommCount>{{1, 3}}, {1});
  EXPECT_FALSE(targets.all_can_park());
  targets.left(1, std::vector<CommCount>{{1, 3}}, {1, 1});
  EXPECT_FALSE(targets.ready());
  EXPECT_TRUE(targets.all_can_park());
  EXPECT_TRUE(targets.parked(0, std::vector<CommCount>{{1, 2}}));
  EXPECT_TRUE(targets.parked(1, std::vector<CommCount>{{1, 2}}));
}

TEST(Targets, WhoHasJustBeenLetInCannotPark) {
  Targets targets(2);
  targets.counts(0, std::vector<CommCount>{{1, 2}, {2, 1}}, {});
  targets.counts(1, std::vector<CommCount>{{1, 2}, {2, 0}}, {});
  EXPECT_TRUE(targets.all_can_park());
  targets.gate(1, 1, 3, {}, {});
  EXPECT_EQ(targets.take_admissions().size(), 1u) << "it is short of the other communicator's target";
  EXPECT_FALSE(targets.all_can_park());
  targets.left(1, std::vector<CommCount>{{1, 3}, {2, 0}}, {1, 0, 1});
  EXPECT_FALSE(targets.all_can_park());
  targets.left(1, std::vector<CommCount>{{1, 3}, {2, 0}}, {1, 1, 1});
  EXPECT_TRUE(targets.all_can_park());
}

TEST(Targets, ParkedRanksThatDisagreeAreNoticed) {
  Targets targets(2);
  targets.counts(0, {}, {});
  targets.counts(1, {}, {});
  ASSERT_TRUE(targets.ready());
  EXPECT_TRUE(targets.parked(0, std::vector<CommCount>{{9, 1}}));
  EXPECT_FALSE(targets.parked(1, std::vector<CommCount>{{9, 0}}));
}

TEST(TargetsExhaustive, WaitingAtTheTargetAloneWouldHang) { expect_always_parks(kHang, false); }

TEST(TargetsExhaustive, OverlappingCommunicatorsInDifferentOrder) {
  const Program program{{{0, 1}, {1, 2}, {0, 2}}, {{coll(0), coll(2)}, {coll(0), coll(1)}, {coll(1), coll(2)}}};
  expect_always_parks(program, true);
}

TEST(TargetsExhaustive, NonblockingThenBlockingWithMessages) {
  const Program program{
      {{0, 1, 2}, {0, 1}},
      {{start(0), send(2), coll(1), wait(0)}, {start(0), coll(1), wait(0)}, {recv(0), start(0), wait(0)}}};
  expect_always_parks(program, true);
}

TEST(TargetsExhaustive, CountsThatAreOvertaken) {
  expect_always_parks({{{0, 1}}, {{coll(0), coll(0)}, {coll(0), coll(0)}}}, true, true);
  expect_always_parks({{{0, 1}, {1, 2}}, {{coll(0)}, {coll(0), coll(1)}, {coll(1)}}}, false, true);
}

TEST(TargetsExhaustive, FourRanksInAChain) {
  const Program program{{{0, 1}, {1, 2}, {2, 3}}, {{coll(0)}, {coll(0), coll(1)}, {coll(1), coll(2)}, {coll(2)}}};
  expect_always_parks(program, false);
}

TEST(TargetsExhaustive, AllSmallProgramsOfThreeRanks) {
  std::mt19937 random(1);
  for (int i = 0; i < 6; ++i) {
    const Program program = random_program(random, 3, 2, 4);
    SCOPED_TRACE(i);
    expect_always_parks(program, i % 2 == 0);
    if (HasFailure())
      return;
  }
}

TEST(TargetsRandom, QuiescingAlwaysEndsWithConsistentCounts) {
  for (unsigned seed = 0; seed < 6000; ++seed) {
    std::mt19937 random(seed);
    const int ranks = 2 + static_cast<int>(random() % 7);
    const Program program = random_program(random, ranks, 1 + static_cast<int>(random() % 5), 40);
    const std::string failure = run_random(program, random, static_cast<int>(random() % 200));
    ASSERT_EQ(failure, "") << "seed " << seed;
  }
}

TEST(TargetsRandom, TheHangOfDesignInRandomOrder) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    ASSERT_EQ(run_random(kHang, random, static_cast<int>(random() % 20)), "") << "seed " << seed;
  }
}
