// What the coordinator does for a running checkpoint: messages out, the generation, timers. See coordinator.h.
#include <fmt/format.h>

#include "tools/coordinator.h"

namespace mana {

namespace {

// A rank in MPI_Comm_spawn goes no further before the others are at a safe point. One that waits for it in a collective
// never gets there; one that only takes long does.
constexpr std::uint64_t kSpawnPatienceMs = 60000;

} // namespace

// The commit waits for disks, so it runs in a thread of libuv's pool.
struct Coordinator::Commit {
  uv_work_t work;
  Coordinator *self;
  Manifest manifest;
  Problem problem;
};

void Coordinator::send(int rank, std::string frame) {
  if (Peer *peer = ranks_[static_cast<std::size_t>(rank)].peer)
    peer->send(std::move(frame));
}

void Coordinator::progress(const std::string &line) {
  for (Peer *tool : active_.tools)
    tool->send(wire::encode(wire::Progress{line}));
}

Problem Coordinator::begin_generation(std::uint64_t *generation, std::string *directory) {
  return generations_.begin(generation, directory);
}

void Coordinator::abandon_generation(std::uint64_t generation) { generations_.abandon(generation); }

void Coordinator::commit(std::uint64_t generation, std::vector<ImageEntry> images) {
  commit_ = new Commit{};
  commit_->self = this;
  commit_->work.data = commit_;
  Manifest &manifest = commit_->manifest;
  manifest.generation = generation;
  manifest.backend = mpi_name(ranks_[0].backend);
  manifest.front = mpi_name(ranks_[0].front);
  manifest.host = job_.host;
  manifest.created = utc_now();
  manifest.launcher = options_.launcher;
  manifest.command = options_.command;
  manifest.working_directory = options_.working_directory;
  manifest.images = std::move(images);
  uv_queue_work(
      loop_, &commit_->work,
      [](uv_work_t *work) {
        auto *commit = static_cast<Commit *>(work->data);
        commit->problem = commit->self->generations_.commit(commit->manifest, commit->self->options_.keep);
      },
      [](uv_work_t *work, int) {
        const std::unique_ptr<Commit> commit(static_cast<Commit *>(work->data));
        Coordinator *self = commit->self;
        self->commit_ = nullptr;
        if (self->checkpoint_)
          self->checkpoint_->committed(commit->problem);
        if (self->open_)
          self->after_event();
      });
}

void Coordinator::decided() {
  const Problem &problem = checkpoint_->problem();
  wire::Outcome outcome;
  outcome.exit_code = problem.code;
  outcome.generation = checkpoint_->generation();
  if (problem) {
    last_.problem = problem.text;
    outcome.text = "no checkpoint: " + problem.text;
    refuse_spawns();
  } else {
    last_.generation = checkpoint_->generation();
    last_.bytes = checkpoint_->bytes();
    last_.seconds = static_cast<double>(uv_hrtime() - began_ns_) / 1e9;
    last_.when = utc_now();
    last_.problem.clear();
    stopped_ = checkpoint_->stops();
    stop_for_good_ = active_.for_good;
    outcome.text =
        fmt::format("checkpoint {} committed: {} rank{}, {:.1f} MiB in {:.2f} s{}", last_.generation, ranks_.size(),
                    ranks_.size() == 1 ? "" : "s", static_cast<double>(last_.bytes) / (1 << 20), last_.seconds,
                    starts_again() ? ", the job goes on with the processes of MPI_Comm_spawn"
                    : stopped_     ? ", the job stops"
                                   : "");
    for (const std::string &warning : checkpoint_->warnings()) {
      say(warning);
      progress(warning);
    }
  }
  if (open_)
    say(outcome.text);
  for (Peer *tool : active_.tools)
    tool->send(wire::encode(outcome));
  active_ = {};
}

void Coordinator::finished() { checkpoint_over_ = true; }

void Coordinator::after_event() {
  if (!open_)
    return;
  if (checkpoint_over_) {
    checkpoint_over_ = false;
    checkpoint_.reset();
    try_begin();
    if (on_change)
      on_change();
    if (checkpoint_over_)
      return after_event();
  }
  const unsigned quiet = checkpoint_ ? checkpoint_->quiet_ms() : 0;
  if (quiet > 0)
    uv_timer_start(
        &quiet_timer_,
        [](uv_timer_t *timer) {
          auto *self = static_cast<Coordinator *>(timer->data);
          if (self->checkpoint_)
            self->checkpoint_->quiet();
          self->after_event();
        },
        quiet, 0);
  else
    uv_timer_stop(&quiet_timer_);

  const auto phase = checkpoint_ ? checkpoint_->phase() : Checkpoint::Phase::over;
  if (phase == timed_phase_)
    return;
  timed_phase_ = phase;
  uv_timer_stop(&phase_timer_);
  if (checkpoint_)
    progress(checkpoint_->phase_name());
  const bool spawns = phase == Checkpoint::Phase::quiescing && !spawns_.empty();
  if (spawns || phase == Checkpoint::Phase::parking || phase == Checkpoint::Phase::draining ||
      phase == Checkpoint::Phase::writing)
    uv_timer_start(
        &phase_timer_, [](uv_timer_t *timer) { static_cast<Coordinator *>(timer->data)->expired(); },
        spawns ? kSpawnPatienceMs : static_cast<std::uint64_t>(options_.timeout_seconds * 1000), 0);
}

void Coordinator::expired() {
  if (!checkpoint_)
    return;
  if (checkpoint_->phase() == Checkpoint::Phase::quiescing)
    checkpoint_->cancel({75, ETIMEDOUT,
                         fmt::format("no rank may wait in a collective for one that is in MPI_Comm_spawn: {}",
                                     checkpoint_->explain())});
  checkpoint_->cancel({75, ETIMEDOUT,
                       fmt::format("{} took longer than {} s: {}", checkpoint_->phase_name(),
                                   options_.timeout_seconds, checkpoint_->explain())});
  after_event();
}

} // namespace mana
