// See restore.h. restore_and_run() at the end is the list of steps.
#include "restore.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "arch/x86_64/crossing.h"
#include "backends/backend.h"
#include "children.h"
#include "clocks.h"
#include "code_page.h"
#include "control.h"
#include "dynamic.h"
#include "file_kinds.h"
#include "files.h"
#include "intercept.h"
#include "publish.h"
#include "report.h"
#include "saved.h"
#include "services.h"
#include "signals.h"
#include "syscall_net.h"
#include "threads.h"
#include "timers.h"
#include "tools/image/reader.h"
#include "vdso.h"
#include "window.h"

namespace mana {

using image::Description;
using image::Problem;
using image::Reader;
using image::Region;
using image::RegionKind;
using image::Segment;

namespace {

void refuse_if(const Problem &problem) {
  if (problem) refuse(problem.code, "rank %d: %s", launcher_rank(), problem.text.c_str());
}

// ---------------------------------------------------------------------------------
// Before anything is replaced

std::string image_path(const std::string &path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
    return path + "/rank-" + std::to_string(launcher_rank()) + ".mana";
  return path;
}

void check_host(const Description &d) {
  if (d.rank != launcher_rank() || d.size != restarted_processes())
    refuse(78, "the image is of rank %d of %d; the launcher started this as rank %d of %d", d.rank, d.size,
           launcher_rank(), restarted_processes());
  const std::vector<std::string> here = image::cpu_features();
  std::string missing;
  for (const std::string &feature : d.cpu_features)
    if (std::find(here.begin(), here.end(), feature) == here.end()) missing.append(" ").append(image::printable(feature));
  if (!missing.empty()) refuse(78, "this processor lacks what the program may be using:%s", missing.c_str());
}

// The new MPI starts while the process is still an ordinary one. From then on signals are the application's, and blocked.
void start_mpi(const Description &d) {
  int level = d.thread_level;
  if (d.mpi_initialized == 1 && backend_init(d.thread_level, &level, d.front) != 0) refuse(78, "the live MPI cannot be initialised");
  if (level < d.thread_level) refuse(78, "the live MPI does not give the thread level that the program was given");
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

// ---------------------------------------------------------------------------------
// Memory

bool has_contents(const Region &region, const std::vector<Segment> &segments) {
  const auto after = std::lower_bound(segments.begin(), segments.end(), region.address,
                                      [](const Segment &s, std::uint64_t address) { return s.address < address; });
  for (auto s = after; s != segments.end() && s->address < region.address + region.length; ++s)
    if (s->stored) return true;
  return false;
}

// The file of a shared mapping, if it still covers it.
int open_shared(const Region &region) {
  const int fd = ::open(mapped_path(region.path).c_str(), O_RDWR | O_CLOEXEC);
  struct stat status {};
  if (fd >= 0 && ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
      image::page_up(static_cast<std::uint64_t>(status.st_size)) >= region.offset + region.length)
    return fd;
  if (fd >= 0) ::close(fd);
  say("the file " + image::printable(region.path) + " of a shared mapping is gone: its memory is not shared any more");
  return -1;
}

// Memory shared under several addresses, or with a descriptor, is one nameless file. It closes with the descriptors' restore.
int open_object(const Region &region) {
  int fd = memory_object(region.id);
  if (!fd) {
    fd = ::memfd_create("shared", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) refuse_errno(78, "no shared memory");
    remember_memory_object(region.id, fd);
  }
  struct stat status {};
  const auto end = static_cast<off_t>(region.offset + region.length);
  if (::fstat(fd, &status) == 0 && status.st_size < end && ::ftruncate(fd, end) != 0) refuse_errno(78, "no shared memory");
  return fd;
}

int page_size_flags(const Region &region) {
  constexpr int kHugeShift = 26;  // MAP_HUGE_SHIFT
  return MAP_HUGETLB | static_cast<int>(__builtin_ctzll(region.page_size)) << kHugeShift;
}

// Maps one region, writable until it is filled. The seam's pages exist already and are replaced; nothing else is.
void map_region(const Region &region, bool fill) {
  const bool file = region.kind == RegionKind::shared_file, object = region.kind == RegionKind::shared && region.id != 0;
  const int fd = file ? open_shared(region) : object ? open_object(region) : -1;
  int flags = region.kind == RegionKind::memory ? MAP_PRIVATE : MAP_SHARED;
  if (fd < 0) flags |= MAP_ANONYMOUS;
  flags |= MAP_NORESERVE;
  if (region.advice & image::kAdviceGrowsDown) flags |= MAP_GROWSDOWN;
  const bool seam_page = region.address >= kWindowBase && region.address < kFirstFree;
  flags |= seam_page ? MAP_FIXED : MAP_FIXED_NOREPLACE;
  const int prot = fill ? PROT_READ | PROT_WRITE : static_cast<int>(region.prot);
  void *at = reinterpret_cast<void *>(region.address);
  const auto offset = fd < 0 ? 0 : static_cast<off_t>(region.offset);
  void *got = MAP_FAILED;
  // Those that are shared come back in ordinary pages.
  if ((region.advice & image::kAdviceHugePages) && fd < 0) {
    // Reserved, or an access would end the process where there are too few.
    got = ::mmap(at, region.length, prot, (flags & ~MAP_NORESERVE) | page_size_flags(region), fd, offset);
    if (got == MAP_FAILED) say("there are not enough huge pages: the program goes on with ordinary ones");
  }
  if (got == MAP_FAILED) got = ::mmap(at, region.length, prot, flags, fd, offset);
  if (got != at)
    refuse_errno(78, "cannot map %llu bytes at %p", static_cast<unsigned long long>(region.length), at);
  if (fd >= 0 && file) ::close(fd);
}

// madvise and mlock again.
void advise(const Region &region) {
  void *at = reinterpret_cast<void *>(region.address);
  constexpr struct {
    std::uint32_t bit;
    int advice;
  } kAdvice[] = {{image::kAdviceDontFork, MADV_DONTFORK}, {image::kAdviceDontDump, MADV_DONTDUMP},
                 {image::kAdviceWipeOnFork, MADV_WIPEONFORK}, {image::kAdviceHuge, MADV_HUGEPAGE},
                 {image::kAdviceNoHuge, MADV_NOHUGEPAGE}, {image::kAdviceMergeable, MADV_MERGEABLE}};
  for (const auto &[bit, advice] : kAdvice)
    if (region.advice & bit) ::madvise(at, region.length, advice);
  if ((region.advice & image::kAdviceLocked) && ::mlock(at, region.length) != 0)
    say("memory that the program had locked is not locked any more: " + std::string(std::strerror(errno)));
}

// Reads and checks all pages, some segments at once: page faults and hashing take more time than the disk.
Problem read_pages(const Reader &reader) {
  const std::vector<Segment> &segments = reader.layout().segments;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  Problem first;
  const auto work = [&] {
    for (std::size_t i; (i = next.fetch_add(1)) < segments.size();) {
      if (!segments[i].stored) continue;
      Problem problem = reader.read_segment(i, reinterpret_cast<void *>(segments[i].address));
      std::lock_guard guard(mutex);
      if (problem && !first) first = std::move(problem);
      if (first) return;
    }
  };
  std::vector<std::thread> helpers;
  for (unsigned i = 1; i < std::min(4u, std::thread::hardware_concurrency()); ++i) helpers.emplace_back(work);
  work();
  for (std::thread &helper : helpers) helper.join();
  return first;
}

void restore_memory(const Reader &reader) {
  const std::vector<Region> &regions = reader.description().regions;
  std::vector<const Region *> filled;
  for (const Region &region : regions) {
    const bool fill = has_contents(region, reader.layout().segments);
    map_region(region, fill);
    if (fill) filled.push_back(&region);
    window_insert(region.address, region.address + region.length);
  }
  refuse_if(read_pages(reader));
  for (const Region &region : regions)
    if (region.advice) advise(region);
  for (const Region *region : filled)
    if (::mprotect(reinterpret_cast<void *>(region->address), region->length, static_cast<int>(region->prot)) != 0)
      refuse_errno(78, "cannot protect the memory at %#llx", static_cast<unsigned long long>(region->address));
}

// ---------------------------------------------------------------------------------
// What in the window points out of it

void refill_seam(bool fsgsbase) {
  Seam &s = *seam();
  // A start for MPI_Comm_spawn goes on counting calls.
  s.intent = started_for_spawn() ? s.intent.load() & kIntentCount : kIntentNone;
  s.in_collective = s.withdrawable = 0;
  s.fsgsbase = fsgsbase;
  s.restarts += 1;
  clocks_restore();
  services_fill_seam();
  s.mpi = backend_table();
  if (!started_for_spawn()) services_watch_calls();
  vdso_fill_slots();
  intercept_init();
}

// Kernel threads for all but this one. They sleep in their parked state.
void recreate_threads() {
  for_each_thread([](ThreadBlock *block) {
    if (!block->is_engine && !recreate_thread(block)) refuse_errno(78, "cannot make thread %d again", block->tid);
  });
}

// With MANA_AFFINITY=saved threads are bound as they were; else all of them to what the launcher gave this process.
void bind_threads() {
  const char *wish = std::getenv("MANA_AFFINITY");
  if (!wish || std::strcmp(wish, "saved") != 0) return;
  int failures = 0;
  for_each_thread([&](ThreadBlock *block) {
    const ProcessorSet &set = saved()->processors[block - saved()->threads];
    if (::syscall(SYS_sched_setaffinity, block->kernel_tid, sizeof set, &set) != 0) ++failures;
  });
  if (failures != 0)
    say(std::to_string(failures) + " threads cannot be bound to the processors that they were bound to, and run where the launcher says");
}

// ---------------------------------------------------------------------------------
// The kernel's state

void restore_process(const Description &d) {
  const std::string cwd = mapped_path(d.cwd);
  if (!cwd.empty() && ::chdir(cwd.c_str()) != 0)
    refuse_errno(66, "the working directory %s", image::printable(cwd).c_str());
  refuse_if(files_restore(d.files));
  ::umask(d.umask);
  for (const image::Limit &limit : d.limits) {
    rlimit now{};
    const auto resource = static_cast<__rlimit_resource>(limit.resource);
    if (limit.resource == RLIMIT_NOFILE || ::getrlimit(resource, &now) != 0) continue;
    now.rlim_cur = std::min<rlim_t>(limit.soft, now.rlim_max);
    ::setrlimit(resource, &now);
  }
}

void restore_timers(const Description &d) {
  const auto time_of = [](std::uint64_t us) {
    return timeval{static_cast<time_t>(us / 1000000), static_cast<suseconds_t>(us % 1000000)};
  };
  for (const image::Timer &timer : d.timers) {
    const itimerval value{time_of(timer.interval_us), time_of(timer.value_us)};
    ::setitimer(static_cast<__itimer_which>(timer.which), &value, nullptr);
  }
}

// ---------------------------------------------------------------------------------
// For who looks for a fault that comes soon after a checkpoint

bool is_traced() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("TracerPid:")) return line != "TracerPid:\t0";
  return false;
}

// With MANA_STOP_FOR_GDB, until a debugger has attached and lets the process go on.
void wait_for_debugger() {
  const char *wish = std::getenv("MANA_STOP_FOR_GDB");
  if (!wish || std::atoi(wish) != launcher_rank()) return;
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  say("waits for a debugger: gdb -iex 'set exec-file-mismatch off' " + image::printable(saved()->exe) + " " + std::to_string(::getpid()));
  while (!is_traced()) ::usleep(20000);
}

}  // namespace

void restore_and_run(const char *path) {
  files_start();

  // Everything in the image but its pages is read and checked.
  Reader reader;
  refuse_if(reader.open(image_path(path)));
  const Description &d = reader.description();
  check_host(d);
  refuse_if(files_reserve(d.files));

  // A fresh window; from here on the coordinator knows of us, and the new MPI runs.
  window_reserve();
  code_page_create();
  const bool fsgsbase = (::getauxval(AT_HWCAP2) & arch::kHwcap2FsGsBase) != 0;
  seam()->fsgsbase = fsgsbase;
  services_fill_seam();
  if (!control_start(true, d.front)) say("cannot reach the coordinator: the program runs without checkpoints");
  start_mpi(d);

  // The upper half, as it was, and its way into this lower half.
  restore_memory(reader);
  refill_seam(fsgsbase);
  restore_process(d);
  children_restore();
  publish_application();
  restore_signals();
  const bool sees_calls = syscall_net_start();
  seam()->sees_exit = sees_calls;

  // Threads are made anew and wait; this one goes on as the main thread, until the core has rebuilt its objects.
  adopt_thread_blocks();
  recreate_threads();
  if (sees_calls)
    thread_clocks_restore();
  else
    clocks_are_the_hosts();
  bind_threads();
  wait_for_debugger();
  restore_timers(d);
  timers_restore();
  if (std::exchange(seam()->engine_alone, 0u)) control_resume();
  resume_engine(engine_block());
}

}  // namespace mana
