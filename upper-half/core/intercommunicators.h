// Inter-communicators: see intercommunicators.cpp.
#pragma once
#include "core/objects.h"

namespace mana {

// Makes the native inter-communicator of this group, all of whose members call with `local`, and of the group whose leader
// has the world rank `remote_leader`. Collective over both groups. 0 or an ABI error.
int join_below(NativeComm local, int local_leader, int remote_leader, NativeComm *made);

// In the drain and in MPI_Finalize: a leader's message has arrived (kTagMeet).
void take_meeting(int sender, const void *data);

}  // namespace mana
