// The engine: one checkpoint of this rank, as a list of steps, and the ways into it.
//
// The application's main thread is the engine. It comes here
//   - from a wrapper whose blocking call gave up (kInterrupted) or whose gate said park: engine_park();
//   - at the entry of any MPI call while kIntentPark is set: call_slow();
//   - from the checkpoint signal's trampoline while the application computes: checkpoint_here().
// Other threads that are inside MPI park too, through engine_park(), but only the engine drains and rebuilds.
#pragma once
#include "fn.h"

namespace mana {

// Parks the calling thread for the checkpoint that is under way. Returns when the program may go on, in
// this process or in a restarted one; natives of all records are valid in either.
// Does nothing when no checkpoint wants the thread parked any more.
void engine_park();

// True where the calling thread cannot be parked: frames of the lower half are on its stack, or it runs a checkpoint.
bool must_not_park();

// Entry of an MPI call while seam()->intent is not zero: parks, and counts calls for --checkpoint-at.
void call_slow(Fn fn);

// UpperServices::checkpoint_here: the signal trampoline stopped the engine between MPI calls.
void checkpoint_here();

}  // namespace mana
