// See shared_memory.cpp.
#pragma once
#include <vector>

#include "ranges.h"
#include "interface/shared.h"

namespace mana {

const SharedMemory *shared_memory_services();

// Whether [low, high) lies in an attached segment, and if so what of it is this process's own.
bool shared_memory_own(std::uint64_t low, std::uint64_t high, std::vector<Extent> *own);

}  // namespace mana
