// What the lower half offers to the upper half besides MPI: the functions behind Seam::services.
#pragma once
#include "interface/seam.h"

namespace mana {

// At launch: sets Seam::services, connects to the coordinator and starts the control thread.
void services_init();

// At restart the two halves of it are apart: the conversation starts before MPI_Init, the seam is filled when the image's
// has been put in its place.
void services_fill_seam();

// --checkpoint-at RANK:CALL, as MANA_CHECKPOINT_AT and MANA_STOP_AFTER: sets kIntentCount when it is about this rank. Calls
// are counted from here on.
void services_watch_calls();

}  // namespace mana
