// See pending_signals.h; the rules are those of intercept.h.
#include "pending_signals.h"

#include <asm/unistd.h>
#include <fcntl.h>

#include "arch/x86_64/raw_syscall.h"
#include "saved.h"
#include "signals.h"
#include "threads.h"

namespace mana {

namespace {

constexpr std::int32_t kProcess = -1; // in the place of a thread's index
constexpr int kMost = 200; // of one thread

struct Waiting {
  std::uint64_t own, shared;
};

std::uint64_t address(const void *pointer) { return reinterpret_cast<std::uint64_t>(pointer); }
// SavedSignal::owner, in which 0 says free.
constexpr std::int32_t owner_of(std::int32_t thread) { return thread + 2; }
std::int32_t index_of(const ThreadBlock *block) { return static_cast<std::int32_t>(block - saved()->threads); }

// The hexadecimal number behind `name`.
std::uint64_t number_after(const char *text, const char *name) {
  for (; *text; ++text) {
    int i = 0;
    while (name[i] && text[i] == name[i])
      ++i;
    if (name[i])
      continue;
    std::uint64_t number = 0;
    for (const char *digit = text + i; *digit != '\n' && *digit; ++digit)
      number = number << 4 | static_cast<std::uint64_t>(*digit <= '9' ? *digit - '0' : *digit - 'a' + 10);
    return number & ~kNeverBlocked;
  }
  return 0;
}

Waiting waiting() {
  char text[2048];
  const long fd = raw_syscall(__NR_open, address("/proc/thread-self/status"), O_RDONLY | O_CLOEXEC);
  if (failed(fd))
    return {0, 0};
  const long got = raw_syscall(__NR_read, static_cast<std::uint64_t>(fd), address(text), sizeof text - 1);
  raw_syscall(__NR_close, static_cast<std::uint64_t>(fd));
  text[failed(got) ? 0 : got] = '\0';
  return {number_after(text, "SigPnd:\t"), number_after(text, "ShdPnd:\t")};
}

// Entries are claimed by a compare-and-swap on `thread`: threads note at the same time.
SavedSignal *claim(std::int32_t thread) {
  for (SavedSignal &entry : saved()->signals) {
    std::int32_t nobody = 0;
    if (__atomic_compare_exchange_n(&entry.owner, &nobody, owner_of(thread), false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
      return &entry;
  }
  return nullptr;
}

void forget(std::int32_t thread) {
  for (SavedSignal &entry : saved()->signals)
    if (entry.owner == owner_of(thread))
      entry.owner = 0;
}

// Takes the first waiting signal of `set` out of the queue and notes it. What waits for the thread comes before what waits for the
// process.
bool take_one(std::uint64_t set, std::int32_t thread) {
  SavedSignal *entry = claim(thread);
  if (!entry)
    return false;
  const std::uint64_t first = set & (~set + 1), no_time[2] = {0, 0};
  const long sig = raw_syscall(__NR_rt_sigtimedwait, address(&first), address(entry->info), address(no_time), 8);
  entry->signal = static_cast<std::int32_t>(sig);
  if (sig <= 0)
    entry->owner = 0;
  else
    show_old_identity(reinterpret_cast<siginfo_t *>(entry->info));
  return sig > 0;
}

void queue(std::int32_t thread, std::uint64_t tid) {
  const std::uint64_t pid = static_cast<std::uint64_t>(raw_syscall(__NR_getpid));
  for (const SavedSignal &entry : saved()->signals) {
    if (entry.owner != owner_of(thread))
      continue;
    const auto sig = static_cast<std::uint64_t>(entry.signal);
    if (thread == kProcess)
      raw_syscall(__NR_rt_sigqueueinfo, pid, sig, address(entry.info));
    else
      raw_syscall(__NR_rt_tgsigqueueinfo, pid, tid, sig, address(entry.info));
  }
}

} // namespace

void note_pending_signals(ThreadBlock *block, bool shared) {
  const std::int32_t thread = index_of(block);
  forget(thread);
  if (shared)
    forget(kProcess);
  std::uint64_t any = 0;
  raw_syscall(__NR_rt_sigpending, address(&any), 8);
  if ((any & ~kNeverBlocked) == 0)
    return;
  for (int i = 0; i < kMost; ++i) {
    const std::uint64_t own = waiting().own;
    if (own == 0 || !take_one(own, thread))
      break;
  }
  for (int i = 0; shared && i < kMost; ++i) {
    const std::uint64_t all = waiting().shared;
    if (all == 0 || !take_one(all, kProcess))
      break;
  }
  queue(thread, static_cast<std::uint64_t>(raw_syscall(__NR_gettid)));
  if (shared)
    queue(kProcess, 0);
}

void queue_noted_signals(const ThreadBlock *block, bool shared) {
  queue(index_of(block), static_cast<std::uint64_t>(block->kernel_tid));
  if (shared)
    queue(kProcess, 0);
}

} // namespace mana
