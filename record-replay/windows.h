// See windows.cpp.
#pragma once

namespace mana {

// Collective over all ranks of a restarted job.
void rebuild_windows();

// Every process has mapped its windows. Collective over the job: all of what rebuild_windows() is for a process without any.
void windows_rebuilt();

}  // namespace mana
