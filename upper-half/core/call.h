// Entry and exit of an MPI call of the application: one object on the stack of every api function.
//
//   int Comm_rank(Comm *comm, int *rank) {
//     Call call(Fn::Comm_rank);
//     ...
//
// From its construction to its end the checkpoint signal does not stop this thread (ThreadBlock::in_core, counted
// because callbacks of the application may call MPI again), and the thread holds the core's lock if there are
// several. Without a request for a checkpoint that costs two instructions on the thread's own cache line, a store and
// two tests.
#pragma once
#include "core/engine.h"
#include "core/lock.h"
#include "fn.h"
#include "interface/seam.h"

namespace mana {

// The call made last, for error messages. With several threads it may be another thread's.
extern Fn current_function;

class Call {
public:
  explicit Call(Fn fn) {
    asm volatile("incl %%gs:28" ::: "memory", "cc");
    if (seam()->intent.load(std::memory_order_relaxed) != 0) [[unlikely]]
      slow(fn);
    core_lock();
    current_function = fn;
  }
  ~Call() {
    core_unlock();
    asm volatile("decl %%gs:28" ::: "memory", "cc");
  }
  Call(const Call &) = delete;
  Call &operator=(const Call &) = delete;

private:
  // Out of line, with the lock given back if this is a call out of a callback.
  static void slow(Fn fn);
};

// The same for the core's work outside of a Call: the checkpoint signal does not stop the thread there. No MPI call,
// nothing in it parks.
class InCore {
public:
  InCore() {
    asm volatile("incl %%gs:28" ::: "memory", "cc");
    core_lock();
  }
  ~InCore() {
    core_unlock();
    asm volatile("decl %%gs:28" ::: "memory", "cc");
  }
  InCore(const InCore &) = delete;
  InCore &operator=(const InCore &) = delete;
};

} // namespace mana
