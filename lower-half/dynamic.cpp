// See dynamic.h.
#include "dynamic.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "control.h"
#include "crossing.h"

namespace mana {

namespace {

struct Command {
  int processes = 0;
  std::vector<std::string> words;  // the directory first
};

struct Spawn {
  int root = 0, first = 0, count = 0;
  std::uint64_t number = 0, job = 0;
  std::uint32_t front = 0;
  std::vector<Command> commands;
};

int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::string decoded(const std::string &word) {
  std::string text;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      text += word[i];
    } else if (i + 2 < word.size()) {
      text += static_cast<char>(digit(word[i + 1]) << 4 | digit(word[i + 2]));
      i += 2;
    }
  }
  return text;
}

std::vector<Spawn> parse(const char *text) {
  std::vector<Spawn> spawns;
  std::istringstream lines(text);
  bool about_job = false;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    if (line.starts_with('@')) {
      Spawn &spawn = spawns.emplace_back();
      words.ignore();
      words >> spawn.root >> spawn.number >> spawn.first >> spawn.count;
      about_job = true;
    } else if (spawns.empty()) {
      continue;
    } else if (about_job) {
      words >> std::hex >> spawns.back().job >> spawns.back().front;
      about_job = false;
    } else {
      Command &command = spawns.back().commands.emplace_back();
      words >> command.processes;
      for (std::string word; words >> word;) command.words.push_back(decoded(word));
    }
  }
  return spawns;
}

const char *spawn_text() {
  static const char *text = std::getenv("MANA_SPAWN");
  return text ? text : "";
}

const std::vector<Spawn> &spawns() {
  static const std::vector<Spawn> parsed = parse(spawn_text());
  return parsed;
}

// The same for all processes that one coordinator has started, and for no other job.
std::uint64_t new_job() {
  const char *token = std::getenv("MANA_TOKEN");
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const char *c = token ? token : ""; *c; ++c) hash = (hash ^ static_cast<unsigned char>(*c)) * 0x100000001b3ull;
  return hash;
}

// The command in whose share of the new processes the one with this place is.
const Command *command_of(const Spawn &spawn, int place, int *appnum) {
  for (std::size_t i = 0; i < spawn.commands.size(); place -= spawn.commands[i++].processes)
    if (place < spawn.commands[i].processes) {
      *appnum = static_cast<int>(i);
      return &spawn.commands[i];
    }
  return nullptr;
}

// ---------------------------------------------------------------------------------
// DynamicProcesses

const OwnProcess *own_process() {
  Crossing crossing;
  static const std::optional<SpawnedCommand> command = spawned_command();
  static const OwnProcess own = command ? command->own : OwnProcess{new_job(), 0, 0, 0, 0, 0};
  return &own;
}

int request_spawn(std::uint64_t number, int count, const char *text, std::size_t bytes) {
  Crossing crossing;
  return control_request_spawn(number, count, std::string(text, bytes));
}

int await_spawn(std::uint64_t number) {
  Crossing crossing;
  for (const Spawn &spawn : spawns())
    if (spawn.root == launcher_rank() && spawn.number == number) return spawn.first < 0 ? kSpawnFailed : spawn.first;
  return control_await_spawn(number);
}

int call_names(NameCall call, const char *service, char *port, std::size_t room) {
  Crossing crossing;
  wire::Name name;
  name.call = static_cast<std::uint32_t>(call);
  name.service = service;
  if (call == NameCall::publish) name.port = port;
  std::string found;
  const int error = control_name(name, &found);
  if (error != 0 || call != NameCall::lookup) return error;
  if (found.size() >= room) return ENOENT;
  std::memcpy(port, found.c_str(), found.size() + 1);
  return 0;
}

constexpr DynamicProcesses kDynamic = {own_process, request_spawn, await_spawn, call_names};

}  // namespace

std::optional<SpawnedCommand> spawned_command() {
  const int process = launcher_rank();
  for (const Spawn &spawn : spawns()) {
    if (spawn.first < 0 || process < spawn.first || process >= spawn.first + spawn.count) continue;
    int appnum = 0;
    const Command *command = command_of(spawn, process - spawn.first, &appnum);
    if (!command || command->words.size() < 2) continue;
    return SpawnedCommand{{spawn.job, spawn.first, spawn.count, spawn.root, appnum, spawn.front},
                          command->words[0],
                          {command->words.begin() + 1, command->words.end()}};
  }
  return std::nullopt;
}

int restarted_processes() { return started_for_spawn() ? std::atoi(spawn_text()) : launcher_size(); }

bool started_for_spawn() { return !spawns().empty(); }

const DynamicProcesses *dynamic_processes() { return &kDynamic; }

}  // namespace mana
