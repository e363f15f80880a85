// Looking at a program before it is started. See launchers.h.
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "tools/launchers.h"

namespace mana {

namespace {

enum class Form { not_elf, script, other_machine, linked_statically, fine };

Form form_of(int fd) {
  Elf64_Ehdr head{};
  const ssize_t n = ::pread(fd, &head, sizeof head, 0);
  if (n >= 2 && std::memcmp(&head, "#!", 2) == 0)
    return Form::script;
  if (n < EI_NIDENT || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
    return Form::not_elf;
  if (n < static_cast<ssize_t>(sizeof head) || head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_machine != EM_X86_64)
    return Form::other_machine;
  for (int i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr part{};
    const auto offset = static_cast<off_t>(head.e_phoff) + i * head.e_phentsize;
    if (::pread(fd, &part, sizeof part, offset) != sizeof part)
      return Form::not_elf;
    if (part.p_type == PT_INTERP)
      return Form::fine;
  }
  return head.e_type == ET_DYN ? Form::fine : Form::linked_statically; // a position-independent one can be moved
}

} // namespace

std::string find_program(const std::string &name) {
  struct stat status;
  errno = ENOENT;
  if (name.find('/') != std::string::npos) {
    if (::stat(name.c_str(), &status) != 0)
      return {};
    char *real = ::realpath(name.c_str(), nullptr);
    std::string path = real != nullptr ? real : name;
    std::free(real);
    return path;
  }
  const char *list = std::getenv("PATH");
  std::string rest = list != nullptr ? list : "/usr/local/bin:/usr/bin:/bin";
  for (std::size_t begin = 0; begin <= rest.size();) {
    const std::size_t end = std::min(rest.find(':', begin), rest.size());
    const std::string folder = end == begin ? "." : rest.substr(begin, end - begin);
    const std::string path = folder + "/" + name;
    if (::access(path.c_str(), X_OK) == 0 && ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode))
      return path;
    begin = end + 1;
  }
  errno = ENOENT;
  return {};
}

Problem check_program(const std::string &name) {
  const std::string shown = image::printable(name);
  const std::string path = find_program(name);
  if (path.empty())
    return {127, errno, fmt::format("no such program: {}", shown)};
  struct stat status;
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || ::access(path.c_str(), X_OK) != 0)
    return {126, EACCES, fmt::format("{} is not an executable file", shown)};
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return {126, errno, fmt::format("cannot read {}, which is needed to load it: {}", shown, std::strerror(errno))};
  const Form form = form_of(fd);
  ::close(fd);
  if (form == Form::script)
    return {};
  if (status.st_mode & (S_ISUID | S_ISGID))
    return {image::kHostUnfit, 0,
            fmt::format("{} is a setuid or setgid program, which cannot be checkpointed", shown)};
  if (form == Form::not_elf)
    return {126, ENOEXEC, fmt::format("{} is neither an ELF program nor a script", shown)};
  if (form == Form::other_machine)
    return {image::kHostUnfit, 0, fmt::format("{} is not a program for x86-64", shown)};
  if (form == Form::linked_statically)
    return {
        image::kHostUnfit, 0,
        fmt::format("{} is linked statically, so its MPI library cannot be replaced: link it dynamically", shown)};
  return {};
}

} // namespace mana
