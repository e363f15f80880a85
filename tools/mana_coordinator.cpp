// mana_coordinator: the coordinator alone, for jobs whose launcher is not started by mana_launch. Started by the
// first rank of `mpirun -n 4 mana_launch ./app`, or by hand under a batch system.
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "tools/coordinator.h"
#include "tools/inside_launcher.h"
#include "tools/job_runner.h"
#include "tools/options.h"

namespace {

using namespace mana;

struct Options {
  CoordinatorOptions coordinator;
  int watch = 0, ready_fd = -1;
  std::string log;
};

constexpr const char *kFooter =
    R"(Prints MANA_COORDINATOR=... and the name of the file which holds the token; ranks need both in their environment.
Signals: SIGUSR1 takes a checkpoint; SIGTERM and SIGINT end the coordinator (the job goes on without checkpoints).
Exit status: 0, or 2 usage, 69 cannot listen, 73/77 checkpoint directory, 75 directory in use.)";

void describe(CLI::App &app, Options &options) {
  CoordinatorOptions &c = options.coordinator;
  set_texts(app, "mana_coordinator [OPTIONS] [-- COMMAND...]", kFooter);
  app.add_option("-i,--interval", c.interval_seconds, "take a checkpoint every SECONDS")->option_text("SECONDS");
  app.add_option("--ckpt-dir", c.checkpoint_directory, "directory for checkpoints (default ./mana-ckpt)")
      ->option_text("DIR");
  app.add_option("--keep", c.keep, "keep this many generations (default 2)")
      ->option_text("N")
      ->check(CLI::Range(1, 1000000));
  app.add_option("--timeout", c.timeout_seconds, "for each phase of a checkpoint (default 600)")
      ->option_text("SECONDS");
  app.add_option("--id", c.id, "name of the job (default HOST-PID)")->option_text("NAME");
  app.add_option("--watch", options.watch, "end when this process has ended")->option_text("PID");
  app.add_option("--ready-fd", options.ready_fd, "say on this descriptor when it listens, or why not")
      ->option_text("FD");
  app.add_option("--log", options.log, "messages go to this file (default stderr)")->option_text("FILE");
  app.add_option("command", c.command, "what the job runs, for the manifest")->option_text("...");
}

class Service {
public:
  explicit Service(const Options &options) : options_(options), coordinator_(loop(), options.coordinator) {}

  int run() {
    ::signal(SIGPIPE, SIG_IGN);
    if (Problem problem = start()) {
      if (options_.ready_fd >= 0)
        tell_starter(fmt::format("{} {}", problem.code, problem.text));
      finish();
      uv_run(&loop_, UV_RUN_DEFAULT);
      return report("mana_coordinator", problem);
    }
    uv_run(&loop_, UV_RUN_DEFAULT);
    return 0;
  }

private:
  uv_loop_t *loop() {
    uv_loop_init(&loop_);
    return &loop_;
  }

  Problem start() {
    if (Problem problem = coordinator_.start())
      return problem;
    std::string token_file = coordinator_.socket();
    token_file.replace(token_file.size() - 5, 5, ".token");
    FileSystem files;
    if (int error = files.write_file(token_file, coordinator_.token()))
      return file_problem("cannot write", token_file, error);
    listening_ = true;
    for (std::size_t i = 0; i < std::size(kSignals); ++i) {
      uv_signal_init(&loop_, &signals_[i]);
      signals_[i].data = this;
      uv_signal_start(
          &signals_[i], [](uv_signal_t *handle, int number) { static_cast<Service *>(handle->data)->handle(number); },
          kSignals[i]);
    }
    if (options_.watch > 0)
      watch();
    if (options_.ready_fd < 0) {
      fmt::print("MANA_COORDINATOR={}\ntoken file: {}\n", coordinator_.socket(), token_file);
      std::fflush(stdout);
    } else {
      tell_starter(kListens);
    }
    // The job is over when all of its ranks are.
    coordinator_.on_change = [this] {
      if (options_.watch > 0 && coordinator_.all_gone())
        finish();
    };
    if (!options_.log.empty() && std::freopen(options_.log.c_str(), "ae", stderr) == nullptr)
      return file_problem("cannot write", options_.log, errno);
    return {};
  }

  void tell_starter(const std::string &text) {
    if (::write(options_.ready_fd, text.data(), text.size()) < 0)
      return; // it has gone, and watch() will tell
    ::close(options_.ready_fd);
  }

  void watch() {
    watched_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, options_.watch, 0));
    if (watched_fd_ < 0)
      return finish();
    uv_poll_init(&loop_, &watched_, watched_fd_);
    watched_.data = this;
    watching_ = true;
    uv_poll_start(&watched_, UV_READABLE,
                  [](uv_poll_t *poll, int, int) { static_cast<Service *>(poll->data)->finish(); });
  }

  void handle(int signal) {
    if (signal == SIGUSR1)
      coordinator_.request(false);
    else
      finish();
  }

  void finish() {
    if (finished_)
      return;
    finished_ = true;
    coordinator_.close();
    if (!listening_)
      return;
    for (uv_signal_t &signal : signals_)
      uv_close(reinterpret_cast<uv_handle_t *>(&signal), nullptr);
    if (watching_)
      uv_close(reinterpret_cast<uv_handle_t *>(&watched_), nullptr);
  }

  static constexpr int kSignals[] = {SIGUSR1, SIGTERM, SIGINT};
  const Options &options_;
  uv_loop_t loop_{};
  Coordinator coordinator_;
  uv_signal_t signals_[std::size(kSignals)]{};
  uv_poll_t watched_{};
  int watched_fd_ = -1;
  bool listening_ = false, watching_ = false, finished_ = false;
};

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Coordinates the checkpoints of a job.", "mana_coordinator");
  Options options;
  options.coordinator.tool = "mana_coordinator";
  options.coordinator.checkpoint_directory = "./mana-ckpt";
  describe(app, options);
  if (const auto status = parse(app, argc, argv))
    return *status;
  options.coordinator.checkpoint_directory = absolute_path(options.coordinator.checkpoint_directory);
  options.coordinator.working_directory = absolute_path(".");
  return Service(options).run();
}
