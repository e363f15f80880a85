// Two programs share one table of file descriptors: the application's are below a base, the lower half's above.
//
// A restarted application expects its descriptors under their old numbers, but by then a new MPI has
// opened its own; and an image may name only the application's. So everything that the lower half opens is moved up:
//
//     0 1 2 3 4 5 ...           application         | base  sockets of MPI, epoll, PMI, libraries of the lower half ...
//
// The functions that make descriptors (socket, open, epoll_create1 ...) are defined and exported by this
// program, so that libmpi, UCX, libfabric, PMIx and libevent bind to them instead of libc's (descriptors.cpp). Inherited
// descriptors are moved before MPI_Init, for process managers leak theirs into what they start.
#pragma once

namespace mana {

// First thing in main, before anything is opened: chooses the base (raising the soft limit where that is allowed, so that
// the application keeps as many as it had), moves inherited descriptors up and tells the environment (PMI_FD).
// Regular files and directories above 2 are the user's redirections and stay.
void descriptors_start();

// Before this process executes another program in a new lower half: the limit is as it was, unless the application has set it. Its
// environment then says which descriptors are the application's own, and stay.
inline constexpr char kExecutedVariable[] = "MANA_EXECUTED";  // =base
void descriptors_before_exec();

// Descriptors from here on are the lower half's.
int descriptor_base();

// Closes the application's, but for the first three. Not where the lower half has some among them for want of room.
void descriptors_close_all();

// Moves `fd` above the base, keeping close-on-exec; returns the new number, or `fd` itself when there is no room.
int descriptor_move_up(int fd);

// The soft limit of RLIMIT_NOFILE as it was at start, before it was raised.
unsigned long descriptor_limit_at_start();

}  // namespace mana
