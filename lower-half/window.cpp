// See window.h: the part that runs once, at launch or at restart, before the upper half exists.
#include "window.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "report.h"

namespace mana {

void window_reset(); // window_nolibc.cpp

void window_reserve() {
  std::FILE *maps = std::fopen("/proc/self/maps", "re");
  if (!maps)
    refuse_errno(78, "cannot read /proc/self/maps");
  char line[4352];
  while (std::fgets(line, sizeof line, maps)) {
    std::uintptr_t start = 0, end = 0;
    if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &start, &end) != 2)
      continue;
    if (end > kWindowBase && start < kWindowEnd) {
      line[std::strcspn(line, "\n")] = '\0';
      refuse(78, "this host has placed a mapping where the application has to be: %s", line);
    }
  }
  std::fclose(maps);
  window_reset();
}

} // namespace mana
