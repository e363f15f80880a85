// Donors: thread-local storage of the lower half for threads of the upper half.
//
// Code of the lower half needs a TLS that its own libc has made, and only pthread_create makes those. So for
// every thread of the application (but the main one) that calls MPI there is a parked pthread of the lower half
// whose FS base it uses instead: the donor. It sleeps for good, with all signals blocked; its stack is never
// touched. To MPI the borrower is that thread: its errno, its malloc cache, its thread-specific data.
//
// A borrower keeps its donor until it ends; then the next one takes it. Making one needs a libc and so a TLS,
// which the borrower has not got: a thread of the lower half, the donor factory, makes them on request, some 30
// µs each.
#pragma once
#include <cstdint>

#include "interface/seam.h"

namespace mana {

struct Donor {
  std::uint64_t fs;
  Donor *next;
};

// Starts the factory, on a lower-half thread; at launch, and at restart in adopt_thread_blocks(). (donors.cpp)
void donors_init();

// Gives the thread's donor back; no-op without one. Any half's TLS, critical or with signals blocked.
// (donors_nolibc.cpp)
void return_donor(ThreadBlock *block);

// How borrowers and the factory meet (donors_nolibc.cpp, donors.cpp): both are futex words that only grow.
extern std::uint32_t donors_wanted, donors_made;
void add_donor(Donor *donor);

} // namespace mana
