// See patch.h. Called while the application maps a library: no libc (intercept.h).
#include "patch.h"

#include <asm/unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "arch/x86_64/raw_syscall.h"
#include "code_page.h"
#include "functions.h"
#include "instructions.h"
#include "intercept.h"
#include "sites.h"
#include "window.h"

namespace mana {

namespace {

constexpr std::uint64_t kReach = (std::uint64_t{1} << 31) - 4096; // of a jmp rel32
constexpr std::size_t kStubBytes = 32, kMovedStubBytes = 128;
constexpr std::size_t kMostPlain = 2048, kMostOthers = 8192, kMostMoved = 512;

bool disabled = false;

// `mov $NR,%eax; syscall`
struct Site {
  unsigned char *start = nullptr, *end = nullptr;
  std::uint32_t number = 0;
};
constexpr std::ptrdiff_t kMovBytes = 5, kCallBytes = 2;

// What a search has come across; under the allocator's lock.
const unsigned char *plain[kMostPlain]; // 0f 05 behind mov $NR,%eax, ours or not
std::size_t plain_count;
const unsigned char *others[kMostOthers]; // 0f 05 behind something else
std::size_t other_count;
MovedSite moved[kMostMoved]; // or left
bool is_left[kMostMoved];
std::size_t moved_count;
MovedSite all_sites[kMostPlain + kMostMoved];

std::uint32_t load32(const unsigned char *p) {
  std::uint32_t value;
  __builtin_memcpy(&value, p, 4);
  return value;
}
void store32(unsigned char *p, std::uint32_t value) { __builtin_memcpy(p, &value, 4); }

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

// Bytes behind which b8 may not be the opcode of mov $NR,%eax: REX prefixes for another register or a longer number, opcodes with a modrm
// byte (but arithmetic on bytes, 00 to 33, which ends so many other instructions), modrm bytes with a SIB byte.
bool may_go_on(const unsigned char *mov) {
  const unsigned char before = mov[-1];
  const bool rex = (before & 0xf0) == 0x40;
  const bool arithmetic = before < 0x40 && (before & 7) < 4 && (before & 1 || before >= 0x38);
  const bool opcode = arithmetic || before == 0x63 || (before >= 0x84 && before <= 0x8d) || (before >= 0xd0 && before <= 0xd3) ||
                      (before >= 0xd8 && before <= 0xdf) || (before & 0xfe) == 0xf6;
  return rex || opcode || (before & 0xc7) == 0x84 || mov[-2] == 0x0f;
}

// The distances that short jumps to a place have in their last byte, from 128 bytes before it on.
struct Distances {
  alignas(16) unsigned char of[256];
};
constexpr Distances all_distances() {
  Distances distances{};
  for (int i = 0; i < 256; ++i)
    distances.of[i] = static_cast<unsigned char>(127 - i);
  return distances;
}
constexpr Distances kDistances = all_distances();

// Bit n: the bytes n of both are equal, of 16. `b` is aligned.
std::uint32_t equal_bytes(const unsigned char *a, const unsigned char *b) {
  unsigned char saved[16];
  std::uint32_t equal;
  asm volatile("movdqu %%xmm0, (%[saved])\n\t"
               "movdqu (%[a]), %%xmm0\n\t"
               "pcmpeqb (%[b]), %%xmm0\n\t"
               "pmovmskb %%xmm0, %[equal]\n\t"
               "movdqu (%[saved]), %%xmm0"
               : [equal] "=&r"(equal)
               : [saved] "r"(saved), [a] "r"(a), [b] "r"(b)
               : "memory");
  return equal;
}

// A short jump leads to the call, or may.
bool is_jumped_to(const unsigned char *low, const unsigned char *end, const unsigned char *call) {
  constexpr std::ptrdiff_t kFar = 128, kBlock = 16;
  if (call - low <= kFar || end - call < kFar)
    return true;
  for (std::ptrdiff_t n = 0; n < 2 * kFar; n += kBlock) {
    const unsigned char *block = call - kFar + n;
    for (std::uint32_t equal = equal_bytes(block, kDistances.of + n); equal; equal &= equal - 1) {
      const unsigned char opcode = block[__builtin_ctz(equal) - 1];
      if ((opcode & 0xf0) == 0x70 || opcode == 0xeb)
        return true;
    }
  }
  return false;
}

// `mov $NR,%eax; syscall` and nothing else. The bytes may also be a number in programs that write machine code.
bool is_plain(const unsigned char *low, const unsigned char *end, const unsigned char *call) {
  const unsigned char *mov = call - kMovBytes;
  if (mov - low < 3 || *mov != 0xb8 || load32(mov + 1) >= kSyscallNumbers || is_jumped_to(low, end, call))
    return false;
  const bool in_number = (mov[-3] & 0xf8) == 0x48 && (mov[-2] & 0xf8) == 0xb8; // of a movabs
  return (!may_go_on(mov) && !in_number && (mov[-1] & 0xf8) != 0xb8) || beginning_of(low, end, mov) == Beginning::begins;
}

// The next site of ours in [*from, end); its `start` is null when there is none. `low`: start of readable code.
Site next_site(const unsigned char *low, const unsigned char **from, const unsigned char *end) {
  for (;;) {
    const unsigned char *syscall = next_syscall(*from, end);
    if (syscall == end)
      return {};
    *from = syscall + 2;
    if (!is_plain(low, end, syscall)) {
      if (other_count < kMostOthers)
        others[other_count] = syscall;
      ++other_count;
      continue;
    }
    if (plain_count < kMostPlain)
      plain[plain_count] = syscall;
    ++plain_count;
    unsigned char *call = const_cast<unsigned char *>(syscall);
    if (intercepted(load32(syscall - 4)))
      return {call - kMovBytes, call + kCallBytes, load32(syscall - 4)};
  }
}

// Writes instructions one after another.
struct Writer {
  unsigned char *p;

  void bytes(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i, value >>= 8)
      *p++ = static_cast<unsigned char>(value);
  }
  // Behind the opcode: where `target` is, from the end of the instruction.
  void distance_to(const unsigned char *target) { bytes(static_cast<std::uint32_t>(target - (p + 4)), 4); }
  void load_rcx_with(const unsigned char *target) {
    bytes(0x0d8d48, 3); // lea rel32(%rip),%rcx
    distance_to(target);
  }
  void jump_through(std::uint64_t target) {
    bytes(0x25ff, 2); // jmp *0(%rip)
    bytes(0, 4);
    bytes(target, 8);
  }
  void jump_to(const unsigned char *target) {
    bytes(0xe9, 1);
    distance_to(target);
  }
  // Instructions of [from, to), at their new place. False: what one of them means is too far from here.
  bool copy(const unsigned char *from, const unsigned char *to) {
    while (from < to) {
      const Instruction i = decode(from, to);
      const unsigned char *meant = from + i.bytes;
      for (int n = 0; n < i.bytes; ++n)
        p[n] = from[n];
      p += i.bytes;
      if (i.relative_at) {
        meant += static_cast<std::int32_t>(load32(from + i.relative_at));
        const std::int64_t distance = meant - p;
        if (distance != static_cast<std::int32_t>(distance))
          return false;
        store32(p - i.bytes + i.relative_at, static_cast<std::uint32_t>(distance));
      }
      from += i.bytes;
    }
    return true;
  }
};

bool write_stub(unsigned char *stub, const Site &site) {
  Writer to{stub};
  to.bytes(0xb8, 1); // mov $number,%eax
  to.bytes(site.number, 4);
  to.load_rcx_with(site.end);
  to.jump_through(code_header()->syscall_entry);
  return true;
}

bool write_stub(unsigned char *stub, const MovedSite &site) {
  Writer to{stub};
  const unsigned char *behind_call = site.call + kCallBytes;
  if (!to.copy(site.start, site.call))
    return false;
  if (site.call_stays() && !site.number_is_ours) {
    to.load_rcx_with(behind_call);
    to.jump_through(code_header()->any_entry);
    return true;
  }
  to.bytes(0xc089, 2); // mov %eax,%eax: the kernel looks at no more
  if (site.end <= behind_call) {
    to.load_rcx_with(behind_call);
    to.jump_through(code_header()->syscall_entry);
    return true;
  }
  constexpr int kLoadAndJump = 7 + 14;
  to.load_rcx_with(to.p + kLoadAndJump);
  to.jump_through(code_header()->syscall_entry);
  if (!to.copy(behind_call, site.end))
    return false;
  to.jump_to(site.end);
  return true;
}

// The call stays, for who may jump to it: then the net sees it.
void write_jump(const Site &site, const unsigned char *stub) { Writer{site.start}.jump_to(stub); }

// The rest traps: nobody comes there.
void write_jump(const MovedSite &site, const unsigned char *stub) {
  Writer to{site.start};
  to.jump_to(stub);
  while (to.p < site.end)
    to.bytes(0xcc, 1);
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
  bool open(const unsigned char *start, const unsigned char *behind) {
    const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(start), to_end = reinterpret_cast<std::uintptr_t>(behind);
    if (low <= at && to_end <= high)
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

// Rewrites the sites that `next` gives, until the `start` of one is null. No page is ever writable and executable at once. The mapping is
// new, so nobody can run a site between its rewriting and the moment when its stub becomes executable; a stub page is not touched again
// after that. False: some are as they were.
template <class Next>
bool rewrite(std::uintptr_t start, std::uintptr_t end, std::uint64_t prot, std::size_t stub_bytes, Next next) {
  bool all = true;
  OpenPart open{prot, page_up(end)};
  auto site = next();
  while (site.start) {
    unsigned char *page = new_stub_page(start, end);
    if (!page)
      return false;
    for (std::size_t used = 0; site.start && used + stub_bytes <= kPageSize; site = next()) {
      if (!open.open(site.start, site.end)) {
        open.close();
        site = {};
        all = false;
        break;
      }
      if (!write_stub(page + used, site)) {
        all = false;
        continue;
      }
      write_jump(site, page + used);
      used += stub_bytes;
    }
    open.close();
    const std::uintptr_t stubs = reinterpret_cast<std::uintptr_t>(page);
    if (!protect(stubs, stubs + kPageSize, PROT_READ | PROT_EXEC))
      __builtin_trap();
  }
  return all;
}

void leave_out_insides(const unsigned char *low, const unsigned char *high) {
  if (other_count > kMostOthers)
    return;
  std::size_t left = 0;
  for (std::size_t i = 0; i < other_count; ++i)
    if (beginning_of(low, high, others[i]) != Beginning::inside)
      others[left++] = others[i];
  other_count = left;
}

// No jump leads into what is rewritten, or to a call that is left for its number.
bool nobody_jumps_into_any(const Functions &functions) {
  if (plain_count > kMostPlain)
    return false;
  std::size_t count = 0, taken = 0;
  const auto take_plain_before = [&](const unsigned char *end) {
    for (; taken < plain_count && plain[taken] < end; ++taken) {
      unsigned char *call = const_cast<unsigned char *>(plain[taken]);
      all_sites[count++] = {.start = call - kMovBytes, .call = call, .end = call};
    }
  };
  for (std::size_t i = 0; i < moved_count; ++i) {
    take_plain_before(moved[i].call);
    all_sites[count++] = moved[i];
  }
  take_plain_before(functions.code_end());
  return nobody_jumps_into(functions, all_sites, count);
}

// Those of `others` that are to be moved, in order. False: there are some of which nobody knows.
bool judge_others(const Functions &functions) {
  bool all = other_count <= kMostOthers;
  const unsigned char *behind_last = nullptr;
  for (std::size_t i = 0; i < other_count && i < kMostOthers; ++i) {
    MovedSite site;
    const Judgement judgement = judge_site(functions, others[i], &site);
    if (judgement == Judgement::nothing)
      continue;
    if (judgement == Judgement::unknown || site.start < behind_last || moved_count == kMostMoved) {
      all = false;
      continue;
    }
    moved[moved_count++] = site;
    is_left[moved_count - 1] = judgement == Judgement::leave;
    behind_last = site.call_stays() ? site.call + kCallBytes : site.end;
  }
  const bool sure = nobody_jumps_into_any(functions);
  std::size_t count = 0;
  for (std::size_t i = 0; i < moved_count && sure; ++i)
    if (!is_left[i])
      moved[count++] = moved[i];
  moved_count = count;
  return sure && all;
}

// False: system calls of the code may go unseen.
bool patch_code(std::uintptr_t start, std::uintptr_t end, std::uint64_t prot, int fd, std::uint64_t offset) {
  const unsigned char *low = reinterpret_cast<const unsigned char *>(start);
  const unsigned char *high = reinterpret_cast<const unsigned char *>(end);
  static Functions functions;
  bool is_open = false;
  if (offset == 0 && (is_open = functions.open(fd, start, end, offset))) { // data may be among it
    low = functions.code_start() > low ? functions.code_start() : low;
    high = functions.code_end() < high ? functions.code_end() : high;
  }
  plain_count = other_count = moved_count = 0;
  const unsigned char *from = low;
  bool all = rewrite(start, end, prot, kStubBytes, [&] { return next_site(low, &from, high); });
  leave_out_insides(low, high);
  if (plain_count + other_count == 0) {
    functions.close();
    return all;
  }
  if (!is_open && !functions.open(fd, start, end, offset))
    return false;
  all &= judge_others(functions);
  functions.close();
  std::size_t next = 0;
  return rewrite(start, end, prot, kMovedStubBytes, [&] { return next < moved_count ? moved[next++] : MovedSite{}; }) && all;
}

// Anything else may be written by the program, or be the code of a compiler.
bool is_elf(int fd) {
  unsigned char magic[4] = {};
  raw_syscall(__NR_pread64, static_cast<std::uint64_t>(fd), reinterpret_cast<std::uint64_t>(magic), sizeof magic, 0);
  return magic[0] == 0x7f && magic[1] == 'E' && magic[2] == 'L' && magic[3] == 'F';
}

} // namespace

void patch_disable() { disabled = true; }

bool patch_file_mapping(std::uintptr_t start, std::uint64_t bytes, std::uint64_t prot, int fd, std::uint64_t offset) {
  // Pages behind the end of the file exist but fault.
  struct stat status;
  if (disabled || !(prot & PROT_READ) || !is_elf(fd) ||
      failed(raw_syscall(__NR_fstat, static_cast<std::uint64_t>(fd), reinterpret_cast<std::uint64_t>(&status))))
    return false;
  const std::uint64_t size = static_cast<std::uint64_t>(status.st_size);
  if (size <= offset)
    return !(prot & PROT_WRITE);
  return patch_code(start, start + (bytes < size - offset ? bytes : size - offset), prot, fd, offset) && !(prot & PROT_WRITE);
}

} // namespace mana
