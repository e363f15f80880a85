// Where the instructions of x86-64 code begin, and what little about each must be known to move one: patch.h.
//
// A decoder of lengths. Disassembler libraries do it too, but this runs while the application's loader maps its C library, under the
// rules of intercept.h: no libc, no vector registers. Forms and lengths are those of the Intel manual, volume 2, chapter 2 and
// appendix A: one-byte opcodes, 0F, 0F 38, 0F 3A, 3DNow, VEX, EVEX, AMD's XOP. tests/unit/instructions_test.cpp compares them with objdump.
#pragma once
#include <cstdint>

namespace mana {

enum class Flow : std::uint8_t {
  next,          // goes on behind itself, returns there included
  jump,          // to `target`, or on
  jump_always,   // to `target`
  jump_anywhere, // by a register or by memory
  call,          // and returns here, perhaps
  returns,
  end, // hlt, ud2, int3
  syscall,
};

struct Instruction {
  std::uint8_t bytes = 0;          // 0: none that is known
  Flow flow = Flow::next;
  std::uint8_t relative_at = 0;    // where its 32-bit displacement from the next instruction is; 0: it has none
  bool keeps_eax = false;          // certainly
  bool sets_eax = false;           // to `value`
  std::uint32_t value = 0;
  const unsigned char *target = nullptr; // of a direct jump
};

// The instruction at `code`, all of it before `end`. Without `about_eax` nothing is said of what it keeps. No libc.
Instruction decode(const unsigned char *code, const unsigned char *end, bool about_eax = true);

} // namespace mana
