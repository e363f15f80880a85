// What a rank executes. See exec.h.
#include "exec.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "control.h"
#include "crossing.h"
#include "descriptors.h"
#include "program.h"
#include "window.h"

namespace mana {

namespace {

constexpr char kOwnProgram[] = "/proc/self/exe";

std::vector<std::string> texts_of(char *const *list) {
  std::vector<std::string> texts;
  for (; list && *list; ++list) texts.emplace_back(*list);
  return texts;
}

// The application's variables, with what it preloads put aside as by tools/mana_rank.cpp, and ours.
std::vector<std::string> environment_of(char *const *envp) {
  std::vector<std::string> environment;
  for (const std::string &variable : texts_of(envp)) {
    const bool loads = variable.starts_with("LD_PRELOAD=") || variable.starts_with("LD_AUDIT=");
    if (!variable.starts_with("MANA_")) environment.push_back((loads ? "MANA_USER_" : "") + variable);
  }
  for (const std::string &variable : texts_of(environ))
    if (variable.starts_with("MANA_") && !variable.starts_with("MANA_USER_") && !variable.starts_with(kExecutedVariable))
      environment.push_back(variable);
  environment.push_back(std::string(kExecutedVariable) + "=" + std::to_string(descriptor_base()));
  return environment;
}

std::vector<std::string> command_line(const char *path, char *const *argv) {
  std::vector<std::string> words = {kOwnProgram, "--program", path, "--"};
  const std::vector<std::string> arguments = texts_of(argv);
  words.insert(words.end(), arguments.begin(), arguments.end());
  if (arguments.empty()) words.emplace_back();
  return words;
}

// One block of pages: the record, both lists, all texts.
struct Pages {
  Exec exec;
  std::size_t bytes;
};

char **copy_list(const std::vector<std::string> &texts, char **list, char **text) {
  for (const std::string &one : texts) {
    *list++ = *text;
    *text = static_cast<char *>(std::memcpy(*text, one.c_str(), one.size() + 1)) + one.size() + 1;
  }
  *list++ = nullptr;
  return list;
}

Exec *into_window(const std::vector<std::string> &words, const std::vector<std::string> &environment) {
  std::size_t bytes = sizeof(Pages) + (words.size() + environment.size() + 2) * sizeof(char *);
  for (const auto *texts : {&words, &environment})
    for (const std::string &text : *texts) bytes += text.size() + 1;
  auto *pages = static_cast<Pages *>(window_map_pages(bytes));
  if (!pages) return nullptr;
  auto **argv = reinterpret_cast<char **>(pages + 1);
  auto *text = reinterpret_cast<char *>(argv + words.size() + environment.size() + 2);
  char **envp = copy_list(words, argv, &text);
  copy_list(environment, envp, &text);
  *pages = {{argv[0], argv, envp}, bytes};
  return &pages->exec;
}

// Without the launcher's variables it would be a job of its own.
bool belongs_to_launcher(char *const *envp) {
  if (!has_launcher(environ)) return true;
  return has_launcher(envp);
}

}  // namespace

Exec *prepare_exec(const char *path, char *const *argv, char *const *envp) {
  Crossing crossing;
  switch (can_load(path)) {
  case Loadable::no: return nullptr;  // the kernel knows why
  case Loadable::elsewhere:
    say(std::string(path) + " is executed as it is, and cannot be checkpointed");
    return nullptr;
  case Loadable::yes: break;
  }
  if (!belongs_to_launcher(envp)) {
    say(std::string(path) + " is executed outside of the job, and cannot be checkpointed");
    return nullptr;
  }
  Exec *exec = into_window(command_line(path, argv), environment_of(envp));
  if (!exec) return nullptr;
  descriptors_before_exec();
  control_tell(wire::RankState::executes);
  return exec;
}

void undo_exec(Exec *exec) {
  window_unmap_pages(exec, reinterpret_cast<Pages *>(exec)->bytes);
  Crossing crossing;
  control_tell(state_before_mpi());
}

}  // namespace mana
