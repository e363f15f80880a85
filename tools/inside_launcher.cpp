// See inside_launcher.h.
#include "tools/inside_launcher.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "tools/job_runner.h"

namespace mana {

namespace {

// Starts the coordinator as a session of its own and waits until it says on a pipe that it listens (kListens), or why
// not. It keeps nothing of the rank, its stderr included: a launcher waits until nobody has that open any more.
Problem start_coordinator(const CoordinatorOptions &options, const std::string &id) {
  int ready[2];
  if (::pipe(ready) != 0)
    return {kExitInternal, errno, "cannot make a pipe"};
  const std::string parent = fmt::format("{}", ::getppid()), fd = fmt::format("{}", ready[1]);
  std::vector<std::string> words = {libexec_directory() + "/../../bin/mana_coordinator",
                                    "--id",
                                    id,
                                    "--watch",
                                    parent,
                                    "--ready-fd",
                                    fd,
                                    "--log",
                                    options.checkpoint_directory + "/coordinator.log",
                                    "--ckpt-dir",
                                    options.checkpoint_directory,
                                    "--keep",
                                    fmt::format("{}", options.keep),
                                    "--timeout",
                                    fmt::format("{}", options.timeout_seconds)};
  if (options.interval_seconds > 0)
    words.insert(words.end(), {"-i", fmt::format("{}", options.interval_seconds)});
  words.push_back("--");
  words.insert(words.end(), options.command.begin(), options.command.end());
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    if (::fork() != 0)
      ::_exit(0); // it shall be no child of a rank
    ::close(ready[0]);
    if (const int null = ::open("/dev/null", O_RDWR); null >= 0)
      ::dup2(null, 0), ::dup2(null, 1), ::dup2(null, 2);
    for (int other = 3; other < 1024; ++other)
      if (other != ready[1])
        ::close(other);
    for (const char *name : {"PMI_FD", "PMI_RANK", "PMI_SIZE", "OMPI_COMM_WORLD_RANK", "PMIX_RANK"})
      ::unsetenv(name);
    std::vector<char *> argv;
    for (std::string &word : words)
      argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ready[1]);
  if (child > 0)
    ::waitpid(child, nullptr, 0);
  std::string said;
  char buffer[512];
  for (ssize_t n; (n = ::read(ready[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(n));
  ::close(ready[0]);
  if (said == kListens)
    return {};
  if (said.empty())
    return {69, 0, "the coordinator could not be started"};
  return {std::atoi(said.c_str()), 0, said.substr(said.find(' ') + 1)}; // "73 cannot create ..."
}

bool answers(const std::string &socket) {
  const int fd = wire::connect_to(socket);
  if (fd >= 0)
    ::close(fd);
  return fd >= 0;
}

} // namespace

bool inside_launcher() {
  for (const char *name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"})
    if (const char *value = std::getenv(name); value != nullptr && *value != 0)
      return true;
  return false;
}

std::string process_key(int pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text;
  if (!std::getline(file, text) || text.rfind(')') == std::string::npos)
    return {};
  // Field 22; counting starts with the state, field 3, after the name in parentheses.
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i)
    fields >> field;
  return fmt::format("{}-{}", pid, field);
}

Problem become_rank(const CoordinatorOptions &options, const std::vector<std::string> &environment,
                    const std::vector<std::string> &command) {
  std::string runtime;
  if (Problem problem = runtime_directory(&runtime))
    return problem;
  const std::string id = host_name() + "-" + process_key(::getppid());
  const std::string base = runtime + "/job-" + id, lock_path = runtime + "/inner-" + id + ".lock";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0 || ::flock(lock, LOCK_EX) != 0)
    return file_problem("cannot lock", lock_path, errno);
  if (!answers(base + ".sock"))
    if (Problem problem = start_coordinator(options, id))
      return problem;
  FileSystem files;
  std::string token;
  if (int error = files.read_file(base + ".token", &token))
    return file_problem("cannot read", base + ".token", error);
  ::close(lock);

  ::setenv("MANA_COORDINATOR", (base + ".sock").c_str(), 1);
  ::setenv("MANA_TOKEN", token.c_str(), 1);
  ::setenv("MANA_JOB", id.c_str(), 1);
  for (const std::string &variable : environment) {
    const std::size_t equals = variable.find('=');
    ::setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
  }
  std::vector<char *> argv;
  for (const std::string &word : command)
    argv.push_back(const_cast<char *>(word.c_str()));
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  return {kExitNotExecutable, errno, fmt::format("cannot run {}: {}", command[0], std::strerror(errno))};
}

} // namespace mana
