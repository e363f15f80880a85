// Borrowing and giving back: see donors.h. The borrower has the upper half's TLS; the rules are those of
// intercept.h.
#include "donors.h"

#include <asm/unistd.h>
#include <linux/futex.h>
#include <signal.h>

#include "arch/x86_64/raw_syscall.h"
#include "crossing.h"

namespace mana {

std::uint32_t donors_wanted = 0, donors_made = 0;

namespace {

std::uint32_t list_word = 0;
Donor *free_donors = nullptr;

void lock() {
  while (__atomic_exchange_n(&list_word, 1, __ATOMIC_ACQUIRE) != 0)
    raw_syscall(__NR_sched_yield);
}
void unlock() { __atomic_store_n(&list_word, 0, __ATOMIC_RELEASE); }

Donor *take() {
  lock();
  Donor *donor = free_donors;
  if (donor)
    free_donors = donor->next;
  unlock();
  return donor;
}

void futex(std::uint32_t *word, int operation, std::uint32_t value) {
  raw_syscall(__NR_futex, reinterpret_cast<std::uint64_t>(word), static_cast<std::uint64_t>(operation), value);
}

std::uint64_t swap_mask(std::uint64_t mask) {
  std::uint64_t old = 0;
  raw_syscall(__NR_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<std::uint64_t>(&mask),
              reinterpret_cast<std::uint64_t>(&old), 8);
  return old;
}

void put(Donor *donor) {
  lock();
  donor->next = free_donors;
  free_donors = donor;
  unlock();
}

} // namespace

void add_donor(Donor *donor) {
  put(donor);
  __atomic_fetch_add(&donors_made, 1, __ATOMIC_SEQ_CST);
  futex(&donors_made, FUTEX_WAKE_PRIVATE, INT32_MAX);
}

// With all signals blocked: a handler that crosses too would wait for the lock that its own thread holds.
void borrow_donor(ThreadBlock *block) {
  const std::uint64_t mask = swap_mask(~std::uint64_t{0});
  Donor *donor = nullptr;
  for (;;) {
    const std::uint32_t made = __atomic_load_n(&donors_made, __ATOMIC_SEQ_CST);
    if (block->lower_fs || (donor = take()))
      break;
    __atomic_fetch_add(&donors_wanted, 1, __ATOMIC_SEQ_CST);
    futex(&donors_wanted, FUTEX_WAKE_PRIVATE, 1);
    futex(&donors_made, FUTEX_WAIT_PRIVATE, made);
  }
  if (donor) {
    block->donor = donor;
    block->lower_fs = donor->fs;
  }
  swap_mask(mask);
}

void return_donor(ThreadBlock *block) {
  Donor *donor = static_cast<Donor *>(block->donor);
  block->donor = nullptr;
  block->lower_fs = 0;
  if (donor)
    put(donor);
}

} // namespace mana
