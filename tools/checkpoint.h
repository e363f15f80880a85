// One checkpoint of a job as the coordinator sees it: a state machine over the messages of tools/protocol.h.
//
//   quiescing   collectives pass the gate; drain/targets.h decides where to stop
//       | every target is met everywhere
//   parking     every thread of every rank stops            <- from here on no rank is inside a collective
//       | all PARKED, counts agree
//   draining    messages under way are received into memory <- afterwards nothing of the job is in the network
//       | all DRAINED
//   writing     images go to gen-N.partial
//       | all WRITTEN
//   committing  the generation is published                  <- from here on it exists
//       | RESUME (or STOP: over)
//   resuming    until each rank said that it runs again
//
// A failure, a lost rank, a cancel or a time-out before the commit leads to CANCEL for all, and to `resuming`. Parked
// ranks whose counts disagree (targets.h says when that can be) lead there too, and the checkpoint is tried again.
//
// No clock and no socket in here: the host sends, times and publishes.
#pragma once
#include <string>
#include <vector>

#include "drain/targets.h"
#include "tools/manifest.h"
#include "tools/protocol.h"

namespace mana {

class Checkpoint {
public:
  enum class Phase { quiescing, parking, draining, writing, committing, resuming, over };

  class Host {
  public:
    virtual ~Host() = default;
    virtual void send(int rank, std::string frame) = 0;
    virtual void progress(const std::string &line) = 0;
    virtual Problem begin_generation(std::uint64_t *generation, std::string *directory) = 0;
    virtual void abandon_generation(std::uint64_t generation) = 0;
    // Publishes; `images` is complete. Answers with committed(), now or later.
    virtual void commit(std::uint64_t generation, std::vector<ImageEntry> images) = 0;
    // It is known how this ends: problem().code == 0 means that generation() exists.
    virtual void decided() = 0;
    // All ranks run again (or were told to stop). The object may be destroyed after the return of the call
    // that brought this about.
    virtual void finished() = 0;
  };

  // `epoch` is the job's counter of attempts; each attempt takes the next value.
  Checkpoint(Host &host, int ranks, bool stop, std::uint32_t *epoch);

  void start();

  // A message of a checkpoint from `rank`. False when it is not one or does not decode: the peer is to be dropped.
  bool message(int rank, wire::Type type, std::uint32_t epoch, std::string_view payload);
  // The rank is gone or leaves MPI.
  void lost(int rank, const std::string &why);
  // Gives up, unless it is too late for that.
  void cancel(const Problem &problem);
  void committed(const Problem &problem);

  // Nothing has been heard of for quiet_ms() milliseconds; 0: there is nothing to wait for.
  void quiet();
  unsigned quiet_ms() const;

  void stop_afterwards() { stop_ = true; } // possible until the commit
  // A rank waits for it in MPI_Comm_spawn, and so cannot go on to its targets. Those that wait for it there withdraw, if they
  // all can and the counts agree then; else everybody goes on and it is tried again.
  void expect_spawn() { for_spawn_ = true; }
  bool stops() const { return stop_; }
  Phase phase() const { return phase_; }
  const char *phase_name() const;
  const Problem &problem() const { return problem_; }
  std::uint64_t generation() const { return generation_; }
  std::uint64_t bytes() const;
  std::vector<std::string> warnings() const; // "rank 1: what was not saved"
  std::string explain() const;               // who is waited for

private:
  void attempt();
  void to_all(const std::string &frame);
  void enter_phase(Phase phase, const std::string &frame);
  void advance();
  void handle_parked(int rank, const std::vector<CommCount> &counts, bool duplicates);
  void answered(int rank);
  void wait_for_resumed();

  Host &host_;
  Targets targets_;
  Phase phase_ = Phase::quiescing;
  const int ranks_;
  bool stop_, disagreement_ = false, retry_ = false, told_again_ = false, for_spawn_ = false;
  std::uint32_t *next_epoch_, epoch_ = 0;
  int attempts_ = 0, releases_ = 0;
  int early_ = 0;                     // attempts that have parked the ranks with targets unmet
  std::vector<bool> answered_, lost_; // by rank; answered: in this phase
  std::vector<bool> duplicates_;      // by rank; parked, and cannot tell all counts yet
  int waiting_ = 0;                   // ranks that have not answered in this phase
  std::uint64_t generation_ = 0;
  std::string directory_;
  std::vector<ImageEntry> images_;
  Problem problem_;
};

} // namespace mana
