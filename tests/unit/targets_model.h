// A model of an MPI job under a checkpoint request, small enough to be run through all its interleavings: programs of
// collectives and messages, ranks that run them as the wrappers do (count, test the intent, ask at the gate), and
// the coordinator's side of drain/targets.h. Every step that can happen in a real job is one action here; who picks
// among the possible actions (a random generator, an exhaustive search) is the test's business.
#pragma once
#include <deque>
#include <string>
#include <vector>

#include "drain/targets.h"

namespace model {

enum class Kind { collective, start, wait, send, receive };

// collective/start: argument is the communicator; wait: the communicator whose last started one it completes;
// send/receive: the peer.
struct Op {
  Kind kind;
  int argument;
};

struct Program {
  std::vector<std::vector<int>> comms; // members
  std::vector<std::vector<Op>> ranks;
};

struct ToCoordinator {
  enum Type { counts, gate, left, blocked, parked } type;
  std::vector<mana::CommCount> list;
  std::uint64_t a = 0, b = 0;
};
struct ToRank {
  enum Type { quiesce, enter, park } type;
};

struct Rank {
  enum Where { between, counted, at_gate, inside, parked } where = between;
  std::size_t pc = 0;
  bool quiescing = false, parking = false, in_collective = false, said_blocked = false;
  enum Control { idle, reads, tells } control = idle; // the control thread on its way to COUNTS
  ToCoordinator counts{};                             // read, not yet told
  std::vector<std::uint64_t> entered;                 // by communicator: what the wrapper's counter says
  std::deque<ToCoordinator> up;
  std::deque<ToRank> down;
};

struct Action {
  enum Type { request, stall, step, control, deliver_up, deliver_down, say_blocked } type;
  int rank = 0;
};

class World {
public:
  // `split_counts`: COUNTS is read in one step and told in another, as the control thread does. Many more states.
  World(const Program &program, bool split_counts)
      : program_(&program), split_counts_(split_counts), targets_(static_cast<int>(program.ranks.size())),
        ranks_(program.ranks.size()), messages_(ranks_.size() * ranks_.size()) {
    for (Rank &rank : ranks_)
      rank.entered.resize(program.comms.size());
  }

  // Everything that may happen next, but for stall: the caller decides when that is allowed.
  std::vector<Action> enabled(bool with_hints) const {
    std::vector<Action> actions;
    if (!requested_)
      actions.push_back({Action::request});
    for (int r = 0; r < size(); ++r) {
      const Rank &rank = ranks_[r];
      if (can_step(r))
        actions.push_back({Action::step, r});
      if (!rank.up.empty())
        actions.push_back({Action::deliver_up, r});
      if (rank.control != Rank::idle)
        actions.push_back({Action::control, r});
      else if (!rank.down.empty())
        actions.push_back({Action::deliver_down, r});
      if (with_hints && rank.quiescing && rank.where == Rank::between && !rank.parking &&
          rank.said_blocked == can_step(r))
        actions.push_back({Action::say_blocked, r});
    }
    return actions;
  }

  void perform(const Action &action) {
    switch (action.type) {
    case Action::request:
      requested_ = true;
      for (Rank &rank : ranks_)
        rank.down.push_back({ToRank::quiesce});
      break;
    case Action::stall:
      targets_.stalled();
      coordinate();
      break;
    case Action::step:
      step(action.rank);
      break;
    case Action::control:
      control(action.rank);
      break;
    case Action::deliver_up:
      deliver_up(action.rank);
      break;
    case Action::deliver_down:
      deliver_down(action.rank);
      break;
    case Action::say_blocked: {
      Rank &rank = ranks_[action.rank];
      rank.said_blocked = !rank.said_blocked;
      rank.up.push_back({ToCoordinator::blocked, {}, rank.said_blocked});
      break;
    }
    }
  }

  bool quiescing() const { return requested_ && !park_sent_; }
  bool all_parked() const { return parked_ == size(); }

  // What must hold once everybody is parked; else a sentence.
  std::string wrong() const {
    if (disagreement_)
      return "the parked ranks' counts disagree";
    for (std::size_t c = 0; c < program_->comms.size(); ++c)
      for (int member : program_->comms[c])
        if (ranks_[member].entered[c] != ranks_[program_->comms[c][0]].entered[c])
          return "communicator " + std::to_string(c) + " has members with different counts";
    for (const Rank &rank : ranks_)
      if (rank.in_collective)
        return "a rank is parked inside a collective";
    return {};
  }

  std::string explain() const { return targets_.explain(); }

  std::string fingerprint() const {
    std::string key = targets_.fingerprint();
    const auto add = [&](auto value) { key += std::to_string(value) + ","; };
    add(requested_ + 2 * park_sent_);
    for (const Rank &rank : ranks_) {
      key += ';';
      add(rank.where), add(rank.pc), add(rank.control), add(rank.counts.a);
      for (const auto &count : rank.counts.list)
        add(count.entered);
      add(rank.quiescing + 2 * rank.parking + 4 * rank.in_collective + 8 * rank.said_blocked);
      for (auto n : rank.entered)
        add(n);
      for (const auto &m : rank.up) {
        add(m.type), add(m.a), add(m.b);
        for (const auto &count : m.list)
          add(count.entered);
      }
      key += ':';
      for (const auto &m : rank.down)
        add(m.type);
    }
    for (int n : messages_)
      add(n);
    return key;
  }

private:
  int size() const { return static_cast<int>(ranks_.size()); }
  const Op *op(int r) const {
    const auto &ops = program_->ranks[r];
    return ranks_[r].pc < ops.size() ? &ops[ranks_[r].pc] : nullptr;
  }
  bool member(int r, std::size_t c) const {
    for (int m : program_->comms[c])
      if (m == r)
        return true;
    return false;
  }
  // Every member has really entered as many as `r` has.
  bool all_entered(int r, int c) const {
    for (int m : program_->comms[c])
      if (really_entered(m, c) < ranks_[r].entered[c])
        return false;
    return true;
  }
  std::uint64_t really_entered(int r, int c) const {
    const Rank &rank = ranks_[r];
    const Op *now = op(r);
    const bool not_yet = (rank.where == Rank::counted || rank.where == Rank::at_gate) && now->argument == c;
    return rank.entered[c] - not_yet;
  }
  std::vector<mana::CommCount> list(int r) const {
    std::vector<mana::CommCount> list;
    for (std::size_t c = 0; c < program_->comms.size(); ++c)
      if (member(r, c))
        list.push_back({c + 1, ranks_[r].entered[c]});
    return list;
  }
  int &channel(int from, int to) { return messages_[static_cast<std::size_t>(from * size() + to)]; }
  int channel(int from, int to) const { return messages_[static_cast<std::size_t>(from * size() + to)]; }

  bool can_step(int r) const {
    const Rank &rank = ranks_[r];
    const Op *now = op(r);
    if (rank.where == Rank::parked)
      return false;
    if (rank.where == Rank::at_gate)
      return rank.parking;
    if (rank.where == Rank::between && rank.parking)
      return true;
    if (now == nullptr)
      return false;
    if (rank.where == Rank::inside)
      return now->kind == Kind::start || all_entered(r, now->argument);
    if (rank.where == Rank::between && now->kind == Kind::receive)
      return channel(now->argument, r) > 0;
    if (rank.where == Rank::between && now->kind == Kind::wait)
      return all_entered(r, now->argument);
    return true;
  }

  void step(int r) {
    Rank &rank = ranks_[r];
    if (rank.parking && (rank.where == Rank::between || rank.where == Rank::at_gate))
      return park(r);
    const Op now = *op(r);
    switch (rank.where) {
    case Rank::between:
      if (now.kind == Kind::send)
        ++channel(r, now.argument);
      if (now.kind == Kind::receive)
        --channel(now.argument, r);
      if (now.kind == Kind::collective || now.kind == Kind::start) {
        rank.in_collective = true;
        ++rank.entered[now.argument];
        rank.where = Rank::counted;
      } else {
        ++rank.pc;
      }
      break;
    case Rank::counted:
      rank.where = Rank::inside;
      if (!rank.quiescing)
        break;
      rank.where = Rank::at_gate;
      rank.up.push_back(
          {ToCoordinator::gate, list(r), static_cast<std::uint64_t>(now.argument + 1), rank.entered[now.argument]});
      break;
    case Rank::inside:
      rank.in_collective = false;
      rank.where = Rank::between;
      ++rank.pc;
      if (rank.quiescing)
        rank.up.push_back({ToCoordinator::left, list(r)});
      break;
    default:
      break;
    }
  }

  void park(int r) {
    Rank &rank = ranks_[r];
    if (rank.where == Rank::at_gate)
      --rank.entered[op(r)->argument];
    rank.in_collective = false;
    rank.where = Rank::parked;
    rank.up.push_back({ToCoordinator::parked, list(r)});
  }

  // Reading the counters and telling them are two steps: the program goes on in between.
  void control(int r) {
    Rank &rank = ranks_[r];
    if (rank.control == Rank::reads) {
      rank.counts = {ToCoordinator::counts, list(r), rank.in_collective};
      rank.control = Rank::tells;
    } else {
      rank.up.push_back(std::move(rank.counts));
      rank.counts = {};
      rank.control = Rank::idle;
    }
  }

  void deliver_down(int r) {
    Rank &rank = ranks_[r];
    const ToRank message = rank.down.front();
    rank.down.pop_front();
    if (message.type == ToRank::quiesce) {
      rank.quiescing = true;
      rank.control = Rank::reads;
      if (!split_counts_)
        control(r), control(r);
    }
    if (message.type == ToRank::enter)
      rank.where = Rank::inside;
    if (message.type == ToRank::park)
      rank.parking = true;
  }

  void deliver_up(int r) {
    const ToCoordinator message = std::move(ranks_[r].up.front());
    ranks_[r].up.pop_front();
    switch (message.type) {
    case ToCoordinator::counts:
      targets_.counts(r, message.list, {message.a != 0});
      break;
    case ToCoordinator::gate:
      targets_.gate(r, message.a, message.b, message.list);
      break;
    case ToCoordinator::left:
      targets_.left(r, message.list);
      break;
    case ToCoordinator::blocked:
      targets_.blocked(r, message.a != 0);
      break;
    case ToCoordinator::parked:
      ++parked_;
      if (!targets_.parked(r, message.list))
        disagreement_ = true;
      break;
    }
    coordinate();
  }

  void coordinate() {
    if (park_sent_)
      return;
    for (const auto &admission : targets_.take_admissions())
      ranks_[admission.rank].down.push_back({ToRank::enter});
    if (!requested_ || !targets_.ready())
      return;
    park_sent_ = true;
    for (Rank &rank : ranks_)
      rank.down.push_back({ToRank::park});
  }

  const Program *program_;
  bool split_counts_;
  mana::Targets targets_;
  std::vector<Rank> ranks_;
  std::vector<int> messages_;
  bool requested_ = false, park_sent_ = false, disagreement_ = false;
  int parked_ = 0;
};

} // namespace model
