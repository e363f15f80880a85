// See call.h.
#include "core/call.h"

namespace mana {

Fn current_function;

void Call::slow(Fn fn) {
  Unlocked unlocked;
  call_slow(fn);
}

} // namespace mana
