// See communicators.cpp.
#pragma once

namespace mana {

// With which a communicator is made again from its members, on the core's own.
inline constexpr int kRebuildTag = 1;

// Collective over all ranks of a restarted job.
void rebuild_communicators();

// This rank waits again for the others that have not freed what it has.
void begin_closings_again();

}  // namespace mana
