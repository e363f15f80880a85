// What the application's threads meet of children.h: without libc (wait_calls_nolibc.cpp, clone_nolibc.cpp).
#pragma once
#include <cstdint>

namespace mana {

// Whether starts of processes wait; whether one that began before has not returned yet.
void hold_starts(bool hold);
bool starts_are_under_way();

// The kernel's pid of a child that has ended, for what the application knows it by; the number itself for any other.
std::int64_t child_to_kernel(std::int64_t pid);

// wait4 and waitid.
void register_wait_calls();

} // namespace mana
