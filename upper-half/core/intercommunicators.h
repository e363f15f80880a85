// Inter-communicators: see intercommunicators.cpp.
#pragma once
#include "core/mailbox.h"
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

// The leader's agreement becomes that of all members of `comm`, who wait for it here. No collective: who waits can be
// checkpointed.
void tell_group(const Comm *comm, int leader, Agreement *agreement);

// The inter-communicator of this group and of the one which the leaders have agreed to join. Collective over both, counted
// under the key. 0 or an ABI error: that of the agreement, if there is one.
int bridge_groups(Comm *local_comm, int local_leader, const Agreement &agreement, Comm **made);

// A key that no two pairs of groups in the job get, and the one of spawned processes with their parents.
std::uint64_t bridge_key();
std::uint64_t key_of_spawn(int first);

}  // namespace mana
