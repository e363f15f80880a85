// See clocks.h; the rules are those of intercept.h.
#include "clocks.h"

#include <asm/unistd.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <time.h>

#include "arch/x86_64/raw_syscall.h"
#include "saved.h"
#include "threads.h"
#include "timers.h"
#include "vdso_calls.h"

namespace mana {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kTick = kSecond / 100; // of times(), as user programs see it
constexpr std::int64_t kMicrosecond = 1000, kMicrosecondsOfSecond = 1'000'000;
constexpr std::uint64_t kAbsolute = 1; // TFD_TIMER_ABSTIME
constexpr std::int32_t kUsageOfThread = 1; // RUSAGE_THREAD

std::uint64_t address(const void *pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

bool is_own_id(std::int64_t pid) { return pid == 0 || pid == static_cast<std::int64_t>(saved()->pid); }

// Index in Seam::clock_offset_ns, or -1.
int index_of(std::int64_t clock) {
  switch (clock) {
  case CLOCK_MONOTONIC:
  case CLOCK_MONOTONIC_COARSE:
    return kClockMonotonic;
  case CLOCK_MONOTONIC_RAW:
    return kClockRaw;
  case CLOCK_BOOTTIME:
  case CLOCK_BOOTTIME_ALARM:
    return kClockBoot;
  case CLOCK_PROCESS_CPUTIME_ID:
    return kClockProcess;
  default:
    return is_clock_of_process(clock) && is_own_id(id_of_clock(clock)) ? kClockProcess : -1;
  }
}

bool is_thread_time(std::int64_t clock) { return clock == CLOCK_THREAD_CPUTIME_ID || is_clock_of_thread(clock); }

std::int64_t thread_offset(std::int64_t clock) {
  const std::int64_t tid = clock == CLOCK_THREAD_CPUTIME_ID ? 0 : id_of_clock(clock);
  if (tid == 0)
    return time_of(this_thread_block())->offset;
  std::int64_t offset = 0;
  for_each_thread([&](ThreadBlock *block) {
    if (block->tid == tid)
      offset = time_of(block)->offset;
  });
  return offset;
}

KernelTimespec shifted(const KernelTimespec &time, std::int64_t ns) {
  const std::int64_t nanoseconds = time.nanoseconds + ns % kSecond;
  const std::int64_t carry = nanoseconds < 0 ? -1 : nanoseconds >= kSecond ? 1 : 0;
  return {time.seconds + ns / kSecond + carry, nanoseconds - carry * kSecond};
}

bool is_valid(const KernelTimespec &time) {
  return time.seconds >= 0 && time.nanoseconds >= 0 && time.nanoseconds < kSecond;
}

long on_clock_gettime(SyscallFrame *frame) {
  return clock_gettime_after_restart(static_cast<long>(frame->arg[0]), reinterpret_cast<void *>(frame->arg[1]));
}

void add(timeval *time, std::int64_t us) {
  const std::int64_t sum = time->tv_sec * kMicrosecondsOfSecond + time->tv_usec + us;
  const std::int64_t all = sum < 0 ? 0 : sum;
  time->tv_sec = all / kMicrosecondsOfSecond;
  time->tv_usec = all % kMicrosecondsOfSecond;
}

std::int64_t user_time_offset_us() {
  return seam()->clock_offset_ns[kClockProcess] / kMicrosecond - seam()->system_time_offset_us;
}

// What a thread spent in the kernel before the restart counts as the program's own.
long on_getrusage(SyscallFrame *frame) {
  const long result = pass_on(frame);
  if (failed(result))
    return result;
  auto *usage = reinterpret_cast<rusage *>(frame->arg[1]);
  switch (static_cast<std::int32_t>(frame->arg[0])) {
  case RUSAGE_SELF:
    add(&usage->ru_utime, user_time_offset_us());
    add(&usage->ru_stime, seam()->system_time_offset_us);
    break;
  case kUsageOfThread:
    add(&usage->ru_utime, thread_offset(CLOCK_THREAD_CPUTIME_ID) / kMicrosecond);
    break;
  }
  return result;
}

long on_times(SyscallFrame *frame) {
  const long result = pass_on(frame);
  if (failed(result))
    return result;
  if (auto *times = reinterpret_cast<tms *>(frame->arg[0])) {
    times->tms_utime += user_time_offset_us() / (kTick / kMicrosecond);
    times->tms_stime += seam()->system_time_offset_us / (kTick / kMicrosecond);
  }
  return result + seam()->ticks_offset;
}

long on_sysinfo(SyscallFrame *frame) {
  const long result = pass_on(frame);
  if (!failed(result))
    reinterpret_cast<struct sysinfo *>(frame->arg[0])->uptime += seam()->clock_offset_ns[kClockBoot] / kSecond;
  return result;
}

// The clock of a timerfd; -1: not one.
std::int64_t clock_of(std::uint64_t fd) {
  char path[40] = "/proc/self/fdinfo/", text[512];
  char digits[12];
  int n = 0, at = 18;
  for (std::uint32_t rest = static_cast<std::uint32_t>(fd); n == 0 || rest != 0; rest /= 10)
    digits[n++] = static_cast<char>('0' + rest % 10);
  while (n > 0)
    path[at++] = digits[--n];
  path[at] = '\0';
  const long info = raw_syscall(__NR_openat, static_cast<std::uint64_t>(AT_FDCWD), address(path), O_RDONLY | O_CLOEXEC);
  if (failed(info))
    return -1;
  const long bytes = raw_syscall(__NR_read, static_cast<std::uint64_t>(info), address(text), sizeof text);
  raw_syscall(__NR_close, static_cast<std::uint64_t>(info));
  constexpr char kLine[] = "clockid: ";
  constexpr int kLength = sizeof kLine - 1;
  for (long i = 0; i + kLength < bytes; ++i) {
    int same = 0;
    while (same < kLength && text[i + same] == kLine[same])
      ++same;
    if (same == kLength)
      return text[i + kLength] - '0';
  }
  return -1;
}

long on_timerfd_settime(SyscallFrame *frame) {
  const std::uint64_t *arg = frame->arg;
  const auto *wanted = reinterpret_cast<const KernelItimerspec *>(arg[2]);
  if (!(arg[1] & kAbsolute) || !wanted)
    return pass_on(frame);
  const KernelItimerspec time = {wanted->interval, kernel_time(clock_of(arg[0]), wanted->value)};
  return raw_syscall(__NR_timerfd_settime, arg[0], arg[1], address(&time), arg[3]);
}

} // namespace

std::int64_t clock_offset(std::int64_t clock) {
  if (is_thread_time(clock))
    return thread_offset(clock);
  const int index = index_of(clock);
  return index < 0 ? 0 : seam()->clock_offset_ns[index];
}

bool is_moved_clock(std::int64_t clock) { return is_thread_time(clock) || index_of(clock) >= 0; }

KernelTimespec kernel_time(std::int64_t clock, const KernelTimespec &time) {
  const std::int64_t offset = clock_offset(clock);
  if (offset == 0 || !is_valid(time) || (time.seconds == 0 && time.nanoseconds == 0))
    return time;
  const KernelTimespec kernel = shifted(time, -offset);
  return kernel.seconds < 0 || (kernel.seconds == 0 && kernel.nanoseconds == 0) ? KernelTimespec{0, 1} : kernel;
}

KernelTimespec application_time(std::int64_t clock, const KernelTimespec &time) {
  return shifted(time, clock_offset(clock));
}

namespace {

// The application's clocks are the kernel's until the first restart.
template <long (*Handler)(SyscallFrame *)> long after_restart(SyscallFrame *frame) {
  return seam()->restarts == 0 ? pass_on(frame) : Handler(frame);
}

} // namespace

void register_clock_calls() {
  intercept_register(__NR_clock_gettime, after_restart<on_clock_gettime>);
  intercept_register(__NR_getrusage, after_restart<on_getrusage>);
  intercept_register(__NR_times, after_restart<on_times>);
  intercept_register(__NR_sysinfo, after_restart<on_sysinfo>);
  intercept_register(__NR_timerfd_settime, after_restart<on_timerfd_settime>);
}

} // namespace mana
