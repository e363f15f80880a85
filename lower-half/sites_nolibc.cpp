// See sites.h. No libc (intercept.h).
#include "sites.h"

#include "instructions.h"
#include "intercept.h"

namespace mana {

namespace {

constexpr std::ptrdiff_t kJumpBytes = 5, kCallBytes = 2;
constexpr int kNear = 4;                   // instructions on either side that may move
constexpr std::ptrdiff_t kMostMoved = 32;  // bytes of them
constexpr std::ptrdiff_t kReach = 63;      // of `targets`: kNear instructions of 15 bytes

// A walk through a function: what stands around the call.
struct Surroundings {
  Function function;
  const unsigned char *call;
  const unsigned char *before[kNear]; // instructions that go on to the next, nearest first
  int before_count = 0;
  const unsigned char *after_end[kNear]; // ends of such ones
  int after_count = 0;
  bool number_known = false;
  std::uint32_t number = 0;
  const unsigned char *number_from = nullptr; // the instruction that sets it
  bool found = false;                         // the call is an instruction
  bool returns = false, jumps_anywhere = false;
  const unsigned char *last_target = nullptr;   // of the function's jumps: the last one up to the call
  std::uint64_t targets_before = 0, targets_after = 0; // bit n: n + 1 bytes before the call, n bytes behind its start
};

bool goes_on(const Instruction &instruction) {
  return instruction.flow == Flow::next && instruction.bytes != 0;
}

// False: something in the function is no instruction.
bool walk(Surroundings *s) {
  const unsigned char *line[kNear];
  int line_count = 0;
  bool known = false;
  std::uint32_t number = 0;
  const unsigned char *number_from = nullptr;
  bool behind = false; // the call and nothing else but what goes on
  const unsigned char *p = s->function.start;
  while (p < s->function.end) {
    const Instruction i = decode(p, s->function.end, known);
    if (i.bytes == 0)
      return false;
    const unsigned char *next = p + i.bytes;
    if (p < s->call && next > s->call)
      return i.flow != Flow::syscall; // it is inside, or has a prefix
    if (p == s->call) {
      s->found = true;
      for (int n = 0; n < line_count; ++n)
        s->before[n] = line[n];
      s->before_count = line_count;
      s->number_known = known;
      s->number = number;
      s->number_from = number_from;
      behind = true;
    } else if (behind) {
      behind = goes_on(i) && s->after_count < kNear;
      if (behind)
        s->after_end[s->after_count++] = next;
    }
    if (goes_on(i)) {
      line_count = line_count < kNear ? line_count + 1 : kNear;
      for (int n = line_count - 1; n > 0; --n)
        line[n] = line[n - 1];
      line[0] = p;
    } else {
      line_count = 0;
    }
    if (i.sets_eax) {
      known = true;
      number = i.value;
      number_from = p;
    } else if (!i.keeps_eax) {
      known = false;
    }
    s->returns |= i.flow == Flow::returns;
    s->jumps_anywhere |= i.flow == Flow::jump_anywhere;
    if (i.target) {
      if (i.target <= s->call && i.target > s->last_target)
        s->last_target = i.target;
      const std::ptrdiff_t distance = i.target - s->call;
      if (distance < 0 && distance >= -kReach - 1)
        s->targets_before |= std::uint64_t{1} << (-distance - 1);
      if (distance >= 0 && distance <= kReach)
        s->targets_after |= std::uint64_t{1} << distance;
    }
    p = next;
  }
  return p == s->function.end;
}

// A jump of the function leads to somewhere in (start, end).
bool is_jumped_into(const Surroundings &s, const unsigned char *start, const unsigned char *end) {
  for (const unsigned char *p = start + 1; p < end; ++p) {
    const std::ptrdiff_t distance = p - s.call;
    if (distance < 0 ? s.targets_before >> (-distance - 1) & 1 : s.targets_after >> distance & 1)
      return true;
  }
  return false;
}

// Where jumps may lead anywhere (tables), nothing leads between an instruction that sets the number and the call: who arrives there
// would have to have set it before.
bool may_move(const Surroundings &s, const unsigned char *start, const unsigned char *end) {
  if (end - start < kJumpBytes || end - start > kMostMoved)
    return false;
  if (s.jumps_anywhere && (!s.number_known || start < s.number_from || end > s.call + kCallBytes))
    return false;
  // A call that stays must not be reached past the jump to the stub.
  const unsigned char *last = end == s.call ? end + 1 : end;
  return !is_jumped_into(s, start, last);
}

bool choose(const Surroundings &s, MovedSite *site) {
  const auto take = [&](const unsigned char *start, const unsigned char *end) {
    if (!may_move(s, start, end))
      return false;
    site->start = const_cast<unsigned char *>(start);
    site->call = const_cast<unsigned char *>(s.call);
    site->end = const_cast<unsigned char *>(end);
    return true;
  };
  for (int n = 0; n < s.before_count; ++n)
    if (take(s.before[n], s.call))
      return true;
  for (int n = 0; n < s.before_count; ++n)
    if (take(s.before[n], s.call + kCallBytes))
      return true;
  for (int n = 0; n < s.after_count && !s.returns; ++n)
    if (take(s.call, s.after_end[n]))
      return true;
  return false;
}

// Whether `at` is in the middle of an instruction, of those that begin at `start`.
bool is_inside_an_instruction(const unsigned char *start, const unsigned char *end, const unsigned char *at) {
  while (start < at) {
    const Instruction i = decode(start, end, false);
    if (i.bytes == 0)
      return false;
    start += i.bytes;
  }
  return start != at;
}

} // namespace

Beginning beginning_of(const unsigned char *low, const unsigned char *high, const unsigned char *at) {
  constexpr std::ptrdiff_t kLongest = 15, kBack = 112; // the ways from different beginnings soon meet
  constexpr int kChance = 4;                           // so many instructions are none by chance
  if (at - low < kBack)
    return Beginning::unsure;
  const unsigned char *from = at - kBack;
  std::uint64_t seen[2] = {};
  bool begins = false, inside = false;
  for (std::ptrdiff_t start = 0; start < kLongest; ++start) {
    int decoded = 0;
    for (std::ptrdiff_t n = start; n < kBack && !(seen[n / 64] >> n % 64 & 1); ++decoded) {
      seen[n / 64] |= std::uint64_t{1} << n % 64;
      const Instruction i = decode(from + n, high, false);
      if (i.bytes == 0 && decoded >= kChance)
        return Beginning::unsure; // perhaps one that is not known here
      if (i.bytes == 0)
        break;
      n += i.bytes;
      const bool is_prefixed = n == kBack + 2 && i.flow == Flow::syscall;
      begins |= n == kBack || is_prefixed;
      inside |= n > kBack && !is_prefixed;
    }
  }
  return begins == inside ? Beginning::unsure : inside ? Beginning::inside : Beginning::begins;
}

Judgement judge_site(const Functions &functions, const unsigned char *at, MovedSite *site) {
  if (at < functions.code_start() || at >= functions.code_end())
    return Judgement::nothing;
  Surroundings s{};
  s.call = at;
  Function before, after;
  if (!functions.find(at, &s.function, &before, &after)) {
    if (!before.start && !after.start)
      return Judgement::unknown;
    const unsigned char *start = before.start ? before.end : functions.code_start();
    const unsigned char *end = after.start ? after.start : functions.code_end();
    return is_inside_an_instruction(start, end, at) ? Judgement::nothing : Judgement::unknown;
  }
  if (s.function.start < functions.code_start() || s.function.end > functions.code_end() || !walk(&s))
    return Judgement::unknown;
  if (!s.found)
    return Judgement::nothing;
  const bool sure = s.number_known && s.last_target <= s.number_from;
  site->function = s.function.start;
  site->function_end = s.function.end;
  if (sure && !intercepted(s.number)) {
    site->start = const_cast<unsigned char *>(s.number_from);
    site->call = site->end = const_cast<unsigned char *>(s.call);
    return Judgement::leave;
  }
  if (!choose(s, site))
    return Judgement::unknown;
  site->number_is_ours = sure;
  return Judgement::move;
}

namespace {

// jmp rel32 and jcc rel32 are e9 and 0f 80 to 0f 8f. What is found may be no instruction: then the net does what would have been done
// here, which happens by chance once in some hundred libraries.
bool leads_into(const MovedSite *sites, std::size_t count, const unsigned char *jump, const unsigned char *target) {
  std::size_t low = 0, high = count; // the first site that ends behind the target
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const MovedSite &site = sites[middle];
    if (site.end + (site.call_stays() ? 1 : 0) <= target)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == count || target <= sites[low].start || (jump >= sites[low].function && jump < sites[low].function_end))
    return false;
  return true;
}

// Which parts of the code have a site: for most targets that is answer enough.
class Parts {
public:
  Parts(const MovedSite *sites, std::size_t count) : first_(sites[0].start) {
    const auto bytes = static_cast<std::uint64_t>(sites[count - 1].end + 1 - first_);
    while (bytes >> shift_ >= kBits)
      ++shift_;
    for (std::uint64_t &word : words)
      word = 0;
    for (std::size_t i = 0; i < count; ++i)
      for (std::uint64_t n = part(sites[i].start); n <= part(sites[i].end); ++n)
        words[n / 64] |= std::uint64_t{1} << n % 64;
  }
  bool have(const unsigned char *target) const {
    const std::uint64_t n = part(target);
    return n < kBits && (words[n / 64] >> n % 64 & 1);
  }

private:
  static constexpr std::uint64_t kBits = 65536;
  static std::uint64_t words[kBits / 64]; // not on the application's stack
  const unsigned char *first_;
  int shift_ = 6;
  std::uint64_t part(const unsigned char *p) const { return static_cast<std::uint64_t>(p - first_) >> shift_; }
};
std::uint64_t Parts::words[kBits / 64];

std::int32_t load_signed(const unsigned char *p) {
  std::int32_t value;
  __builtin_memcpy(&value, p, 4);
  return value;
}

// Vector registers are the application's: kept by who calls, and nothing else here uses them.
struct VectorRegisters {
  alignas(16) unsigned char saved[6][16];
  VectorRegisters() {
    alignas(16) static constexpr unsigned char kBytes[48] = {
        0xe9, 0xe9, 0xe9, 0xe9, 0xe9, 0xe9, 0xe9, 0xe9, 0xe9, 0xe9, 0xe9, 0xe9, 0xe9, 0xe9, 0xe9, 0xe9,
        0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f,
        0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
    asm volatile("movdqu %%xmm0, 0(%[saved])\n\t"
                 "movdqu %%xmm1, 16(%[saved])\n\t"
                 "movdqu %%xmm2, 32(%[saved])\n\t"
                 "movdqu %%xmm3, 48(%[saved])\n\t"
                 "movdqu %%xmm4, 64(%[saved])\n\t"
                 "movdqu %%xmm5, 80(%[saved])\n\t"
                 "movdqa 0(%[bytes]), %%xmm3\n\t"
                 "movdqa 16(%[bytes]), %%xmm4\n\t"
                 "movdqa 32(%[bytes]), %%xmm5"
                 :
                 : [saved] "r"(saved), [bytes] "r"(kBytes)
                 : "memory");
  }
  ~VectorRegisters() {
    asm volatile("movdqu 0(%[saved]), %%xmm0\n\t"
                 "movdqu 16(%[saved]), %%xmm1\n\t"
                 "movdqu 32(%[saved]), %%xmm2\n\t"
                 "movdqu 48(%[saved]), %%xmm3\n\t"
                 "movdqu 64(%[saved]), %%xmm4\n\t"
                 "movdqu 80(%[saved]), %%xmm5"
                 :
                 : [saved] "r"(saved)
                 : "memory");
  }
  VectorRegisters(const VectorRegisters &) = delete;

  // Bit n: at p + n begins e9, or 0f 80 to 0f 8f. Reads 17 bytes.
  static std::uint32_t jumps(const unsigned char *p) {
    std::uint32_t plain, conditional;
    asm volatile("movdqu (%[p]), %%xmm0\n\t"
                 "movdqu 1(%[p]), %%xmm1\n\t"
                 "movdqa %%xmm0, %%xmm2\n\t"
                 "pcmpeqb %%xmm3, %%xmm0\n\t"
                 "pcmpeqb %%xmm4, %%xmm2\n\t"
                 "pmovmskb %%xmm0, %[plain]\n\t"
                 "psubb %%xmm5, %%xmm1\n\t" // 80 to 8f are 0 to f now
                 "movdqa %%xmm4, %%xmm0\n\t"
                 "pminub %%xmm1, %%xmm0\n\t"
                 "pcmpeqb %%xmm1, %%xmm0\n\t"
                 "pand %%xmm2, %%xmm0\n\t"
                 "pmovmskb %%xmm0, %[conditional]"
                 : [plain] "=&r"(plain), [conditional] "=&r"(conditional)
                 : [p] "r"(p)
                 : "memory", "cc");
    return plain | conditional;
  }
};

class Search {
public:
  Search(const MovedSite *sites, std::size_t count) : sites_(sites), count_(count), parts_(sites, count) {}

  // No jump of [low, high) leads into a site.
  bool none(const unsigned char *low, const unsigned char *high) const {
    constexpr int kBlock = 16, kLongest = 6, kShortest = 5;
    for (const unsigned char *p = low; p < high; p += kBlock) {
      std::uint32_t jumps = 0;
      if (high - p >= kBlock + kLongest) {
        jumps = VectorRegisters::jumps(p);
      } else {
        for (int n = 0; n < kBlock && high - p - n >= kShortest; ++n)
          if (p[n] == 0xe9 || (p[n] == 0x0f && (p[n + 1] & 0xf0) == 0x80 && high - p - n >= kLongest))
            jumps |= 1u << n;
      }
      for (; jumps; jumps &= jumps - 1) {
        const unsigned char *jump = p + __builtin_ctz(jumps);
        const unsigned char *behind = jump + (*jump == 0xe9 ? kShortest : kLongest);
        const unsigned char *target = behind + load_signed(behind - 4);
        if (parts_.have(target) && leads_into(sites_, count_, jump, target))
          return false;
      }
    }
    return true;
  }

private:
  const MovedSite *sites_;
  std::size_t count_;
  Parts parts_;
  VectorRegisters registers_;
};

// Asked about parts of the code in their order.
class Unjudged {
public:
  Unjudged(const MovedSite *sites, std::size_t count) : next_(sites), end_(sites + count) {}
  // A site in [low, high) has not been judged.
  bool in(const unsigned char *low, const unsigned char *high) {
    while (next_ < end_ && (next_->function || next_->call < low))
      ++next_;
    return next_ < end_ && next_->call < high;
  }

private:
  const MovedSite *next_, *end_;
};

bool is_aligned(const unsigned char *p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; }

} // namespace

bool nobody_jumps_into(const Functions &functions, const MovedSite *sites, std::size_t count) {
  constexpr std::ptrdiff_t kLeastRoom = 2, kMostRoom = 64; // between functions; more is code
  if (count == 0)
    return true;
  const Search search(sites, count);
  Unjudged unjudged(sites, count);
  const unsigned char *behind = functions.code_start();
  Function function, next;
  for (std::uint64_t i = 0; i < functions.count(); ++i, function = next) {
    if ((i == 0 && !functions.function(0, &function)) || (i + 1 < functions.count() && !functions.function(i + 1, &next)))
      return false;
    if (function.start < functions.code_start() || function.end > functions.code_end())
      continue;
    const std::ptrdiff_t room = function.start - behind, room_behind = next.start - function.end;
    if ((room > kMostRoom || unjudged.in(behind, function.start)) && !search.none(behind, function.start))
      return false;
    const bool close = room < kLeastRoom || room_behind < kLeastRoom || !is_aligned(function.start) || !is_aligned(next.start);
    if ((close || unjudged.in(function.start, function.end)) && !search.none(function.start, function.end))
      return false;
    if (function.end > behind)
      behind = function.end;
  }
  return search.none(behind, functions.code_end());
}

} // namespace mana
