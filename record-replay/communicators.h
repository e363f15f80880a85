// See communicators.cpp.
#pragma once

namespace mana {

// With which a communicator is made again from its members, on the core's own.
inline constexpr int kRebuildTag = 1;

// Collective over all ranks of a restarted job.
void rebuild_communicators();

}  // namespace mana
