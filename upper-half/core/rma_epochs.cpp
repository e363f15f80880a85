// Synchronisation of one-sided communication: fence, post-start-complete-wait, locks. See windows.h.
//
// Operations are done when their call returns, so all that is left to do here is to wait for other ranks, and to see
// that calls come in an order that MPI allows (MPI_ERR_RMA_SYNC).
//
//   fence      count mine, wait until every member's count is as high: nobody sits in a collective of the live MPI
//   PSCW       post counts at each origin, which start waits for; complete counts at each target, which wait waits for
//   lock       the word of the target's control: a count of shared holders or the bit of an exclusive one
//
// All of these are in memory that is saved, and all waiting is for a word to change: a rank may be parked and restarted
// anywhere in here.
#include "core/call.h"
#include "core/communicators.h"
#include "core/errors.h"
#include "core/groups.h"
#include "core/windows.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana {

namespace {

using Word = std::uint64_t;

Word load(const Word *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
void count_up(Word *word) { __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST); }
void fence_memory() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

int raise_if(Win *win, int error) { return error ? raise(win, error) : 0; }

bool has_modes(int assert, int allowed) { return assert >= 0 && (assert & ~allowed) == 0; }
bool is_member(const Win *win, int rank) { return rank >= 0 && rank < win->size; }
bool in_passive_epoch(const Win *win) { return win->epoch == Epoch::lock || win->epoch == Epoch::lock_all; }

// A fence opens an epoch that may be of any other kind as long as nothing has been done in it.
bool may_open(const Win *win) { return win->epoch == Epoch::none || (win->epoch == Epoch::fence && !win->used); }

// ---------------------------------------------------------------------------------
// Fence

int fence(Win *win, int assert) {
  if (is_null(win)) return abi::ERR_WIN;
  if (!has_modes(assert, abi::MODE_NOSTORE | abi::MODE_NOPUT | abi::MODE_NOPRECEDE | abi::MODE_NOSUCCEED))
    return abi::ERR_ASSERT;
  if (win->exposed || (win->epoch != Epoch::none && win->epoch != Epoch::fence)) return abi::ERR_RMA_SYNC;
  const Word number = __atomic_add_fetch(&control_of(win, win->rank)->fences, 1, __ATOMIC_SEQ_CST);
  wait_for_fences(win, number);
  win->epoch = assert & abi::MODE_NOSUCCEED ? Epoch::none : Epoch::fence;
  win->used = 0;
  return 0;
}

// ---------------------------------------------------------------------------------
// Post, start, complete, wait

// Ranks of `group` in the window.
int find_members(const Win *win, const Group *group, std::int32_t *ranks) {
  if (group->flags & kNull) return abi::ERR_GROUP;
  const RankIndex rank_in_window(win->group);
  for (int i = 0; i < group->size; ++i) {
    if (i == win->size) return abi::ERR_GROUP;
    ranks[i] = rank_in_window[group->world_ranks[i]];
    if (ranks[i] < 0) return abi::ERR_GROUP;
  }
  return 0;
}

int post(Win *win, const Group *group, int assert) {
  if (is_null(win)) return abi::ERR_WIN;
  if (!has_modes(assert, abi::MODE_NOCHECK | abi::MODE_NOSTORE | abi::MODE_NOPUT)) return abi::ERR_ASSERT;
  if (win->exposed || in_passive_epoch(win) || (win->epoch == Epoch::fence && win->used)) return abi::ERR_RMA_SYNC;
  if (const int error = find_members(win, group, win->post_ranks)) return error;
  win->exposed = 1;
  win->posted = group->size;
  for (int i = 0; i < win->posted; ++i) count_up(&control_of(win, win->post_ranks[i])->posts()[win->rank]);
  return 0;
}

int start(Win *win, const Group *group, int assert) {
  if (is_null(win)) return abi::ERR_WIN;
  if (!has_modes(assert, abi::MODE_NOCHECK)) return abi::ERR_ASSERT;
  if (!may_open(win)) return abi::ERR_RMA_SYNC;
  if (const int error = find_members(win, group, win->start_ranks)) return error;
  win->epoch = Epoch::start;
  win->started = group->size;
  for (int i = 0; i < win->started; ++i) {
    const int target = win->start_ranks[i];
    const Word *posts = &control_of(win, win->rank)->posts()[target];
    while (load(posts) == win->starts[target]) wait_for_change(posts, win->starts[target]);
    ++win->starts[target];
    win->access[target] |= kAccessStart;
  }
  return 0;
}

int complete(Win *win) {
  if (is_null(win)) return abi::ERR_WIN;
  if (win->epoch != Epoch::start) return abi::ERR_RMA_SYNC;
  for (int i = 0; i < win->started; ++i) {
    const int target = win->start_ranks[i];
    win->access[target] &= static_cast<std::uint8_t>(~kAccessStart);
    count_up(&control_of(win, target)->ends(win->size)[win->rank]);
  }
  win->epoch = Epoch::none;
  return 0;
}

void end_exposure(Win *win) {
  for (int i = 0; i < win->posted; ++i) ++win->waits[win->post_ranks[i]];
  win->exposed = 0;
}

int wait(Win *win) {
  if (is_null(win)) return abi::ERR_WIN;
  if (!win->exposed) return abi::ERR_RMA_SYNC;
  for (int i = 0; i < win->posted; ++i) {
    const int origin = win->post_ranks[i];
    const Word *ends = &control_of(win, win->rank)->ends(win->size)[origin];
    while (load(ends) == win->waits[origin]) wait_for_change(ends, win->waits[origin]);
  }
  end_exposure(win);
  return 0;
}

int test(Win *win, int *flag) {
  if (is_null(win)) return abi::ERR_WIN;
  if (!win->exposed) return abi::ERR_RMA_SYNC;
  *flag = 1;
  for (int i = 0; i < win->posted && *flag; ++i) {
    const int origin = win->post_ranks[i];
    *flag = load(&control_of(win, win->rank)->ends(win->size)[origin]) != win->waits[origin];
  }
  if (*flag)
    end_exposure(win);
  else
    poll(win);
  return 0;
}

// ---------------------------------------------------------------------------------
// Locks

// How often a newcomer lets ranks that wait exclusively go first. It must not be for ever: one of those that hold the lock
// may be waiting for the newcomer.
constexpr int kPoliteness = 200;

bool try_shared(Word *lock, bool polite) {
  Word seen = load(lock);
  while (!(seen & kLockExclusive) && !(polite && seen >= kLockWaiter))
    if (__atomic_compare_exchange_n(lock, &seen, seen + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return true;
  return false;
}

void acquire_shared(Word *lock) {
  for (int turn = 0; !try_shared(lock, turn < kPoliteness); ++turn) {
    const Word seen = load(lock);
    if (seen & kLockExclusive)
      wait_for_change(lock, seen);
    else
      seam()->services->blocking->yield();
  }
}

void acquire_exclusive(Word *lock) {
  Word seen = 0;
  if (__atomic_compare_exchange_n(lock, &seen, kLockExclusive, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return;
  seen = __atomic_add_fetch(lock, kLockWaiter, __ATOMIC_ACQ_REL);
  for (;;) {
    constexpr Word kHeld = kLockExclusive | (kLockWaiter - 1);
    if (seen & kHeld)
      wait_for_change(lock, seen);
    else if (__atomic_compare_exchange_n(lock, &seen, (seen - kLockWaiter) | kLockExclusive, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE))
      return;
    seen = load(lock);
  }
}

void release_lock(Word *lock, std::uint8_t access) {
  if (access & kAccessShared) __atomic_fetch_sub(lock, 1, __ATOMIC_ACQ_REL);
  if (access & kAccessExclusive) __atomic_fetch_and(lock, ~kLockExclusive, __ATOMIC_ACQ_REL);
}

int lock(Win *win, int type, int rank, int assert) {
  if (is_null(win)) return abi::ERR_WIN;
  if (type != abi::LOCK_SHARED && type != abi::LOCK_EXCLUSIVE) return abi::ERR_LOCKTYPE;
  if (!has_modes(assert, abi::MODE_NOCHECK)) return abi::ERR_ASSERT;
  if (rank != abi::PROC_NULL && !is_member(win, rank)) return abi::ERR_RANK;
  if (win->epoch != Epoch::lock && !may_open(win)) return abi::ERR_RMA_SYNC;
  if (rank != abi::PROC_NULL) {
    if (win->access[rank] & kAccessLock) return abi::ERR_RMA_SYNC;
    Word *word = &control_of(win, rank)->lock;
    std::uint8_t how = kAccessUnchecked;
    if (!(assert & abi::MODE_NOCHECK)) {
      how = type == abi::LOCK_SHARED ? kAccessShared : kAccessExclusive;
      type == abi::LOCK_SHARED ? acquire_shared(word) : acquire_exclusive(word);
    }
    win->access[rank] |= how;
  }
  win->epoch = Epoch::lock;
  ++win->locks_held;
  fence_memory();
  return 0;
}

int unlock(Win *win, int rank) {
  if (is_null(win)) return abi::ERR_WIN;
  if (rank != abi::PROC_NULL && !is_member(win, rank)) return abi::ERR_RANK;
  if (win->epoch != Epoch::lock) return abi::ERR_RMA_SYNC;
  if (rank != abi::PROC_NULL) {
    if (!(win->access[rank] & kAccessLock)) return abi::ERR_RMA_SYNC;
    fence_memory();
    release_lock(&control_of(win, rank)->lock, win->access[rank]);
    win->access[rank] = 0;
  }
  if (--win->locks_held == 0) win->epoch = Epoch::none;
  poll(win);
  return 0;
}

// All or none: holding some while waiting for another could be a circle.
int lock_all(Win *win, int assert) {
  if (is_null(win)) return abi::ERR_WIN;
  if (!has_modes(assert, abi::MODE_NOCHECK)) return abi::ERR_ASSERT;
  if (!may_open(win)) return abi::ERR_RMA_SYNC;
  const bool unchecked = (assert & abi::MODE_NOCHECK) != 0;
  for (int rank = 0; rank < win->size && !unchecked;) {
    Word *word = &control_of(win, rank)->lock;
    if (try_shared(word, false)) {
      ++rank;
      continue;
    }
    while (rank > 0) release_lock(&control_of(win, --rank)->lock, kAccessShared);
    const Word seen = load(word);
    if (seen & kLockExclusive) wait_for_change(word, seen);
  }
  for (int rank = 0; rank < win->size; ++rank) win->access[rank] = unchecked ? kAccessUnchecked : kAccessShared;
  win->epoch = Epoch::lock_all;
  fence_memory();
  return 0;
}

int unlock_all(Win *win) {
  if (is_null(win)) return abi::ERR_WIN;
  if (win->epoch != Epoch::lock_all) return abi::ERR_RMA_SYNC;
  fence_memory();
  for (int rank = 0; rank < win->size; ++rank) {
    release_lock(&control_of(win, rank)->lock, win->access[rank]);
    win->access[rank] = 0;
  }
  win->epoch = Epoch::none;
  poll(win);
  return 0;
}

int flush(Win *win, int rank) {
  if (is_null(win)) return abi::ERR_WIN;
  if (rank != abi::PROC_NULL && !is_member(win, rank)) return abi::ERR_RANK;
  if (!in_passive_epoch(win) || (rank != abi::PROC_NULL && !(win->access[rank] & kAccessLock))) return abi::ERR_RMA_SYNC;
  fence_memory();
  poll(win);
  return 0;
}

int flush_all(Win *win) {
  if (is_null(win)) return abi::ERR_WIN;
  if (!in_passive_epoch(win)) return abi::ERR_RMA_SYNC;
  fence_memory();
  poll(win);
  return 0;
}

}  // namespace

void poll(Win *win) {
  if (++win->polls % kPollsPerYield == 0) seam()->services->blocking->yield();
}

namespace api {

int Win_fence(int assert, Win *win) {
  Call call(Fn::Win_fence);
  return raise_if(win, fence(win, assert));
}
int Win_post(Group *group, int assert, Win *win) {
  Call call(Fn::Win_post);
  return raise_if(win, post(win, group, assert));
}
int Win_start(Group *group, int assert, Win *win) {
  Call call(Fn::Win_start);
  return raise_if(win, start(win, group, assert));
}
int Win_complete(Win *win) {
  Call call(Fn::Win_complete);
  return raise_if(win, complete(win));
}
int Win_wait(Win *win) {
  Call call(Fn::Win_wait);
  return raise_if(win, wait(win));
}
int Win_test(Win *win, int *flag) {
  Call call(Fn::Win_test);
  return raise_if(win, test(win, flag));
}

int Win_lock(int lock_type, int rank, int assert, Win *win) {
  Call call(Fn::Win_lock);
  return raise_if(win, lock(win, lock_type, rank, assert));
}
int Win_unlock(int rank, Win *win) {
  Call call(Fn::Win_unlock);
  return raise_if(win, unlock(win, rank));
}
int Win_lock_all(int assert, Win *win) {
  Call call(Fn::Win_lock_all);
  return raise_if(win, lock_all(win, assert));
}
int Win_unlock_all(Win *win) {
  Call call(Fn::Win_unlock_all);
  return raise_if(win, unlock_all(win));
}

int Win_flush(int rank, Win *win) {
  Call call(Fn::Win_flush);
  return raise_if(win, flush(win, rank));
}
int Win_flush_local(int rank, Win *win) {
  Call call(Fn::Win_flush_local);
  return raise_if(win, flush(win, rank));
}
int Win_flush_all(Win *win) {
  Call call(Fn::Win_flush_all);
  return raise_if(win, flush_all(win));
}
int Win_flush_local_all(Win *win) {
  Call call(Fn::Win_flush_local_all);
  return raise_if(win, flush_all(win));
}

int Win_sync(Win *win) {
  Call call(Fn::Win_sync);
  if (is_null(win)) return raise(win, abi::ERR_WIN);
  fence_memory();
  poll(win);
  return 0;
}

}  // namespace api

}  // namespace mana
