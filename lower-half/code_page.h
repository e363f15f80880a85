// The code page: the only code of ours that runs in the window on behalf of the lower half.
//
// Return addresses on the application's stacks, signal restorers and rewritten system call sites must
// stay valid after a restart, while every address of the lower half changes. So they point into this
// page, which is saved with the window, and this page reaches the lower half only through slots
// that each new lower half fills again.
//
//   kCodeAddress   CodeHeader: addresses of the entry points in this page, by name
//                  asm from lower-half/arch/<processor>/*.S, section "mana_code"
//   kSlotsAddress  CodeSlots: pointers into the live lower half (in the seam's pages, read-write)
//
// A restarted process keeps the page of its image (frames on its stacks refer to it), so a lower half takes
// entry points from the CodeHeader, never from its own symbols. Covered by kSeamVersion.
#pragma once
#include <cstdint>

#include "interface/seam.h"

namespace mana {

inline constexpr std::uintptr_t kSlotsAddress = kSeamAddress + 0x8000;

struct CodeHeader {
  std::uint64_t magic;              // kSeamMagic
  std::uint64_t syscall_entry;      // a rewritten site's stub jumps here: rcx = return address, eax = number
  std::uint64_t signal_entry;       // sa_handler of every handler the application installs
  std::uint64_t stop_entry;         // sa_handler of the checkpoint signal
  std::uint64_t restorer;           // sa_restorer of all of them
  std::uint64_t park;               // ParkResult park(): saves the callee-saved state in the ThreadBlock, calls slot `parked`
  std::uint64_t resume;             // jumped to with rsp = ThreadBlock::park_sp and eax = ParkResult
  std::uint64_t leave;              // called when gs:critical fell to 0 with pending_signals set; keeps all registers, see intercept.S
  std::uint64_t raw_done;           // where the vDSO image returns to after a call of SyscallAction::raw
  std::uint64_t any_entry;          // the same of a site whose number nobody knows; its system call is there still
  std::uint64_t reserved[6];
};

struct CodeSlots {
  // long (*)(SyscallFrame *): the interception handler; runs with the upper half's TLS, general registers only
  void *syscall_handler;
  // decides for a signal of the application, see signals.h
  void *signal_handler;
  // int (*)(int sig, siginfo_t *, ucontext_t *): 0 return, 1 park this thread, 2 run Seam::upper->checkpoint_here
  void *stop_decide;
  // int (*)(ThreadBlock *): called by `park` on the parking thread's stack, returns a ParkResult
  void *parked;
  void *vdso_clock_gettime, *vdso_gettimeofday, *vdso_time, *vdso_clock_getres, *vdso_getcpu;
  // void (*)(SignalScope *): after a handler that ran across the halves, see signals.h
  void *signal_done;
  std::uint64_t intercepted[8];  // bit n: system call n goes through syscall_handler, for any_entry
  void *reserved[14];
};

// Creates the seam's pages and the code page at launch; a restart maps those of the image instead (code_page.cpp).
void code_page_create();

inline CodeHeader *code_header() { return reinterpret_cast<CodeHeader *>(kCodeAddress); }
inline CodeSlots *code_slots() { return reinterpret_cast<CodeSlots *>(kSlotsAddress); }

}  // namespace mana
