// Threads of the upper half: one ThreadBlock each, in the saved page, under the thread's GS base.
//
//   main thread   threads[0], the engine; made before the application starts
//   any other     new_thread_block() in the parent before clone (clone_nolibc.cpp), thread exit gives it back
//   restart       the blocks come back with the image; recreate_thread() makes a kernel thread for each,
//                 which sleeps in its parked state until resume_all_threads()
//
// Identity. glibc keeps the tid in its thread descriptor and in mutexes, programs keep their pid, so after a
// restart the old numbers go on being the answer, and calls that take one are translated (tid_to_kernel).
// Before the first restart both are the same. Where the kernel itself compares tids: futex_calls.h.
//
// A child made by fork has its own kernel identity and is no rank of the job; a child of vfork runs with its
// parent's block until it execs. Both are told by gettid() differing from kernel_tid.
#pragma once
#include <cstdint>

#include "interface/seam.h"
#include "saved.h"

namespace mana {

// --- with libc, on the lower half's main thread (threads.cpp) ---

// At launch, before signals_init(): makes the main thread's block and points GS to it. From here on this thread
// may be in the upper half.
ThreadBlock *init_main_thread_block();

// At restart, with the saved page in place, on the lower half's main thread: every block is made to fit this
// process: no TLS lent, nothing critical, parked. GS points to the engine's block, and the donor factory
// starts.
void adopt_thread_blocks();

// At restart: gives a parked block its kernel thread. It stays parked until resume_all_threads(). False with errno.
bool recreate_thread(ThreadBlock *block);

// At restart, last of all: this thread becomes the engine thread again; park() returns `restarted` there.
[[noreturn]] void resume_engine(ThreadBlock *block);

// The engine's block.
inline ThreadBlock *engine_block() { return &saved()->threads[0]; }

template <typename Function> void for_each_thread(Function function) {
  for (std::uint32_t i = 0; i < saved()->thread_count; ++i)
    if (__atomic_load_n(&saved()->threads[i].used, __ATOMIC_ACQUIRE))
      function(&saved()->threads[i]);
}

// --- everywhere, no libc (threads_nolibc.cpp, identity_calls_nolibc.cpp) ---

// A zeroed block for a thread that will start with `upper_fs` as its TLS; null when all are taken. The first is
// the engine's.
ThreadBlock *new_thread_block(std::uint64_t upper_fs);

// Its thread has ended, or never started. Takes back the lent TLS.
void free_thread_block(ThreadBlock *block);

// False when the kernel knows the thread no more; its block is free then.
bool thread_lives(ThreadBlock *block);

// The kernel's tid or pid for one that the application knows; the number itself when it is none of ours.
std::int64_t tid_to_kernel(std::int64_t tid);
std::int64_t pid_to_kernel(std::int64_t pid);

// exit and set_tid_address; getpid, gettid and what takes a pid or tid.
void register_thread_calls();
void register_identity_calls(); // called by it

// First code of a recreated thread, on its own stack, see threads.cpp.
[[noreturn]] void run_recreated_thread(ThreadBlock *block);

// pid of this process, for identity; set at launch and restart.
extern std::int64_t live_pid;
// The same, in its children too.
extern std::int64_t rank_pid;

} // namespace mana
