// See program.h.
#include "program.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "report.h"

namespace mana {

namespace {

constexpr int kScriptDepth = 5;          // BINPRM: "#!" of "#!" of ...
constexpr std::size_t kScriptLine = 256; // BINPRM_BUF_SIZE

bool is_executable(const std::string &path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0)
    return false;
  if (!S_ISREG(status.st_mode)) {
    errno = EACCES;
    return false;
  }
  return access(path.c_str(), X_OK) == 0;
}

std::string search_path(const std::string &name) {
  const char *variable = std::getenv("PATH");
  const std::string path = variable ? variable : "/bin:/usr/bin";
  bool denied = false;
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t to = std::min(path.find(':', from), path.size());
    const std::string folder = path.substr(from, to - from);
    const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (is_executable(candidate))
      return candidate;
    denied |= errno == EACCES;
    from = to + 1;
  }
  if (denied)
    refuse(126, "%s: found in PATH but not executable", name.c_str());
  refuse(127, "%s: program not found in PATH", name.c_str());
}

std::string locate(const std::string &name) {
  if (name.empty())
    refuse(127, "the program's name is empty");
  if (name.find('/') == std::string::npos)
    return search_path(name);
  if (is_executable(name))
    return name;
  if (errno == ENOENT || errno == ENOTDIR)
    refuse(127, "%s: no such program", name.c_str());
  refuse_errno(126, "%s: cannot execute", name.c_str());
}

// False with errno.
bool read_part(const std::string &path, long offset, std::string *part) {
  std::FILE *file = std::fopen(path.c_str(), "re");
  if (!file)
    return false;
  const bool there = std::fseek(file, offset, SEEK_SET) == 0;
  part->resize(there ? std::fread(part->data(), 1, part->size(), file) : 0);
  std::fclose(file);
  return true;
}

std::string read_head(const std::string &path) {
  std::string head(kScriptLine, '\0');
  if (!read_part(path, 0, &head))
    refuse_errno(126, "%s: cannot read the program to load it", path.c_str());
  return head;
}

bool is_script(const std::string &head) { return head.compare(0, 2, "#!") == 0; }

std::string trim(const std::string &text) {
  const std::size_t from = text.find_first_not_of(" \t");
  return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

std::string script_line(const std::string &head) { return trim(head.substr(2, head.find('\n') - 2)); }

// "#!interpreter [one argument]": the arguments become interpreter [argument] path rest...
void put_interpreter_in_front(const std::string &head, const std::string &path, std::vector<std::string> &arguments) {
  const std::string line = script_line(head);
  const std::size_t blank = line.find_first_of(" \t");
  const std::string interpreter = line.substr(0, blank);
  if (interpreter.empty())
    refuse(126, "%s: the script names no interpreter", path.c_str());
  arguments[0] = path;
  if (blank != std::string::npos)
    arguments.insert(arguments.begin(), trim(line.substr(blank)));
  arguments.insert(arguments.begin(), interpreter);
}

void check_elf(const std::string &head, const std::string &path) {
  Elf64_Ehdr header;
  if (head.size() < sizeof header || head.compare(0, SELFMAG, ELFMAG) != 0)
    refuse(126, "%s: neither an ELF program nor a script", path.c_str());
  std::memcpy(&header, head.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64)
    refuse(126, "%s: built for another architecture (ELF machine %u, class %u)", path.c_str(), header.e_machine,
           header.e_ident[EI_CLASS]);
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
    refuse(126, "%s: an ELF file, but not a program", path.c_str());
}

bool changes_ids(const std::string &path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0)
    return false;
  const bool user = (status.st_mode & S_ISUID) && status.st_uid != geteuid();
  const bool group = (status.st_mode & S_ISGID) && (status.st_mode & S_IXGRP) && status.st_gid != getegid();
  return user || group;
}

void refuse_changed_ids(const std::string &path) {
  if (changes_ids(path))
    refuse(78, "%s: a set-user-ID or set-group-ID program cannot run under checkpointing", path.c_str());
}

bool has_interpreter(const std::string &path, const Elf64_Ehdr &header) {
  std::string part(header.e_phnum * sizeof(Elf64_Phdr), '\0');
  if (!read_part(path, static_cast<long>(header.e_phoff), &part))
    return false;
  for (std::size_t at = 0; at + sizeof(Elf64_Phdr) <= part.size(); at += sizeof(Elf64_Phdr)) {
    Elf64_Phdr segment;
    std::memcpy(&segment, part.data() + at, sizeof segment);
    if (segment.p_type == PT_INTERP)
      return true;
  }
  return false;
}

Loadable can_load_elf(const std::string &path, const std::string &head) {
  Elf64_Ehdr header;
  if (head.size() < sizeof header || head.compare(0, SELFMAG, ELFMAG) != 0)
    return Loadable::no;
  std::memcpy(&header, head.data(), sizeof header);
  const bool ours = header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_machine == EM_X86_64 && !changes_ids(path);
  const bool fixed = header.e_type == ET_EXEC && !has_interpreter(path, header);
  return ours && !fixed ? Loadable::yes : Loadable::elsewhere;
}

std::string absolute(const std::string &path) {
  char resolved[PATH_MAX];
  if (!realpath(path.c_str(), resolved))
    refuse_errno(127, "%s: cannot resolve its path", path.c_str());
  return resolved;
}

} // namespace

Program find_program(std::vector<std::string> arguments, const std::string &file) {
  std::string path = file.empty() ? locate(arguments[0]) : file;
  for (int depth = 0; depth < kScriptDepth; ++depth) {
    const std::string head = read_head(path);
    if (!is_script(head)) {
      check_elf(head, path);
      refuse_changed_ids(path);
      return {absolute(path), std::move(arguments)};
    }
    put_interpreter_in_front(head, path, arguments);
    path = arguments[0];
    if (!is_executable(path))
      refuse_errno(126, "%s: the script's interpreter cannot be run", path.c_str());
  }
  refuse(126, "%s: too many levels of scripts", arguments[0].c_str());
}

Loadable can_load(const std::string &path) {
  std::string file = path;
  for (int depth = 0; depth < kScriptDepth; ++depth) {
    std::string head(kScriptLine, '\0');
    if (!is_executable(file))
      return Loadable::no;
    if (!read_part(file, 0, &head))
      return Loadable::elsewhere;
    if (!is_script(head))
      return can_load_elf(file, head);
    const std::string line = script_line(head);
    file = line.substr(0, line.find_first_of(" \t"));
  }
  return Loadable::no;
}

} // namespace mana
