// Where to stop: the decision which collectives are still entered once a checkpoint has been asked for.
//
// No rank may be saved inside a collective, and a communicator's members must all have entered the same number of
// them. Each rank counts, per communicator, the collectives it has entered. On a request the counts are
// gathered, and
//
//   1. the maximum over a communicator's members is its target: somebody is in there already, all must come;
//   2. a rank which stands before a collective beyond the target is held at the gate;
//   3. unless it still has an unmet target on another communicator: what it stands before comes first in its
//      program, so it enters, and this raises the target for all members (a topological order found by walking it);
//   4. when nothing moves any more while targets are unmet, ranks held at one communicator are let through;
//   5. when every target is met and nobody is inside: park.
//
// Rule 4 is for programs in which rules 1-3 alone wait for ever:
//
//       A: Barrier on Y, Send to B      no unmet target of its own: held before Y
//       B: Recv from A, Barrier on X    is short of X's target and waits for A
//       C: Barrier on X                 sits in X and waits for B
//       D: Barrier on Y                 is held too, or computes
//
// Only the messages of the program know that A must go on, and nobody sees those. So when nothing moves, held ranks
// go on, one communicator at a time: the one released least often, then the one with the fewest members missing (none
// missing: it costs nothing). A release that was not needed is harmless, it only moves the stopping point; in a
// program that would not hang without us there is always one that helps.
//
// Collectives are counted when a rank enters them; a nonblocking one when it is started, and the start counts as
// entering and leaving; a barrier under way at the request when it is left (core/barrier.cpp), which nobody has asked
// for at the gate, so what a rank says as it leaves counts. Who a communicator's members are is not told: they are the ranks that report its id, and a
// rank may report new ones, or no longer report one that it has freed, at any time. Until all members of a new
// communicator have reported, rule 5's "nobody is inside" holds the job back; what escapes that (a nonblocking
// collective on it) is found when the final counts of the parked ranks are compared: parked() is false and the caller
// tries again.
//
// Pure logic: no clock, no I/O, no thread. The caller (tools/coordinator) feeds messages and decides when "nothing
// moves". Cost: O(members) for a raised target, else O(held ranks). Tested by simulation and exhaustively for small
// jobs in tests/unit/targets_test.cpp. After Xu and Cooperman, "Enabling Practical Transparent Checkpointing for MPI:
// A Topological Sort Approach", IEEE Cluster 2024; rule 4 is ours.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace mana {

struct CommCount {
  std::uint64_t comm_id = 0, entered = 0;
  bool operator==(const CommCount &) const = default;
};

class Targets {
public:
  // Let `rank` enter collective `number` of `comm_id`; comm_id 0: go on from its plain gate.
  struct Admission {
    int rank;
    std::uint64_t comm_id, number;
    bool operator==(const Admission &) const = default;
  };

  explicit Targets(int ranks) : ranks_(static_cast<std::size_t>(ranks)), missing_counts_(ranks) {}

  // Threads of a rank: inside of a blocking collective now, and admissions that they have taken up since the request. By
  // default nobody is inside and all are taken up: a rank with one thread that waits at the gate or has just left.
  // `withdrawable` of those inside leave, as if they had not entered, when they are parked there.
  struct Threads {
    std::uint32_t inside = 0, withdrawable = 0, taken = ~0u;
  };

  // --- what ranks say ---
  // A rank's counters at the request. `inside`: threads in a blocking collective, or between counting it and
  // asking at the gate; a count may be one too high in the latter case. May come after a gate() or left() that was
  // said later, for different threads of the rank say them.
  void counts(int rank, std::span<const CommCount> counts, Threads threads);
  // A thread of the rank waits before collective `number` (from 1) of `comm_id`.
  void gate(int rank, std::uint64_t comm_id, std::uint64_t number, std::span<const CommCount> counts, Threads threads);
  void gate(int rank, std::uint64_t comm_id, std::uint64_t number, std::span<const CommCount> counts) {
    gate(rank, comm_id, number, counts, Threads{});
  }
  // The rank waits, outside of collectives, at a call where it would like to be checkpointed.
  void gate_plain(int rank);
  // A thread of it is no longer inside of a collective, or can withdraw from now on.
  void left(int rank, std::span<const CommCount> counts, Threads threads);
  void left(int rank, std::span<const CommCount> counts) { left(rank, counts, Threads{}); }
  // A hint: it waits, or no longer waits, for a point-to-point message.
  void blocked(int rank, bool blocked);

  // --- what the caller sees ---
  // Nothing has moved for a while (rule 4). Returns false when no rank is held: then only the
  // program itself can move.
  bool stalled();

  // Admissions since the last call.
  std::vector<Admission> take_admissions();

  // Rule 5. From then on nothing is admitted.
  bool ready() const;

  // Nobody is inside who cannot withdraw. Parked ranks may have unmet targets then, and do not agree if one of those inside
  // leaves, or it was a nonblocking collective that raised the target.
  bool all_can_park() const;

  // True when, as far as is known, no rank can move without an admission: waiting on is useless.
  bool nothing_runs() const;

  // Takes the counts of a parked rank. False when they contradict what another parked rank said.
  bool parked(int rank, std::span<const CommCount> counts);

  // Who is short of what, for a person: "rank 3 has entered 4 of 5 collectives on communicator 0x101".
  std::string explain() const;

  // The whole state in one string, equal for equal states. For tests.
  std::string fingerprint() const;

private:
  struct Rank {
    bool reported = false, plain = false, blocked = false;
    bool left_early = false; // its LEFT has overtaken its COUNTS
    std::uint32_t inside = 0, withdrawable = 0; // threads, as it has said last
    std::uint32_t admitted = 0, taken = 0; // admissions given out; those that it has said to have taken up
    int unmet = 0;           // communicators on which it is short of the target
    bool is_inside() const { return inside > 0 || admitted > taken; }
  };
  struct Comm {
    std::uint64_t target = 0;
    std::uint64_t releases = 0;
    std::map<int, std::uint64_t> entered; // by rank: the known members
  };
  struct Held {
    int rank;
    std::uint64_t comm_id, number;
  };

  Rank &at(int rank) { return ranks_[static_cast<std::size_t>(rank)]; }
  void hear(Rank &rank, Threads threads);
  void learn(int rank, std::span<const CommCount> counts, bool left_one = false);
  void forget_freed(int rank, std::span<const CommCount> counts);
  void set_entered(int rank, Comm &comm, std::uint64_t entered);
  void raise(Comm &comm, std::uint64_t target);
  void admit_what_may_go();
  void admit_plain(int rank);
  bool is_held(int rank) const;
  bool may_enter(const Held &held) const;

  std::vector<Rank> ranks_;
  std::map<std::uint64_t, Comm> comms_;
  std::vector<Held> held_;
  std::vector<Admission> admissions_;
  std::map<std::uint64_t, std::uint64_t> final_; // by communicator: what the first parked rank said
  std::uint64_t plain_releases_ = 0;
  int missing_counts_;
};

} // namespace mana
