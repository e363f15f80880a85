// Writes the image of this process, whose threads all stand still.
#pragma once
#include <string>
#include <vector>

#include "tools/image/writer.h"

namespace mana {

struct ImageOutcome {
  image::Problem problem;
  image::Written written;
  std::vector<std::string> warnings;  // what was not saved
};

// Writes `path`. To be called on a thread of the lower half with all signals blocked: SIGXFSZ is
// then never delivered. The parked threads of the application may wait in the lower half on their own stacks meanwhile; what
// is below ThreadBlock::park_sp counts for nothing.
ImageOutcome write_own_image(const std::string &path);

}  // namespace mana
