// The stack with which the application starts: argc, argv, envp, auxv, as the kernel would have laid it out.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "load_elf.h"

namespace mana {

struct UpperStart {
  std::string path;                   // the program's absolute path
  std::vector<std::string> arguments; // argv
  std::string fronts;                 // folder with our MPI libraries, or empty
  LoadedElf program, interpreter;     // interpreter: empty (start == end) for a static PIE
};

// Maps the main stack in the window, fills it and notes where everything is in SavedProcess. Returns the stack
// pointer for the first instruction. The environment is the process's own without MANA_*; see library_path.h for what
// is put in front of LD_LIBRARY_PATH.
std::uint64_t build_upper_stack(const UpperStart &start);

} // namespace mana
