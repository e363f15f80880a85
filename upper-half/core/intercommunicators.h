// Inter-communicators: see intercommunicators.cpp.
#pragma once
#include "core/memory.h"
#include "core/objects.h"

namespace mana {

// One item of each member of both groups, on every member; by rank. Collective over the inter-communicator.
void gather_both(NativeComm native, int rank, int size, int remote_size, const void *own, int bytes, void *local,
                 void *remote);

template <class T> struct BothGroups {
  BothGroups(NativeComm native, int rank, int size, int remote_size, const T &own)
      : local(core_array<T>(static_cast<std::size_t>(size))),
        remote(core_array<T>(static_cast<std::size_t>(remote_size))) {
    gather_both(native, rank, size, remote_size, &own, sizeof(T), local, remote);
  }
  ~BothGroups() {
    core_free(local);
    core_free(remote);
  }
  BothGroups(const BothGroups &) = delete;
  BothGroups &operator=(const BothGroups &) = delete;
  T *local, *remote;
};

// MPI_Comm_split of an inter-communicator. Null where this rank gets none. 0 or an ABI error.
int split_both_groups(const Comm *comm, int color, int key, NativeComm *made);

// Makes the native inter-communicator of this group, all of whose members call with `local`, and of the group whose leader
// has the world rank `remote_leader`. Collective over both groups. 0 or an ABI error.
int join_below(NativeComm local, int local_leader, int remote_leader, NativeComm *made);

// In the drain and in MPI_Finalize: a leader's message has arrived (kTagMeet).
void take_meeting(int sender, const void *data);

}  // namespace mana
