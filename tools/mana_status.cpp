// mana_status: looks at running jobs, asks for checkpoints, lists those that are there.
#include <unistd.h>

#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/generations.h"
#include "tools/job_runner.h"
#include "tools/options.h"
#include "tools/protocol.h"
#include "tools/runtime_dir.h"

namespace {

using namespace mana;
using Json = nlohmann::json;

struct Options {
  std::string job, directory;
  bool checkpoint = false, stop = false, list = false, json = false;
};

constexpr const char *kFooter =
    R"(Without --job or --ckpt-dir: the only job that runs on this host. --checkpoint waits until the checkpoint is
committed; its last line tells where it is.

Exit status: 0; 2 usage; 66 no checkpoint there; 69 no such job, or its coordinator cannot be reached;
75 not now (the reason is printed), or several jobs run; 74, 77 and others: why the checkpoint failed)";

void describe(CLI::App &app, Options &options) {
  set_texts(app, "mana_status [--job ID | --ckpt-dir DIR] [--checkpoint | --checkpoint-and-stop | --list] [--json]",
            kFooter);
  auto *job = app.add_option("--job", options.job, "the job with this id")->option_text("ID");
  app.add_option("--ckpt-dir", options.directory, "the job that writes to this directory; with --list: the directory")
      ->option_text("DIR")
      ->excludes(job);
  auto *checkpoint = app.add_flag("--checkpoint", options.checkpoint, "take a checkpoint and wait for it");
  auto *stop = app.add_flag("--checkpoint-and-stop", options.stop, "likewise, and end the job afterwards")
                   ->excludes(checkpoint);
  app.add_flag("--list", options.list, "list the generations in the checkpoint directory")
      ->excludes(checkpoint)
      ->excludes(stop);
  app.add_flag("--json", options.json, "print JSON");
}

int fail(const Problem &problem) { return report("mana_status", problem); }

// The job that is meant: the only one, or the one named.
Problem find_job(const Options &options, Job *job) {
  std::string folder;
  if (Problem problem = runtime_directory(&folder))
    return problem;
  std::vector<Job> jobs = list_jobs(folder);
  const std::string directory = options.directory.empty() ? "" : absolute_path(options.directory);
  std::erase_if(jobs, [&](const Job &j) {
    return (!options.job.empty() && j.id != options.job) ||
           (!directory.empty() && j.checkpoint_directory != directory);
  });
  if (jobs.empty() && !options.job.empty())
    return {69, 0, fmt::format("no job {} runs on this host", options.job)};
  if (jobs.empty() && !directory.empty())
    return {69, 0, fmt::format("no job that writes to {} runs on this host", directory)};
  if (jobs.empty())
    return {69, 0, "no job of yours runs on this host"};
  if (jobs.size() > 1) {
    std::string text = "several jobs run; choose one with --job:";
    for (const Job &j : jobs)
      text += fmt::format("\n  {}  {}", j.id, j.command);
    return {75, 0, text};
  }
  *job = jobs[0];
  return {};
}

Problem lost_connection(const Job &job, int error) {
  return {
      69, error,
      fmt::format("the coordinator of job {} (pid {}) cannot be reached: {}", job.id, job.pid, std::strerror(error))};
}

// --checkpoint: ANSWER, PROGRESS lines, OUTCOME.
int take_checkpoint(const Options &options, const Job &job, int fd) {
  wire::ToolRequest request;
  request.stop = options.stop;
  if (int error = wire::send(fd, request))
    return fail(lost_connection(job, error));
  for (;;) {
    wire::Received received;
    if (int error = wire::receive(fd, &received))
      return fail(lost_connection(job, error));
    wire::Answer answer;
    wire::Progress progress;
    wire::Outcome outcome;
    if (received.type == wire::Type::answer && wire::decode(received.payload, &answer)) {
      if (answer.error != 0)
        return fail({answer.error, 0, "no checkpoint: " + answer.text});
    } else if (received.type == wire::Type::progress && wire::decode(received.payload, &progress)) {
      if (!options.json)
        fmt::print(stderr, "{}\n", progress.text);
    } else if (received.type == wire::Type::outcome && wire::decode(received.payload, &outcome)) {
      if (options.json)
        fmt::print("{}\n", Json{{"generation", outcome.generation},
                                {"exit_code", outcome.exit_code},
                                {"text", outcome.text},
                                {"directory", job.checkpoint_directory}}
                               .dump(2));
      else if (outcome.exit_code == 0)
        fmt::print("{}: {}/gen-{}\n", outcome.text, job.checkpoint_directory, outcome.generation);
      return outcome.exit_code == 0 || options.json ? outcome.exit_code : fail({outcome.exit_code, 0, outcome.text});
    }
  }
}

void print_status(const Json &status) {
  fmt::print("job {}: {}\n", status.value("id", ""), status.value("command", ""));
  fmt::print("  coordinator  pid {} on {}, started {}\n", status.value("pid", 0), status.value("host", ""),
             status.value("started", ""));
  fmt::print("  checkpoints  {}\n", status.value("checkpoint_directory", ""));
  const std::string waits = status.value("waits_for", "");
  fmt::print("  phase        {}{}{}\n", status.value("phase", ""), waits.empty() ? "" : ": ", waits);
  if (status.contains("last_checkpoint")) {
    const Json &last = status["last_checkpoint"];
    fmt::print("  last         gen-{}, {:.1f} MiB in {:.2f} s, {}\n", last.value("generation", 0ull),
               static_cast<double>(last.value("bytes", 0ull)) / (1 << 20), last.value("seconds", 0.0),
               last.value("when", ""));
  }
  if (status.contains("last_problem"))
    fmt::print("  problem      {}\n", status.value("last_problem", ""));
  for (const Json &rank : status.value("ranks", Json::array()))
    fmt::print("  rank {:<7} {}, pid {} on {}, built for {}, runs on {}\n", rank.value("rank", 0),
               rank.value("state", ""), rank.value("pid", 0), rank.value("host", ""), rank.value("built_for", ""),
               rank.value("mpi", ""));
}

int show_status(const Options &options, const Job &job, int fd) {
  wire::Received received;
  wire::StatusReply reply;
  if (int error = wire::send(fd, wire::StatusQuery{}))
    return fail(lost_connection(job, error));
  if (int error = wire::receive(fd, &received))
    return fail(lost_connection(job, error));
  const bool understood = received.type == wire::Type::status_reply && wire::decode(received.payload, &reply);
  const Json status = understood ? Json::parse(reply.json, nullptr, false) : Json();
  if (!status.is_object())
    return fail({69, 0, "the coordinator's answer is not understood"});
  if (options.json)
    fmt::print("{}\n", status.dump(2));
  else
    print_status(status);
  return 0;
}

int list_generations(const Options &options) {
  std::string directory = options.directory;
  if (directory.empty() && !options.job.empty()) {
    Job job;
    if (Problem problem = find_job(options, &job))
      return fail(problem);
    directory = job.checkpoint_directory;
  }
  if (directory.empty())
    directory = "./mana-ckpt";
  FileSystem files;
  const Generations generations(files, absolute_path(directory));
  const auto numbers = generations.list();
  if (numbers.empty())
    return fail({66, 0, fmt::format("no checkpoint in {}", image::printable(directory))});
  Json array = Json::array();
  for (std::uint64_t number : numbers) {
    Manifest manifest;
    const Problem problem = generations.read(number, &manifest);
    std::uint64_t bytes = 0;
    for (const ImageEntry &entry : manifest.images)
      bytes += entry.bytes;
    array.push_back({{"generation", number},
                     {"ranks", manifest.images.size()},
                     {"bytes", bytes},
                     {"created", manifest.created},
                     {"mpi", manifest.backend},
                     {"built_for", manifest.front},
                     {"problem", problem.text}});
    if (!options.json && problem)
      fmt::print("gen-{}: {}\n", number, problem.text);
    if (!options.json && !problem)
      fmt::print("gen-{}: {} ranks, {:.1f} MiB, {}, ran on {}\n", number, manifest.images.size(),
                 static_cast<double>(bytes) / (1 << 20), manifest.created, manifest.backend);
  }
  if (options.json)
    fmt::print("{}\n", array.dump(2, ' ', false, Json::error_handler_t::replace));
  return 0;
}

int talk(const Options &options) {
  Job job;
  if (Problem problem = find_job(options, &job))
    return fail(problem);
  const int fd = wire::connect_to(job.socket);
  if (fd < 0)
    return fail(lost_connection(job, -fd));
  const int code =
      options.checkpoint || options.stop ? take_checkpoint(options, job, fd) : show_status(options, job, fd);
  ::close(fd);
  return code;
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Shows running jobs and takes checkpoints of them.", "mana_status");
  Options options;
  describe(app, options);
  if (const auto status = parse(app, argc, argv))
    return *status;
  return options.list ? list_generations(options) : talk(options);
}
