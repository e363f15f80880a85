// mana_launch: starts an MPI job so that it can be checkpointed.
//
//     mana_launch mpirun -n 4 ./app       runs the launcher with mana-rank before each program, and is the
//     coordinator mpirun -n 4 mana_launch ./app       is one of the ranks; the first on a host starts the coordinator
//     mana_launch python3 script.py       no launcher: a single process
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "tools/inside_launcher.h"
#include "tools/job_runner.h"
#include "tools/launchers.h"
#include "tools/options.h"

namespace {

using namespace mana;

struct Options {
  double interval = 0, timeout = 600;
  std::string directory = "./mana-ckpt", mpi, checkpoint_at;
  bool stop_after = false;
  int keep = 2;
  std::string on_unsaveable;
  double child_timeout = -1;
  std::vector<std::string> command;
};

constexpr const char *kFooter =
    R"(LAUNCHER is mpirun, mpiexec, orterun, mpiexec.hydra or srun; several programs may be separated with ':'.
Without a launcher the program runs as a single process. Called by a launcher (mpirun -n 4 mana_launch ./app),
mana_launch becomes the rank.

Checkpoints are taken with mana_status --checkpoint, every -i seconds, by the program (mana.h), and on signals:
  SIGUSR1   take a checkpoint
  SIGTERM   take a checkpoint and stop the job; a second SIGTERM ends it at once, as does one before any rank has started.
            When a rank has called MPI_Finalize the job has 10 s to end
  SIGINT    is passed on to the launcher
Continue a stopped or lost job with mana_restart.

Exit status: that of the job (128+N for signal N);
  2    wrong usage                      77   a directory is somebody else's or not writable
  69   the coordinator cannot start     78   the program cannot be checkpointed here
  73   cannot create the directory      85   stopped after a checkpoint: restart me
  75   checkpoint directory is in use   125  internal error, 126 not executable, 127 not found)";

void describe(CLI::App &app, Options &options) {
  set_texts(app, "mana_launch [OPTIONS] [--] LAUNCHER ARGS... PROGRAM ARGS...", kFooter);
  app.add_option("-i,--interval", options.interval, "take a checkpoint every SECONDS")
      ->option_text("SECONDS")
      ->check(CLI::Range(0.001, 1e9));
  app.add_option("--ckpt-dir", options.directory, "directory for checkpoints (default ./mana-ckpt)")
      ->option_text("DIR");
  app.add_option("--mpi", options.mpi, "MPI library to run on (default: the launcher's)")
      ->option_text("openmpi|mpich")
      ->check(CLI::IsMember({"openmpi", "mpich"}));
  app.add_option("--keep", options.keep, "keep this many generations (default 2)")
      ->option_text("N")
      ->check(CLI::Range(1, 1000000));
  app.add_option("--timeout", options.timeout,
                 "give a checkpoint up when ranks take longer to stop, drain or write "
                 "(default 600)")
      ->option_text("SECONDS")
      ->check(CLI::Range(0.001, 1e9));
  app.add_option("--checkpoint-at", options.checkpoint_at,
                 "take a checkpoint when rank RANK enters its CALLth MPI call (for tests)")
      ->option_text("RANK:CALL");
  app.add_flag("--stop-after", options.stop_after, "stop the job after that checkpoint");
  app.add_option("--on-unsaveable", options.on_unsaveable,
                 "what a checkpoint does about descriptors and children that it cannot save: name them and go on, or "
                 "fail (default warn)")
      ->option_text("fail|warn")
      ->check(CLI::IsMember({"fail", "warn"}));
  app.add_option("--child-timeout", options.child_timeout,
                 "a checkpoint waits so long for child processes of a rank to end (default 5)")
      ->option_text("SECONDS")
      ->check(CLI::Range(0.0, 1e6));
  app.prefix_command();
}

bool valid_checkpoint_at(const std::string &text) {
  int rank = -1, end = 0;
  unsigned long long call = 0;
  return std::sscanf(text.c_str(), "%d:%llu%n", &rank, &call, &end) == 2 && rank >= 0 && call > 0 &&
         text.size() == static_cast<std::size_t>(end);
}

// A single program may be a script or any dynamic program; below a launcher every program is looked at.
Problem check_programs(const LaunchPlan &plan) {
  if (plan.kind != LauncherKind::none && find_program(plan.command[0]).empty())
    return {kExitNotFound, errno, fmt::format("no such launcher: {}", image::printable(plan.command[0]))};
  if (plan.moves)
    return {};
  for (std::size_t index : plan.programs)
    if (Problem problem = check_program(plan.command[index]))
      return problem;
  return {};
}

std::vector<std::string> rank_environment(const Options &options) {
  std::vector<std::string> variables;
  if (!options.mpi.empty())
    variables.push_back("MANA_MPI=" + options.mpi);
  if (!options.checkpoint_at.empty())
    variables.push_back("MANA_CHECKPOINT_AT=" + options.checkpoint_at);
  if (options.stop_after)
    variables.push_back("MANA_STOP_AFTER=1");
  if (!options.on_unsaveable.empty())
    variables.push_back("MANA_ON_UNSAVEABLE=" + options.on_unsaveable);
  if (options.child_timeout >= 0)
    variables.push_back(fmt::format("MANA_CHILD_TIMEOUT={}", options.child_timeout));
  return variables;
}

CoordinatorOptions coordinator_options(const Options &options, const LaunchPlan &plan) {
  CoordinatorOptions result;
  result.tool = "mana_launch";
  result.checkpoint_directory = absolute_path(options.directory);
  result.command = plan.command;
  result.launcher = plan.launcher();
  result.working_directory = absolute_path(".");
  result.interval_seconds = options.interval;
  result.timeout_seconds = options.timeout;
  result.keep = options.keep;
  return result;
}

int launch(const Options &options) {
  const std::string rank_program = libexec_directory() + "/mana-rank";
  if (::access(rank_program.c_str(), X_OK) != 0)
    return report("mana_launch",
                  {kExitInternal, errno, fmt::format("{} is missing: the installation is incomplete", rank_program)});

  // Inside a launcher: be the rank.
  LaunchPlan plan;
  if (inside_launcher()) {
    if (Problem problem = plan_launch(LauncherKind::none, options.command, true, &plan))
      return report("mana_launch", problem);
    if (Problem problem = check_programs(plan))
      return report("mana_launch", problem);
    return report("mana_launch", become_rank(coordinator_options(options, plan), rank_environment(options),
                                             plan.with({rank_program, "--"})));
  }

  // Everything that can be wrong with the command is said before anything is started.
  const LauncherKind kind = launcher_kind(options.command[0]);
  if (Problem problem = plan_launch(kind, options.command, true, &plan))
    return report("mana_launch", problem);
  if (Problem problem = check_programs(plan))
    return report("mana_launch", problem);

  JobOptions job;
  job.coordinator = coordinator_options(options, plan);
  job.command = plan.with({rank_program, "--"});
  job.environment = rank_environment(options);
  job.rank_program = rank_program;
  return run_job(job);
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Starts an MPI job so that it can be checkpointed and restarted.", "mana_launch");
  Options options;
  describe(app, options);
  if (const auto status = parse(app, argc, argv))
    return *status;
  options.command = app.remaining();
  if (!options.command.empty() && options.command[0] == "--")
    options.command.erase(options.command.begin());
  else if (!options.command.empty() && options.command[0].starts_with('-'))
    return report("mana_launch",
                  {2, 0, fmt::format("there is no option {} (see mana_launch --help)", options.command[0])});
  if (options.command.empty())
    return report("mana_launch", {2, 0, "what shall be launched? See mana_launch --help"});
  if (!options.checkpoint_at.empty() && !valid_checkpoint_at(options.checkpoint_at))
    return report("mana_launch", {2, 0, "--checkpoint-at takes RANK:CALL, for example 0:12"});
  return launch(options);
}
