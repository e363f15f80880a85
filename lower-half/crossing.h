// The crossing: a thread of the upper half enters the lower half, and back.
//
// Two libcs share the thread, and each finds its thread-local storage (errno, malloc's cache, MPI's own)
// through the FS base. So a function of the lower half that the application's side calls puts a Crossing first
// on its stack:
//
//     int lower_function(...) {
//       Crossing crossing;          // FS: application -> lower half
//       ...                         // libc, MPI, everything is allowed here
//     }                             // FS: back
//
// The GS base, which nothing else uses, points to the thread's ThreadBlock with both FS values. The round trip
// costs about 10 ns (rdfsbase-capable machines), so a call crosses once, never in a loop. Which TLS of the
// lower half: the main thread has the lower half's own main thread's; any other borrows a donor's (donors.h) at
// its first crossing and keeps it until it ends.
//
// `in_lower` is raised before FS changes and lowered after it has changed back, so while it is 0 FS is
// certainly the application's; signal entry relies on it (signals.h). The FS base of the application is taken
// at each crossing from where the ABI keeps it, so nothing needs to watch for it being set.
#pragma once
#include <cstdint>

#include "arch/x86_64/crossing.h"
#include "interface/seam.h"

namespace mana {

// Lends the thread a TLS of the lower half: sets block->lower_fs and block->donor. Called with the upper half's
// TLS; blocks for a moment when no donor is free. threads_nolibc.cpp
void borrow_donor(ThreadBlock *block);

// Inside another crossing it does nothing: functions of the lower half may call each other.
class [[nodiscard]] Crossing {
public:
  Crossing() : block_(this_thread_block()), entered_(block_->in_lower == 0) {
    if (!entered_) [[unlikely]]
      return;
    if (block_->lower_fs == 0) [[unlikely]]
      borrow_donor(block_);
    block_->upper_fs = arch::tls_self();
    block_->in_lower = 1;
    arch::write_fs(block_->lower_fs);
  }
  ~Crossing() {
    if (!entered_) [[unlikely]]
      return;
    arch::write_fs(block_->upper_fs);
    block_->in_lower = 0;
  }
  Crossing(const Crossing &) = delete;
  Crossing &operator=(const Crossing &) = delete;

private:
  ThreadBlock *block_;
  bool entered_;
};

// The other way, inside a crossing: for the scope in which the lower half calls the application back (a user-
// defined reduction). The application may call the lower half again from there; it is not parked, as there are frames
// of the lower half on the stack.
class [[nodiscard]] ReverseCrossing {
public:
  ReverseCrossing() : block_(this_thread_block()), held_sp_(block_->held_sp) {
    block_->held_sp = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    arch::write_fs(block_->upper_fs);
    block_->in_lower = 0;
  }
  ~ReverseCrossing() {
    block_->held_sp = held_sp_;
    block_->in_lower = 1;
    arch::write_fs(block_->lower_fs);
  }
  ReverseCrossing(const ReverseCrossing &) = delete;
  ReverseCrossing &operator=(const ReverseCrossing &) = delete;

private:
  ThreadBlock *block_;
  std::uint64_t held_sp_;
};

} // namespace mana
