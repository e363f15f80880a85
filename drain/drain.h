// Emptying this rank's channels while all ranks are parked. See drain.cpp.
#pragma once

namespace mana {

// Called by the engine on every rank. Afterwards no message, collective or acknowledgement of this job is in
// the network, and every active request is complete or is a posted receive that nothing has matched.
void drain_channels();

// Collective, at MPI_Finalize: only the core's own messages.
void drain_protocol();

}  // namespace mana
