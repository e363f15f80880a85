// The coordinator: socket, ranks, requests. Its side of a running checkpoint is in coordinator_checkpoint.cpp.
#include "tools/coordinator.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace mana {

using wire::RankState;
using wire::Type;

namespace {

constexpr std::uint64_t kPatienceMs = 10000; // before it is said what a checkpoint or a spawn waits for

// As long for a wrong token as for a right one.
bool same_token(const std::string &a, const std::string &b) {
  unsigned char difference = a.size() != b.size();
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

std::string joined(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words) {
    if (!text.empty())
      text += ' ';
    text += image::printable(word);
  }
  return text;
}

// Why a rank that is in this state cannot be checkpointed.
const char *obstacle(RankState state) {
  switch (state) {
  case RankState::busy:
    return "has entered MPI_Finalize";
  case RankState::executes:
    return "executes another program";
  default:
    return "has left MPI";
  }
}

const char *name_of(RankState state) {
  static constexpr const char *kNames[] = {"starting", "running", "finalized", "entering or leaving MPI",
                                           "executing another program"};
  return kNames[static_cast<int>(state)];
}

} // namespace

Coordinator::Coordinator(uv_loop_t *loop, CoordinatorOptions options)
    : loop_(loop), options_(std::move(options)), generations_(files_, options_.checkpoint_directory) {
  job_.host = host_name();
  job_.pid = ::getpid();
  job_.id = options_.id.empty() ? fmt::format("{}-{}", job_.host, job_.pid) : options_.id;
  job_.checkpoint_directory = options_.checkpoint_directory;
  job_.command = joined(options_.command);
  job_.started = utc_now();
  token_ = random_token();
}

Coordinator::~Coordinator() = default;

void Coordinator::say(const std::string &line) const { fmt::print(stderr, "{}: {}\n", options_.tool, line); }

Problem Coordinator::start() {
  if (Problem problem = generations_.open())
    return problem;
  if (Problem problem = runtime_directory(&runtime_))
    return problem;
  job_.socket = fmt::format("{}/job-{}.sock", runtime_, job_.id);
  ::unlink(job_.socket.c_str());
  uv_pipe_init(loop_, &server_, 0);
  uv_timer_init(loop_, &quiet_timer_);
  uv_timer_init(loop_, &phase_timer_);
  uv_timer_init(loop_, &interval_timer_);
  uv_timer_init(loop_, &patience_timer_);
  server_.data = quiet_timer_.data = phase_timer_.data = interval_timer_.data = patience_timer_.data = this;
  open_ = true;
  int error = uv_pipe_bind(&server_, job_.socket.c_str());
  if (error == 0 && ::chmod(job_.socket.c_str(), 0600) != 0)
    error = -errno;
  if (error == 0)
    error = uv_listen(reinterpret_cast<uv_stream_t *>(&server_), 1024, [](uv_stream_t *server, int status) {
      auto *self = static_cast<Coordinator *>(server->data);
      if (status != 0)
        return;
      const Peer::Events events{[self](Peer &peer, Type type, std::uint32_t epoch, std::string_view payload) {
                                  self->message(peer, type, epoch, payload);
                                },
                                [self](Peer &peer, const std::string &why) { self->closed(peer, why); }};
      if (Peer *peer = Peer::accept(server, events))
        self->peers_.insert(peer);
    });
  if (error != 0)
    return {69, -error, fmt::format("cannot listen on {}: {}", job_.socket, uv_strerror(error))};
  if (options_.interval_seconds > 0) {
    const auto ms = static_cast<std::uint64_t>(options_.interval_seconds * 1000);
    uv_timer_start(
        &interval_timer_, [](uv_timer_t *timer) { static_cast<Coordinator *>(timer->data)->tick(); }, ms, ms);
  }
  uv_timer_start(
      &patience_timer_, [](uv_timer_t *timer) { static_cast<Coordinator *>(timer->data)->tell_what_waits(); }, kPatienceMs, kPatienceMs);
  return write_job(runtime_, job_);
}

void Coordinator::close() {
  if (!open_)
    return;
  open_ = false;
  remove_job(runtime_, job_.id);
  refuse_pending("the job has ended");
  if (checkpoint_ && checkpoint_->phase() < Checkpoint::Phase::committing)
    checkpoint_->cancel({75, 0, "the job has ended"});
  if (checkpoint_ && checkpoint_->problem())
    generations_.abandon(checkpoint_->generation());
  for (Peer *peer : peers_)
    peer->drop("the job has ended");
  for (uv_timer_t *timer : {&quiet_timer_, &phase_timer_, &interval_timer_, &patience_timer_})
    uv_close(reinterpret_cast<uv_handle_t *>(timer), nullptr);
  uv_close(reinterpret_cast<uv_handle_t *>(&server_), nullptr);
}

int Coordinator::connected_ranks() const {
  int count = 0;
  for (const Rank &rank : ranks_)
    count += rank.peer != nullptr;
  return count;
}

bool Coordinator::starts(const Rank &rank) {
  return rank.peer != nullptr && rank.peer->pid() > 0 && (rank.state == RankState::starting || rank.state == RankState::busy);
}

bool Coordinator::some_rank_starts() const { return std::any_of(ranks_.begin(), ranks_.end(), starts); }

void Coordinator::terminate_starting_ranks() const {
  for (const Rank &rank : ranks_)
    if (starts(rank))
      ::kill(rank.peer->pid(), SIGTERM);
}

bool Coordinator::every_rank_has_finalized() const {
  return !ranks_.empty() && std::all_of(ranks_.begin(), ranks_.end(), [](const Rank &rank) {
    return rank.state == RankState::finalized;
  });
}

bool Coordinator::all_gone() const {
  return !ranks_.empty() && std::all_of(ranks_.begin(), ranks_.end(), [](const Rank &rank) { return rank.lost; });
}

// ---------------------------------------------------------------------------------
// Connections

void Coordinator::message(Peer &peer, Type type, std::uint32_t epoch, std::string_view payload) {
  if (peer.rank >= 0)
    handle_rank_message(peer, type, epoch, payload);
  else if (type == Type::hello)
    handle_hello(peer, payload);
  else
    handle_tool_message(peer, type, payload);
  after_event();
}

void Coordinator::closed(Peer &peer, const std::string &why) {
  peers_.erase(&peer);
  active_.tools.erase(&peer);
  if (pending_)
    pending_->tools.erase(&peer);
  if (peer.rank < 0) {
    if (why != "closed the connection" && open_)
      say(fmt::format("process {} {}", peer.pid(), why));
    return;
  }
  Rank &rank = ranks_[static_cast<std::size_t>(peer.rank)];
  rank.peer = nullptr;
  if (rank.state == RankState::executes) { // with answers that were not read it is reset
    rank.state = RankState::starting;
    return;
  }
  rank.lost = true;
  if (!open_)
    return;
  if (checkpoint_)
    checkpoint_->lost(peer.rank, why == "closed the connection" ? "has ended" : why);
  abandon_failed_start();
  try_begin();
  after_event();
  if (on_change)
    on_change();
}

std::string Coordinator::refuse_hello(const wire::Hello &hello) const {
  if (!same_token(hello.token, token_))
    return "a process without the token of this job was refused";
  if (hello.size < 1 || hello.size > kMaxRanks || hello.rank < 0 || hello.rank >= hello.size)
    return fmt::format("a process says it is rank {} of {}", hello.rank, hello.size);
  if (!ranks_.empty() && static_cast<int>(ranks_.size()) != hello.size)
    return fmt::format("rank {} says there are {} ranks, others say {}", hello.rank, hello.size, ranks_.size());
  if (ranks_.empty())
    return {};
  const Rank &rank = ranks_[static_cast<std::size_t>(hello.rank)];
  const bool comes_back = rank.state == RankState::executes && rank.pid == hello.pid;
  if (rank.lost || (rank.peer != nullptr && !comes_back))
    return fmt::format("rank {} has connected twice", hello.rank);
  return {};
}

void Coordinator::handle_hello(Peer &peer, std::string_view payload) {
  wire::Hello hello;
  if (!wire::decode(payload, &hello))
    return peer.drop("sent a malformed HELLO");
  if (std::string reason = refuse_hello(hello); !reason.empty()) {
    say(reason);
    return peer.drop(reason);
  }
  if (ranks_.empty())
    ranks_.resize(static_cast<std::size_t>(hello.size));
  Rank &rank = ranks_[static_cast<std::size_t>(hello.rank)];
  if (rank.peer != nullptr) {
    rank.peer->rank = -1; // the program before has not been seen to end yet
    rank.state = RankState::starting;
  }
  rank.peer = &peer;
  rank.backend = hello.backend;
  rank.front = hello.front;
  rank.pid = hello.pid;
  rank.host = hello.host;
  peer.rank = hello.rank;
  peer.introduced();
  wire::Welcome welcome;
  welcome.checkpoint_directory = options_.checkpoint_directory;
  peer.send(wire::encode(welcome));
  abandon_failed_start();
}

// A launcher may wait for the others when one of its ranks has ended before MPI_Init.
void Coordinator::abandon_failed_start() {
  if (!spawn_failed() || std::none_of(ranks_.begin(), ranks_.end(), [](const Rank &rank) { return rank.lost; }))
    return;
  tell_all(wire::encode(wire::Abandon{}));
}

void Coordinator::handle_ready(Rank &rank) {
  rank.ready = true;
  if (std::all_of(ranks_.begin(), ranks_.end(), [](const Rank &each) { return each.ready; }))
    tell_all(wire::encode(wire::Begin{}));
}

void Coordinator::tell_all(const std::string &frame) {
  for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
    send(static_cast<int>(rank), frame);
}

void Coordinator::handle_state(Peer &peer, std::string_view payload) {
  wire::State state;
  if (!wire::decode(payload, &state))
    return peer.drop("sent a malformed STATE");
  Rank &rank = ranks_[static_cast<std::size_t>(peer.rank)];
  rank.state = state.state;
  if (state.front != 0)
    rank.front = state.front;
  spawns_done();
  if (checkpoint_ && state.state != RankState::initialized)
    checkpoint_->lost(peer.rank, obstacle(state.state));
  try_begin();
}

void Coordinator::handle_rank_message(Peer &peer, Type type, std::uint32_t epoch, std::string_view payload) {
  Rank &rank = ranks_[static_cast<std::size_t>(peer.rank)];
  if (type == Type::state)
    return handle_state(peer, payload);
  if (type == Type::request) {
    wire::Request request;
    if (!wire::decode(payload, &request))
      return peer.drop("sent a malformed REQUEST");
    const Problem problem = take_request(request.stop != 0, nullptr, peer.rank);
    wire::Answer answer;
    answer.error = problem ? EBUSY : 0;
    answer.text = problem.text;
    peer.send(wire::encode(answer));
    return try_begin();
  }
  if (type == Type::ready)
    return handle_ready(rank);
  if (type == Type::spawn)
    return handle_spawn(peer, payload);
  if (type == Type::name)
    return handle_name(peer, payload);
  // A restarted rank has been rebuilt.
  if (type == Type::resumed && rank.state == RankState::starting) {
    rank.state = RankState::initialized;
    spawns_done();
    return try_begin();
  }
  if (!checkpoint_) {
    if (epoch == 0)
      peer.drop(fmt::format("sent {} outside of a checkpoint", wire::name_of(type)));
    return;
  }
  if (type == Type::parked)
    wire::decode(payload, &rank.parked);
  if (!checkpoint_->message(peer.rank, type, epoch, payload))
    peer.drop(fmt::format("sent a malformed {}", wire::name_of(type)));
}

// Together they must fit into one variable of the environment.
void Coordinator::handle_spawn(Peer &peer, std::string_view payload) {
  constexpr std::size_t kMostText = 100000;
  wire::Spawn asked;
  if (!wire::decode(payload, &asked) || asked.count < 1)
    return peer.drop("sent a malformed SPAWN");
  std::size_t bytes = asked.text.size();
  for (const Spawn &spawn : spawns_)
    bytes += spawn.text.size();
  wire::Answer answer;
  if (!options_.can_start_again)
    answer.text = "no processes can be started where mana_launch does not start the launcher: mana_launch mpirun ...";
  else if (static_cast<int>(ranks_.size()) + asked.count > kMaxRanks || bytes > kMostText)
    answer.text = "these are too many processes, or too many arguments";
  else
    answer.text = take_request(true, nullptr, peer.rank, false).text;
  answer.error = answer.text.empty() ? 0 : EINVAL;
  if (answer.error == 0)
    spawns_.push_back({peer.rank, asked.number, asked.count, asked.text});
  timed_phase_ = Checkpoint::Phase::over; // the phase's time may have another meaning now
  if (checkpoint_ && answer.error == 0)
    checkpoint_->expect_spawn();
  peer.send(wire::encode(answer));
  try_begin();
}

void Coordinator::handle_name(Peer &peer, std::string_view payload) {
  wire::Name name;
  if (!wire::decode(payload, &name))
    return peer.drop("sent a malformed NAME");
  enum { kPublish, kUnpublish, kLookup };
  const auto found = names_.find(name.service);
  wire::Answer answer;
  if (name.call == kPublish)
    answer.error = names_.try_emplace(name.service, name.port).second ? 0 : EEXIST;
  else if (found == names_.end())
    answer.error = ENOENT;
  else if (name.call == kLookup)
    answer.text = found->second;
  else
    names_.erase(found);
  peer.send(wire::encode(answer));
}

void Coordinator::refuse_spawns() {
  for (const Spawn &spawn : spawns_)
    send(spawn.rank, wire::encode(wire::SpawnFailed{spawn.number}));
  spawns_.clear();
}

bool Coordinator::every_rank_runs() const {
  return !ranks_.empty() && std::all_of(ranks_.begin(), ranks_.end(), [](const Rank &rank) {
    return rank.peer != nullptr && rank.state != RankState::starting && rank.state != RankState::busy &&
           rank.state != RankState::executes;
  });
}

void Coordinator::spawns_done() {
  if (!every_rank_runs())
    return;
  starting_.clear();
  started_.clear();
}

std::map<int, int> Coordinator::ended_worlds() const {
  std::map<int, int> worlds, ended;
  for (const Rank &rank : ranks_)
    if (rank.parked.world_count > 0)
      ++worlds[rank.parked.world_first];
  for (const auto &[first, count] : worlds)
    if (first >= 0 && first < static_cast<int>(ranks_.size()) && ranks_[static_cast<std::size_t>(first)].parked.world_count == count)
      ended[first] = count;
  for (const Rank &rank : ranks_)
    for (int known : rank.parked.known)
      if (auto world = ended.upper_bound(known); world != ended.begin()) {
        --world;
        if (known < world->first + world->second)
          ended.erase(world);
      }
  return ended;
}

namespace {

// First of `count` places in a row that are those of whole worlds, which are taken out; -1: there are none.
int take_places(std::map<int, int> *worlds, int count) {
  for (auto from = worlds->begin(); from != worlds->end(); ++from) {
    int places = 0;
    auto to = from;
    for (; to != worlds->end() && to->first == from->first + places && places < count; ++to)
      places += to->second;
    if (places != count)
      continue;
    const int first = from->first;
    worlds->erase(from, to);
    return first;
  }
  return -1;
}

} // namespace

SpawnPlan Coordinator::start_again() {
  SpawnPlan plan;
  const bool has_failed = !starting_.empty();
  std::map<int, int> ended = has_failed ? std::map<int, int>{} : ended_worlds();
  plan.processes = has_failed ? spawns_before_ : static_cast<int>(ranks_.size());
  plan.description = fmt::format("{}\n", plan.processes);
  spawns_before_ = plan.processes;
  started_.clear();
  if (!has_failed)
    starting_ = spawns_;
  for (const Spawn &spawn : starting_) {
    int first = -1;
    if (!has_failed && (first = take_places(&ended, spawn.count)) < 0) {
      first = plan.processes;
      plan.processes += spawn.count;
    }
    for (int i = 0; first >= 0 && i < spawn.count; ++i)
      started_.insert(first + i);
    plan.description += fmt::format("@{} {} {} {}\n{}", spawn.rank, spawn.number, first, spawn.count, spawn.text);
  }
  spawns_.clear(); // a failed start asks for more no longer
  if (has_failed)
    starting_.clear();
  stopped_ = false;
  for (Peer *peer : peers_)
    peer->rank = -1; // of a process that has ended
  ranks_.clear();
  names_.clear();
  return plan;
}

void Coordinator::handle_tool_message(Peer &peer, Type type, std::string_view payload) {
  wire::ToolRequest request;
  if (type == Type::status_query) {
    peer.introduced();
    return handle_status(peer);
  }
  if (type != Type::tool_request || !wire::decode(payload, &request))
    return peer.drop("sent an unexpected message");
  peer.introduced();
  const Problem problem = take_request(request.stop != 0, &peer, -1);
  wire::Answer answer;
  answer.error = problem.code;
  answer.text = problem.text;
  peer.send(wire::encode(answer));
  try_begin();
}

void Coordinator::handle_status(Peer &peer) {
  using Json = nlohmann::json;
  Json ranks = Json::array();
  for (std::size_t i = 0; i < ranks_.size(); ++i)
    ranks.push_back({{"rank", i},
                     {"pid", ranks_[i].pid},
                     {"host", ranks_[i].host},
                     {"mpi", mpi_name(ranks_[i].backend)},
                     {"built_for", mpi_name(ranks_[i].front)},
                     {"state", ranks_[i].lost   ? "gone"
                               : ranks_[i].peer ? name_of(ranks_[i].state)
                                                : "not connected"}});
  Json json = {{"id", job_.id},
               {"pid", job_.pid},
               {"host", job_.host},
               {"command", job_.command},
               {"checkpoint_directory", job_.checkpoint_directory},
               {"started", job_.started},
               {"interval_seconds", options_.interval_seconds},
               {"ranks", ranks},
               {"phase", checkpoint_ ? checkpoint_->phase_name()
                         : pending_  ? "deferred"
                                     : "idle"},
               {"waits_for", checkpoint_ ? checkpoint_->explain()
                             : pending_  ? not_yet()
                                         : ""}};
  if (last_.generation != 0)
    json["last_checkpoint"] = {
        {"generation", last_.generation}, {"bytes", last_.bytes}, {"seconds", last_.seconds}, {"when", last_.when}};
  if (!last_.problem.empty())
    json["last_problem"] = last_.problem;
  wire::StatusReply reply;
  reply.json = json.dump(2, ' ', false, Json::error_handler_t::replace);
  peer.send(wire::encode(reply));
}

// ---------------------------------------------------------------------------------
// Requests

std::string Coordinator::impossible() const {
  if (stopped_)
    return "the job was told to stop";
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    if (ranks_[i].lost)
      return fmt::format("rank {} has ended", i);
    if (ranks_[i].state == RankState::finalized)
      return fmt::format("rank {} has called MPI_Finalize", i);
  }
  return {};
}

std::string Coordinator::not_yet(const std::set<int> &of) const {
  if (ranks_.empty())
    return "no rank has started yet";
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    if (!of.empty() && !of.contains(static_cast<int>(i)))
      continue;
    if (ranks_[i].peer == nullptr)
      return fmt::format("rank {} has not started yet", i);
    if (ranks_[i].state == RankState::starting)
      return fmt::format("rank {} has not called MPI_Init yet", i);
    if (ranks_[i].state == RankState::busy)
      return fmt::format("rank {} is in MPI_Init or MPI_Finalize", i);
    if (ranks_[i].state == RankState::executes)
      return fmt::format("rank {} executes another program", i);
  }
  return {};
}

void Coordinator::request(bool stop) {
  if (Problem problem = take_request(stop, nullptr, -1))
    say("no checkpoint: " + problem.text);
  try_begin();
  after_event();
}

Problem Coordinator::take_request(bool stop, Peer *tool, int rank, bool for_good) {
  if (std::string why = impossible(); !why.empty())
    return {75, EBUSY, why};
  const bool may_join = checkpoint_ && (checkpoint_->phase() < Checkpoint::Phase::committing ||
                                        (checkpoint_->phase() == Checkpoint::Phase::committing && !stop));
  Waiting &waiting = may_join ? active_ : pending_ ? *pending_ : pending_.emplace();
  if (stop && may_join)
    checkpoint_->stop_afterwards();
  waiting.stop = waiting.stop || stop;
  waiting.for_good = waiting.for_good || (stop && for_good);
  if (tool != nullptr)
    waiting.tools.insert(tool);
  if (rank >= 0)
    waiting.ranks.insert(rank);
  return {};
}

void Coordinator::try_begin() {
  if (!pending_ || checkpoint_)
    return;
  if (std::string why = impossible(); !why.empty())
    return refuse_pending(why);
  if (std::string why = not_yet(); !why.empty()) {
    for (Peer *tool : pending_->tools)
      tool->send(wire::encode(wire::Progress{"deferred: " + why}));
    return;
  }
  active_ = std::move(*pending_);
  pending_.reset();
  began_ns_ = uv_hrtime();
  checkpoint_ = std::make_unique<Checkpoint>(static_cast<Checkpoint::Host &>(*this), static_cast<int>(ranks_.size()),
                                             active_.stop, &epoch_);
  if (!spawns_.empty())
    checkpoint_->expect_spawn();
  checkpoint_->start();
}

void Coordinator::refuse_pending(const std::string &why) {
  if (!pending_)
    return;
  wire::Outcome outcome;
  outcome.exit_code = 75;
  outcome.text = "no checkpoint: " + why;
  for (Peer *tool : pending_->tools)
    tool->send(wire::encode(outcome));
  for (int rank : pending_->ranks)
    send(rank, wire::encode(wire::Cancel{why}));
  refuse_spawns();
  pending_.reset();
}

// Once in a job: its ranks may never come to MPI_Init themselves.
void Coordinator::tell_what_waits() {
  const bool spawns = !starting_.empty();
  const std::string why = not_yet(started_); // the others wait for those in MPI_Init
  if (told_what_waits_ || why.empty() || !impossible().empty() || !(spawns || pending_ || options_.interval_seconds > 0))
    return;
  say(fmt::format("{} waits: {}; MPI in a child process of it is not seen", spawns ? "MPI_Comm_spawn" : "the checkpoint", why));
  told_what_waits_ = true;
}

// A tick that finds the last checkpoint still running is skipped; one warning tells what would fit.
void Coordinator::tick() {
  if (!impossible().empty() || !not_yet().empty())
    return;
  if (checkpoint_ || pending_) {
    if (!warned_interval_)
      say(fmt::format("checkpoints take longer than the interval of {} s: some are skipped (try -i {:.0f})",
                      options_.interval_seconds,
                      2 * static_cast<double>(uv_hrtime() - began_ns_) / 1e9 + options_.interval_seconds));
    warned_interval_ = true;
    return;
  }
  request(false);
}

} // namespace mana
