// Signals of the application, of the lower half's libraries, and ours.
//
// All three share the thread and the kernel's one table of handlers. What the application must see is the table
// and the behaviour that it would have alone:
//
//     kernel ─► code page: signal_entry ─► signal_handler() decides ─► the application's handler, its FS base
//                                             │
//                 interrupted code            │ what happens
//                 ---------------------------------------------------------------------------------------------
//                 the application             the handler is jumped to: no frame and no cost of ours around it
//                 the lower half (in MPI)     FS to the application's, the handler, FS back. Over 90 % of the
//                                             signals of an MPI program hit there.
//                 vDSO, edges of a crossing   the handler is called; meanwhile the thread is not stopped, as
//                                             addresses outside the window are on its stack (ThreadBlock::held_sp)
//                 an interception handler     deferred: the signal is queued once more with its siginfo and
//                 (gs:critical > 0)           blocked in the interrupted mask. On leaving, the code page sends
//                                             the checkpoint signal, whose handler unblocks it. So nothing
//                                             is lost and nothing is reordered beyond what masks may do.
//
// A handler of a lower-half library (UCX and Open MPI print backtraces from some) is kept aside and runs, with
// the lower half's TLS, only for signals that the application leaves at SIG_DFL: installed last or not, the
// application's wins.
//
// The checkpoint signal (kCheckpointSignal) is never blocked and belongs to us; ours carry a magic value. The
// application may use the number nevertheless: its handler is recorded, and runs for every other signal with
// that number. What it believes about blocking it, and SIGSYS (the net's), is in ThreadBlock::hidden_mask. Not
// virtual: waiting for it with sigtimedwait or signalfd.
//
// Known limits: a pointer that the kernel would answer with EFAULT faults. siglongjmp out of a handler that
// interrupted an MPI call is undefined, as MPI says.
#pragma once
#include <csignal>
#include <cstdint>
#include <ucontext.h>

#include "code_page.h"
#include "interface/seam.h"
#include "saved.h"

namespace mana {

struct SyscallFrame;

inline constexpr std::uint64_t signal_bit(int sig) { return std::uint64_t{1} << (sig - 1); }

// Signals whose blocking is only pretended.
inline constexpr std::uint64_t kNeverBlocked = signal_bit(kCheckpointSignal) | signal_bit(SIGSYS);

enum HiddenMask : std::uint32_t {
  kHiddenCheckpoint = 1, // the application has blocked kCheckpointSignal
  kHiddenSigsys = 2,     // the application has blocked SIGSYS
  kHiddenPending = 4,    // one of its own kCheckpointSignal waits for being unblocked
  kHiddenLeaving = 8,    // the next kCheckpointSignal from this thread itself comes from mana_code_leave
};

// How signal_handler() tells signal.S what to do, on the signal's stack.
struct SignalScope {
  std::uint32_t across;   // 1: call the handler and then signal_done(); 0: jump to it
  std::uint32_t in_lower; // to be restored
  std::uint64_t fs;       // to be restored
  std::uint64_t held_sp;  // to be restored
  std::uint64_t unused;
};
static_assert(sizeof(SignalScope) == 32 && offsetof(SignalScope, across) == 0);
static_assert(offsetof(Seam, upper) == 0x28 && offsetof(UpperServices, checkpoint_here) == 8);
static_assert(offsetof(CodeSlots, signal_handler) == 8 && offsetof(CodeSlots, stop_decide) == 16);
static_assert(offsetof(CodeSlots, parked) == 24 && offsetof(CodeSlots, signal_done) == 72);

// --- for main and restore, with libc (signals.cpp) ---

// At launch, with the saved page in place: notes which signals were ignored when the process began and fills
// the slots. The lower half's own sigaction() and signal() are recorded from the process's beginning.
void signals_init();

// At restart, likewise: gives the kernel the application's actions again.
void restore_signals();

// Scope in which the lower half creates threads: they inherit the mask, so that no signal of the application
// ever runs with a lower-half thread's TLS. MPI_Init needs one; pthread_create, exported by signals.cpp, brings
// its own.
class BlockAllSignals {
public:
  enum Except { nothing, what_ends_the_process }; // the latter: SIGTERM and the like, as far as their action is the default one
  explicit BlockAllSignals(Except except = nothing);
  ~BlockAllSignals();
  BlockAllSignals(const BlockAllSignals &) = delete;
  BlockAllSignals &operator=(const BlockAllSignals &) = delete;

private:
  std::uint64_t mask_;
};

// --- everywhere, no libc (signals_nolibc.cpp, signal_calls_nolibc.cpp) ---

// rt_sigaction, rt_sigprocmask, rt_sigsuspend, signalfd4. Others that take a set: timed_calls.h.
void register_signal_calls();

// The handler recorded for the lower half's libraries; `install` sets the kernel's action anew.
void set_lower_action(int sig, const KernelSigaction *action, KernelSigaction *old, bool install);

// Records the application's action and sets the kernel's; either pointer may be null. Takes the lock.
void set_app_action(int sig, const KernelSigaction *action, KernelSigaction *old);

// Gives the kernel what the recorded actions of both halves amount to.
void install_action(int sig);

// Address of a copy, in the frame, of the set that a call points to, without our signals; 0 for none. The frame stays on the
// stack as long as the call lasts.
std::uint64_t clean_mask(SyscallFrame *frame, std::uint64_t set);

// Slots. `context` is the interrupted state.
std::uint64_t signal_handler(int sig, siginfo_t *info, ucontext_t *context, SignalScope *scope);
void signal_done(SignalScope *scope);

// The application compares the sender of a signal with its getpid(), which keeps answering the old number. What this process has
// sent to itself is told by that before a handler sees it, and before a waiting signal is saved for the next process.
void show_old_identity(siginfo_t *info);

// What arrived while critical may come as soon as the interrupted mask is put back.
void release_deferred(ThreadBlock *block, ucontext_t *context);

// True when the instruction belongs to the application (or to the code page).
bool in_upper_half(std::uint64_t pc);

// True while the thread must not be stopped because a handler runs on frames of the lower half.
bool is_held(const ThreadBlock *block, const ucontext_t *context);

} // namespace mana
