// The program that mpirun starts: one rank's lower half. It becomes the application.
//
//   mana-lower-openmpi -- app args...          loads the application into the window and jumps to it
//   mana-lower-openmpi --program FILE -- args...     the same, in the place of one that executes FILE with these (exec.h)
//   mana-lower-openmpi --restart DIR           maps this rank's image of the generation in DIR and goes on, or, where
//                                              MANA_SPAWN says so, loads a spawned application (dynamic.h)
//
// Environment: MANA_* (mana_launch sets what the coordinator needs; the application does not see them). For tests,
// MANA_PATCH=off and MANA_NET=off leave out one of the two ways of interception (intercept.h).
#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "arch/x86_64/enter.h"
#include "backends/backend.h"
#include "code_page.h"
#include "descriptors.h"
#include "dynamic.h"
#include "donors.h"
#include "intercept.h"
#include "program.h"
#include "publish.h"
#include "report.h"
#include "restore.h"
#include "saved.h"
#include "services.h"
#include "signals.h"
#include "syscall_net.h"
#include "threads.h"
#include "upper_stack.h"
#include "vdso.h"
#include "window.h"

namespace mana {

namespace {

struct CommandLine {
  std::string restart_directory; // or empty
  std::string file;              // or empty: the first word of `application`, looked for in PATH
  std::vector<std::string> application;
};

CommandLine parse(int argc, char **argv) {
  CommandLine line;
  if (argc == 3 && std::strcmp(argv[1], "--restart") == 0) {
    line.restart_directory = argv[2];
  } else if (argc > 2 && std::strcmp(argv[1], "--") == 0) {
    line.application.assign(argv + 2, argv + argc);
  } else if (argc > 4 && std::strcmp(argv[1], "--program") == 0) {
    line.file = argv[2];
    line.application.assign(argv + 4, argv + argc);
  } else {
    refuse(2, "usage: %s -- PROGRAM [ARGUMENT...] | --restart DIR   (mana_launch and mana_restart start it)",
           argv[0]);
  }
  return line;
}

void saved_pages_create() {
  void *at = reinterpret_cast<void *>(kSavedAddress);
  if (mmap(at, page_up(sizeof(SavedProcess)), PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != at)
    refuse_errno(78, "cannot map the process's records");
  SavedProcess *process = saved();
  process->magic = kSeamMagic;
  process->version = kSeamVersion;
  process->brk_start = process->brk_now = kBrkBase;
  process->brk_limit = kBrkBase + kBrkReserved;
}

// <prefix>/libexec/mana/mana-lower-x  ->  <prefix>/lib/mana/fronts
std::string fronts_directory() {
  char self[PATH_MAX], resolved[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length < 0)
    return "";
  self[length] = '\0';
  *std::strrchr(self, '/') = '\0';
  return realpath((std::string(self) + "/../../lib/mana/fronts").c_str(), resolved) ? resolved : "";
}

UpperStart load_application(const std::vector<std::string> &command, const std::string &file) {
  Program program = find_program(command, file);
  UpperStart start;
  start.path = program.path;
  start.arguments = std::move(program.arguments);
  start.fronts = fronts_directory();
  start.program = load_elf(start.path);
  if (!start.program.interpreter.empty())
    start.interpreter = load_elf(start.program.interpreter);
  return start;
}

void describe_application(const UpperStart &start) {
  SavedProcess *process = saved();
  process->app_phdr = start.program.phdr;
  process->app_phnum = start.program.phnum;
  process->app_entry = start.program.entry;
  process->interp_base = start.interpreter.bias;
  if (start.path.size() >= sizeof process->exe)
    refuse(78, "%s: its path is too long", start.path.c_str());
  std::memcpy(process->exe, start.path.c_str(), start.path.size() + 1);
}

[[noreturn]] void launch(const std::vector<std::string> &command, const std::string &file = "") {
  // The pages that both halves know by address.
  window_reserve();
  code_page_create();
  vdso_create();
  saved_pages_create();

  // This thread becomes the upper half's main thread; from here on no signal handler gets past the router.
  init_main_thread_block();
  signals_init();

  // What the upper half may call: MPI, services (the control thread starts), TLS for its threads, the clock.
  seam()->mpi = backend_table();
  services_init();
  donors_init();
  vdso_fill_slots();

  // From here on every system call that concerns us has a handler.
  intercept_init();

  // The application, rewritten as it is mapped, and its first stack.
  const UpperStart start = load_application(command, file);
  describe_application(start);
  const std::uint64_t stack = build_upper_stack(start);
  publish_application();
  seam()->sees_exit = syscall_net_start();

  const bool dynamic = start.interpreter.start != start.interpreter.end;
  enter_upper_half(dynamic ? start.interpreter.entry : start.program.entry, stack);
}

} // namespace

} // namespace mana

int main(int argc, char **argv) {
  using namespace mana;
  descriptors_start();
  const CommandLine line = parse(argc, argv);
  if (const std::optional<SpawnedCommand> spawned = line.file.empty() ? spawned_command() : std::nullopt) {
    if (chdir(spawned->directory.c_str()) != 0)
      refuse_errno(66, "the working directory %s", spawned->directory.c_str());
    launch(spawned->words);
  }
  if (!line.restart_directory.empty())
    restore_and_run(line.restart_directory.c_str());
  launch(line.application, line.file);
}
