// Maps a program and its ld.so into the window, as execve would.
#pragma once
#include <cstdint>
#include <string>

namespace mana {

struct LoadedElf {
  std::uint64_t bias = 0; // added to the file's addresses; 0 for ET_EXEC
  std::uint64_t start = 0, end = 0;
  std::uint64_t entry = 0; // all addresses in memory
  std::uint64_t phdr = 0, phnum = 0;
  std::string interpreter; // PT_INTERP or empty
  bool executable_stack = false;
  std::string mpi_library;           // the DT_NEEDED that one of our fronts answers, or empty
  bool ignores_library_path = false; // DT_RPATH without DT_RUNPATH: is searched before LD_LIBRARY_PATH
};

// Maps every segment, zeroes what lies behind the file's data, rewrites its system call sites. The window must be
// reserved and the code page in place. Refuses (78, 126) what cannot be loaded.
LoadedElf load_elf(const std::string &path);

} // namespace mana
