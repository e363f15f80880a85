// See launchers.h. The tables follow `mpirun.openmpi --help all` (4.1), mpirun(1), `mpiexec.hydra --help`
// (4.0) with the synonyms it accepts, and srun(1).
#include "tools/launchers.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string_view>

#include <fmt/format.h>

namespace mana {

namespace {

// What an option means to us; most only say how many arguments they take.
enum class Meaning { other, count, moves, file };

struct Option {
  int arguments;
  Meaning meaning = Meaning::other;
};
using Table = std::map<std::string_view, Option>;

// Options that take arguments, without their dashes. All others take none.
// clang-format off
const Table kOpenMpi = {
    {"c", {1, Meaning::count}}, {"n", {1, Meaning::count}}, {"np", {1, Meaning::count}},
    {"app", {1, Meaning::file}},
    {"wd", {1, Meaning::moves}}, {"wdir", {1, Meaning::moves}}, {"path", {1, Meaning::moves}},
    {"am", {1}}, {"bind-to", {1}}, {"cartofile", {1}}, {"cf", {1}}, {"cpu-list", {1}}, {"cpu-set", {1}},
    {"cpus-per-proc", {1}}, {"cpus-per-rank", {1}}, {"debugger", {1}}, {"default-hostfile", {1}}, {"gmca", {2}},
    {"help", {1}}, {"H", {1}}, {"hnp", {1}}, {"host", {1}}, {"hostfile", {1}}, {"launch-agent", {1}},
    {"machinefile", {1}}, {"map-by", {1}}, {"max-restarts", {1}}, {"max-vm-size", {1}}, {"mca", {2}}, {"N", {1}},
    {"npernode", {1}}, {"npersocket", {1}}, {"ompi-server", {1}}, {"output-filename", {1}}, {"personality", {1}},
    {"ppr", {1}}, {"prefix", {1}}, {"preload-files", {1}}, {"prtemca", {2}}, {"pmixmca", {2}}, {"rank-by", {1}},
    {"rankfile", {1}}, {"report-events", {1}}, {"report-pid", {1}}, {"report-uri", {1}}, {"rf", {1}}, {"stdin", {1}},
    {"timeout", {1}}, {"tune", {1}}, {"x", {1}}, {"xml-file", {1}}, {"xterm", {1}},
};

const Table kHydra = {
    {"n", {1, Meaning::count}}, {"np", {1, Meaning::count}},
    {"configfile", {1, Meaning::file}},
    {"wdir", {1, Meaning::moves}}, {"wd", {1, Meaning::moves}},
    {"bind-to", {1}}, {"binding", {1}}, {"bootstrap", {1}}, {"bootstrap-exec", {1}}, {"demux", {1}},
    {"env", {2}}, {"envlist", {1}}, {"errfile", {1}}, {"errfile-pattern", {1}}, {"f", {1}}, {"genv", {2}},
    {"genvlist", {1}}, {"gpus-per-proc", {1}}, {"host", {1}}, {"hostfile", {1}}, {"hostlist", {1}}, {"hosts", {1}},
    {"iface", {1}}, {"launcher", {1}}, {"launcher-exec", {1}}, {"localhost", {1}}, {"machine", {1}}, {"machinefile", {1}},
    {"machinelist", {1}}, {"machines", {1}}, {"map-by", {1}}, {"membind", {1}}, {"nameserver", {1}},
    {"order-nodes", {1}}, {"outfile", {1}}, {"outfile-pattern", {1}}, {"output-from", {1}}, {"pmi-port-range", {1}},
    {"ppn", {1}}, {"prepend-pattern", {1}}, {"rmk", {1}}, {"topolib", {1}}, {"usize", {1}},
};

const Table kSrun = {
    {"n", {1, Meaning::count}}, {"ntasks", {1, Meaning::count}},
    {"multi-prog", {0, Meaning::file}},
    {"D", {1, Meaning::moves}}, {"chdir", {1, Meaning::moves}},
    {"A", {1}}, {"a", {1}}, {"B", {1}}, {"C", {1}}, {"c", {1}}, {"d", {1}}, {"e", {1}}, {"G", {1}}, {"i", {1}}, {"J", {1}},
    {"L", {1}}, {"M", {1}}, {"m", {1}}, {"N", {1}}, {"o", {1}}, {"p", {1}}, {"q", {1}}, {"r", {1}}, {"S", {1}}, {"T", {1}},
    {"t", {1}}, {"w", {1}}, {"W", {1}}, {"x", {1}}, {"account", {1}}, {"cpus-per-task", {1}}, {"constraint", {1}},
    {"distribution", {1}}, {"error", {1}}, {"exclude", {1}}, {"export", {1}}, {"gpus", {1}}, {"gpus-per-node", {1}},
    {"gpus-per-task", {1}}, {"gres", {1}}, {"input", {1}}, {"job-name", {1}}, {"jobid", {1}}, {"mem", {1}},
    {"mem-per-cpu", {1}}, {"nodelist", {1}}, {"nodes", {1}}, {"ntasks-per-node", {1}}, {"output", {1}}, {"partition", {1}},
    {"qos", {1}}, {"reservation", {1}}, {"time", {1}}, {"cpu-bind", {1}}, {"mpi", {1}},
};

// clang-format on
const Table &table_of(LauncherKind kind) {
  return kind == LauncherKind::openmpi ? kOpenMpi : kind == LauncherKind::hydra ? kHydra : kSrun;
}

std::string base_name(const std::string &path) { return path.substr(path.find_last_of('/') + 1); }

LauncherKind kind_of_name(const std::string &name) {
  static const std::map<std::string_view, LauncherKind> kNames = {
      {"orterun", LauncherKind::openmpi},
      {"prterun", LauncherKind::openmpi},
      {"mpirun.openmpi", LauncherKind::openmpi},
      {"mpiexec.openmpi", LauncherKind::openmpi},
      {"mpirun.mpich", LauncherKind::hydra},
      {"mpiexec.mpich", LauncherKind::hydra},
      {"mpiexec.hydra", LauncherKind::hydra},
      {"mpirun.hydra", LauncherKind::hydra},
      {"srun", LauncherKind::srun},
  };
  const auto found = kNames.find(name);
  return found == kNames.end() ? LauncherKind::none : found->second;
}

// `mpirun` and `mpiexec` under another file name than their own: asks them.
LauncherKind kind_by_version(const std::string &path) {
  std::string quoted = "'";
  for (char c : path)
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  FILE *pipe = ::popen((quoted + "' --version 2>&1 </dev/null").c_str(), "re");
  if (pipe == nullptr)
    return LauncherKind::none;
  std::array<char, 4096> text{};
  const std::string_view said(text.data(), std::fread(text.data(), 1, text.size(), pipe));
  ::pclose(pipe);
  if (said.find("Open MPI") != said.npos || said.find("OpenRTE") != said.npos)
    return LauncherKind::openmpi;
  if (said.find("HYDRA") != said.npos || said.find("Intel(R) MPI") != said.npos)
    return LauncherKind::hydra;
  return LauncherKind::none;
}

// How many words the option at `i` is long, itself included.
std::size_t option_length(LauncherKind kind, const Words &words, std::size_t i, Meaning *meaning) {
  std::string_view name = words[i];
  name.remove_prefix(name.starts_with("--") ? 2 : 1);
  const std::size_t equals = name.find('=');
  const bool attached = equals != name.npos;
  if (attached)
    name = name.substr(0, equals);
  const auto found = table_of(kind).find(name);
  *meaning = Meaning::other;
  if (found == table_of(kind).end()) {
    // srun's "-n4": the value is attached to a short option.
    if (kind == LauncherKind::srun && !words[i].starts_with("--") && name.starts_with('n'))
      *meaning = Meaning::count;
    return 1;
  }
  *meaning = found->second.meaning;
  if (attached)
    return 1;
  // Hydra: "-genv NAME VALUE" and "-genv NAME=VALUE".
  const bool in_one = kind == LauncherKind::hydra && found->second.arguments == 2 && i + 1 < words.size() &&
                      words[i + 1].find('=') != std::string::npos;
  return 1 + static_cast<std::size_t>(in_one ? 1 : found->second.arguments);
}

std::optional<int> count_in(const Words &words, std::size_t i, std::size_t length) {
  std::string text = words[i];
  if (length > 1)
    text = words[i + 1];
  else if (text.find('=') != std::string::npos)
    text = text.substr(text.find('=') + 1);
  else
    text = text.substr(2);
  char *end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != 0 || value < 1 || value > 1 << 20)
    return std::nullopt;
  return static_cast<int>(value);
}

struct Context {
  std::optional<std::size_t> program;
  std::optional<int> count;
  bool moves = false;
};

// One program with its options: from `begin` to the next ':' or the end.
Problem parse_context(LauncherKind kind, const Words &words, std::size_t begin, std::size_t end, Context *context) {
  for (std::size_t i = begin; i < end;) {
    if (words[i] == "--") {
      if (i + 1 < end)
        context->program = i + 1;
      return {};
    }
    if (words[i].size() < 2 || words[i][0] != '-') {
      context->program = i;
      return {};
    }
    Meaning meaning;
    const std::size_t length = option_length(kind, words, i, &meaning);
    if (i + length > end)
      return {2, 0, fmt::format("option {} of {} lacks an argument", words[i], words[0])};
    if (meaning == Meaning::file)
      return {2, 0,
              fmt::format("{} of {} is not supported: name the programs on the command line, with ':' between them",
                          words[i], words[0])};
    if (meaning == Meaning::moves)
      context->moves = true;
    if (meaning == Meaning::count)
      context->count = count_in(words, i, length);
    i += length;
  }
  return {};
}

} // namespace

LauncherKind launcher_kind(const std::string &word) {
  const std::string name = base_name(word);
  if (const LauncherKind kind = kind_of_name(name); kind != LauncherKind::none)
    return kind;
  if (name != "mpirun" && name != "mpiexec")
    return LauncherKind::none;
  const std::string path = find_program(word);
  std::error_code error;
  const std::string real = std::filesystem::canonical(path, error).string();
  if (error)
    return LauncherKind::none;
  const LauncherKind kind = kind_of_name(base_name(real));
  return kind != LauncherKind::none ? kind : kind_by_version(path);
}

Problem plan_launch(LauncherKind kind, const Words &command, bool needs_program, LaunchPlan *plan) {
  *plan = {};
  plan->kind = kind;
  plan->command = command;
  if (kind == LauncherKind::none) {
    plan->programs = {0};
    plan->ranks = 1;
    return {};
  }
  int total = 0;
  bool all_counted = true;
  for (std::size_t begin = 1; begin <= command.size();) {
    const auto colon = std::find(command.begin() + static_cast<std::ptrdiff_t>(begin), command.end(), ":");
    const auto end = static_cast<std::size_t>(colon - command.begin());
    Context context;
    if (Problem problem = parse_context(kind, command, begin, end, &context))
      return problem;
    if (context.program)
      plan->programs.push_back(*context.program);
    if (needs_program && !context.program)
      return {2, 0, fmt::format("there is no program after {} and its options", command[0])};
    plan->moves = plan->moves || context.moves;
    all_counted = all_counted && context.count;
    total += context.count.value_or(0);
    begin = end + 1;
  }
  if (all_counted)
    plan->ranks = total;
  return {};
}

Words LaunchPlan::with(const Words &insert) const {
  Words words;
  for (std::size_t i = 0; i < command.size(); ++i) {
    if (std::find(programs.begin(), programs.end(), i) != programs.end())
      words.insert(words.end(), insert.begin(), insert.end());
    words.push_back(command[i]);
  }
  return words;
}

Words LaunchPlan::launcher() const {
  if (kind == LauncherKind::none)
    return {};
  Words words = {command[0]};
  const auto colon = std::find(command.begin(), command.end(), ":");
  std::size_t end = programs.empty() ? static_cast<std::size_t>(colon - command.begin()) : programs[0];
  if (end > 1 && command[end - 1] == "--")
    --end;
  for (std::size_t i = 1; i < end;) {
    Meaning meaning;
    const std::size_t length = option_length(kind, command, i, &meaning);
    if (meaning != Meaning::count)
      words.insert(words.end(), command.begin() + static_cast<std::ptrdiff_t>(i),
                   command.begin() + static_cast<std::ptrdiff_t>(std::min(i + length, end)));
    i += length;
  }
  return words;
}

} // namespace mana
