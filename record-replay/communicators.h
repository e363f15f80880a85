// See communicators.cpp.
#pragma once

namespace mana {

// Collective over all ranks of a restarted job.
void rebuild_communicators();

}  // namespace mana
