// See targets.h.
#include "drain/targets.h"

#include <algorithm>
#include <cstdio>
#include <tuple>
#include <utility>

namespace mana {

// A rank at its plain gate was asked to be checkpointed just there: it goes on only after the communicators with
// held ranks have been let through this often.
static constexpr std::uint64_t kPlainPatience = 3;

void Targets::set_entered(int rank, Comm &comm, std::uint64_t entered) {
  const auto [place, is_new] = comm.entered.try_emplace(rank, entered);
  const bool was_unmet = !is_new && place->second < comm.target;
  place->second = entered;
  at(rank).unmet += (entered < comm.target) - was_unmet;
}

void Targets::raise(Comm &comm, std::uint64_t target) {
  if (target <= comm.target)
    return;
  for (const auto &[rank, entered] : comm.entered)
    at(rank).unmet += (entered < target) - (entered < comm.target);
  comm.target = target;
}

// Adds communicators not known of this rank yet, forgets those that it has freed. Counts of known ones are
// followed through the gate. An empty list says nothing: every rank counts MPI_COMM_WORLD.
void Targets::learn(int rank, std::span<const CommCount> counts, bool left_one) {
  if (!counts.empty())
    forget_freed(rank, counts);
  for (const CommCount &count : counts) {
    Comm &comm = comms_[count.comm_id];
    const auto known = comm.entered.find(rank);
    if (known != comm.entered.end() && (!left_one || known->second >= count.entered))
      continue;
    set_entered(rank, comm, count.entered);
    raise(comm, count.entered);
  }
}

void Targets::forget_freed(int rank, std::span<const CommCount> counts) {
  std::vector<std::uint64_t> live;
  for (const CommCount &count : counts)
    live.push_back(count.comm_id);
  std::sort(live.begin(), live.end());
  for (auto it = comms_.begin(); it != comms_.end();) {
    Comm &comm = it->second;
    const auto place = comm.entered.find(rank);
    if (place != comm.entered.end() && !std::binary_search(live.begin(), live.end(), it->first)) {
      at(rank).unmet -= place->second < comm.target;
      comm.entered.erase(place);
    }
    it = comm.entered.empty() ? comms_.erase(it) : std::next(it);
  }
}

void Targets::hear(Rank &rank, Threads threads) {
  rank.inside = threads.inside;
  rank.withdrawable = threads.withdrawable;
  rank.taken = std::min(threads.taken, rank.admitted);
}

void Targets::counts(int rank, std::span<const CommCount> counts, Threads threads) {
  if (at(rank).reported)
    return;
  at(rank).reported = true;
  --missing_counts_;
  if (!is_held(rank) && !at(rank).left_early) {
    at(rank).inside = threads.inside;
    at(rank).withdrawable = threads.withdrawable;
  }
  learn(rank, counts);
  admit_what_may_go();
}

void Targets::gate(int rank, std::uint64_t comm_id, std::uint64_t number, std::span<const CommCount> counts,
                   Threads threads) {
  Rank &r = at(rank);
  hear(r, threads);
  r.blocked = false;
  // The count includes the collective it stands before, and so may the target: then everybody comes.
  set_entered(rank, comms_[comm_id], number - 1);
  raise(comms_[comm_id], number - 1);
  held_.push_back({rank, comm_id, number});
  learn(rank, counts);
  admit_what_may_go();
}

void Targets::gate_plain(int rank) {
  at(rank).plain = true;
  at(rank).blocked = false;
  admit_what_may_go();
}

void Targets::left(int rank, std::span<const CommCount> counts, Threads threads) {
  Rank &r = at(rank);
  r.left_early = !r.reported;
  hear(r, threads);
  learn(rank, counts, true);
  admit_what_may_go();
}

void Targets::blocked(int rank, bool blocked) { at(rank).blocked = blocked; }

bool Targets::is_held(int rank) const {
  return std::any_of(held_.begin(), held_.end(), [&](const Held &held) { return held.rank == rank; });
}

bool Targets::may_enter(const Held &held) const {
  return held.number <= comms_.at(held.comm_id).target || ranks_[static_cast<std::size_t>(held.rank)].unmet > 0;
}

void Targets::admit_plain(int rank) {
  at(rank).plain = false;
  admissions_.push_back({rank, 0, 0});
}

// Rules 2 and 3 until nothing changes: an admission may raise a target, which gives others a reason to go on.
void Targets::admit_what_may_go() {
  if (missing_counts_ > 0)
    return;
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < held_.size(); ++i) {
      const Held held = held_[i];
      if (!may_enter(held))
        continue;
      held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i--));
      Comm &comm = comms_.at(held.comm_id);
      set_entered(held.rank, comm, held.number);
      raise(comm, held.number);
      ++at(held.rank).admitted;
      admissions_.push_back({held.rank, held.comm_id, held.number});
      changed = true;
    }
  }
  for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
    if (ranks_[rank].plain && ranks_[rank].unmet > 0)
      admit_plain(static_cast<int>(rank));
}

bool Targets::stalled() {
  if (missing_counts_ > 0 || ready())
    return false;

  // Per communicator with held ranks: how often released, how many members are not held here.
  std::map<std::uint64_t, std::size_t> held_members;
  for (const Held &held : held_)
    ++held_members[held.comm_id];
  using Cost = std::tuple<std::uint64_t, std::size_t, std::uint64_t>;
  bool found = false;
  Cost best{};
  for (const auto &[id, members] : held_members) {
    const Comm &comm = comms_.at(id);
    const Cost cost{comm.releases, comm.entered.size() - members, id};
    if (!found || cost < best)
      best = cost;
    found = true;
  }

  const auto plain = std::find_if(ranks_.begin(), ranks_.end(), [](const Rank &r) { return r.plain; });
  if (plain != ranks_.end() && (!found || std::get<0>(best) > plain_releases_ + kPlainPatience)) {
    ++plain_releases_;
    admit_plain(static_cast<int>(plain - ranks_.begin()));
    return true;
  }
  if (!found)
    return false;
  Comm &comm = comms_.at(std::get<2>(best));
  ++comm.releases;
  raise(comm, comm.target + 1);
  admit_what_may_go();
  return true;
}

std::vector<Targets::Admission> Targets::take_admissions() { return std::exchange(admissions_, {}); }

bool Targets::ready() const {
  return missing_counts_ == 0 &&
         std::all_of(ranks_.begin(), ranks_.end(), [](const Rank &r) { return r.unmet == 0 && !r.is_inside(); });
}

bool Targets::all_can_park() const {
  return missing_counts_ == 0 && std::all_of(ranks_.begin(), ranks_.end(), [](const Rank &r) {
           return r.inside == r.withdrawable && r.admitted == r.taken;
         });
}

bool Targets::nothing_runs() const {
  if (missing_counts_ > 0)
    return false;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const Rank &r = ranks_[i];
    if (!r.plain && !r.blocked && !r.is_inside() && !is_held(static_cast<int>(i)))
      return false;
  }
  return true;
}

bool Targets::parked(int rank, std::span<const CommCount> counts) {
  bool agree = true;
  for (const CommCount &count : counts) {
    std::uint64_t entered = count.entered;
    for (const Held &held : held_)
      if (held.rank == rank && held.comm_id == count.comm_id)
        entered = std::min(entered, held.number - 1);
    const auto [first, is_first] = final_.try_emplace(count.comm_id, entered);
    agree = agree && first->second == entered;
  }
  return agree;
}

std::string Targets::explain() const {
  std::string text;
  char line[160];
  const auto say = [&](const char *format, auto... values) {
    std::snprintf(line, sizeof line, format, values...);
    if (!text.empty())
      text += "; ";
    text += line;
  };
  for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
    if (!ranks_[rank].reported)
      say("rank %zu has not answered", rank);
    if (ranks_[rank].is_inside())
      say("rank %zu is inside a collective", rank);
  }
  for (const auto &[id, comm] : comms_)
    for (const auto &[rank, entered] : comm.entered)
      if (entered < comm.target)
        say("rank %d has entered %llu of %llu collectives on communicator 0x%llx", rank,
            static_cast<unsigned long long>(entered), static_cast<unsigned long long>(comm.target),
            static_cast<unsigned long long>(id));
  return text;
}

std::string Targets::fingerprint() const {
  std::string key;
  const auto add = [&](auto value) { key += std::to_string(value) + ","; };
  for (const Rank &r : ranks_) {
    add(r.reported + 2 * r.plain + 4 * r.blocked + 8 * r.left_early);
    add(r.inside), add(r.admitted - r.taken);
  }
  for (const auto &[id, comm] : comms_) {
    key += '/';
    add(id), add(comm.target), add(comm.releases);
    for (const auto &[rank, entered] : comm.entered)
      add(rank), add(entered);
  }
  key += '|';
  std::vector<std::tuple<int, std::uint64_t, std::uint64_t>> held;
  for (const Held &h : held_)
    held.emplace_back(h.rank, h.comm_id, h.number);
  std::sort(held.begin(), held.end());
  for (const auto &[rank, id, number] : held)
    add(rank), add(id), add(number);
  return key;
}

} // namespace mana
