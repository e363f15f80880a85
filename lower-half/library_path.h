// How the application's ld.so finds our MPI libraries, and nobody else does.
//
// The upper half starts with LD_LIBRARY_PATH=<prefix>/lib/mana/fronts:<the user's>. ld.so reads its environment
// before it maps the first library; at that first mapping the slot in the envp array on the stack is put
// back to the user's value, so neither the program nor its children ever see ours. Programs with DT_RPATH
// (not DT_RUNPATH) search that first; if they need an MPI library by name, the front is also put into LD_PRELOAD,
// which satisfies the name for good.
#pragma once
#include <cstdint>

namespace mana {

// The names by which programs need an MPI library that one of the fronts stands for.
inline constexpr const char *kMpiLibraries[] = {"libmpi.so.40", "libmpich.so.12", "libmpi.so.12"};

struct EnvironmentSlot {
  std::uint64_t *slot; // in the envp array on the upper half's stack
  std::uint64_t value; // what it has to hold for the application: a string, or 0 for the array's end
};

// At launch: slots to put back, at most two.
void library_path_remember(EnvironmentSlot slot);

// At every executable file mapping; does something at the first. No libc.
void library_path_restore();

} // namespace mana
