// See children.h.
#include "children.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "tools/image/image.h"

namespace mana {

namespace {

using namespace std::chrono_literals;

std::vector<int> &left_out = *new std::vector<int>;

std::vector<int> all_children() {
  std::vector<int> found;
  DIR *folder = ::opendir("/proc/self/task");
  if (!folder) return found;
  while (const dirent *entry = ::readdir(folder)) {
    if (entry->d_name[0] == '.') continue;
    std::ifstream children(std::string("/proc/self/task/") + entry->d_name + "/children");
    for (int pid; children >> pid;) found.push_back(pid);
  }
  ::closedir(folder);
  return found;
}

std::vector<int> applications_children() {
  std::vector<int> found = all_children();
  std::erase_if(found, [](int pid) { return std::count(left_out.begin(), left_out.end(), pid) != 0; });
  return found;
}

// Name and state as /proc/PID/stat tells them: "pid (name) S ...".
std::string name_of(int pid, char *state) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t open = text.find('('), close = text.rfind(')');
  *state = '?';
  if (open == std::string::npos || close == std::string::npos || close + 2 >= text.size()) return "?";
  *state = text[close + 2];
  return image::printable(text.substr(open + 1, close - open - 1));
}

bool lives(int pid) {
  char state;
  name_of(pid, &state);
  return state != 'Z' && state != 'X' && state != '?';
}

std::chrono::milliseconds patience() {
  const char *wish = std::getenv("MANA_CHILD_TIMEOUT");
  return std::chrono::milliseconds(wish ? static_cast<long>(std::strtod(wish, nullptr) * 1000) : 5000);
}

}  // namespace

// One that has ended is waited for too, for a moment: its parent is about to take note of it.
void children_wait() {
  constexpr auto kForZombies = 100ms;
  const auto start = std::chrono::steady_clock::now(), end = start + patience();
  for (;;) {
    const std::vector<int> children = applications_children();
    const auto now = std::chrono::steady_clock::now();
    if (children.empty() || now >= end) return;
    if (now >= start + kForZombies && std::none_of(children.begin(), children.end(), lives)) return;
    std::this_thread::sleep_for(5ms);
  }
}

void children_describe(std::vector<std::string> *lost) {
  for (const int pid : applications_children()) {
    char state;
    const std::string name = name_of(pid, &state);
    lost->push_back("the child process " + std::to_string(pid) + " (" + name + ") is no part of the checkpoint" +
                    (state == 'Z' ? ": its exit status is lost" : ""));
  }
}

ChildrenOfMpi::ChildrenOfMpi() : before_(all_children()) {}
ChildrenOfMpi::~ChildrenOfMpi() {
  for (const int pid : all_children())
    if (std::count(before_.begin(), before_.end(), pid) == 0) left_out.push_back(pid);
}

}  // namespace mana
