// Files at a checkpoint. See files.cpp.
#pragma once

namespace mana {

// Called when no message is under way and no request is unfinished. Collective over all ranks.
void drain_files();

}  // namespace mana
