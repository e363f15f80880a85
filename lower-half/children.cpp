// See children.h.
#include "children.h"

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "child_calls.h"
#include "report.h"
#include "saved.h"
#include "signals.h"
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

// As wait4 tells it.
int status_of(const siginfo_t &info) {
  constexpr int kDumped = 0x80;
  if (info.si_code == CLD_EXITED) return (info.si_status & 0xff) << 8;
  return info.si_status | (info.si_code == CLD_DUMPED ? kDumped : 0);
}

int known_as(int kernel_pid, const std::vector<EndedChild> &before) {
  for (const EndedChild &child : before)
    if (child.pid != 0 && child.kernel_pid == kernel_pid) return child.pid;
  return kernel_pid;
}

// Starts a process that ends with this status, and waits until it has. Only system calls in the child: it has our memory, of which no
// core may be written meanwhile (older kernels would end us with it). Its table of signal actions is its own.
int end_like(int status) {
  const int dumpable = ::prctl(PR_GET_DUMPABLE);
  ::prctl(PR_SET_DUMPABLE, 0);
  const pid_t pid = ::vfork();
  if (pid == 0) {
    const int sig = WTERMSIG(status);
    if (sig == 0) ::_exit(WEXITSTATUS(status));
    const KernelSigaction by_default{};
    const std::uint64_t nothing = 0;
    ::syscall(SYS_rt_sigaction, sig, &by_default, nullptr, sizeof nothing);
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &nothing, nullptr, sizeof nothing);
    ::syscall(SYS_kill, ::syscall(SYS_getpid), sig);
    ::_exit(127);
  }
  siginfo_t info{};
  if (pid > 0) ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  ::prctl(PR_SET_DUMPABLE, dumpable);
  return pid;
}

// Opens no file, as those do that tell more: the program runs, and must get the lowest descriptor that it has free.
bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 || errno != ECHILD;
}

std::chrono::milliseconds patience() {
  const char *wish = std::getenv("MANA_CHILD_TIMEOUT");
  return std::chrono::milliseconds(wish ? static_cast<long>(std::strtod(wish, nullptr) * 1000) : 5000);
}

}  // namespace

void children_wait() {
  const auto end = std::chrono::steady_clock::now() + patience();
  hold_starts(true);
  for (;;) {
    const bool starting = starts_are_under_way();
    if (!starting && !has_children()) return;
    const std::vector<int> children = applications_children();
    const bool none = !starting && std::none_of(children.begin(), children.end(), lives);
    if (none || std::chrono::steady_clock::now() >= end) return;
    std::this_thread::sleep_for(5ms);
  }
}

void children_describe(std::vector<std::string> *lost) {
  const std::vector<EndedChild> before(std::begin(saved()->ended), std::end(saved()->ended));
  std::fill(std::begin(saved()->ended), std::end(saved()->ended), EndedChild{});
  EndedChild *next = saved()->ended;
  for (const int pid : applications_children()) {
    siginfo_t info{};
    const bool ended = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
    char state;
    if (ended && next != std::end(saved()->ended))
      *next++ = {known_as(pid, before), pid, status_of(info)};
    else
      lost->push_back("the child process " + std::to_string(pid) + " (" + name_of(pid, &state) + ") is no part of the checkpoint" +
                      (ended ? ": its exit status is lost" : ""));
  }
}

void children_restore() {
  for (EndedChild &child : saved()->ended) {
    if (child.pid == 0) continue;
    child.kernel_pid = end_like(child.status);
    if (child.kernel_pid < 0) refuse_errno(78, "cannot start a process in the place of one that has ended");
  }
  // Theirs: those of the real ones are among the signals that the image holds.
  const std::uint64_t set = signal_bit(SIGCHLD);
  const timespec now{};
  while (::syscall(SYS_rt_sigtimedwait, &set, nullptr, &now, sizeof set) > 0) {
  }
}

ChildrenOfMpi::ChildrenOfMpi() : before_(all_children()) {}
ChildrenOfMpi::~ChildrenOfMpi() {
  for (const int pid : all_children())
    if (std::count(before_.begin(), before_.end(), pid) == 0) left_out.push_back(pid);
}

}  // namespace mana
