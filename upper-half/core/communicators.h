// Communicators as records: who is in them, in which order, with which topology.
//
// `Comm::id` is the same on all members and unique in the job: the world rank of the member with rank 0 and a number
// which that rank counts up. Members learn it together with each other's world ranks from one Allgather on
// the new communicator, inside the collective that makes it. A restart makes communicators again in the order of ids, which
// is the same total order on all ranks, so that no two of them wait for each other (record-replay/communicators.cpp).
//
// Freeing. MPI_Comm_free is collective but may return at once, so a rank could have forgotten a communicator which another
// still has; a restart could not make that again. So the record stays until all members have called it: a nonblocking
// barrier tells, a request in the ring (Comm::closing), and then the native is freed. Between two groups two barriers do: who has
// left one knows that the other group has entered it, and from the second that the other group has left the first.
// MPI_Comm_free is not counted as a collective, for the others may free it much later, or wait for this rank to spawn first. So
// a checkpoint finds out which communicators are freed by all (drain/closing.cpp), and a restart makes the others again and
// begins their barriers anew.
#pragma once
#include "core/objects.h"
#include "core/pool.h"
#include "core/start.h"

namespace mana {

void destroy_comm(Comm *comm);
inline void release(Comm *comm) {
  if (--comm->refs == 0) [[unlikely]] destroy_comm(comm);
}

inline bool is_null(const Comm *comm) { return (comm->flags & kNull) != 0; }
// The group whose ranks name the peers of point-to-point calls.
inline const Group *peer_group(const Comm *comm) { return comm->remote ? comm->remote : comm->group; }
inline bool is_alone(const Comm *comm) { return comm->size == 1 && !comm->remote; }
inline bool has_native(const Comm *comm) { return comm->native != natives.comm_null; }

// Every communicator of this rank, the predefined ones first.
template <class Visit> void for_each_comm(Visit visit) {
  visit(world);
  visit(self_comm);
  for_each<Comm>(visit);
}
Comm *find_comm(std::uint64_t id);  // or null

// Record of a communicator just made below, by all of its members: collective on it. Inherits from `parent`.
Comm *adopt(NativeComm native, const Comm *parent);

// A collective on `parent` that makes a communicator: start(NativeComm *) makes it below. *out becomes the
// record, or MPI_COMM_NULL's where this rank got none. Returns an ABI error, not raised.
template <class Start> int create_comm(Comm *parent, Comm **out, Start start);

// A congruent communicator with the same topology, nothing else. Collective. 0 or an ABI error.
int duplicate(Comm *comm, Comm **newcomm);

// MPI_Comm_dup and MPI_Comm_split below, with the core's lock given back. 0 or an ABI error.
int duplicate_below(NativeComm native, NativeComm *made);
int split_below(NativeComm native, int color, int key, NativeComm *made);

// A native communicator of these ranks of `base`, in this order. Collective over them. 0 or an ABI error.
int create_from_ranks(NativeComm base, int n, const int *ranks, int tag, NativeComm *made);

// MPI-4: a communicator of this group, of which this rank is a member, and the functions that make one from a tag of
// characters: core/sessions.cpp. Collective over the group. 0 or an ABI error.
int comm_of_group(Group *group, const char *stringtag, Comm **made);
std::uint64_t hash_of(const char *text);
// The predefined communicator with the members of a process set, or null.
Comm *find_process_set(const char *name);
void set_handler_and_info(Comm *comm, Errhandler *errhandler, const Info *info);

// For begin_group_collective: the same on all members of the group, another for another communicator or tag.
std::uint64_t group_key(std::uint64_t comm_id, const Group *group, std::uint64_t tag);

// The peers of a record whose groups are set; the counter of one whose id is.
void link_peers(Comm *comm);
void link_counter(Comm *comm);

// An id for a communicator: its first rank (of two, the first in MPI_COMM_WORLD) gives a number of its own.
int leader_of(const Comm *comm);  // world rank
std::uint64_t next_comm_number();
std::uint64_t comm_id(std::int64_t leader, std::uint64_t number);
// Of one that is made without a word between the ranks: all members say the same of their n-th of this communicator.
std::uint64_t id_of_duplicate(const Comm *comm, std::uint64_t n);

// Gives up a communicator that the application has no handle of (any more): its native goes when every member has come
// here. The caller's reference stays the caller's.
void close_comm(Comm *comm);

// The barrier of a communicator that this rank has freed, from its beginning.
void begin_closing(Comm *comm);

// The application has never had a handle of it: drops it. Collective. 0 or an ABI error.
int give_up(Comm *comm);

// A closing barrier has ended. True: another one has been started as the request's native.
bool closing_goes_on(Comm *comm);
// No member needs the communicator any more.
void comm_closed(Comm *comm);

// Native of `plain` with this topology, which replaces it. Collective. 0 or an ABI error.
int add_topology(const TopologyData *topology, NativeComm *native);

// --- implementation ---

Comm *null_comm();

// Open MPI's own types for MPI_Comm_split_type, above all of the ABI's, and MPICH's: who shares a directory. Its other
// neighbourhoods, those in a network, are not known.
inline constexpr int kFirstOwnSplitType = 0x1000, kNeighbourhood = 0x2000;
// The resource of MPI_COMM_TYPE_HW_GUIDED that is known.
inline constexpr char kSharedMemoryResource[] = "mpi_shared_memory";
int begin_create(Comm *parent);
void end_create();

template <class Start> int create_comm(Comm *parent, Comm **out, Start start) {
  if (const int error = begin_create(parent)) return error;
  NativeComm native = natives.comm_null;
  const int error = start(&native);
  *out = null_comm();
  if (error == 0 && native != natives.comm_null) *out = adopt(native, parent);
  end_create();
  return error;
}

}  // namespace mana
