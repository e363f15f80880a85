// Callbacks of the application around a checkpoint (mana.h: mana_on_event).
#pragma once

namespace mana {

void events_before_checkpoint();
void events_after_resume();
void events_after_restart();
void forget_events();  // their code is not to run any more
// True when callbacks are registered: then a checkpoint stops the engine only inside MPI or mana_ calls.
bool events_registered();

}  // namespace mana
