// See window.h. Called from interception handlers: no libc (intercept.h).
#include "window.h"

#include <asm/unistd.h>
#include <linux/futex.h>
#include <sys/mman.h>

#include "arch/x86_64/raw_syscall.h"
#include "code_page.h"
#include "saved.h"

namespace mana {

namespace {

Ranges window, low;
std::atomic<std::uint32_t> lock_word{0}; // 0 free, 1 held, 2 held and waited for

Ranges &area_of(std::uintptr_t address) { return address < kLowEnd ? low : window; }

// SavedProcess::exec_low/high says what of the low area belongs to the image: it only grows.
void widen_low(std::uintptr_t start, std::uintptr_t end) {
  SavedProcess *process = saved();
  if (process->exec_high == 0 || start < process->exec_low)
    process->exec_low = start;
  if (end > process->exec_high)
    process->exec_high = end;
}

} // namespace

void window_reset() {
  window.reset(kFirstFree, kWindowEnd);
  window.take(kBrkBase, kBrkBase + kBrkReserved);
  low.reset(kLowBase, kLowEnd);
}

// The saved page, which knows exec_low and exec_high, may not be there yet.
void window_insert(std::uintptr_t start, std::uintptr_t end) { area_of(start).take(start, end); }

void window_lock() {
  std::uint32_t expected = 0;
  if (lock_word.compare_exchange_strong(expected, 1, std::memory_order_acquire))
    return;
  while (lock_word.exchange(2, std::memory_order_acquire) != 0)
    raw_syscall(__NR_futex, reinterpret_cast<std::uint64_t>(&lock_word), FUTEX_WAIT_PRIVATE, 2, 0);
}

void window_unlock() {
  if (lock_word.exchange(0, std::memory_order_release) == 2)
    raw_syscall(__NR_futex, reinterpret_cast<std::uint64_t>(&lock_word), FUTEX_WAKE_PRIVATE, 1);
}

bool window_contains(std::uintptr_t start, std::uintptr_t end) {
  return start < end && ((start >= kFirstFree && end <= kWindowEnd) || (start >= kLowBase && end <= kLowEnd));
}

bool window_is_free(std::uintptr_t start, std::uintptr_t end) { return area_of(start).is_free(start, end); }

void window_take(std::uintptr_t start, std::uintptr_t end) {
  area_of(start).take(start, end);
  if (start < kLowEnd)
    widen_low(start, end);
}

void window_give(std::uintptr_t start, std::uintptr_t end) { area_of(start).give(start, end); }

Extent window_next_used(std::uintptr_t from) {
  if (from < kLowEnd) {
    const Extent used = low.next_used(from);
    if (used.start != used.end)
      return used;
  }
  return window.next_used(from);
}

std::uintptr_t window_find(std::size_t bytes, std::size_t align, Place place) {
  if (place == Place::low)
    return low.find(bytes, align, kLowEnd / 2, kLowEnd);
  const std::uintptr_t from = place == Place::file ? kFirstFree : kAnonymousBase;
  if (const std::uintptr_t found = window.find(bytes, align, from, kWindowEnd))
    return found;
  return window.find(bytes, align, kFirstFree, kWindowEnd);
}

std::uintptr_t window_find_near(std::uintptr_t start, std::uintptr_t end, std::size_t bytes, std::uint64_t reach) {
  const std::uintptr_t from = end > reach ? end - reach : 0;
  const std::uintptr_t to = start + reach;
  Ranges &area = area_of(start);
  if (const std::uintptr_t behind = area.find(bytes, kPageSize, end, to))
    return behind;
  return area.find(bytes, kPageSize, from < area.low() ? area.low() : from, to);
}

namespace {

// Keeps signals off this thread while it holds the lock, as the entry of an interception does.
class Critical {
public:
  Critical() { asm volatile("incl %%gs:32" ::: "memory", "cc"); }
  ~Critical() {
    asm volatile("decl %%gs:32" ::: "memory", "cc");
    const ThreadBlock *block = this_thread_block();
    if (block->critical == 0 && block->pending_signals != 0)
      asm volatile("call *%0" ::"r"(code_header()->leave) : "memory", "cc");
  }
  Critical(const Critical &) = delete;
};

} // namespace

void *window_map_pages(std::size_t bytes) {
  const Critical critical;
  bytes = page_up(bytes);
  window_lock();
  const std::uintptr_t place =
      window_find(bytes, bytes >= kHugePageSize ? kHugePageSize : kPageSize, Place::anonymous);
  long got = -1;
  if (place)
    got = raw_syscall(__NR_mmap, place, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1ul, 0);
  if (!failed(got))
    window_take(place, place + bytes);
  window_unlock();
  return failed(got) ? nullptr : reinterpret_cast<void *>(got);
}

void *window_map_shared(int fd, std::size_t bytes, void *at) {
  const Critical critical;
  bytes = page_up(bytes);
  window_lock();
  std::uintptr_t place = reinterpret_cast<std::uintptr_t>(at);
  if (!place)
    place = window_find(bytes, bytes >= kHugePageSize ? kHugePageSize : kPageSize, Place::anonymous);
  long got = -1;
  if (place)
    got = raw_syscall(__NR_mmap, place, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                      static_cast<std::uint64_t>(fd), 0);
  if (!failed(got))
    window_take(place, place + bytes);
  window_unlock();
  return failed(got) ? nullptr : reinterpret_cast<void *>(got);
}

void window_unmap_pages(void *address, std::size_t bytes) {
  const Critical critical;
  const std::uintptr_t start = reinterpret_cast<std::uintptr_t>(address);
  window_lock();
  if (!failed(raw_syscall(__NR_munmap, start, page_up(bytes))))
    window_give(start, start + page_up(bytes));
  window_unlock();
}

} // namespace mana
