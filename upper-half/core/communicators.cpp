// Making and freeing communicators. See communicators.h.
#include "core/communicators.h"

#include <cstring>

#include "core/attributes.h"
#include "core/call.h"
#include "core/collectives.h"
#include "core/duplication.h"
#include "core/dynamic.h"
#include "core/errors.h"
#include "core/groups.h"
#include "core/infos.h"
#include "core/intercommunicators.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/persistent_collectives.h"
#include "core/requests.h"
#include "core/topology.h"
#include "core_api.h"
#include "drain/buffered.h"
#include "drain/drain.h"
#include "lower_mpi.h"

namespace mana {

namespace {

constexpr int kLeaderShift = 40;
constexpr std::uint64_t kGroupKeyBit = std::uint64_t{1} << 63;
constexpr std::uint64_t kDuplicateBit = std::uint64_t{1} << 62;  // ids that are hashes; all others are below

// Freed communicators whose members have not all called MPI_Comm_free yet; looked at when there are this many.
constexpr int kReapAt = 8;
int closing_comms = 0;

std::uint64_t comms_made = 0;  // by this rank; part of the id where it is the leader

// What members tell each other.
struct Member {
  std::int64_t world_rank;
  std::uint64_t number;
};

}  // namespace

Comm *null_comm() { return predefined<Comm>(abi::COMM_NULL); }

Comm *find_comm(std::uint64_t id) {
  Comm *found = nullptr;
  for_each_comm([&](Comm *comm) {
    if (comm->id == id) found = comm;
  });
  return found;
}

// ---------------------------------------------------------------------------------
// Making

int duplicate_below(NativeComm native, NativeComm *made) {
  return unlocked([&] { return seam()->mpi->Comm_dup(native, made); });
}

int split_below(NativeComm native, int color, int key, NativeComm *made) {
  return unlocked([&] { return seam()->mpi->Comm_split(native, color, key, made); });
}

// The group is taken from `base` itself: with one of another communicator MPICH 4.0 reads through a null pointer.
int create_from_ranks(NativeComm base, int n, const int *ranks, int tag, NativeComm *made) {
  const LowerMpi *mpi = seam()->mpi;
  NativeGroup all, members;
  if (const int error = mpi->Comm_group(base, &all)) return error;
  int error = mpi->Group_incl(all, n, ranks, &members);
  mpi->Group_free(&all);
  if (error) return error;
  error = mpi->Comm_create_group(base, members, tag, made);
  mpi->Group_free(&members);
  return error;
}

void link_peers(Comm *comm) {
  const Group *peers = peer_group(comm);
  comm->peer_count = peers->size;
  comm->peers = core_array<Peer *>(static_cast<std::size_t>(peers->size));
  for (int rank = 0; rank < peers->size; ++rank) comm->peers[rank] = &world_peers[peers->world_ranks[rank]];
}

// Nobody waits for a rank that is alone: its collectives are not counted.
void link_counter(Comm *comm) {
  if (!is_alone(comm)) comm->entered = &take_counter(comm->id)->entered;
}

std::uint64_t next_comm_number() { return ++comms_made; }

int leader_of(const Comm *comm) {
  const int first = comm->group->world_ranks[0];
  return comm->remote && comm->remote->world_ranks[0] < first ? comm->remote->world_ranks[0] : first;
}

std::uint64_t comm_id(std::int64_t leader, std::uint64_t number) {
  return (static_cast<std::uint64_t>(leader) + 1) << kLeaderShift | number;
}

namespace {

Group *group_of(const Member *members, int size) {
  Group *group = new_group(size);
  for (int rank = 0; rank < size; ++rank) group->world_ranks[rank] = static_cast<std::int32_t>(members[rank].world_rank);
  finish_group(group);
  return group;
}

std::uint64_t id_of(const Member &leader) { return comm_id(leader.world_rank, leader.number); }

void meet_members(Comm *comm, const Member &own) {
  Member *members = core_array<Member>(static_cast<std::size_t>(comm->size));
  const int error = unlocked([&] {
    return seam()->mpi->Allgather(&own, sizeof own, natives.byte, members, sizeof own, natives.byte, comm->native);
  });
  if (error != 0)
    seam()->services->die(125, "the members of a new communicator could not be gathered");
  comm->id = id_of(members[0]);
  comm->group = group_of(members, comm->size);
  core_free(members);
}

// The id is the one of the two first ranks that comes first in MPI_COMM_WORLD.
void meet_both_groups(Comm *comm, const Member &own) {
  int remote_size = 0;
  seam()->mpi->Comm_remote_size(comm->native, &remote_size);
  const BothGroups<Member> members(comm->native, comm->rank, comm->size, remote_size, own);
  comm->group = group_of(members.local, comm->size);
  comm->remote = group_of(members.remote, remote_size);
  comm->id = id_of(members.local[0].world_rank < members.remote[0].world_rank ? members.local[0] : members.remote[0]);
}

}  // namespace

Comm *adopt(NativeComm native, const Comm *parent) {
  const LowerMpi *mpi = seam()->mpi;
  Comm *comm = make<Comm>();
  comm->native = native;
  mpi->Comm_size(native, &comm->size);
  mpi->Comm_rank(native, &comm->rank);
  int is_inter = 0;
  mpi->Comm_test_inter(native, &is_inter);
  const Member own{seam()->process, next_comm_number()};
  if (is_inter)
    meet_both_groups(comm, own);
  else
    meet_members(comm, own);

  comm->group->session = parent->group->session;
  link_peers(comm);
  link_counter(comm);
  set_errhandler(&comm->errhandler, parent->errhandler);
  return comm;
}

int begin_create(Comm *parent) {
  if (closing_comms >= kReapAt) test_active_requests();
  finish_duplications(parent);
  return begin_collective(parent);
}
void end_create() { end_collective(); }

int duplicate(Comm *comm, Comm **newcomm) {
  const int error = create_comm(comm, newcomm, [&](NativeComm *made) { return duplicate_below(comm->native, made); });
  if (error == 0 && comm->topology) (*newcomm)->topology = copy_topology(comm->topology);
  return error;
}

namespace {

int split(Comm *comm, int color, int key, Comm **newcomm) {
  return create_comm(comm, newcomm, [&](NativeComm *made) {
    if (comm->remote) return split_both_groups(comm, color, key, made);
    return split_below(comm->native, color, key, made);
  });
}

int dup(Comm *comm, const Info *info, Comm **newcomm) {
  if (const int error = duplicate(comm, newcomm)) return error;
  if (info) (*newcomm)->info = hints_of(HintsOf::comm, info);
  return copy_attributes(comm, *newcomm);
}

// Color and key with which MPI_Comm_split makes what MPI_Comm_create is asked for: members of a group
// are those with the same first member. Of an inter-communicator each group has one part, and the two belong together.
int color_of_group(const Comm *comm, const Group *group, int *color, int *key) {
  *color = *key = abi::UNDEFINED;
  const RankIndex rank_in_comm(comm->group);
  for (int i = 0; i < group->size; ++i)
    if (rank_in_comm[group->world_ranks[i]] < 0) return abi::ERR_GROUP;
  if (group->rank == abi::UNDEFINED) return 0;
  *color = comm->remote ? 0 : rank_in_comm[group->world_ranks[0]];
  *key = group->rank;
  return 0;
}

constexpr std::uint64_t kHashOfNothing = 0xcbf29ce484222325;

std::uint64_t fnv1a(std::uint64_t hash, std::uint64_t value) {
  for (int i = 0; i < 8; ++i, value >>= 8) hash = (hash ^ (value & 0xff)) * 0x100000001b3ull;
  return hash;
}

int create_group_below(Comm *comm, const Group *group, int tag, NativeComm *made) {
  const RankIndex rank_in_comm(comm->group);
  int *ranks = core_array<int>(static_cast<std::size_t>(group->size));
  int error = 0;
  for (int i = 0; i < group->size; ++i) {
    ranks[i] = rank_in_comm[group->world_ranks[i]];
    if (ranks[i] < 0) error = abi::ERR_GROUP;
  }
  if (error == 0) error = unlocked([&] { return create_from_ranks(comm->native, group->size, ranks, tag, made); });
  core_free(ranks);
  return error;
}

}  // namespace

std::uint64_t group_key(std::uint64_t comm_id, const Group *group, std::uint64_t tag) {
  std::uint64_t hash = fnv1a(fnv1a(kHashOfNothing, comm_id), tag);
  for (int i = 0; i < group->size; ++i) hash = fnv1a(hash, static_cast<std::uint64_t>(group->world_ranks[i]));
  return hash | kGroupKeyBit;
}

std::uint64_t id_of_duplicate(const Comm *comm, std::uint64_t n) {
  const std::uint64_t of_comm = fnv1a(fnv1a(kHashOfNothing, comm->id), static_cast<std::uint64_t>(leader_of(comm)));
  return fnv1a(of_comm, n) >> 2 | kDuplicateBit;
}

// ---------------------------------------------------------------------------------
// Freeing

void comm_closed(Comm *comm) {
  if (comm->closing) --closing_comms;
  comm->closing = nullptr;
  comm->flags &= static_cast<std::uint8_t>(~kStillOpen);
  if (comm->entered) give_counter(counter_of(comm->entered));
  comm->entered = nullptr;
  discard_unexpected(comm);
  seam()->mpi->Comm_free(&comm->native);
  comm->native = natives.comm_null;
}

void destroy_comm(Comm *comm) {
  while (Buffered *message = comm->buffered_head) {
    unlink_buffered(comm, message);
    drop_buffered(message);
  }
  core_free(comm->send_buffer);
  core_free(comm->peers);
  core_free(comm->topology);
  release(comm->group);
  if (comm->remote) release(comm->remote);
  set_errhandler(&comm->errhandler, nullptr);
  if (comm->info) release(comm->info);
  destroy(comm);
}

void close_comm(Comm *comm) {
  comm->flags |= kFreed;
  if (is_alone(comm)) return comm_closed(comm);
  comm->closing = new_request(comm, RequestKind::collective);
  begin_closing(comm);
  ++closing_comms;
  detach(comm->closing);
}

namespace {

void start_barrier(Comm *comm) {
  if (seam()->mpi->Ibarrier(comm->native, &comm->closing->native) != 0)
    seam()->services->die(125, "the live MPI refused a barrier on a communicator that is freed");
}

}  // namespace

bool closing_goes_on(Comm *comm) {
  if (!comm->remote || (comm->flags & kAgain)) return false;
  start_barrier(comm);
  comm->flags |= kAgain;
  return true;
}

void begin_closing(Comm *comm) {
  comm->flags &= static_cast<std::uint8_t>(~kAgain);
  start_barrier(comm);
}

int give_up(Comm *comm) {
  if ((comm->flags & (kNull | kFreed)) || !has_native(comm)) return abi::ERR_COMM;
  if (closing_comms >= kReapAt) test_active_requests();
  if (duplications) [[unlikely]] finish_duplications(comm);  // as in MPI_Barrier
  if (comm->channels) {
    if (const int error = begin_collective(comm)) return error;
    close_channels(comm);
    end_collective();
  }
  close_comm(comm);
  release(comm);
  return 0;
}

namespace {

int free_comm(Comm **handle) {
  Comm *comm = *handle;
  if (comm->flags & (kNull | kPredefined)) return raise(comm, abi::ERR_COMM);
  if (const int error = delete_attributes(comm)) return raise(comm, error);
  if (comm == parent_comm) parent_comm = null_comm();
  if (const int error = give_up(comm)) return raise(comm, error);
  *handle = null_comm();
  return 0;
}

// MPICH's hint for MPIX_COMM_TYPE_NEIGHBORHOOD, or "".
const char *common_directory(const Info *info) {
  const char *directory = is_null(info) ? nullptr : info_value(info, "nbhd_common_dirname");
  return directory ? directory : "";
}

// Of the hardware only shared memory is known, which MPI-4 lets a guided split name; another resource, and a split that is
// to find one itself, gives MPI_COMM_NULL.
int known_split(int split_type, const Info *info) {
  if (split_type != abi::COMM_TYPE_HW_GUIDED && split_type != abi::COMM_TYPE_RESOURCE_GUIDED)
    return split_type == abi::COMM_TYPE_HW_UNGUIDED ? abi::UNDEFINED : split_type;
  const char *resource = is_null(info) ? nullptr : info_value(info, "mpi_hw_resource_type");
  return resource && std::strcmp(resource, kSharedMemoryResource) == 0 ? abi::COMM_TYPE_SHARED : abi::UNDEFINED;
}

int raised(Comm *comm, int error) { return error ? raise(comm, error) : 0; }

// MPI_CONGRUENT, MPI_SIMILAR or MPI_UNEQUAL, for two inter-communicators by both of their groups.
int compare_members(const Comm *a, const Comm *b) {
  if (!a->remote != !b->remote) return abi::UNEQUAL;
  const int local = compare_groups(a->group, b->group);
  const int remote = a->remote ? compare_groups(a->remote, b->remote) : abi::IDENT;
  if (local == abi::UNEQUAL || remote == abi::UNEQUAL) return abi::UNEQUAL;
  return local == abi::IDENT && remote == abi::IDENT ? abi::CONGRUENT : abi::SIMILAR;
}

}  // namespace

// ---------------------------------------------------------------------------------
// The calls

namespace api {

int Comm_dup(Comm *comm, Comm **newcomm) {
  Call call(Fn::Comm_dup);
  return raised(comm, dup(comm, hints_for_duplicate(comm), newcomm));
}

int Comm_dup_with_info(Comm *comm, Info *info, Comm **newcomm) {
  Call call(Fn::Comm_dup_with_info);
  return raised(comm, dup(comm, is_null(info) ? nullptr : info, newcomm));
}

int Comm_split(Comm *comm, int color, int key, Comm **newcomm) {
  Call call(Fn::Comm_split);
  if (color < 0 && color != abi::UNDEFINED) return raise(comm, abi::ERR_ARG);
  return raised(comm, split(comm, color, key, newcomm));
}

int Comm_split_type(Comm *comm, int split_type, int key, Info *info, Comm **newcomm) {
  Call call(Fn::Comm_split_type);
  if (split_type == abi::COMM_TYPE_RESOURCE_GUIDED) {
    // The other resource that may be named is a process set (MPI-4.1).
    const char *name = is_null(info) || info_value(info, "mpi_hw_resource_type") ? nullptr : info_value(info, "mpi_pset_name");
    const Comm *set = name ? find_process_set(name) : nullptr;
    if (set) return raised(comm, split(comm, set->group->world_ranks[0], key, newcomm));
  }
  split_type = known_split(split_type, info);
  if (split_type != abi::COMM_TYPE_SHARED && split_type != abi::UNDEFINED && split_type < kFirstOwnSplitType)
    return raise(comm, abi::ERR_ARG);
  const char *directory = split_type == kNeighbourhood ? common_directory(info) : nullptr;
  return raised(comm, create_comm(comm, newcomm, [&](NativeComm *made) {
                  return unlocked([&] {
                    const LowerMpi *mpi = seam()->mpi;
                    if (!as_open_mpi()) return mpi->split_type_of_mpich(comm->native, split_type, key, directory, made);
                    return mpi->Comm_split_type(comm->native, split_type, key, natives.info_null, made);
                  });
                }));
}

int Comm_create(Comm *comm, Group *group, Comm **newcomm) {
  Call call(Fn::Comm_create);
  if (is_null(comm)) return raise(comm, abi::ERR_COMM);
  if (group->flags & kNull) return raise(comm, abi::ERR_GROUP);
  int color, key;
  if (const int error = color_of_group(comm, group, &color, &key)) return raise(comm, error);
  return raised(comm, split(comm, color, key, newcomm));
}

// Collective over the group only, so it is counted apart from the collectives on `comm`.
int Comm_create_group(Comm *comm, Group *group, int tag, Comm **newcomm) {
  Call call(Fn::Comm_create_group);
  if (is_null(comm)) return raise(comm, abi::ERR_COMM);
  if (group->flags & kNull) return raise(comm, abi::ERR_GROUP);
  if (tag < 0) return raise(comm, abi::ERR_TAG);
  *newcomm = null_comm();
  if (group->rank == abi::UNDEFINED) return 0;
  CollectiveCounter *counter = begin_group_collective(group_key(comm->id, group, static_cast<std::uint64_t>(tag)));
  NativeComm native = natives.comm_null;
  const int error = create_group_below(comm, group, tag, &native);
  if (error == 0) *newcomm = adopt(native, comm);
  end_group_collective(counter);
  return raised(comm, error);
}

int Comm_free(Comm **comm) {
  Call call(Fn::Comm_free);
  return free_comm(comm);
}

// Waits for what is pending on it and for all members, which a checkpoint can interrupt: one of them may have to spawn first.
int Comm_disconnect(Comm **comm) {
  Call call(Fn::Comm_disconnect);
  if ((*comm)->flags & (kNull | kPredefined)) return raise(*comm, abi::ERR_COMM);
  for (Request *r = ring_first(); r;) {
    const bool waited = r->comm == *comm;
    if (waited) wait_for(r);
    r = waited ? ring_first() : ring_next(r);
  }
  if (const int error = is_alone(*comm) ? 0 : barrier(*comm)) return raise(*comm, error);
  return free_comm(comm);
}

int Comm_compare(Comm *a, Comm *b, int *result) {
  Call call(Fn::Comm_compare);
  if (is_null(a) || is_null(b)) return raise(abi::ERR_COMM);
  *result = a == b ? abi::IDENT : compare_members(a, b);
  return 0;
}

int Comm_rank(Comm *comm, int *rank) {
  Call call(Fn::Comm_rank);
  if (is_null(comm)) [[unlikely]] return raise(abi::ERR_COMM);
  *rank = comm->rank;
  return 0;
}

int Comm_size(Comm *comm, int *size) {
  Call call(Fn::Comm_size);
  if (is_null(comm)) [[unlikely]] return raise(abi::ERR_COMM);
  *size = comm->size;
  return 0;
}

int Comm_group(Comm *comm, Group **group) {
  Call call(Fn::Comm_group);
  if (is_null(comm)) return raise(abi::ERR_COMM);
  retain(comm->group);
  *group = comm->group;
  return 0;
}

int Comm_test_inter(Comm *comm, int *flag) {
  Call call(Fn::Comm_test_inter);
  if (is_null(comm)) return raise(abi::ERR_COMM);
  *flag = comm->remote != nullptr;
  return 0;
}

int Comm_get_parent(Comm **parent) {
  Call call(Fn::Comm_get_parent);
  *parent = parent_comm ? parent_comm : null_comm();
  return 0;
}

int Comm_set_info(Comm *comm, Info *info) {
  Call call(Fn::Comm_set_info);
  if (is_null(comm)) return raise(abi::ERR_COMM);
  if (is_null(info)) return raise(comm, abi::ERR_INFO);
  if (!comm->info) comm->info = hints_of(HintsOf::comm, predefined<Info>(abi::INFO_NULL));
  update_hints(HintsOf::comm, comm->info, info);
  return 0;
}

int Comm_get_info(Comm *comm, Info **info) {
  Call call(Fn::Comm_get_info);
  if (is_null(comm)) return raise(abi::ERR_COMM);
  *info = comm->info ? copy_info(comm->info) : hints_of(HintsOf::comm, predefined<Info>(abi::INFO_NULL));
  return 0;
}

}  // namespace api

}  // namespace mana
