// See windows.cpp.
#pragma once

namespace mana {

// Collective over all ranks of a restarted job.
void rebuild_windows();

}  // namespace mana
