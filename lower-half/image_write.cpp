// See image_write.h.
#include "image_write.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "arch/x86_64/park_frame.h"
#include "children.h"
#include "clocks.h"
#include "control.h"
#include "descriptors.h"
#include "files.h"
#include "pages.h"
#include "saved.h"
#include "timers.h"

namespace mana {

using image::Description;
using image::Process;
using image::ThreadState;

namespace {

constexpr std::uint64_t kDeadStack = 256 << 10;  // how far below its park_sp a parked thread may be busy

std::uint64_t now_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000 + static_cast<std::uint64_t>(now.tv_nsec);
}

// A ucontext of the kernel, on the stack of the thread that the checkpoint signal stopped.
void registers_of_context(const ucontext_t &context, ThreadState *thread) {
  const greg_t *g = context.uc_mcontext.gregs;
  user_regs_struct &r = thread->registers;
  const auto value = [&](int index) { return static_cast<unsigned long long>(g[index]); };
  r.r15 = value(REG_R15), r.r14 = value(REG_R14), r.r13 = value(REG_R13), r.r12 = value(REG_R12);
  r.r11 = value(REG_R11), r.r10 = value(REG_R10), r.r9 = value(REG_R9), r.r8 = value(REG_R8);
  r.rbp = value(REG_RBP), r.rbx = value(REG_RBX), r.rax = value(REG_RAX), r.rcx = value(REG_RCX);
  r.rdx = value(REG_RDX), r.rsi = value(REG_RSI), r.rdi = value(REG_RDI), r.orig_rax = ~0ull;
  r.rip = value(REG_RIP), r.eflags = value(REG_EFL), r.rsp = value(REG_RSP);
  const std::uint64_t segments = value(REG_CSGSFS);
  r.cs = segments & 0xffff, r.ss = segments >> 48;
  if (context.uc_mcontext.fpregs)
    std::memcpy(&thread->floating, context.uc_mcontext.fpregs, sizeof thread->floating);
}

// Of a thread that called park(): what a C function keeps, as it will be when park() returns.
void registers_of_park(const ThreadBlock &block, ThreadState *thread) {
  const ParkFrame &frame = *park_frame(&block);
  user_regs_struct &r = thread->registers;
  r.r15 = frame.r15, r.r14 = frame.r14, r.r13 = frame.r13, r.r12 = frame.r12, r.rbx = frame.rbx, r.rbp = frame.rbp;
  r.rip = frame.return_address, r.rsp = parked_stack_pointer(&block), r.eflags = 0x202, r.orig_rax = ~0ull;
  r.cs = 0x33, r.ss = 0x2b;
  thread->floating.cwd = frame.x87_control, thread->floating.mxcsr = frame.mxcsr;
}

ThreadState state_of(const ThreadBlock &block) {
  ThreadState thread;
  thread.tid = block.tid;
  if (block.context != 0)
    registers_of_context(*reinterpret_cast<const ucontext_t *>(block.context), &thread);
  else if (block.park_sp != 0)
    registers_of_park(block, &thread);
  thread.registers.fs_base = block.upper_fs;
  thread.registers.gs_base = reinterpret_cast<std::uint64_t>(block.self);
  return thread;
}

std::string first_arguments() {
  std::string text;
  const auto *argv = reinterpret_cast<const char *const *>(saved()->argv);
  for (std::uint64_t i = 0; argv && i < saved()->argc && text.size() < 80; ++i)
    text += std::string(i ? " " : "") + argv[i];
  return text;
}

// The engine first: gdb shows it as the current thread.
Process describe_process(OwnMemory &memory) {
  Process process;
  const std::string exe = saved()->exe;
  process.pid = static_cast<std::int32_t>(saved()->pid);
  process.name = exe.substr(exe.find_last_of('/') + 1);
  process.arguments = first_arguments();
  process.auxv.assign(reinterpret_cast<const char *>(saved()->auxv), saved()->auxv_bytes);
  for (std::uint32_t i = 0; i < saved()->thread_count; ++i) {
    const ThreadBlock &block = saved()->threads[i];
    if (!block.used) continue;
    saved()->processors[i] = {};
    ::syscall(SYS_sched_getaffinity, block.kernel_tid, sizeof(ProcessorSet), &saved()->processors[i]);
    memory.always_copy(block.park_sp - kDeadStack, image::page_up(block.park_sp));
    process.threads.insert(block.is_engine ? process.threads.begin() : process.threads.end(), state_of(block));
  }
  return process;
}

void describe_limits(Description *d) {
  for (const std::uint32_t resource : {RLIMIT_STACK, RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_CPU, RLIMIT_DATA}) {
    rlimit limit{};
    if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0) d->limits.push_back({resource, limit.rlim_cur});
  }
  d->limits.push_back({RLIMIT_NOFILE, descriptor_limit_at_start()});
}

void describe_timers(Description *d) {
  const auto micros = [](const timeval &t) { return static_cast<std::uint64_t>(t.tv_sec) * 1000000 + static_cast<std::uint64_t>(t.tv_usec); };
  for (const std::uint32_t which : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) {
    const itimerval &timer = interval_timer(static_cast<int>(which));
    // A periodic timer whose signal is pending stands at 0: the kernel starts it again when the signal is taken.
    const std::uint64_t interval = micros(timer.it_interval);
    const std::uint64_t value = micros(timer.it_value) != 0 ? micros(timer.it_value) : interval;
    if (value != 0) d->timers.push_back({which, value, interval});
  }
}

mode_t current_umask() {
  const mode_t mask = ::umask(077);
  ::umask(mask);
  return mask;
}

void describe_host(Description *d) {
  utsname names{};
  ::uname(&names);
  d->host = names.nodename;
  d->kernel = names.release;
  d->cpu_features = image::cpu_features();
  d->time_ns = now_ns(CLOCK_REALTIME);
  clocks_save();
}

Description describe(int *error, Unsaveable *unsaveable) {
  Description d;
  const Seam &s = *seam();
  const bool mpi = s.mpi_initialized == 1;
  d.rank = mpi ? s.process : launcher_rank();
  d.size = mpi ? s.processes : launcher_size();
  d.backend = s.services->backend;
  d.front = s.upper ? s.upper->front : 0;
  d.mpi_initialized = s.mpi_initialized;
  d.thread_level = s.thread_level;
  if (const char *job = std::getenv("MANA_JOB")) d.job = job;
  if (!::getcwd(saved()->cwd, sizeof saved()->cwd)) saved()->cwd[0] = '\0';
  d.exe = saved()->exe;
  d.cwd = saved()->cwd;
  d.exec_low = saved()->exec_low;
  d.exec_high = saved()->exec_high;
  d.brk_start = saved()->brk_start;
  d.brk_now = saved()->brk_now;
  d.umask = current_umask();
  describe_host(&d);
  describe_limits(&d);
  describe_timers(&d);
  files_describe(&d.files, unsaveable);
  children_describe(&unsaveable->lost);
  *error = find_regions(&d.regions, &d.warnings, &unsaveable->refused);
  return d;
}

std::string joined(const std::vector<std::string> &lines) {
  std::string text;
  for (const std::string &line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

// What the image would lack is refused, or told, as MANA_ON_UNSAVEABLE says.
image::Problem judge(const Unsaveable &unsaveable) {
  const char *policy = std::getenv("MANA_ON_UNSAVEABLE");
  std::vector<std::string> refused = unsaveable.refused;
  if (policy && std::strcmp(policy, "fail") == 0) refused.insert(refused.end(), unsaveable.lost.begin(), unsaveable.lost.end());
  if (refused.empty()) return {};
  return {image::kHostUnfit, ENOTSUP, joined(refused)};
}

}  // namespace

ImageOutcome write_own_image(const std::string &path) {
  ImageOutcome outcome;
  int error = 0;
  Unsaveable unsaveable;
  Description d = describe(&error, &unsaveable);
  if (error != 0) {
    outcome.problem = {image::kIoError, error, std::string("cannot read /proc/self/maps: ") + std::strerror(error)};
    return outcome;
  }
  if ((outcome.problem = judge(unsaveable))) return outcome;
  d.warnings.insert(d.warnings.begin(), unsaveable.lost.begin(), unsaveable.lost.end());
  OwnMemory memory;
  // The seam's pages change under our eyes, by our own control thread.
  memory.always_copy(kWindowBase, kFirstFree);
  const Process process = describe_process(memory);
  d.threads = static_cast<std::uint32_t>(process.threads.size());
  outcome.warnings = d.warnings;
  outcome.problem = image::write_image(path, d, process, find_segments(d.regions, memory), memory, &outcome.written);
  return outcome;
}

}  // namespace mana
