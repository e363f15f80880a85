// See patch.h. Called while the application maps a library: no libc (intercept.h).
#include "patch.h"

#include <asm/unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "arch/x86_64/raw_syscall.h"
#include "code_page.h"
#include "intercept.h"
#include "window.h"

namespace mana {

namespace {

constexpr std::uint64_t kReach = (std::uint64_t{1} << 31) - 4096; // of a jmp rel32
constexpr std::size_t kStubBytes = 32;
constexpr std::size_t kStubsPerPage = kPageSize / kStubBytes;
constexpr std::uint32_t kExit = 60;

bool disabled = false;

struct Site {
  unsigned char *at = nullptr; // first byte to rewrite
  std::uint32_t bytes = 0;     // of it; the call returns behind them
  std::uint32_t number = 0;
  bool clear_edi = false; // the rewritten bytes also held xor %edi,%edi
};

std::uint32_t load32(const unsigned char *p) {
  std::uint32_t value;
  __builtin_memcpy(&value, p, 4);
  return value;
}
void store32(unsigned char *p, std::uint32_t value) { __builtin_memcpy(p, &value, 4); }
void store64(unsigned char *p, std::uint64_t value) { __builtin_memcpy(p, &value, 8); }

constexpr std::ptrdiff_t kBlock = 32; // positions at a time

// The first block of positions from `p` on with a `0f 05` at one of them, or one that ends behind `end`. A system call leaves the
// vector registers as they are, and so must we: they are put back.
const unsigned char *next_block(const unsigned char *p, const unsigned char *end) {
  alignas(16) static constexpr unsigned char kBytes[32] = {
      0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f,
      0x05, 0x05, 0x05, 0x05, 0x05, 0x05, 0x05, 0x05, 0x05, 0x05, 0x05, 0x05, 0x05, 0x05, 0x05, 0x05};
  unsigned char saved[4][16];
  const unsigned char *behind = p + kBlock + 1;
  std::uint32_t hits;
  asm volatile("movdqu %%xmm0, 0(%[saved])\n\t"
               "movdqu %%xmm1, 16(%[saved])\n\t"
               "movdqu %%xmm2, 32(%[saved])\n\t"
               "movdqu %%xmm3, 48(%[saved])\n"
               "1:\tcmp %[end], %[behind]\n\t"
               "ja 2f\n\t"
               "movdqu -33(%[behind]), %%xmm0\n\t"
               "movdqu -32(%[behind]), %%xmm1\n\t"
               "movdqu -17(%[behind]), %%xmm2\n\t"
               "movdqu -16(%[behind]), %%xmm3\n\t"
               "pcmpeqb 0(%[bytes]), %%xmm0\n\t"
               "pcmpeqb 16(%[bytes]), %%xmm1\n\t"
               "pcmpeqb 0(%[bytes]), %%xmm2\n\t"
               "pcmpeqb 16(%[bytes]), %%xmm3\n\t"
               "pand %%xmm1, %%xmm0\n\t"
               "pand %%xmm3, %%xmm2\n\t"
               "por %%xmm2, %%xmm0\n\t"
               "pmovmskb %%xmm0, %[hits]\n\t"
               "test %[hits], %[hits]\n\t"
               "jnz 2f\n\t"
               "add $32, %[behind]\n\t"
               "jmp 1b\n"
               "2:\tmovdqu 0(%[saved]), %%xmm0\n\t"
               "movdqu 16(%[saved]), %%xmm1\n\t"
               "movdqu 32(%[saved]), %%xmm2\n\t"
               "movdqu 48(%[saved]), %%xmm3"
               : [behind] "+r"(behind), [hits] "=&r"(hits)
               : [saved] "r"(saved), [bytes] "r"(kBytes), [end] "r"(end)
               : "memory", "cc");
  return behind - kBlock - 1;
}

// Next `0f 05` at or after `p`, or `end`.
const unsigned char *next_syscall(const unsigned char *p, const unsigned char *end) {
  for (p = next_block(p, end); p + kBlock + 1 <= end; p = next_block(p + kBlock, end))
    for (std::ptrdiff_t i = 0; i < kBlock; ++i)
      if (p[i] == 0x0f && p[i + 1] == 0x05)
        return p + i;
  for (; p + 2 <= end; ++p)
    if (p[0] == 0x0f && p[1] == 0x05)
      return p;
  return end;
}

// glibc's end of a thread: at most 11 bytes of padding between its mov and its loop.
bool is_thread_exit(const unsigned char *low, const unsigned char *syscall) {
  if (syscall - low < 9 || load32(syscall - 4) != 0xd089ff31)
    return false;
  const unsigned char *loop = syscall - 4;
  for (int gap = 0; gap <= 11 && loop - 5 - gap >= low; ++gap)
    if (loop[-5 - gap] == 0xba && load32(loop - 4 - gap) == kExit)
      return true;
  return false;
}

// The next site to rewrite in [*from, end); its `at` is null when there is none. `low`: start of readable code.
Site next_site(const unsigned char *low, const unsigned char **from, const unsigned char *end) {
  for (;;) {
    const unsigned char *syscall = next_syscall(*from, end);
    if (syscall == end)
      return {};
    *from = syscall + 2;
    unsigned char *at = const_cast<unsigned char *>(syscall);
    if (syscall - low >= 5 && syscall[-5] == 0xb8 && intercepted(load32(syscall - 4)))
      return {at - 5, 7, load32(syscall - 4), false};
    if (intercepted(kExit) && is_thread_exit(low, syscall))
      return {at - 4, 6, kExit, true};
  }
}

void write_stub(unsigned char *stub, const Site &site) {
  unsigned char *p = stub;
  if (site.clear_edi) {
    *p++ = 0x31; // xor %edi,%edi
    *p++ = 0xff;
  }
  *p++ = 0xb8; // mov $number,%eax
  store32(p, site.number);
  p += 4;
  *p++ = 0x48; // lea rel32(%rip),%rcx
  *p++ = 0x8d;
  *p++ = 0x0d;
  store32(p, static_cast<std::uint32_t>(site.at + site.bytes - (p + 4)));
  p += 4;
  *p++ = 0xff; // jmp *0(%rip)
  *p++ = 0x25;
  store32(p, 0);
  p += 4;
  store64(p, code_header()->syscall_entry);
}

void write_jump(const Site &site, const unsigned char *stub) {
  site.at[0] = 0xe9;
  store32(site.at + 1, static_cast<std::uint32_t>(stub - (site.at + 5)));
  if (site.bytes == 7)
    site.at[5] = 0x66;
  site.at[site.bytes - 1] = 0x90;
}

bool protect(std::uintptr_t low, std::uintptr_t high, std::uint64_t prot) {
  return !failed(raw_syscall(__NR_mprotect, low, high - low, prot));
}

// The part of a mapping that is being rewritten: read-write. As large as most libraries, so that few calls do; not the whole of a
// mapping of any size, which would count as memory that the program may come to need (proc_sys_vm(5), overcommit_memory).
struct OpenPart {
  static constexpr std::uintptr_t kBytes = std::uintptr_t{2} << 20;
  std::uint64_t prot; // of the mapping
  std::uintptr_t end; // of the mapping
  std::uintptr_t low = 0, high = 0;

  // From here on the code is the program's only one: it must become executable again.
  void close() {
    if (low != high && !protect(low, high, prot))
      __builtin_trap();
    low = high = 0;
  }
  bool open(const Site &site) {
    const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(site.at);
    if (low <= at && at + site.bytes <= high)
      return true;
    close();
    const std::uintptr_t from = page_down(at), to = from + kBytes < end ? from + kBytes : end;
    if (!protect(from, to, PROT_READ | PROT_WRITE))
      return false;
    low = from;
    high = to;
    return true;
  }
};

// A page for stubs that reach every site of the mapping, read-write as yet; null when none is near.
unsigned char *new_stub_page(std::uintptr_t start, std::uintptr_t end) {
  const std::uintptr_t place = window_find_near(start, end, kPageSize, kReach);
  if (!place)
    return nullptr;
  const long got = raw_syscall(__NR_mmap, place, kPageSize, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1ul, 0);
  if (failed(got))
    return nullptr;
  window_take(place, place + kPageSize);
  return reinterpret_cast<unsigned char *>(got);
}

// No page is ever writable and executable at once. The mapping is new, so nobody can run a site between its
// rewriting and the moment when its stub becomes executable; a stub page is not touched again after that.
void patch_code(std::uintptr_t start, std::uintptr_t end, std::uint64_t prot) {
  const unsigned char *low = reinterpret_cast<const unsigned char *>(start);
  const unsigned char *high = reinterpret_cast<const unsigned char *>(end);
  const unsigned char *from = low;
  OpenPart open{prot, page_up(end)};
  Site site = next_site(low, &from, high);
  while (site.at) {
    unsigned char *page = new_stub_page(start, end);
    if (!page)
      return;
    for (std::size_t i = 0; site.at && i < kStubsPerPage; ++i, site = next_site(low, &from, high)) {
      if (!open.open(site)) {
        site.at = nullptr; // the rest is left to the net
        break;
      }
      write_stub(page + i * kStubBytes, site);
      write_jump(site, page + i * kStubBytes);
    }
    open.close();
    const std::uintptr_t stubs = reinterpret_cast<std::uintptr_t>(page);
    if (!protect(stubs, stubs + kPageSize, PROT_READ | PROT_EXEC))
      __builtin_trap();
  }
}

} // namespace

void patch_disable() { disabled = true; }

void patch_file_mapping(std::uintptr_t start, std::uint64_t bytes, std::uint64_t prot, int fd, std::uint64_t offset) {
  // Pages behind the end of the file exist but fault.
  struct stat status;
  if (disabled || !(prot & PROT_READ) ||
      failed(raw_syscall(__NR_fstat, static_cast<std::uint64_t>(fd), reinterpret_cast<std::uint64_t>(&status))))
    return;
  const std::uint64_t size = static_cast<std::uint64_t>(status.st_size);
  if (size <= offset)
    return;
  patch_code(start, start + (bytes < size - offset ? bytes : size - offset), prot);
}

} // namespace mana
