// See library_path.h.
#include "library_path.h"

namespace mana {

namespace {
EnvironmentSlot slots[2];
int used = 0;
} // namespace

void library_path_remember(EnvironmentSlot slot) { slots[used++] = slot; }

void library_path_restore() {
  for (int i = 0; i < used; ++i)
    *slots[i].slot = slots[i].value;
  used = 0;
}

} // namespace mana
