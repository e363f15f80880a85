// mana_restart: continues a job from its newest valid generation, under the launcher it had or another one.
//
//     read the manifest  ->  verify every byte of every image  ->  check rank count and processor
//     ->  LAUNCHER -n N mana-rank --restart GENERATION, with a coordinator as in mana_launch
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/job_runner.h"
#include "tools/launchers.h"
#include "tools/options.h"
#include "tools/verify.h"

namespace {

using namespace mana;

struct Options {
  std::string directory = "./mana-ckpt", mpi, checkpoint_at;
  std::uint64_t generation = 0;
  double interval = 0, timeout = 600;
  int keep = 2;
  bool stop_after = false, verify_only = false;
  std::string files, on_unsaveable, affinity;
  int stop_for_gdb = -1;
  std::vector<std::string> map_path;
  std::vector<std::string> launcher;
};

constexpr const char *kFooter =
    R"(Without LAUNCHER the job restarts under the launcher and options that it was started with. LAUNCHER may be of
another MPI implementation: mana_restart -- mpirun.mpich. Its process count, if given, must be that of the job.
The program and its arguments come from the checkpoint. Later checkpoints go to the same directory.
Signals are handled as by mana_launch.

Exit status: that of the job (128+N for signal N);
  2   wrong usage                        75   the job or a checkpoint still runs
  65  damaged or incompatible image      77   somebody else's or writable by others
  66  no checkpoint there                78   wrong rank count, processor or MPI
  85  stopped after a checkpoint         125  internal error, 126 not executable, 127 not found)";

void describe(CLI::App &app, Options &options) {
  set_texts(app, "mana_restart [OPTIONS] [DIR] [-- LAUNCHER ARGS...]", kFooter);
  app.add_option("directory", options.directory, "checkpoint directory (default ./mana-ckpt)")->option_text("DIR");
  app.add_option("--generation", options.generation, "restart from gen-N (default: the newest that is valid)")
      ->option_text("N")
      ->check(CLI::PositiveNumber);
  app.add_option("-i,--interval", options.interval, "take a checkpoint every SECONDS")
      ->option_text("SECONDS")
      ->check(CLI::Range(0.001, 1e9));
  app.add_option("--mpi", options.mpi, "MPI library to run on (default: the launcher's)")
      ->option_text("openmpi|mpich")
      ->check(CLI::IsMember({"openmpi", "mpich"}));
  app.add_option("--keep", options.keep, "keep this many generations (default 2)")
      ->option_text("N")
      ->check(CLI::Range(1, 1000000));
  app.add_option("--timeout", options.timeout, "for each phase of a checkpoint (default 600)")
      ->option_text("SECONDS")
      ->check(CLI::Range(0.001, 1e9));
  app.add_option("--checkpoint-at", options.checkpoint_at, "as in mana_launch; calls count from the restart")
      ->option_text("RANK:CALL");
  app.add_flag("--stop-after", options.stop_after, "stop the job after that checkpoint");
  app.add_option("--files", options.files,
                 "files that were being appended to or written at their end: cut them back to their length at the "
                 "checkpoint, so that nothing stands in them twice, or keep them as they are (default truncate)")
      ->option_text("truncate|keep")
      ->check(CLI::IsMember({"truncate", "keep"}));
  app.add_option("--map-path", options.map_path, "files and directories of the job below OLD are now below NEW")
      ->option_text("OLD=NEW")
      ->expected(1)
      ->take_all()
      ->check([](const std::string &text) {
        return text.find('=') != std::string::npos && text[0] == '/' ? "" : "must be OLD=NEW, absolute paths";
      });
  app.add_option("--affinity", options.affinity,
                 "processors that threads may run on: those that the launcher gives the rank, or as at the checkpoint (default launcher)")
      ->option_text("launcher|saved")
      ->check(CLI::IsMember({"launcher", "saved"}));
  app.add_option("--on-unsaveable", options.on_unsaveable, "as in mana_launch")
      ->option_text("fail|warn")
      ->check(CLI::IsMember({"fail", "warn"}));
  app.add_option("--stop-for-gdb", options.stop_for_gdb,
                 "this rank says how to start gdb, and goes on when a debugger has attached and continues")
      ->option_text("RANK")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--verify", options.verify_only, "check the images and do not start anything");
}

// The launcher's command line with the process count in it: 78 when it asks for another one.
Problem plan_restart(const Options &options, const Manifest &manifest, LaunchPlan *plan,
                     std::vector<std::string> *command) {
  const Words &base = options.launcher.empty() ? manifest.launcher : options.launcher;
  const int ranks = static_cast<int>(manifest.images.size());
  if (base.empty() && ranks == 1)
    return {};
  if (base.empty())
    return {2, 0, fmt::format("the launcher is not known: mana_restart DIR -- mpirun -n {}", ranks)};
  const LauncherKind kind = launcher_kind(base[0]);
  if (find_program(base[0]).empty())
    return {kExitNotFound, errno, fmt::format("no such launcher: {}", image::printable(base[0]))};
  if (kind == LauncherKind::none)
    return {2, 0, fmt::format("{} is not a launcher that is known here", image::printable(base[0]))};
  if (Problem problem = plan_launch(kind, base, false, plan))
    return problem;
  if (!plan->programs.empty())
    return {2, 0,
            fmt::format("give only the launcher and its options: the program ({}) comes from the checkpoint",
                        image::printable(base[plan->programs[0]]))};
  if (plan->ranks && *plan->ranks != ranks)
    return {image::kHostUnfit, 0, fmt::format("wrong number of ranks: was {}, asked for {}", ranks, *plan->ranks)};
  *command = base;
  if (!plan->ranks)
    command->insert(command->begin() + 1, {"-n", fmt::format("{}", ranks)});
  return {};
}

// Chooses the generation and checks it before anything is started.
Problem choose_generation(const Options &options, Generations &generations, std::uint64_t *chosen,
                          Manifest *manifest) {
  std::vector<std::uint64_t> candidates = generations.list();
  if (options.generation != 0)
    candidates = {options.generation};
  if (candidates.empty())
    return {66, 0, fmt::format("no checkpoint in {}", image::printable(generations.directory()))};
  Problem first;
  for (std::uint64_t number : candidates) {
    Problem problem = generations.read(number, manifest);
    if (!problem)
      problem = verify_generation(generations.path_of(number), *manifest);
    if (!problem) {
      *chosen = number;
      return {};
    }
    if (!first)
      first = problem;
    if (problem.code != image::kDamaged && problem.code != image::kNotThere)
      return problem;
    if (candidates.size() > 1)
      report("mana_restart", problem);
  }
  return candidates.size() > 1 ? Problem{first.code, 0, "no generation is intact"} : first;
}

// Until the job's signals are handled by run_job(): the job stands where it stood.
void stays_stopped(int) {
  constexpr std::string_view kText = "mana_restart: SIGTERM: the job has not gone on; its checkpoint stays\n";
  if (::write(STDERR_FILENO, kText.data(), kText.size()) < 0)
    ::_exit(kExitInternal);
  ::_exit(kExitStopped);
}

int restart(const Options &options) {
  const std::string tool = "mana_restart";
  FileSystem files;
  std::uint64_t chosen = 0;
  Manifest manifest;
  std::string folder;
  {
    // Locked while it is being verified; the job locks it again.
    Generations generations(files, absolute_path(options.directory));
    if (::access(generations.directory().c_str(), F_OK) != 0 || generations.list().empty())
      return report(tool, {66, ENOENT, fmt::format("no checkpoint in {}", image::printable(options.directory))});
    if (Problem problem = generations.open())
      return report(tool, problem);
    if (Problem problem = choose_generation(options, generations, &chosen, &manifest))
      return report(tool, problem);
    folder = generations.path_of(chosen);
  }
  LaunchPlan plan;
  std::vector<std::string> launcher;
  if (Problem problem = plan_restart(options, manifest, &plan, &launcher))
    return report(tool, problem);
  if (options.verify_only) {
    fmt::print("gen-{}: {} ranks, every byte verified\n", chosen, manifest.images.size());
    return 0;
  }

  JobOptions job;
  job.command = launcher;
  job.command.insert(job.command.end(), {libexec_directory() + "/mana-rank", "--restart", folder});
  if (!options.mpi.empty())
    job.environment.push_back("MANA_MPI=" + options.mpi);
  if (!options.checkpoint_at.empty())
    job.environment.push_back("MANA_CHECKPOINT_AT=" + options.checkpoint_at);
  if (!options.files.empty())
    job.environment.push_back("MANA_FILES=" + options.files);
  if (!options.map_path.empty())
    job.environment.push_back(fmt::format("MANA_MAP_PATH={}", fmt::join(options.map_path, "\n")));
  if (!options.affinity.empty())
    job.environment.push_back("MANA_AFFINITY=" + options.affinity);
  if (!options.on_unsaveable.empty())
    job.environment.push_back("MANA_ON_UNSAVEABLE=" + options.on_unsaveable);
  if (options.stop_for_gdb >= 0)
    job.environment.push_back(fmt::format("MANA_STOP_FOR_GDB={}", options.stop_for_gdb));
  if (options.stop_after)
    job.environment.push_back("MANA_STOP_AFTER=1");
  job.rank_program = libexec_directory() + "/mana-rank";
  job.restarts = true;
  job.coordinator.tool = tool;
  job.coordinator.checkpoint_directory = absolute_path(options.directory);
  job.coordinator.command = manifest.command;
  job.coordinator.launcher = plan.launcher();
  job.coordinator.working_directory = manifest.working_directory;
  job.coordinator.interval_seconds = options.interval;
  job.coordinator.timeout_seconds = options.timeout;
  job.coordinator.keep = options.keep;
  return run_job(job);
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Continues a job from a checkpoint.", "mana_restart");
  Options options;
  describe(app, options);
  // What follows "--" is the launcher; CLI11 would take its first word for the directory.
  int own = argc;
  for (int i = 1; i < argc; ++i)
    if (std::string(argv[i]) == "--") {
      own = i;
      options.launcher.assign(argv + i + 1, argv + argc);
      break;
    }
  if (const auto status = parse(app, own, argv))
    return *status;
  struct sigaction before;
  ::sigaction(SIGTERM, nullptr, &before);
  if (!options.verify_only && before.sa_handler != SIG_IGN)
    ::signal(SIGTERM, stays_stopped);
  return restart(options);
}
