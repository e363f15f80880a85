// Emptying this rank's channels while all ranks are parked. See drain.cpp.
#pragma once
#include "core/objects.h"

namespace mana {

// Called by the engine on every rank. Afterwards no message, collective or acknowledgement of this job is in
// the network, and every active request is complete or is a posted receive that nothing has matched.
void drain_channels();

// Collective, at MPI_Finalize: only the core's own messages, and communicators that all members have freed.
void drain_at_finalize();

// Receives and drops what has arrived on a communicator that all members have freed. Nobody can ask for it any
// more, and below it would be lost with the communicator: then the counts of a later drain would not agree.
void discard_unexpected(Comm *comm);

}  // namespace mana
