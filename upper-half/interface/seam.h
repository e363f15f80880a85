// The seam between the two halves of a rank.
//
// A rank is one Linux process that holds two programs: the application with its
// own ld.so and libc (upper half, saved in a checkpoint) and an ordinary PIE program
// with the real MPI library (lower half, thrown away and started anew). This file
// is all that the two know of each other.
//
//        0x2000'0000'0000  +-----------------+
//                          | Seam            |  data both halves read and write
//                 +0x10000 | code page       |  trampolines; asm that survives a restart
//                 +0x20000 | vDSO image      |  jumps through slots of the code page
//                 +0x30000 | SavedProcess    |  what the lower half must find again
//               +0x1000000 | application     |  ld.so, libc, heap, stacks, front, core
//                          |   ...           |
//        0x3000'0000'0000  +-----------------+
//
// Everything in the window is saved and comes back at the same address. Everything
// outside it is gone after a restart: a pointer to it may stand in the window only
// where restart fills it again, which is in Seam::services, Seam::mpi, ThreadBlock's
// `lower_fs` and `donor`, and the slots of the code page.
//
// This header is compiled into the application's address space: it includes nothing
// but <atomic>, <cstddef> and <cstdint> and defines no function with a call in it.
// Bump kSeamVersion with every change of a layout or of a function's meaning here.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace mana {

inline constexpr std::uint32_t kSeamVersion = 15;
inline constexpr std::uint64_t kSeamMagic = 0x6d616e617365616dULL;  // "manaseam"

inline constexpr std::uintptr_t kWindowBase = 0x2000'0000'0000;
inline constexpr std::size_t kWindowSize = std::size_t{1} << 44;
inline constexpr std::uintptr_t kWindowEnd = kWindowBase + kWindowSize;

inline constexpr std::uintptr_t kSeamAddress = kWindowBase;
inline constexpr std::uintptr_t kCodeAddress = kWindowBase + 0x10000;
inline constexpr std::uintptr_t kVdsoAddress = kWindowBase + 0x20000;
inline constexpr std::uintptr_t kRawCallAddress = kVdsoAddress + 0x1000;  // where the code page leaves blocking calls to the kernel
inline constexpr std::uintptr_t kSavedAddress = kWindowBase + 0x30000;
inline constexpr std::uintptr_t kFirstFree = kWindowBase + 0x1000000;

// AT_* entry in the upper half's auxv that holds kSeamAddress. A front that does not find
// it was loaded by a plain execve and must say so instead of touching the seam.
inline constexpr std::uint64_t kAuxvSeam = 0x6d616e61;  // "mana"

// ---------------------------------------------------------------------------------
// Threads

// One per thread of the upper half, in the window; the GS base points to it. The first
// fields are used by assembly through fixed offsets (static_asserts below).
struct alignas(64) ThreadBlock {
  ThreadBlock *self;         // gs:0   this
  std::uint64_t upper_fs;    // gs:8   the application's TLS
  std::uint64_t lower_fs;    // gs:16  TLS lent by the lower half; 0 until the first crossing
  std::uint32_t in_lower;    // gs:24  1 while the thread runs with lower_fs
  std::uint32_t in_core;     // gs:28  >0 while inside an MPI wrapper: not to be stopped by a signal
  std::uint32_t critical;    // gs:32  >0 inside an interception handler: signals of the app wait
  std::uint32_t state;       // gs:36  kThread*, below
  std::uint64_t park_sp;     // gs:40  stack of a parked thread: what mana_code_resume takes
  std::uint64_t context;     // gs:48  ucontext_t* when stopped by the signal, else 0
  std::uint64_t held_sp;     // gs:56  not to be stopped while rsp is below: a signal handler runs on lower-half frames
  std::uint64_t scratch[4];  // gs:64  scratch of the trampolines
  std::int32_t tid;          // gs:96  what gettid answers: the tid at the thread's creation
  std::int32_t kernel_tid;   // gs:100 the tid the kernel knows now
  std::uint32_t is_engine;   //        1 on the thread that runs checkpoints (the main thread)
  std::uint32_t used;        //        0: free for a new thread
  std::uint64_t clear_tid;   //        CLONE_CHILD_CLEARTID / set_tid_address pointer
  std::uint64_t robust_list; //        set_robust_list head
  std::uint64_t robust_len;
  std::uint64_t sigmask;     //        blocked signals at the park (kernel bit order)
  std::uint64_t altstack_sp; //        sigaltstack of the app
  std::uint64_t altstack_size;
  std::uint32_t altstack_flags;
  std::uint32_t hidden_mask; //        what the app believes of signals it cannot block: kHidden*, lower-half/signals.h
  std::uint64_t pending_signals;  //   arrived while `critical`; re-raised on leaving
  void *donor;               //        lower half's record of the lent TLS, lower-half memory
  std::uint64_t deferred;    //        arrived while `critical`: queued in the kernel and blocked until leaving
};

enum : std::uint32_t { kThreadRuns = 0, kThreadParked = 1, kThreadLooks = 2 };

static_assert(offsetof(ThreadBlock, upper_fs) == 8 && offsetof(ThreadBlock, lower_fs) == 16);
static_assert(offsetof(ThreadBlock, in_lower) == 24 && offsetof(ThreadBlock, in_core) == 28);
static_assert(offsetof(ThreadBlock, critical) == 32 && offsetof(ThreadBlock, state) == 36);
static_assert(offsetof(ThreadBlock, park_sp) == 40 && offsetof(ThreadBlock, context) == 48);
static_assert(offsetof(ThreadBlock, held_sp) == 56 && offsetof(ThreadBlock, tid) == 96);

static_assert(offsetof(ThreadBlock, sigmask) == 136 && sizeof(ThreadBlock) == 192);

inline ThreadBlock *this_thread_block() {
  ThreadBlock *block;
  asm volatile("mov %%gs:0, %0" : "=r"(block));
  return block;
}

// ---------------------------------------------------------------------------------
// What the lower half asks of the upper half: one word, tested once per MPI call

enum Intent : std::uint32_t {
  kIntentNone = 0,
  kIntentQuiesce = 1,  // a checkpoint was requested: collectives pass the gate first
  kIntentPark = 2,     // every target is met: stop at the next safe point
  kIntentCount = 4,    // count MPI calls: --checkpoint-at is set for this rank
};

// Collectives entered, one per live communicator, read by the control thread while the
// application runs. Chunks are never freed. id 0: the slot is free.
struct CollectiveCounter {
  std::uint64_t comm_id;
  std::uint64_t entered;
};
struct CounterChunk {
  CounterChunk *next;
  std::uint64_t reserved;
  CollectiveCounter slot[255];
};

enum class Verdict : std::int32_t {
  go = 0,         // go on: enter the collective, resume the program
  park = 1,       // call the engine: a checkpoint wants this thread parked here
  cancelled = 2,  // the checkpoint was given up: resume as if nothing had been asked
  again = 3,      // take what steps can be taken, and ask again
};

// Result of park_and_write(): the call returns once in the process that wrote the image
// and once more in every process that is started from it.
enum class ParkResult : std::int32_t { resumed = 0, restarted = 1, failed = 2 };

inline constexpr std::uint32_t kBackendOpenMpi = 1, kBackendMpich = 2;

// Services of the lower half that are not MPI. Every one is called with the upper half's
// TLS, switches by itself, and may be called where malloc may not.
struct LowerServices {
  std::uint32_t version;  // kSeamVersion
  std::uint32_t backend;  // kBackend*

  // Zeroed pages in the window for the core's own allocator; null when the window or memory
  // is full. `bytes` is rounded up to pages.
  void *(*map_pages)(std::size_t bytes);
  void (*unmap_pages)(void *address, std::size_t bytes);

  // One line on stderr, "mana: rank N: text". `text` may be cut at 1 KiB.
  void (*say)(const char *text);
  // Says it and ends the job through MPI_Abort when MPI is up, else _exit(code).
  [[noreturn]] void (*die)(int code, const char *text);

  // --- safe points (drain/README: the protocol) ---
  // Asks to enter collective number `number` (1-based) of `comm_id`. Blocks, making MPI
  // progress, until the coordinator lets it go on (Verdict::go) or wants it parked (park), or the
  // checkpoint is given up (cancelled). The thread is counted in Seam::in_collective before, the collective is not; let
  // in, both are, else neither.
  Verdict (*gate)(std::uint64_t comm_id, std::uint64_t number);
  // A rank that waits at the entry of its own requested call (--checkpoint-at): blocks likewise.
  Verdict (*gate_plain)();
  // Tells that a collective entered through the gate, or under way when the request came, has ended.
  void (*left_collective)();
  // Requests a checkpoint of the job; stop: end it once committed. Returns when the request
  // was taken (0), or an errno value: ECANCELED no coordinator, EBUSY.
  int (*request_checkpoint)(int stop);
  // Waits until the intent changes from `seen`, making MPI progress (after request_checkpoint).
  void (*wait_intent)(std::uint32_t seen);

  // --- the engine, in the order a checkpoint calls them ---
  // This rank is to be parked. Stops all other threads of the upper half, unless the checkpoint has been given up (cancelled).
  Verdict (*stop_threads)();
  // Tells the coordinator that it is parked, and waits, making MPI progress, until every rank is (go) or the checkpoint is given
  // up (cancelled). With duplications under way it returns soon (again): the engine looks which have ended and calls it again.
  Verdict (*all_parked)(const struct Standing *standing);
  // This rank's channels are empty. Waits likewise.
  Verdict (*all_drained)();
  // Writes the image, waits for the commit and resumes the other threads; ends the process when
  // the job was to stop. In the code page, see park.S; returns twice.
  ParkResult (*park_and_write)();
  // Lets the other threads run again and clears the intent: after resumed, failed, cancelled, and
  // after restarted once the core has rebuilt its objects.
  void (*resume)();

  // --- interruptible blocking MPI, one crossing each: lower-half/backends/blocking.cpp ---
  const struct BlockingMpi *blocking;

  // Text of the checkpoint's directory or an empty string; for mana.h.
  const char *(*checkpoint_directory)();

  // Memory shared with the other ranks of this host: interface/shared.h.
  const struct SharedMemory *shared;

  // MPI_Comm_spawn and the names of services: interface/dynamic.h.
  const struct DynamicProcesses *dynamic;

  // Natively the process would be no more: sets Seam::program_over. The calling thread takes no signal any more but SIGTERM, if
  // the program has left that to the kernel. When it is the engine the other threads are stopped for good, and descriptors from 3 on closed.
  void (*end_program)();
};

// The MPI that the application is built for.
inline constexpr std::uint32_t kOpenMpiFront = 1, kMpichFront = 2;

// What the upper half gives to the lower half; set by the front's constructor.
struct UpperServices {
  std::uint32_t version;  // kSeamVersion
  std::uint32_t front;    // kOpenMpiFront or kMpichFront
  // Runs a checkpoint on the engine thread, called by the signal trampoline with the upper half's TLS
  // when the thread was computing.
  void (*checkpoint_here)();
  // True when a checkpoint may stop the engine thread outside of MPI calls just now.
  int (*may_stop_anywhere)();
  // User-defined reduction `slot` (record-replay/ops): `type` is a native datatype handle.
  void (*call_op)(int slot, void *in, void *inout, int *len, std::uint64_t type);
  // Head of the counters. Here and not told once: each new lower half finds it.
  CounterChunk *counters;
  // Where a system call returns to that must not be made before MPI below has ended (Seam::ends_at_exit): with its number in rax and
  // its arguments. Ends MPI, makes the call and goes on at Seam::exit_site.
  std::uintptr_t end_before_exit;
};

// Clocks that a restart moves on.
enum : int { kClockMonotonic = 0, kClockRaw = 1, kClockBoot = 2, kClockProcess = 3, kMovedClocks = 4 };

// While it is being ended another thread that wants to end the process waits. In the thread that does it nobody waits: a signal's
// handler ends the process then.
enum EndsAtExit : std::uint32_t {
  kNothingToEnd = 0,
  kToBeEnded = 1,
  kBeingEnded = 2,
  kNothingFollows = 3,  // likewise, and then the process ends with status 0
};

struct LowerMpi;  // generated: one function pointer per MPI function of the backend

struct Seam {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t size;
  std::atomic<std::uint32_t> intent;
  std::atomic<std::uint32_t> in_collective;  // threads that are in a blocking collective, or before its gate
  const LowerServices *services;
  const LowerMpi *mpi;
  const UpperServices *upper;
  std::uint32_t mpi_initialized;  // 0 before MPI_Init, 1 after, 2 after MPI_Finalize
  std::uint32_t restarts;         // how often this process has come back
  std::int32_t process;           // number of this process in the job: -1 before MPI_Init
  std::int32_t processes;         // of the job: those of the first MPI_COMM_WORLD, then those that were spawned
  std::int32_t thread_level;      // as the application was told, MPI-5.0 ABI value
  std::uint32_t fsgsbase;         // 1: the wrfsbase instruction may be used
  std::int64_t wtime_offset_ns;   // added to CLOCK_MONOTONIC by MPI_Wtime
  std::uint64_t checkpoint_at;    // MPI call number for kIntentCount
  std::uint64_t calls_counted;
  std::uint32_t stop_after;       // checkpoint_at ends the job
  std::uint32_t engine_alone;     // 1 in an image: the engine runs no core, so restart resumes the threads itself
  std::uint32_t duplications;     // of communicators, under way below (core/duplication.cpp)
  std::atomic<std::uint32_t> withdrawable;  // of in_collective: in one that they leave when they are to park, as if not entered
  std::int64_t clock_offset_ns[kMovedClocks];  // the application's clock less the kernel's: lower-half/clocks.h
  std::int64_t system_time_offset_us;          // the same for the part of its processor time that was spent in the kernel
  std::int64_t ticks_offset;                   // the same for what times() returns
  std::uint32_t sees_exit;        // the lower half sees the program's exit_group()
  std::uint32_t ends_at_exit;     // EndsAtExit: MPI below goes on though the program has finalized MPI
  std::uint64_t exit_site;        // behind the system call that is held up for that
  ThreadBlock *exits;             // whose it is
  std::uint32_t program_over;     // it is exit_group(): no thread but that one runs on
};

inline Seam *seam() { return reinterpret_cast<Seam *>(kSeamAddress); }

}  // namespace mana
