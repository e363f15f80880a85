// What to do about a `0f 05` in the code of a program that is not `mov $NR,%eax; syscall`.
//
//   not an instruction       nothing: the bytes are part of another, or of data
//   a known number,          nothing: it is set shortly before, and no jump leads in between
//     not ours
//   else                     to be moved: a jump needs 5 bytes and a system call has 2, so instructions beside it move to a stub too
//   not to be found out      the net sees it (syscall_net.h)
//
// Which instructions may move? Those that go on to the next and that no jump leads to, but to the first: then a jump to the stub stands
// there. In order of preference
//
//   1  mov %r8d,%eax          those before, 5 bytes or more. The call itself stays, so a number that is not ours can be
//      xor $128,%sil          executed where it is
//      syscall
//   2  xor %edi,%edi          those before, and the call
//      mov %edx,%eax
//      syscall
//   3  syscall                the call and those behind it. The return address is in the stub, where no unwinder finds its way: only in
//      cmp $-4096,%rax        functions that do not return (_exit)
//
// In glibc 2.36 that is all of libc's, ld.so's and libgomp's; so the net is not needed for ordinary programs.
#pragma once
#include <cstdint>

#include "functions.h"

namespace mana {

enum class Judgement { nothing, leave, move, unknown };

struct MovedSite {
  // What is overwritten; the system call, in it or right behind. Of a call that is left: from the instruction that sets its number on.
  unsigned char *start = nullptr, *call = nullptr, *end = nullptr;
  const unsigned char *function = nullptr, *function_end = nullptr; // that has been looked at
  bool number_is_ours = false; // certainly
  bool call_stays() const { return end == call; }
};

// Whether an instruction begins at `at`, or it is in the middle of one, as most `0f 05` of large libraries are: quickly. Of 15 bytes in a
// row an instruction begins at one at least; it is so wherever one begins some way before `at`. For code in [low, high). No libc.
enum class Beginning { begins, inside, unsure };
Beginning beginning_of(const unsigned char *low, const unsigned char *high, const unsigned char *at);

// Of the bytes `0f 05` at `at`. `site` is filled when they are to be moved, or to be left as a call whose number is known and not ours; no
// jump of its function leads into it. No libc.
Judgement judge_site(const Functions &functions, const unsigned char *at, MovedSite *site);

// Whether no jump leads into one of the sites, which are in order, but from their own functions where judge_site has looked at them.
// Nobody jumps into the middle of another function but parts of it that compilers have put elsewhere because they hardly ever run, and
// assembly: so it is those that are searched, and functions of sites that have not been judged. The parts stand close together, without
// the room that is left to align functions.
bool nobody_jumps_into(const Functions &functions, const MovedSite *sites, std::size_t count);

} // namespace mana
