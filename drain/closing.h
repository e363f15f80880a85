// Communicators that some members have freed and others have not, at a checkpoint. See closing.cpp.
#pragma once
#include "drain/exchange.h"

namespace mana {

// Collective over all ranks, when no other message is under way. Afterwards a communicator that this rank has freed is gone,
// or another member has it still: then it is marked kStillOpen and its barrier (Comm::closing) goes on. `handler` hands what is
// of kTagFreed, kTagHaveYou and kTagStillOpen to take_closing().
void settle_closings(ProtocolHandler handler);
void take_closing(int world_rank, ProtocolTag tag, const void *data);

}  // namespace mana
