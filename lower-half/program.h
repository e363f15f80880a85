// Which file execve() would run, and with which arguments: PATH, scripts, and what is refused.
#pragma once
#include <string>
#include <vector>

namespace mana {

struct Program {
  std::string path;                   // absolute; an ELF file for this machine
  std::vector<std::string> arguments; // argv; a script's interpreter is put in front, as the kernel does
};

// Resolves argv[0] as execvp does, unless `file` says what to run, and follows `#!` lines. Refuses with a sentence: 127 not
// found, 126 not executable or not for this machine, 78 set-user-ID (its privilege would be lost).
Program find_program(std::vector<std::string> arguments, const std::string &file = "");

// What would come of executing `path`: it would be loaded; the kernel can run it, we cannot; nobody can.
enum class Loadable { yes, elsewhere, no };
Loadable can_load(const std::string &path);

} // namespace mana
