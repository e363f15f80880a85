// Checks a generation before anything is started from it: sizes, every byte of every image, what the images say of
// themselves, and whether this processor can run them.
#pragma once
#include <string>

#include "tools/manifest.h"

namespace mana {

// 65 damaged (file and place), 66 an image is not there, 77 not ours, 78 the processor lacks features.
Problem verify_generation(const std::string &folder, const Manifest &manifest);

} // namespace mana
