// Two halves in one test program, without the loader.
//
// The seam's pages are created as at launch. The test's own threads play the upper half: they get ThreadBlocks, and
// all of the program counts as "the application" (SavedProcess::exec_low .. exec_high). The lower half's TLS are real
// donors', so a crossing really changes what a thread_local variable is.
#pragma once
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <functional>

#include "arch/x86_64/crossing.h"
#include "code_page.h"
#include "crossing.h"
#include "donors.h"
#include "exec.h"
#include "saved.h"
#include "signals.h"
#include "stop.h"
#include "threads.h"

namespace mana {

// Not under test: the test executes nothing.
Exec *prepare_exec(const char *, char *const *, char *const *) { return nullptr; }
void undo_exec(Exec *) {}

inline void prepare_halves() {
  static bool done = false;
  if (done)
    return;
  done = true;
  code_page_create();
  void *at = reinterpret_cast<void *>(kSavedAddress);
  ASSERT_EQ(at, mmap(at, (sizeof(SavedProcess) + 4095) & ~4095ul, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
  saved()->exec_low = 1;
  saved()->exec_high = ~std::uint64_t{0};
  ThreadBlock *block = init_main_thread_block();
  block->upper_fs = arch::tls_self();
  block->lower_fs = 0; // a donor's instead, so that it differs from the upper half's
  signals_init();
  donors_init();
}

// A thread of the upper half.
class UpperThread {
public:
  explicit UpperThread(std::function<void(ThreadBlock *)> body) : body_(std::move(body)) {
    pthread_create(&thread_, nullptr, start, this); // signals.cpp's: all signals are blocked in it
    while (!ready_)
      usleep(100);
  }
  void join() { pthread_join(thread_, nullptr); }
  ThreadBlock *block() const { return block_; }

private:
  static void *start(void *self) {
    auto *thread = static_cast<UpperThread *>(self);
    ThreadBlock *block = new_block();
    thread->block_ = block;
    arch::write_gs(reinterpret_cast<std::uint64_t>(block));
    const std::uint64_t none = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, 8);
    thread->ready_ = true;
    thread->body_(block);
    const std::uint64_t all = ~std::uint64_t{0};
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, 8);
    free_thread_block(block);
    return nullptr;
  }
  static ThreadBlock *new_block() {
    arch::write_gs(reinterpret_cast<std::uint64_t>(engine_block())); // as clone would have it
    ThreadBlock *block = new_thread_block(arch::tls_self());
    block->tid = block->kernel_tid = static_cast<int>(syscall(SYS_gettid));
    return block;
  }

  std::function<void(ThreadBlock *)> body_;
  pthread_t thread_{};
  std::atomic<ThreadBlock *> block_{nullptr};
  std::atomic<bool> ready_{false};
};

inline KernelSigaction app_action(void (*handler)(int, siginfo_t *, void *), int flags = 0) {
  return {reinterpret_cast<std::uint64_t>(handler), static_cast<std::uint64_t>(flags | SA_SIGINFO), 0, 0};
}

} // namespace mana
