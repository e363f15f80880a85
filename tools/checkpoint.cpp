// See checkpoint.h.
#include "tools/checkpoint.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace mana {

using wire::Type;

namespace {

constexpr int kMaxAttempts = 5, kMaxEarly = 20;
constexpr unsigned kQuietMs = 10, kAllWaitMs = 1, kLongestQuietMs = 30000;

std::vector<CommCount> counts_of(const std::vector<wire::Count> &list) {
  std::vector<CommCount> counts;
  counts.reserve(list.size());
  for (const wire::Count &count : list)
    counts.push_back({count.comm_id, count.entered});
  return counts;
}

Targets::Threads threads_of(const wire::Inside &inside) { return {inside.threads, inside.withdrawable, inside.taken}; }

int exit_code_of(int error) {
  return error == EACCES || error == EPERM ? image::kNotAllowed
         : error == ENOENT                 ? image::kCannotCreate
                                           : image::kIoError;
}

} // namespace

Checkpoint::Checkpoint(Host &host, int ranks, bool stop, std::uint32_t *epoch)
    : host_(host), targets_(ranks), ranks_(ranks), stop_(stop), next_epoch_(epoch), lost_(ranks) {}

void Checkpoint::start() {
  problem_ = host_.begin_generation(&generation_, &directory_);
  if (problem_) {
    phase_ = Phase::over;
    host_.decided();
    host_.finished();
    return;
  }
  attempt();
}

void Checkpoint::attempt() {
  ++attempts_;
  epoch_ = ++*next_epoch_;
  targets_ = Targets(ranks_);
  releases_ = early_;
  retry_ = disagreement_ = false;
  duplicates_.assign(static_cast<std::size_t>(ranks_), false);
  wire::Quiesce quiesce;
  quiesce.generation = generation_;
  enter_phase(Phase::quiescing, wire::encode(quiesce, epoch_));
}

void Checkpoint::to_all(const std::string &frame) {
  for (int rank = 0; rank < ranks_; ++rank)
    if (!lost_[rank])
      host_.send(rank, frame);
}

void Checkpoint::enter_phase(Phase phase, const std::string &frame) {
  phase_ = phase;
  answered_.assign(static_cast<std::size_t>(ranks_), false);
  waiting_ = ranks_;
  if (!frame.empty())
    to_all(frame);
}

void Checkpoint::answered(int rank) {
  if (answered_[rank])
    return;
  answered_[rank] = true;
  --waiting_;
}

bool Checkpoint::message(int rank, Type type, std::uint32_t epoch, std::string_view payload) {
  if (epoch != epoch_ || phase_ == Phase::over)
    return true; // of an attempt that was given up
  wire::Counts counts;
  wire::Gate gate;
  wire::Left left;
  wire::Blocked blocked;
  wire::Parked parked;
  wire::Written written;
  wire::Failed failed;
  switch (type) {
  case Type::counts:
    if (!wire::decode(payload, &counts))
      return false;
    targets_.counts(rank, counts_of(counts.counts), threads_of(counts.inside));
    break;
  case Type::gate:
    if (!wire::decode(payload, &gate) || gate.number == 0 || gate.comm_id == 0)
      return false;
    targets_.gate(rank, gate.comm_id, gate.number, counts_of(gate.counts), threads_of(gate.inside));
    break;
  case Type::gate_plain:
    targets_.gate_plain(rank);
    break;
  case Type::left:
    if (!wire::decode(payload, &left))
      return false;
    targets_.left(rank, counts_of(left.counts), threads_of(left.inside));
    break;
  case Type::blocked:
    if (!wire::decode(payload, &blocked))
      return false;
    targets_.blocked(rank, blocked.blocked != 0);
    break;
  case Type::parked:
    if (!wire::decode(payload, &parked))
      return false;
    if (phase_ == Phase::parking)
      handle_parked(rank, counts_of(parked.counts), parked.duplications != 0);
    break;
  case Type::drained:
    if (phase_ == Phase::draining)
      answered(rank);
    break;
  case Type::written:
    if (!wire::decode(payload, &written))
      return false;
    if (phase_ != Phase::writing)
      break;
    if (!answered_[rank])
      images_.push_back({rank, written.file, written.bytes, {written.hash_low, written.hash_high}, written.warnings});
    answered(rank);
    break;
  case Type::failed:
    if (!wire::decode(payload, &failed))
      return false;
    cancel({exit_code_of(failed.error), failed.error, fmt::format("rank {}: {}", rank, failed.text)});
    break;
  case Type::resumed:
    if (phase_ == Phase::resuming)
      answered(rank);
    break;
  default:
    return false;
  }
  advance();
  return true;
}

void Checkpoint::handle_parked(int rank, const std::vector<CommCount> &counts, bool duplicates) {
  if (!targets_.parked(rank, counts))
    disagreement_ = true;
  duplicates_[rank] = duplicates;
  answered(rank);
}

// Does what follows when everybody has answered, or, while quiescing, when the targets say so.
void Checkpoint::advance() {
  switch (phase_) {
  case Phase::quiescing:
    for (const auto &admission : targets_.take_admissions()) {
      wire::Enter enter;
      enter.comm_id = admission.comm_id;
      enter.number = admission.number;
      host_.send(admission.rank, wire::encode(enter, epoch_));
    }
    if (targets_.ready())
      enter_phase(Phase::parking, wire::encode(wire::Park{}, epoch_));
    break;
  case Phase::parking:
    if (waiting_ > 0)
      break;
    if (disagreement_) {
      retry_ = attempts_ < kMaxAttempts + early_;
      cancel(
          {75, EAGAIN, "ranks started a nonblocking collective on a new communicator at the same time; try again"});
    } else if (std::find(duplicates_.begin(), duplicates_.end(), true) == duplicates_.end()) {
      enter_phase(Phase::draining, wire::encode(wire::Drain{}, epoch_));
    }
    break;
  case Phase::draining:
    if (waiting_ > 0)
      break;
    images_.clear();
    enter_phase(Phase::writing, wire::encode(wire::Write{directory_}, epoch_));
    break;
  case Phase::writing:
    if (waiting_ > 0)
      break;
    phase_ = Phase::committing;
    host_.commit(generation_, images_);
    break;
  case Phase::resuming:
    if (waiting_ > 0)
      break;
    if (retry_)
      return attempt();
    if (told_again_) // and then a rank was lost
      to_all(wire::encode(wire::Cancel{problem_.text}, epoch_));
    if (problem_)
      host_.abandon_generation(generation_); // only now does nobody write there any more
    phase_ = Phase::over;
    host_.finished();
    break;
  default:
    break;
  }
}

void Checkpoint::committed(const Problem &problem) {
  if (phase_ != Phase::committing)
    return;
  if (problem)
    return cancel(problem);
  host_.decided();
  if (stop_) {
    wire::Stop stop;
    stop.generation = generation_;
    to_all(wire::encode(stop, epoch_));
    phase_ = Phase::over;
    host_.finished();
    return;
  }
  wire::Resume resume;
  resume.generation = generation_;
  enter_phase(Phase::resuming, wire::encode(resume, epoch_));
  wait_for_resumed();
}

void Checkpoint::cancel(const Problem &problem) {
  if (phase_ == Phase::resuming || phase_ == Phase::over)
    return;
  if (!retry_) {
    problem_ = problem;
    host_.decided();
  }
  told_again_ = retry_;
  wire::Cancel cancel{problem.text, retry_ ? 1u : 0u};
  enter_phase(Phase::resuming, wire::encode(cancel, epoch_));
  wait_for_resumed();
}

// Those that are gone will not answer.
void Checkpoint::wait_for_resumed() {
  for (int rank = 0; rank < ranks_; ++rank)
    if (lost_[rank])
      answered(rank);
  advance();
}

void Checkpoint::lost(int rank, const std::string &why) {
  if (lost_[rank])
    return;
  lost_[rank] = true;
  const bool was_to_retry = std::exchange(retry_, false);
  const Problem problem{75, ESRCH, fmt::format("rank {} {}", rank, why)};
  if (phase_ == Phase::resuming) {
    if (was_to_retry) {
      problem_ = problem;
      host_.decided();
    }
    answered(rank);
    advance();
  } else if (phase_ != Phase::committing) { // the images are complete: the commit decides
    cancel(problem);
  }
}

void Checkpoint::quiet() {
  if (phase_ != Phase::quiescing)
    return;
  if (!targets_.nothing_runs())
    ++releases_;
  if (for_spawn_ && early_ < kMaxEarly && targets_.all_can_park()) {
    ++early_;
    return enter_phase(Phase::parking, wire::encode(wire::Park{}, epoch_));
  }
  targets_.stalled();
  advance();
}

// A rank that computes looks like one that waits for a message, and a release on its account only moves the stopping
// point. So the patience grows: in the end it is longer than what ranks compute between two collectives.
unsigned Checkpoint::quiet_ms() const {
  if (phase_ != Phase::quiescing)
    return 0;
  if (targets_.nothing_runs())
    return kAllWaitMs;
  return static_cast<unsigned>(std::min<double>(kQuietMs * std::pow(1.25, releases_), kLongestQuietMs));
}

std::uint64_t Checkpoint::bytes() const {
  std::uint64_t sum = 0;
  for (const ImageEntry &entry : images_)
    sum += entry.bytes;
  return sum;
}

std::vector<std::string> Checkpoint::warnings() const {
  std::vector<std::string> all;
  for (const ImageEntry &entry : images_)
    for (const std::string &warning : entry.warnings)
      all.push_back(fmt::format("rank {}: {}", entry.rank, warning));
  return all;
}

const char *Checkpoint::phase_name() const {
  static constexpr const char *kNames[] = {"quiescing",  "parking",  "draining", "writing",
                                           "committing", "resuming", "over"};
  return kNames[static_cast<int>(phase_)];
}

std::string Checkpoint::explain() const {
  if (phase_ == Phase::quiescing)
    return targets_.explain();
  std::string text;
  for (int rank = 0; rank < ranks_ && text.size() < 200; ++rank)
    if (!answered_.empty() && (!answered_[rank] || (phase_ == Phase::parking && duplicates_[rank])))
      text += fmt::format("{}{}", text.empty() ? "" : ", ", rank);
  return text.empty() ? text : fmt::format("waits for rank {}", text);
}

} // namespace mana
