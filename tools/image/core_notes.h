// The notes that make an image a core file for gdb: registers of every thread, auxv, mapped files.
// Restart does not read them.
#pragma once
#include <sys/user.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/image/image.h"

namespace mana::image {

struct ThreadState {
  std::int32_t tid = 0;
  user_regs_struct registers{};
  user_fpregs_struct floating{};
};

struct Process {
  std::int32_t pid = 0;
  std::string name, arguments;       // as ps shows them
  std::vector<ThreadState> threads;  // the one gdb shows first is the first
  std::string auxv;                  // the upper half's, as it lies in memory
};

// Owner of our notes, and their types.
inline constexpr char kOwner[] = "MANA";
inline constexpr std::uint32_t kNoteDescription = 1, kNoteDigests = 2;

// Appends one note.
void append_note(std::string *out, const char *owner, std::uint32_t type, std::string_view payload);

// All of the core notes.
std::string core_notes(const Process &process, const std::vector<Region> &regions);

// Finds the first note of `owner` and `type` in well-formed `notes`. False when they are not well-formed or have none.
bool find_note(std::string_view notes, std::string_view owner, std::uint32_t type, std::string_view *payload);

}  // namespace mana::image
