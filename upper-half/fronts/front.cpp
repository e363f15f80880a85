// See front.h.
#include "fronts/front.h"

#include <time.h>
#include <unistd.h>

#include "core/call.h"

namespace mana::front_side {

bool under_mana;

Object *null_records[kKinds];

void no_lower_half() {
  static constexpr char kText[] = "mana: this MPI library only works in a program that mana_launch has started\n";
  if (write(STDERR_FILENO, kText, sizeof kText - 1) < 0)
    _exit(78);
  _exit(78);
}

void *scratch_alloc(std::size_t bytes) {
  const InCore in_core;
  return core_alloc(bytes);
}

void scratch_free(void *block) {
  const InCore in_core;
  core_free(block);
}

double wall_time() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t offset = under_mana ? seam()->wtime_offset_ns : 0;
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec + offset) * 1e-9;
}

} // namespace mana::front_side
