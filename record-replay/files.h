// Files of a restarted process. See files.cpp.
#pragma once

namespace mana {

// Collective over all ranks of a restarted job; communicators are there again.
void reopen_files();

}  // namespace mana
