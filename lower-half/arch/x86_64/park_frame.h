// What mana_code_park leaves on the stack of a parked thread, at ThreadBlock::park_sp: see park.S.
//
// It is all of the thread that is not in memory anyway: the C calling convention lets the caller save the rest,
// and a thread that was stopped by the signal has its other registers in the kernel's signal frame above (its
// ucontext is ThreadBlock::context). From it come both the registers that a debugger shows and the restart.
#pragma once
#include <cstddef>
#include <cstdint>

#include "interface/seam.h"

namespace mana {

struct ParkFrame {
  std::uint32_t mxcsr;
  std::uint16_t x87_control;
  std::uint16_t unused;
  std::uint64_t r15, r14, r13, r12, rbx, rbp;
  std::uint64_t return_address; // rip of the caller once park() has returned; its rsp is the end of this struct
};
static_assert(sizeof(ParkFrame) == 64 && offsetof(ParkFrame, r15) == 8 && offsetof(ParkFrame, return_address) == 56);

inline const ParkFrame *park_frame(const ThreadBlock *block) {
  return reinterpret_cast<const ParkFrame *>(block->park_sp);
}
inline std::uint64_t parked_stack_pointer(const ThreadBlock *block) { return block->park_sp + sizeof(ParkFrame); }

} // namespace mana
