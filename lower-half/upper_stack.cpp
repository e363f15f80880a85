// See upper_stack.h. From high to low, as in the kernel's create_elf_tables():
//
//   execfn, platform, 16 random bytes │ envp strings │ argv strings │ auxv │ envp[] 0 │ argv[] 0 │ argc   <- rsp
//
// The size follows RLIMIT_STACK ("unlimited" becomes 64 GiB, mapped without reserving memory): a mapping cannot
// be told to grow after a restart, so it is all there from the start; untouched pages cost nothing. It carries
// MAP_GROWSDOWN all the same, for ld.so asks by PROT_GROWSDOWN when a library wants an executable stack.
#include "upper_stack.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>

#include "library_path.h"
#include "report.h"
#include "saved.h"
#include "syscall_net.h"
#include "window.h"

namespace mana {

namespace {

constexpr std::uint64_t kLargestStack = std::uint64_t{64} << 30;
constexpr std::uint64_t kUsualStack = 8 << 20;

std::uint64_t map_stack(bool executable) {
  rlimit limit;
  getrlimit(RLIMIT_STACK, &limit);
  std::uint64_t bytes = limit.rlim_cur > kLargestStack ? kLargestStack : page_up(limit.rlim_cur);
  if (bytes < kUsualStack / 8)
    bytes = kUsualStack / 8;
  const int prot = PROT_READ | PROT_WRITE | (executable ? PROT_EXEC : 0);
  for (;;) {
    void *got =
        mmap(reinterpret_cast<void *>(kStackTop - bytes), bytes, prot,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE | MAP_GROWSDOWN | MAP_STACK, -1, 0);
    if (got != MAP_FAILED)
      break;
    if (bytes <= kUsualStack)
      refuse_errno(78, "no memory for the application's stack");
    bytes = kUsualStack; // ulimit -v, or strict overcommit
  }
  window_take(kStackTop - bytes, kStackTop);
  return kStackTop - bytes;
}

// Writes downwards from the top.
class Writer {
public:
  explicit Writer(std::uint64_t top, std::uint64_t low) : at_(top), low_(low) {}

  std::uint64_t bytes(const void *data, std::size_t count) {
    if (at_ - low_ < count + kPageSize)
      refuse(126, "arguments and environment are too large for the stack");
    at_ -= count;
    std::memcpy(reinterpret_cast<void *>(at_), data, count);
    return at_;
  }
  std::uint64_t string(const std::string &text) { return bytes(text.c_str(), text.size() + 1); }
  // Last string first, so that they lie in order, without gaps, as ps expects.
  std::vector<std::uint64_t> strings(const std::vector<std::string> &texts) {
    std::vector<std::uint64_t> at(texts.size());
    for (std::size_t i = texts.size(); i-- > 0;)
      at[i] = string(texts[i]);
    return at;
  }
  std::uint64_t words(const std::vector<std::uint64_t> &words) { return bytes(words.data(), words.size() * 8); }
  // So that `words` more words end at a multiple of 16.
  void align_for(std::size_t words) { at_ = ((at_ - words * 8) & ~std::uint64_t{15}) + words * 8; }
  std::uint64_t at() const { return at_; }

private:
  std::uint64_t at_, low_;
};

std::vector<std::string> application_environment() {
  constexpr std::string_view kOurs = "MANA_", kOfTheUser = "MANA_USER_"; // the latter: tools/mana_rank.cpp
  std::vector<std::string> kept;
  for (char **entry = environ; *entry; ++entry) {
    const std::string_view variable = *entry;
    if (variable.starts_with(kOfTheUser))
      kept.emplace_back(variable.substr(kOfTheUser.size()));
    else if (!variable.starts_with(kOurs))
      kept.emplace_back(variable);
  }
  return kept;
}

// The kernel's own auxv: environ may have been moved by setenv(), this has not.
std::vector<Elf64_auxv_t> kernel_auxv() {
  std::vector<Elf64_auxv_t> auxv(64);
  const int fd = open("/proc/self/auxv", O_RDONLY | O_CLOEXEC);
  const ssize_t got = fd < 0 ? -1 : read(fd, auxv.data(), auxv.size() * sizeof auxv[0]);
  if (got <= 0)
    refuse_errno(78, "cannot read /proc/self/auxv");
  close(fd);
  auxv.resize(static_cast<std::size_t>(got) / sizeof auxv[0]);
  while (!auxv.empty() && auxv.back().a_type == AT_NULL)
    auxv.pop_back();
  return auxv;
}

// auxv of the application: the kernel's, with everything that describes the program replaced.
std::vector<std::uint64_t> application_auxv(const UpperStart &start, std::uint64_t execfn, std::uint64_t platform,
                                            std::uint64_t random) {
  std::vector<std::uint64_t> words;
  for (const Elf64_auxv_t &entry : kernel_auxv()) {
    std::uint64_t value = entry.a_un.a_val;
    switch (entry.a_type) {
    case AT_PHDR:
      value = start.program.phdr;
      break;
    case AT_PHNUM:
      value = start.program.phnum;
      break;
    case AT_ENTRY:
      value = start.program.entry;
      break;
    case AT_BASE:
      value = start.interpreter.bias;
      break;
    case AT_SYSINFO_EHDR:
      value = kVdsoAddress;
      break;
    case AT_RANDOM:
      value = random;
      break;
    case AT_EXECFN:
      value = execfn;
      break;
    case AT_PLATFORM:
      value = platform;
      break;
    case AT_BASE_PLATFORM:
      continue; // a pointer to the lower half's stack
    }
    words.push_back(entry.a_type);
    words.push_back(value);
  }
  words.insert(words.end(), {kAuxvSeam, kSeamAddress, AT_NULL, 0});
  return words;
}

std::string value_of(const std::vector<std::string> &environment, const std::string &name, std::size_t *index) {
  for (*index = 0; *index < environment.size(); ++*index)
    if (environment[*index].compare(0, name.size() + 1, name + "=") == 0)
      return environment[*index].substr(name.size() + 1);
  return "";
}

// The slots of envp that are ours until ld.so has read them.
struct Disguise {
  std::size_t index; // in envp; == number of entries: to be added
  std::uint64_t text;
};

std::vector<Disguise> disguise_environment(const UpperStart &start, const std::vector<std::string> &environment,
                                           Writer &stack) {
  std::vector<Disguise> disguises;
  if (start.fronts.empty() || start.interpreter.start == start.interpreter.end)
    return disguises;
  std::size_t index, added = environment.size();
  auto put_in_front = [&](const std::string &name, const std::string &ours) {
    const std::string user = value_of(environment, name, &index);
    if (index == environment.size())
      index = added++;
    disguises.push_back({index, stack.string(name + "=" + ours + (user.empty() ? "" : ":" + user))});
  };
  put_in_front("LD_LIBRARY_PATH", start.fronts);
  if (!start.program.mpi_library.empty() && start.program.ignores_library_path)
    put_in_front("LD_PRELOAD", start.fronts + "/" + start.program.mpi_library);
  return disguises;
}

} // namespace

std::uint64_t build_upper_stack(const UpperStart &start) {
  SavedProcess *process = saved();
  process->stack_high = kStackTop;
  if (start.program.executable_stack)
    syscall_net_need();
  process->stack_low = map_stack(start.program.executable_stack);
  const std::vector<std::string> environment = application_environment();

  Writer stack(kStackTop - 16, process->stack_low);
  const std::uint64_t execfn = stack.string(start.path);
  const std::vector<std::uint64_t> env_strings = stack.strings(environment);
  const std::vector<std::uint64_t> arg_strings = stack.strings(start.arguments);
  const std::vector<Disguise> disguises = disguise_environment(start, environment, stack);
  const std::uint64_t platform = stack.string("x86_64");
  unsigned char noise[16];
  if (getrandom(noise, sizeof noise, 0) != sizeof noise)
    refuse_errno(78, "no random numbers");
  stack.align_for(0);
  const std::uint64_t random = stack.bytes(noise, sizeof noise);

  std::vector<std::uint64_t> envp = env_strings;
  for (const Disguise &disguise : disguises) {
    if (disguise.index < envp.size())
      envp[disguise.index] = disguise.text;
    else
      envp.push_back(disguise.text);
  }
  envp.push_back(0);
  std::vector<std::uint64_t> argv = arg_strings;
  argv.push_back(0);
  const std::vector<std::uint64_t> auxv = application_auxv(start, execfn, platform, random);

  stack.align_for(auxv.size() + envp.size() + argv.size() + 1);
  process->auxv = stack.words(auxv);
  process->auxv_bytes = auxv.size() * 8;
  process->envp = stack.words(envp);
  process->argv = stack.words(argv);
  process->argc = start.arguments.size();
  for (const Disguise &disguise : disguises)
    library_path_remember({reinterpret_cast<std::uint64_t *>(process->envp) + disguise.index,
                           disguise.index < env_strings.size() ? env_strings[disguise.index] : 0});
  return stack.words({process->argc});
}

} // namespace mana
