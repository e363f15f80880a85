// See exec.h; the rules are those of intercept.h.
#include "exec.h"

#include <asm/unistd.h>
#include <elf.h>
#include <fcntl.h>

#include <initializer_list>

#include "arch/x86_64/raw_syscall.h"
#include "intercept.h"
#include "library_path.h"
#include "saved.h"
#include "threads.h"

namespace mana {

namespace {

std::uint64_t address(const void *pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

bool is_same(const char *a, const char *b) {
  const char *rest;
  return starts_with(a, b, &rest) && *rest == '\0';
}

// A file, piece by piece: the stack may be small, and the process one that shares its parent's memory.
class File {
public:
  explicit File(const char *path)
      : fd_(raw_syscall(__NR_openat, static_cast<std::uint64_t>(AT_FDCWD), address(path), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0)
      raw_syscall(__NR_close, static_cast<std::uint64_t>(fd_));
  }
  bool read(void *to, std::uint64_t bytes, std::uint64_t offset) const {
    return fd_ >= 0 && raw_syscall(__NR_pread64, static_cast<std::uint64_t>(fd_), address(to), bytes, offset) ==
                           static_cast<long>(bytes);
  }
  // A string that may end with the file.
  void read_string(char *to, std::uint64_t size, std::uint64_t offset) const {
    const long got = fd_ < 0 ? 0 : raw_syscall(__NR_pread64, static_cast<std::uint64_t>(fd_), address(to), size - 1, offset);
    to[got < 0 ? 0 : got] = '\0';
  }

private:
  long fd_;
};

class Headers {
public:
  explicit Headers(const File &file) : file_(file) {
    constexpr unsigned char kMagic[4] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3};
    valid_ = file_.read(&elf_, sizeof elf_, 0) && elf_.e_phentsize == sizeof(Elf64_Phdr) &&
             elf_.e_ident[EI_CLASS] == ELFCLASS64;
    for (int i = 0; i < 4; ++i)
      valid_ = valid_ && elf_.e_ident[i] == kMagic[i];
  }
  template <class Function> bool find(Function function, Elf64_Phdr *found) const {
    for (unsigned i = 0; valid_ && i < elf_.e_phnum; ++i)
      if (file_.read(found, sizeof *found, elf_.e_phoff + i * sizeof *found) && function(*found))
        return true;
    return false;
  }

private:
  const File &file_;
  Elf64_Ehdr elf_;
  bool valid_;
};

template <class Function> void for_each_dynamic(const File &file, const Elf64_Phdr &dynamic, Function function) {
  Elf64_Dyn entry;
  for (std::uint64_t at = 0; at + sizeof entry <= dynamic.p_filesz; at += sizeof entry)
    if (file.read(&entry, sizeof entry, dynamic.p_offset + at))
      function(entry);
}

// The program names an MPI library that one of our fronts stands for.
bool needs_mpi(const char *path) {
  const File file(path);
  const Headers headers(file);
  Elf64_Phdr dynamic, load;
  if (!headers.find([](const Elf64_Phdr &p) { return p.p_type == PT_DYNAMIC; }, &dynamic))
    return false;
  std::uint64_t strings = 0;
  for_each_dynamic(file, dynamic, [&](const Elf64_Dyn &entry) {
    if (entry.d_tag == DT_STRTAB)
      strings = entry.d_un.d_ptr;
  });
  const auto holds_strings = [&](const Elf64_Phdr &p) {
    return p.p_type == PT_LOAD && p.p_vaddr <= strings && strings < p.p_vaddr + p.p_filesz;
  };
  if (!headers.find(holds_strings, &load))
    return false;
  bool found = false;
  for_each_dynamic(file, dynamic, [&](const Elf64_Dyn &entry) {
    char name[24];
    if (entry.d_tag != DT_NEEDED)
      return;
    file.read_string(name, sizeof name, load.p_offset + strings - load.p_vaddr + entry.d_un.d_val);
    for (const char *library : kMpiLibraries)
      found = found || is_same(name, library);
  });
  return found;
}

void write_text(const char *text) {
  std::uint64_t length = 0;
  while (text[length])
    ++length;
  raw_syscall(__NR_write, 2, address(text), length);
}

// "mpirun", "/usr/bin/mpirun.mpich" ...
bool is_launcher(const char *path) {
  const char *name = path;
  for (const char *at = path; *at; ++at)
    if (*at == '/')
      name = at + 1;
  for (const char *launcher : {"mpirun", "mpiexec", "orterun", "prterun", "srun"}) {
    const char *rest;
    if (starts_with(name, launcher, &rest) && (*rest == '\0' || *rest == '.'))
      return true;
  }
  return false;
}

void tell(const char *path, const char *what) {
  write_text("mana: ");
  write_text(path);
  write_text(what);
}

void tell_of_launcher(const char *path) {
  tell(path, ": what it starts runs without checkpoints, as there is no mana_launch in front of it\n");
}

void tell_of_child(const char *path) {
  if (needs_mpi(path))
    tell(path, " runs without checkpoints: a child of the program that was launched starts it, and not that program itself by exec\n");
}

bool is_executable(const char *path) {
  constexpr std::uint64_t kExecute = 1; // X_OK
  return raw_syscall(__NR_access, address(path), kExecute) == 0;
}

bool is_rank() { return raw_syscall(__NR_getpid) == rank_pid; }

// Whether MPI below must be ended before the process ends, or another program takes its place. See EndsAtExit.
bool ends_mpi_first(SyscallFrame *frame, EndsAtExit how) {
  std::uint32_t expected = kToBeEnded;
  if (!seam()->ends_at_exit || !is_rank())
    return false;
  if (seam()->exits == this_thread_block())
    return false;
  if (!__atomic_compare_exchange_n(&seam()->ends_at_exit, &expected, how, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    frame->mask = 0;
    then_raw_and_again(frame, __NR_pause);
    return true;
  }
  seam()->exits = this_thread_block();
  seam()->exit_site = frame->return_address;
  frame->return_address = seam()->upper->end_before_exit;
  return true;
}

long on_exit_group(SyscallFrame *frame) {
  constexpr std::uint64_t kStatus = 0xff;
  if (ends_mpi_first(frame, (frame->arg[0] & kStatus) == 0 ? kNothingFollows : kBeingEnded))
    return __NR_exit_group;
  return then_raw(frame, __NR_exit_group, frame->arg[0]);
}

long on_execveat(SyscallFrame *frame) {
  if (seam()->mpi_initialized == 1 && ends_mpi_first(frame, kBeingEnded))
    return __NR_execveat;
  return then_raw(frame, frame->nr, frame->arg[0], frame->arg[1], frame->arg[2], frame->arg[3], frame->arg[4]);
}

// What cannot be executed fails at once: execvp() tries one folder after the other.
long on_execve(SyscallFrame *frame) {
  const auto *path = reinterpret_cast<const char *>(frame->arg[0]);
  if (seam()->mpi_initialized == 1 && path && is_executable(path) && ends_mpi_first(frame, kBeingEnded))
    return __NR_execve;
  if (path && names_own_exe(path))
    path = saved()->exe;
  const auto argv = reinterpret_cast<char *const *>(frame->arg[1]), envp = reinterpret_cast<char *const *>(frame->arg[2]);
  if (frame->stage > 0 && frame->mask != 0) {
    undo_exec(reinterpret_cast<Exec *>(frame->mask));
    return static_cast<long>(frame->raw[0]);
  }
  if (path && seam()->mpi_initialized == 0) {
    if (is_launcher(path) && is_executable(path)) {
      tell_of_launcher(path);
    } else if (!is_rank()) {
      tell_of_child(path);
    } else if (Exec *exec = prepare_exec(path, argv, envp)) {
      frame->mask = address(exec);
      return then_raw_and_again(frame, frame->nr, address(exec->path), address(exec->argv), address(exec->envp));
    }
  }
  return then_raw(frame, frame->nr, address(path), frame->arg[1], frame->arg[2]);
}

} // namespace

void register_exec_calls() {
  intercept_register(__NR_execve, on_execve);
  intercept_register(__NR_execveat, on_execveat);
  intercept_register(__NR_exit_group, on_exit_group);
}

} // namespace mana
