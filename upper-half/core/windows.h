// Windows: memory that other ranks reach without this one taking part.
//
// The members of a window run on one host, so its operations need no help of the live MPI: the rank that calls does the
// whole work and is done when the call returns.
//
//   allocated, shared   one segment mapped by all members: loads and stores
//   created, dynamic    private memory of the target: process_vm_readv and _writev; loads and stores at oneself
//
//   segment:  [ control of rank 0 | control of rank 1 | ... ][ memory of rank 0 | memory of rank 1 | ... ]
//
// All synchronisation is counters and locks in the controls, which every member can see: fence, post, start, complete,
// wait, lock, unlock and the lock that makes accumulates atomic. A rank that waits looks at a word of another's control,
// in a loop of the lower half which a checkpoint interrupts.
//
// So a window never has anything in the network, and there is nothing to drain. A checkpoint saves the controls and the
// memory, each rank its own; a rank that holds a lock or stands in any epoch at the checkpoint does so after the
// restart, which maps a new segment at the old addresses and fills it (record-replay/windows.cpp).
//
// Why not windows of the live MPI: they do not come as a pair that a program could rely on. With Open MPI 4.1.4 as
// Debian configures it (osc/rdma over vader) MPI_Compare_and_swap crashes on all but shared windows; MPICH 4.0.2 completes
// no operation, not even on shared memory, before its target calls MPI, and spins until then: with more ranks than cores
// each flush takes a time slice. Ours cost the same or less, but for accumulates on created windows (two system calls).
#pragma once
#include "core/objects.h"

namespace mana {

// What one member shows to the others. Its own process writes it, unless said otherwise.
struct WinControl {
  std::uint64_t base;            // of displacement 0: an offset in the segment, or an address of its process
  std::uint64_t bytes;
  std::int64_t disp_unit;
  std::int32_t pid;
  std::uint32_t direct;          // base is an offset in the segment

  alignas(64) std::uint64_t atomic_lock;  // held by whoever accumulates into this member's memory
  alignas(64) std::uint64_t lock;         // MPI_Win_lock: kLock* below; written by all
  alignas(64) std::uint64_t fences;       // fences (and MPI_Win_free) that this member has entered

  // Behind it, [size] each: exposures that member i has posted to this one, accesses to this one that member i has ended.
  // Counted up by member i.
  std::uint64_t *posts() { return reinterpret_cast<std::uint64_t *>(this + 1); }
  std::uint64_t *ends(int size) { return posts() + size; }
};

// Values of WinControl::lock: ranks that hold it shared, or this bit.
inline constexpr std::uint64_t kLockExclusive = std::uint64_t{1} << 63;
// Ranks that wait for it exclusively, above the 32 bits of the holders: newcomers let them go first for a while.
inline constexpr std::uint64_t kLockWaiter = std::uint64_t{1} << 32;

// Win::access: how this rank holds a target's lock; kAccessStart: the target is in the group of MPI_Win_start.
enum : std::uint8_t { kAccessShared = 1, kAccessExclusive = 2, kAccessUnchecked = 4, kAccessStart = 8 };
inline constexpr std::uint8_t kAccessLock = kAccessShared | kAccessExclusive | kAccessUnchecked;

// Win::freed. A member may leave MPI_Win_free while others still wait in it: they are no window any more then.
enum : std::uint8_t { kFreeNone = 0, kFreeWaits = 1, kFreeDone = 2 };

inline WinControl *control_of(const Win *win, int rank) {
  return reinterpret_cast<WinControl *>(win->segment.address + static_cast<std::size_t>(rank) * win->control_bytes);
}

inline bool is_null(const Win *win) { return (win->flags & kNull) != 0; }

// Waits until every member has entered the fence with this number. Parks as often as asked.
void wait_for_fences(Win *win, std::uint64_t number);
// Waits until *word is not `seen`, or a checkpoint has been taken meanwhile.
void wait_for_change(const std::uint64_t *word, std::uint64_t seen);
// Called where a program may poll: now and then lets MPI make progress and others run.
inline constexpr std::uint32_t kPollsPerYield = 64;
void poll(Win *win);

// All ranks are parked. Windows that every member has entered MPI_Win_free of are gone: a restart makes them no more.
void settle_windows();

// Regions of a dynamic window: is [address, address + bytes) attached at this rank?
bool is_attached(const Win *win, std::uint64_t address, std::uint64_t bytes);
void detach_all(Win *win);

}  // namespace mana
