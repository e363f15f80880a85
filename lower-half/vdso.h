// The application's vDSO: a small ELF image of ours whose functions reach the live kernel's through slots.
//
// glibc binds gettimeofday and time as IFUNCs to vDSO addresses and keeps clock_gettime's in read-only memory; none
// of it could be corrected after a restart under another kernel. So the application is shown an image that stays
// (arch/x86_64/vdso/, in the window, saved); what it calls stands in CodeSlots and is filled anew. 22 ns for
// clock_gettime, as the real one; a system call takes 136.
#pragma once

namespace mana {

// Puts the image in its place, at launch.
void vdso_create();

// Fills the slots from this process's real vDSO, or with plain system calls where there is none. At launch and
// restart.
void vdso_fill_slots();

} // namespace mana
