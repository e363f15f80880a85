// See job_runner.h.
#include "tools/job_runner.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace mana {

namespace {

// A launcher whose ranks have all gone after a stop, or of which one has called MPI_Finalize before it could be stopped, gets this long
// before it is asked to end.
constexpr std::uint64_t kStopPatienceMs = 10000;
// One that was asked to end while ranks start, before it is asked again. Open MPI's gives its ranks a second, and leaves their
// shared memory behind when it is asked again meanwhile.
constexpr std::uint64_t kEndPatienceMs = 5000;
// One whose ranks did not all come up. Open MPI's then sometimes waits for ever.
constexpr std::uint64_t kStartPatienceMs = 2000;
constexpr int kNudges = 10; // SIGTERMs before the SIGKILL

class Runner {
public:
  explicit Runner(const JobOptions &options) : options_(options), coordinator_(&loop_, with_loop()) {}
  int run();

private:
  CoordinatorOptions with_loop() {
    uv_loop_init(&loop_);
    CoordinatorOptions options = options_.coordinator;
    options.can_start_again = !options.launcher.empty() && !options_.rank_program.empty();
    return options;
  }
  void say(const std::string &text) const { fmt::print(stderr, "{}: {}\n", options_.coordinator.tool, text); }
  bool listen_to_signals();
  Problem start_launcher();
  bool start_again();
  [[noreturn]] void execute(int report_fd, const std::vector<std::string> &command, char **environment);
  void handle_signals();
  void handle_terminate();
  void end_launcher();
  void launcher_ended(int status);
  void ranks_changed();
  void nudge_after(std::uint64_t milliseconds);
  void finish();

  const JobOptions &options_;
  std::vector<std::string> command_ = options_.command;
  std::string spawn_; // MANA_SPAWN
  uv_loop_t loop_{};
  Coordinator coordinator_;
  uv_poll_t signals_{};
  uv_timer_t patience_{};
  sigset_t before_{};
  int signal_fd_ = -1, status_ = kExitInternal;
  pid_t launcher_ = -1;
  int terminations_ = 0, nudges_ = 0;
  bool before_ranks_ = false; // SIGTERM came when no rank was there yet
  bool told_to_end_ = false;  // the launcher was, by SIGTERM
};

constexpr int kHandled[] = {SIGUSR1, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD};

// Variables of an outer job must not reach the ranks of this one.
bool is_replaced(const std::string &variable, const std::vector<std::string> &by, std::size_t count) {
  const std::string name = variable.substr(0, variable.find('=') + 1);
  if (name == "MANA_CHECKPOINT_AT=" || name == "MANA_STOP_AFTER=" || name == "MANA_SPAWN=")
    return true;
  return std::any_of(by.begin(), by.begin() + static_cast<std::ptrdiff_t>(count),
                     [&](const std::string &ours) { return ours.starts_with(name); });
}

bool Runner::listen_to_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : kHandled) {
    struct sigaction action;
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN || signal == SIGCHLD)
      sigaddset(&set, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &set, &before_);
  ::signal(SIGCHLD, SIG_DFL);
  signal_fd_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signal_fd_ < 0)
    return false;
  uv_poll_init(&loop_, &signals_, signal_fd_);
  signals_.data = this;
  uv_poll_start(&signals_, UV_READABLE,
                [](uv_poll_t *poll, int, int) { static_cast<Runner *>(poll->data)->handle_signals(); });
  return true;
}

void Runner::execute(int report_fd, const std::vector<std::string> &command, char **environment) {
  std::vector<char *> argv;
  for (const std::string &word : command)
    argv.push_back(const_cast<char *>(word.c_str()));
  argv.push_back(nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  ::execvpe(argv[0], argv.data(), environment);
  const int error = errno;
  if (::write(report_fd, &error, sizeof error) < 0)
    ::_exit(kExitInternal);
  ::_exit(kExitNotFound);
}

Problem Runner::start_launcher() {
  // Replaced, not appended: a job may be started by a program that runs in one.
  std::vector<std::string> variables = options_.environment;
  variables.push_back("MANA_COORDINATOR=" + coordinator_.socket());
  variables.push_back("MANA_TOKEN=" + coordinator_.token());
  variables.push_back("MANA_JOB=" + coordinator_.id());
  if (!spawn_.empty())
    variables.push_back("MANA_SPAWN=" + spawn_);
  const std::size_t ours = variables.size();
  for (char **old = environ; *old != nullptr; ++old)
    if (!is_replaced(*old, variables, ours))
      variables.push_back(*old);
  std::vector<char *> environment;
  for (std::string &variable : variables)
    environment.push_back(variable.data());
  environment.push_back(nullptr);

  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0)
    return {kExitInternal, errno, "cannot make a pipe"};
  launcher_ = ::fork();
  if (launcher_ < 0)
    return {kExitInternal, errno, fmt::format("cannot start a process: {}", std::strerror(errno))};
  if (launcher_ == 0)
    execute(pipe[1], command_, environment.data());
  ::close(pipe[1]);
  int error = 0;
  ssize_t n;
  do
    n = ::read(pipe[0], &error, sizeof error);
  while (n < 0 && errno == EINTR);
  ::close(pipe[0]);
  if (n != sizeof error)
    return {};
  ::waitpid(launcher_, nullptr, 0);
  return {error == ENOENT ? kExitNotFound : kExitNotExecutable, error,
          fmt::format("cannot run {}: {}", image::printable(command_[0]), std::strerror(error))};
}

void Runner::handle_signals() {
  signalfd_siginfo info;
  while (!uv_is_closing(reinterpret_cast<uv_handle_t *>(&signals_)) && ::read(signal_fd_, &info, sizeof info) == sizeof info) {
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCHLD) {
      int status;
      if (::waitpid(launcher_, &status, WNOHANG) == launcher_)
        launcher_ended(status);
    } else if (signal == SIGUSR1) {
      coordinator_.request(false);
    } else if (signal == SIGTERM) {
      handle_terminate();
    } else if (info.ssi_code != SI_KERNEL) {
      ::kill(launcher_, signal);
    }
  }
}

void Runner::handle_terminate() {
  if (++terminations_ > 1) {
    end_launcher();
    if (coordinator_.some_rank_starts())
      nudge_after(kEndPatienceMs);
  } else if (coordinator_.can_checkpoint()) {
    say("SIGTERM: the job is checkpointed and stopped; a second one ends it at once");
    coordinator_.request(true);
  } else if (const std::string why = coordinator_.impossible(); !why.empty()) {
    say(fmt::format("SIGTERM: {}; the job has {} s to end, a second one ends it at once", why, kStopPatienceMs / 1000));
    nudge_after(kStopPatienceMs);
  } else {
    say("SIGTERM: no rank has started yet; the job is ended");
    before_ranks_ = true;
    end_launcher();
    nudge_after(kEndPatienceMs);
  }
}

void Runner::end_launcher() {
  told_to_end_ = true;
  ::kill(launcher_, SIGTERM);
}

void Runner::ranks_changed() {
  if (uv_is_active(reinterpret_cast<uv_handle_t *>(&patience_)))
    return;
  if (terminations_ > 0 && !coordinator_.stopped() && !coordinator_.can_checkpoint())
    nudge_after(kStopPatienceMs); // it ended before it could be checkpointed
  else if ((coordinator_.stopped() || coordinator_.spawn_failed()) && coordinator_.connected_ranks() == 0)
    nudge_after(coordinator_.stopped() ? kStopPatienceMs : kStartPatienceMs);
}

// Hydra that is told to end while its processes start may leave them in MPI_Init and wait for them, whatever it is sent later.
void Runner::nudge_after(std::uint64_t milliseconds) {
  nudges_ = 0;
  uv_timer_start(
      &patience_,
      [](uv_timer_t *timer) {
        Runner *job = static_cast<Runner *>(timer->data);
        if (job->told_to_end_)
          job->coordinator_.terminate_starting_ranks();
        if (job->nudges_++ > kNudges)
          ::kill(job->launcher_, SIGKILL);
        else
          job->end_launcher();
      },
      milliseconds, 1000);
}

// With the processes that MPI_Comm_spawn has asked for. If the launcher has ended before they all ran, as it does when it has
// no room for them, once more without. True: the job does not end now by what the launcher says.
bool Runner::start_again() {
  if (terminations_ > 0 || !(coordinator_.starts_again() || coordinator_.spawn_failed()))
    return false;
  const std::string folder = coordinator_.last_generation();
  const SpawnPlan plan = coordinator_.start_again();
  const std::vector<std::string> &launcher = options_.coordinator.launcher;
  command_ = {launcher[0], "-n", fmt::format("{}", plan.processes)};
  command_.insert(command_.end(), launcher.begin() + 1, launcher.end());
  command_.insert(command_.end(), {options_.rank_program, "--restart", folder});
  spawn_ = plan.description;
  uv_timer_stop(&patience_);
  told_to_end_ = false;
  if (Problem problem = start_launcher()) {
    status_ = report(options_.coordinator.tool, problem);
    finish();
  }
  return true;
}

void Runner::launcher_ended(int status) {
  if (start_again())
    return;
  status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  const bool cut_off = told_to_end_ && !coordinator_.every_rank_has_finalized();
  const bool gives_up = terminations_ > 0 && coordinator_.spawn_failed(); // nobody has gone on since the checkpoint before the spawn
  if (coordinator_.stopped() || gives_up || (cut_off && before_ranks_ && options_.restarts))
    status_ = kExitStopped;
  else if (cut_off && status_ == 0) // Hydra that is told to end while its processes start
    status_ = 128 + SIGTERM;
  finish();
}

void Runner::finish() {
  coordinator_.close();
  uv_close(reinterpret_cast<uv_handle_t *>(&signals_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t *>(&patience_), nullptr);
}

int Runner::run() {
  ::signal(SIGPIPE, SIG_IGN);
  uv_timer_init(&loop_, &patience_);
  patience_.data = this;
  if (!listen_to_signals())
    return report(options_.coordinator.tool, {kExitInternal, errno, "signalfd does not work here"});
  coordinator_.on_change = [this] { ranks_changed(); };
  Problem problem = coordinator_.start();
  if (!problem)
    problem = start_launcher();
  if (problem) {
    status_ = report(options_.coordinator.tool, problem);
    finish();
  }
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_loop_close(&loop_);
  ::close(signal_fd_);
  return status_;
}

} // namespace

int run_job(const JobOptions &options) { return Runner(options).run(); }

std::string absolute_path(const std::string &path) {
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  return error ? path : absolute.string();
}

int report(const std::string &tool, const Problem &problem) {
  fmt::print(stderr, "{}: {}\n", tool, problem.text);
  return problem.code;
}

} // namespace mana
