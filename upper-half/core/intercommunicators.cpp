// Making inter-communicators, and what only they have. Once made they are communicators like others: Comm::remote is the
// group of the peers.
//
// MPI_Intercomm_create is collective over two groups that have nothing in common but that their leaders know each
// other, and only the leaders are told how. So it goes in three steps:
//
//     leader A ── mail ──►◄── mail ── leader B           core/mailbox.h: who waits can be saved
//        │                                     │
//        ▼ mail to all of A                    ▼ mail to all of B             both groups know the key now
//        all of A ═════════ made below ═════ all of B    one collective, counted under the key
//
// MPI_Intercomm_create_from_groups gives each group a communicator of its own for the second step, and lets the leaders
// meet on MPI_COMM_WORLD with what their name comes to in place of the tag.
//
// The native call is given the core's own communicator in place of the application's, so no receive with wildcards
// of the application can take its messages.
#include "core/intercommunicators.h"

#include <cstring>

#include "abi_constants.h"
#include "core/call.h"
#include "core/collectives.h"
#include "core/communicators.h"
#include "core/errors.h"
#include "core/groups.h"
#include "core/mailbox.h"
#include "core/memory.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana {

namespace {

constexpr int kBridgeTag = 100;  // apart from ProtocolTag: nobody probes for it
constexpr int kSplitTag = 101;

std::uint64_t keys_made = 0;

// The two leaders agree on a key: that of the one whose process comes first.
void meet(const Comm *peer_comm, int remote_leader, std::int64_t tag, Agreement *agreement) {
  const int leader = peer_group(peer_comm)->world_ranks[remote_leader];
  Mail own{}, other;
  own.kind = MailKind::meeting;
  own.about = peer_comm->id;
  own.tag = tag;
  own.number = bridge_key();
  send_mail(leader, own);
  await_mail(leader, MailKind::meeting, own.about, tag, &other);
  agreement->leader = leader;
  agreement->key = seam()->process < leader ? own.number : other.number;
}

int check_leader(const Comm *peer_comm, int remote_leader, std::int64_t tag) {
  if (is_null(peer_comm)) return abi::ERR_COMM;
  if (remote_leader < 0 || remote_leader >= peer_comm->peer_count) return abi::ERR_RANK;
  if (peer_group(peer_comm)->world_ranks[remote_leader] == seam()->process) return abi::ERR_RANK;
  return tag < 0 ? abi::ERR_TAG : 0;
}

int create(Comm *local_comm, int local_leader, Comm *peer_comm, int remote_leader, std::int64_t tag, Comm **made) {
  Agreement agreement{};
  if (local_comm->rank == local_leader) {
    agreement.error = check_leader(peer_comm, remote_leader, tag);
    if (agreement.error == 0) meet(peer_comm, remote_leader, tag, &agreement);
  }
  tell_group(local_comm, local_leader, &agreement);
  return bridge_groups(local_comm, local_leader, agreement, made);
}

// No tag of the application is one.
std::int64_t tag_of_name(const char *name) { return std::int64_t{1} << 40 | static_cast<std::int64_t>(hash_of(name) >> 32); }

int create_from_groups(Group *local, int local_leader, const Group *remote, int remote_leader, const char *name,
                       Comm **made) {
  if ((local->flags & kNull) || local->rank == abi::UNDEFINED) return abi::ERR_GROUP;
  if (local_leader < 0 || local_leader >= local->size) return abi::ERR_RANK;
  const bool known = remote_leader >= 0 && remote_leader < remote->size;  // significant at the leader only
  Comm *members;
  if (const int error = comm_of_group(local, name, &members)) return error;
  const int leader = known ? find_rank(world->group, remote->world_ranks[remote_leader]) : -1;
  const int error = create(members, local_leader, world, leader, tag_of_name(name), made);
  const int closed = give_up(members);
  return error ? error : closed;
}

// MPI_Comm_split: what a member has asked for, and who it is.
struct Choice {
  std::int32_t color, key, world_rank;
};

// World ranks of the members that chose `color`, by key and rank. Returns how many.
int chosen(const Choice *choices, int size, int color, int *world_ranks) {
  int n = 0;
  for (int i = 0; i < size; ++i) {
    if (choices[i].color != color) continue;
    int before = 0;
    for (int k = 0; k < size; ++k)
      before += choices[k].color == color && (choices[k].key < choices[i].key || (choices[k].key == choices[i].key && k < i));
    world_ranks[before] = choices[i].world_rank;
    ++n;
  }
  return n;
}

}  // namespace

// Gathering over an inter-communicator gives the other group. So each group's first rank then tells that other
// group who they are.
void gather_both(NativeComm native, int rank, int size, int remote_size, const void *own, int bytes, void *local,
                 void *remote) {
  const LowerMpi *mpi = seam()->mpi;
  int error = unlocked([&] { return mpi->Allgather(own, bytes, natives.byte, remote, bytes, natives.byte, native); });
  int *counts = core_array<int>(static_cast<std::size_t>(remote_size) * 2);
  std::memset(counts, 0, sizeof(int) * static_cast<std::size_t>(remote_size) * 2);
  counts[0] = size * bytes;
  if (error == 0)
    error = unlocked([&] {
      return mpi->Allgatherv(remote, rank == 0 ? remote_size * bytes : 0, natives.byte, local, counts,
                             counts + remote_size, natives.byte, native);
    });
  core_free(counts);
  if (error != 0) seam()->services->die(125, "the members of an inter-communicator could not be gathered");
}

// Not by the live MPI's own: MPICH 4.0 hangs when the first rank of a group chooses no color.
int split_both_groups(const Comm *comm, int color, int key, NativeComm *made) {
  const BothGroups<Choice> choices(comm->native, comm->rank, comm->size, comm->peer_count, {color, key, seam()->process});
  *made = natives.comm_null;
  if (color == abi::UNDEFINED) return 0;
  int *ranks = core_array<int>(static_cast<std::size_t>(comm->size + comm->peer_count));
  const int n = chosen(choices.local, comm->size, color, ranks);
  int error = 0;
  // Without anybody on the other side there is none.
  if (chosen(choices.remote, comm->peer_count, color, ranks + comm->size) > 0) {
    NativeComm local;
    error = create_from_ranks(natives.protocol, n, ranks, kSplitTag, &local);
    if (error == 0) {
      error = join_below(local, 0, ranks[comm->size], made);
      seam()->mpi->Comm_free(&local);
    }
  }
  core_free(ranks);
  return error;
}

// With the core's lock: two threads that do this on one bridge at the same time, with different tags even, find each other's
// partners in MPICH 4.0 and hang in Open MPI 4.1, also without us.
int join_below(NativeComm local, int local_leader, int remote_leader, NativeComm *made) {
  return seam()->mpi->Intercomm_create(local, local_leader, natives.protocol, remote_leader, kBridgeTag, made);
}

std::uint64_t key_of_spawn(int first) { return std::uint64_t{1} << 63 | (static_cast<std::uint64_t>(first) + 1) << 40; }

std::uint64_t bridge_key() { return key_of_spawn(seam()->process) | ++keys_made; }

void tell_group(const Comm *comm, int leader, Agreement *agreement) {
  Mail mail{};
  mail.kind = MailKind::agreement;
  mail.about = comm->id;
  if (comm->rank == leader) {
    mail.agreement = *agreement;
    for (int rank = 0; rank < comm->size; ++rank)
      if (rank != leader) send_mail(comm->group->world_ranks[rank], mail);
  } else {
    await_mail(comm->group->world_ranks[leader], MailKind::agreement, comm->id, 0, &mail);
    *agreement = mail.agreement;
  }
}

int bridge_groups(Comm *local_comm, int local_leader, const Agreement &agreement, Comm **made) {
  *made = null_comm();
  if (agreement.error != 0) return agreement.error;
  CollectiveCounter *counter = begin_group_collective(agreement.key);
  NativeComm native = natives.comm_null;
  const int error = join_below(local_comm->native, local_leader, agreement.leader, &native);
  if (error == 0) *made = adopt(native, local_comm);
  end_group_collective(counter);
  return error;
}

namespace api {

int Intercomm_create(Comm *local_comm, int local_leader, Comm *peer_comm, int remote_leader, int tag, Comm **made) {
  Call call(Fn::Intercomm_create);
  if (is_null(local_comm) || local_comm->remote) return raise(local_comm, abi::ERR_COMM);
  if (local_leader < 0 || local_leader >= local_comm->size) return raise(local_comm, abi::ERR_RANK);
  *made = null_comm();
  const int error = create(local_comm, local_leader, peer_comm, remote_leader, tag, made);
  return error ? raise(local_comm, error) : 0;
}

int Intercomm_create_from_groups(Group *local_group, int local_leader, Group *remote_group, int remote_leader,
                                 const char *stringtag, Info *info, Errhandler *errhandler, Comm **made) {
  Call call(Fn::Intercomm_create_from_groups);
  *made = null_comm();
  if (const int error = create_from_groups(local_group, local_leader, remote_group, remote_leader, stringtag, made))
    return raise_to(errhandler, error);
  set_handler_and_info(*made, errhandler, info);
  return 0;
}

int Intercomm_merge(Comm *intercomm, int high, Comm **made) {
  Call call(Fn::Intercomm_merge);
  if (is_null(intercomm) || !intercomm->remote) return raise(intercomm, abi::ERR_COMM);
  const int error = create_comm(intercomm, made, [&](NativeComm *native) {
    return unlocked([&] { return seam()->mpi->Intercomm_merge(intercomm->native, high, native); });
  });
  return error ? raise(intercomm, error) : 0;
}

int Comm_remote_size(Comm *comm, int *size) {
  Call call(Fn::Comm_remote_size);
  if (is_null(comm) || !comm->remote) return raise(comm, abi::ERR_COMM);
  *size = comm->remote->size;
  return 0;
}

int Comm_remote_group(Comm *comm, Group **group) {
  Call call(Fn::Comm_remote_group);
  if (is_null(comm) || !comm->remote) return raise(comm, abi::ERR_COMM);
  retain(comm->remote);
  *group = comm->remote;
  return 0;
}

}  // namespace api

}  // namespace mana
