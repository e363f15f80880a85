// The coordinator of a job: knows its ranks, takes requests for checkpoints, runs one at a time.
//
// It lives in mana_launch, mana_restart or mana_coordinator, on their libuv loop, and holds no state that a
// checkpoint depends on: when it dies, the ranks go on without checkpoints. Requests come from mana_status, from
// ranks, from signals and from the interval timer:
//   - one that comes before every rank is there and has called MPI_Init is deferred;
//   - one that comes while a checkpoint runs joins it (or follows it, when it is to stop the job and that one can no
//     longer be told to);
//   - one that can never be honoured (a rank has left MPI or is gone) is refused with the reason.
#pragma once
#include <uv.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tools/checkpoint.h"
#include "tools/generations.h"
#include "tools/peer.h"
#include "tools/runtime_dir.h"

namespace mana {

struct CoordinatorOptions {
  std::string tool = "mana_launch";           // for messages
  std::string id;                             // of the job; empty: host and pid
  std::string checkpoint_directory;           // absolute
  std::vector<std::string> command, launcher; // for the manifest
  std::string working_directory;
  double interval_seconds = 0;  // 0: no checkpoints by the clock
  double timeout_seconds = 600; // for each phase from parking on
  int keep = 2;
  std::optional<int> ranks; // when it is known
  bool can_start_again = false; // the job's launcher is this process's, and can be started with more processes
};

// What MPI_Comm_spawn has asked for (interface/dynamic.h), for the job's next start.
struct SpawnPlan {
  int processes = 0;        // then, of the whole job
  std::string description;  // MANA_SPAWN
};

class Coordinator : private Checkpoint::Host {
public:
  Coordinator(uv_loop_t *loop, CoordinatorOptions options);
  ~Coordinator() override;

  // Locks the checkpoint directory, opens the socket, writes the job file.
  Problem start();
  // Removes the job's files and closes everything on the loop.
  void close();

  // MANA_COORDINATOR and MANA_TOKEN of the ranks.
  const std::string &socket() const { return job_.socket; }
  const std::string &token() const { return token_; }
  const std::string &id() const { return job_.id; }

  // A request of this process itself (signal).
  void request(bool stop);
  // A request would be taken, and there are ranks which could be checkpointed.
  bool can_checkpoint() const { return connected_ranks() > 0 && impossible().empty(); }
  std::string impossible() const; // why no checkpoint can ever be taken again; empty: it may

  // A checkpoint after which the job stops has been committed.
  bool stopped() const { return stopped_; }
  // ... and it is to be started again from last_generation(), with more processes.
  bool starts_again() const { return stopped_ && !spawns_.empty() && !stop_for_good_; }
  std::string last_generation() const { return generations_.path_of(last_.generation); }
  // The launcher has ended: forgets the ranks and says how the job starts. If it was just started for the same spawns and
  // not every rank came up, without them, and the ranks that asked are told so.
  SpawnPlan start_again();
  bool spawn_failed() const { return !starting_.empty() && !every_rank_runs(); }
  int connected_ranks() const;
  bool some_rank_starts() const;
  void terminate_starting_ranks() const; // SIGTERM to those that are not past MPI_Init
  bool all_gone() const; // every rank has been there and has gone
  bool every_rank_has_finalized() const;
  // Called whenever a rank has gone or the job was told to stop.
  std::function<void()> on_change;

private:
  struct Rank {
    Peer *peer = nullptr;
    wire::RankState state = wire::RankState::starting;
    std::uint32_t backend = 0, front = 0;
    int pid = 0;
    std::string host;
    bool ready = false; // comes to MPI_Init and waits for BEGIN
    bool lost = false; // was there and has gone
    wire::Parked parked; // as it was parked last, for its standing
  };
  static bool starts(const Rank &rank);
  struct Waiting {
    bool stop = false, for_good = false;  // for_good: not only to be started again
    std::set<Peer *> tools;
    std::set<int> ranks; // asked and were told "taken"
  };

  // --- connections ---
  void message(Peer &peer, wire::Type type, std::uint32_t epoch, std::string_view payload);
  void closed(Peer &peer, const std::string &why);
  void handle_hello(Peer &peer, std::string_view payload);
  std::string refuse_hello(const wire::Hello &hello) const;
  void handle_state(Peer &peer, std::string_view payload);
  void handle_rank_message(Peer &peer, wire::Type type, std::uint32_t epoch, std::string_view payload);
  void handle_spawn(Peer &peer, std::string_view payload);
  void handle_name(Peer &peer, std::string_view payload);
  void refuse_spawns();
  bool every_rank_runs() const;
  void spawns_done();
  std::map<int, int> ended_worlds() const; // spawned, not needed any more by anybody: first rank -> how many
  void tell_all(const std::string &frame);
  void abandon_failed_start();
  void handle_ready(Rank &rank);
  void handle_tool_message(Peer &peer, wire::Type type, std::string_view payload);
  void handle_status(Peer &peer);

  // --- requests ---
  Problem take_request(bool stop, Peer *tool, int rank, bool for_good = true);
  std::string not_yet(const std::set<int> &of = {}) const; // why none can be started now; of: on account of these ranks only
  void try_begin();
  void refuse_pending(const std::string &why);
  void tick();
  void tell_what_waits();

  // --- Checkpoint::Host ---
  void send(int rank, std::string frame) override;
  void progress(const std::string &line) override;
  Problem begin_generation(std::uint64_t *generation, std::string *directory) override;
  void abandon_generation(std::uint64_t generation) override;
  void commit(std::uint64_t generation, std::vector<ImageEntry> images) override;
  void decided() override;
  void finished() override;

  void after_event(); // timers follow the checkpoint's phase; what is over is destroyed
  void expired();
  void say(const std::string &line) const;

  uv_loop_t *loop_;
  CoordinatorOptions options_;
  FileSystem files_;
  Generations generations_;
  Job job_;
  std::string runtime_, token_;
  uv_pipe_t server_{};
  uv_timer_t quiet_timer_{}, phase_timer_{}, interval_timer_{}, patience_timer_{};
  bool open_ = false, stopped_ = false, stop_for_good_ = false, checkpoint_over_ = false, warned_interval_ = false, told_what_waits_ = false;

  std::set<Peer *> peers_;
  std::vector<Rank> ranks_; // empty until the first HELLO has told how many
  struct Spawn {
    int rank;
    std::uint64_t number;
    int count;
    std::string text;
  };
  std::vector<Spawn> spawns_;                // asked for
  std::vector<Spawn> starting_;              // the job was started for them, and not all ranks have come up yet
  int spawns_before_ = 0;                    // ranks without them
  std::set<int> started_;                    // ranks that they are
  std::map<std::string, std::string> names_; // of services, with their ports
  std::optional<Waiting> pending_;
  std::unique_ptr<Checkpoint> checkpoint_;
  Waiting active_; // those who wait for `checkpoint_`
  Checkpoint::Phase timed_phase_ = Checkpoint::Phase::over;
  std::uint32_t epoch_ = 0;
  std::uint64_t began_ns_ = 0;
  struct Commit;
  Commit *commit_ = nullptr; // in a thread of libuv's pool

  struct {
    std::uint64_t generation = 0, bytes = 0;
    double seconds = 0;
    std::string when, problem;
  } last_;
};

} // namespace mana
