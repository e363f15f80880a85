/* What a program may ask of the checkpointer that it runs under, in C or C++.
 *
 * Nothing is linked: the functions come with the MPI library that the program finds when it is started by mana_launch or
 * mana_restart. Started by mpirun alone, the same binary has mana_checkpoint() return -1 and the rest do nothing.
 *
 *     switch (mana_checkpoint()) {
 *     case 0: break;                    taken; the program goes on
 *     case 1: reopen_sockets(); break;  this process was started from it, perhaps on another machine, under another MPI
 *     default: write_own_restart_file(); break;
 *     }
 */
#ifndef MANA_H
#define MANA_H

#ifdef __cplusplus
extern "C" {
#endif

__attribute__((weak)) int mana_checkpoint_impl(void);
__attribute__((weak)) int mana_is_restarted_impl(void);
__attribute__((weak)) int mana_on_event_impl(void (*before)(void *), void (*after_resume)(void *),
                                             void (*after_restart)(void *), void *arg);

/* Takes a checkpoint of the whole job now. Between MPI_Init and MPI_Finalize; one rank's call is enough, and calls of several
 * ranks at the same time give one checkpoint or several. Messages may be under way, and requests active.
 * Returns 0 when it was taken (or given up: the job goes on in either case) and the program resumes, 1 in a process started
 * from it, -1 when there is nothing that could take one. */
static inline int mana_checkpoint(void) { return mana_checkpoint_impl ? mana_checkpoint_impl() : -1; }

/* How often this process has been restarted from a checkpoint: 0, 1, ... */
static inline int mana_is_restarted(void) { return mana_is_restarted_impl ? mana_is_restarted_impl() : 0; }

/* Calls `before(arg)` before each checkpoint of this process, then either `after_resume(arg)` or, in a process started from
 * it, `after_restart(arg)`. Null ones are left out; `before` is called in the reverse order of registration.
 * They run in the thread that called MPI_Init, while all others still run or already wait, and must not call MPI.
 * A program with callbacks is checkpointed only inside an MPI_ or mana_ call of that thread: never while it computes.
 * Returns 0, or -1 when there is no checkpointer or no room for more than 32 registrations. */
static inline int mana_on_event(void (*before)(void *), void (*after_resume)(void *), void (*after_restart)(void *),
                                void *arg) {
  return mana_on_event_impl ? mana_on_event_impl(before, after_resume, after_restart, arg) : -1;
}

#ifdef __cplusplus
}
#endif

#endif
