// See start.h.
#include "core/start.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstring>

#include "abi_constants.h"
#include "core/attributes.h"
#include "core/collectives.h"
#include "core/communicators.h"
#include "core/engine.h"
#include "core/events.h"
#include "core/groups.h"
#include "core/memory.h"
#include "core/ops.h"
#include "core/partitioned.h"
#include "core/pool.h"
#include "core/requests.h"
#include "core/runtime.h"
#include "lower_mpi.h"

namespace mana {

Natives natives;
Peer *world_peers;
Comm *world;
Comm *self_comm;
OwnProcess own;

namespace {

const FrontOps *front_ops;

// Ids of the predefined communicators; those of others begin at 1 << 40 (communicators.cpp).
constexpr std::uint64_t kWorldId = 1, kSelfId = 2;

// In a signal handler the drain must not call the application: neither its event callbacks nor its reduction functions.
int may_stop_anywhere() { return !events_registered() && !user_op_under_way(); }

UpperServices upper_services;

template <class Native> Native lookup(int abi) { return static_cast<Native>(seam()->mpi->predefined(abi)); }

void fill_predefined_comm(Comm *comm, std::uint64_t id, int size, int rank, const std::int32_t *world_ranks) {
  comm->id = id;
  comm->size = size;
  comm->rank = rank;
  comm->group = new_group(size, world_ranks);
  link_peers(comm);
  link_counter(comm);
}

void fill_runtime_attributes() {
  const LowerMpi *mpi = seam()->mpi;
  int value;
  if (mpi->world_attribute(abi::UNIVERSE_SIZE, &value)) runtime_attributes.universe_size = value;
  if (mpi->world_attribute(abi::APPNUM, &value)) runtime_attributes.appnum = value;
  if (mpi->world_attribute(abi::WTIME_IS_GLOBAL, &value)) runtime_attributes.wtime_is_global = value;
}

}  // namespace

const FrontOps &front() { return *front_ops; }

void core_start(const FrontOps *ops) {
  front_ops = ops;
  if (seam()->version != kSeamVersion)
    seam()->services->die(78, "the front and the lower half are of different versions of mana");
  predefined_start();
  start_ring();
  world = predefined<Comm>(abi::COMM_WORLD);
  self_comm = predefined<Comm>(abi::COMM_SELF);
  upper_services = {kSeamVersion, ops->front, checkpoint_here, may_stop_anywhere, call_user_op, first_counters(), end_before_exit()};
  seam()->upper = &upper_services;
}

namespace {

constexpr int kWorldTag = 3;  // on the core's own communicator

int native_size(NativeComm comm) {
  int size = 0;
  seam()->mpi->Comm_size(comm, &size);
  return size;
}

void fill_natives() {
  const LowerMpi *mpi = seam()->mpi;
  natives.request_null = lookup<NativeRequest>(abi::REQUEST_NULL);
  natives.message_null = lookup<NativeMessage>(abi::MESSAGE_NULL);
  natives.byte = lookup<NativeDatatype>(abi::BYTE);
  natives.comm_null = lookup<NativeComm>(abi::COMM_NULL);
  natives.info_null = lookup<NativeInfo>(abi::INFO_NULL);
  natives.protocol = mpi->protocol();
  null_comm()->native = natives.comm_null;
  self_comm->native = lookup<NativeComm>(abi::COMM_SELF);
  fill_ops();
}

// MPI_COMM_WORLD is all processes, until some are spawned.
void fill_native_world() {
  world->native = lookup<NativeComm>(abi::COMM_WORLD);
  if (world->size == seam()->processes) return;
  if (create_from_ranks(natives.protocol, world->size, world->group->world_ranks, kWorldTag, &world->native) != 0)
    seam()->services->die(125, "MPI_COMM_WORLD could not be made");
}

Peer *new_peers(int n) { return static_cast<Peer *>(core_zalloc(sizeof(Peer) * static_cast<std::size_t>(n))); }

// A restart has brought processes that MPI_Comm_spawn has asked for. Nothing is counted yet: the drain was before.
void take_in_new_processes() {
  const int processes = native_size(natives.protocol), before = seam()->processes;
  if (processes == before) return;
  Peer *old = world_peers;
  world_peers = new_peers(processes);
  std::memcpy(world_peers, old, sizeof(Peer) * static_cast<std::size_t>(before));
  for_each_comm([old](Comm *comm) {
    for (int rank = 0; rank < comm->peer_count; ++rank) comm->peers[rank] = world_peers + (comm->peers[rank] - old);
  });
  core_free(old);
  seam()->processes = processes;
  extend_partition_comm();
}

// Each rank has read its clocks at another instant of the checkpoint. From here on all have those of the one that was last, so that
// times are the same for all and go back for none.
void share_clocks() {
  constexpr int kShared = 4, kBytes = kShared * static_cast<int>(sizeof(std::int64_t));
  static_assert(kClockProcess == kShared - 1);
  Seam &s = *seam();
  const std::int64_t mine[kShared] = {s.wtime_offset_ns, s.clock_offset_ns[kClockMonotonic], s.clock_offset_ns[kClockRaw],
                                      s.clock_offset_ns[kClockBoot]};
  auto *all = core_array<std::int64_t>(static_cast<std::size_t>(world->size) * kShared);
  if (s.mpi->Allgather(mine, kBytes, natives.byte, all, kBytes, natives.byte, world->native) == 0) {
    for (int i = 0; i < world->size * kShared; i += kShared) {
      s.wtime_offset_ns = std::max(s.wtime_offset_ns, all[i]);
      for (int clock = 0; clock < kClockProcess; ++clock)
        s.clock_offset_ns[clock] = std::max(s.clock_offset_ns[clock], all[i + 1 + clock]);
    }
  }
  core_free(all);
}

}  // namespace

void core_reattach() {
  fill_natives();
  take_in_new_processes();
  fill_native_world();
  share_clocks();
}

namespace {

// Bytes of an INTEGER where the program includes mpif.h: those of the common block in it that is one INTEGER. As long as the
// MPI library's where nothing includes it: the modules fix the kinds of their arguments.
std::size_t fortran_integer_bytes() {
  void *common = dlsym(RTLD_DEFAULT, front_ops->fortran_common);
  Dl_info found;
  ElfW(Sym) *symbol = nullptr;
  if (!common) dlerror();  // not for the program to find
  if (!common || !dladdr1(common, &found, reinterpret_cast<void **>(&symbol), RTLD_DL_SYMENT) || !symbol) return sizeof(int);
  return symbol->st_size;
}

// Such programs are not refused: those that declare the variables that MPI sets as INTEGER*4 are right.
void tell_of_long_integers() {
  if (own.first == seam()->process && fortran_integer_bytes() > sizeof(int))
    seam()->services->say(
        "this program was compiled with INTEGERs of 8 bytes (-fdefault-integer-8, -i8); its MPI library reads and sets those of 4, "
        "with mana as without");
}

}  // namespace

void core_attach() {
  fill_natives();
  Seam &s = *seam();
  s.processes = native_size(natives.protocol);
  s.mpi->Comm_rank(natives.protocol, &s.process);
  own = *s.services->dynamic->own();
  const bool spawned = own.count != 0;
  const int size = spawned ? own.count : s.processes;

  world_peers = new_peers(s.processes);
  std::int32_t *members = core_array<std::int32_t>(static_cast<std::size_t>(size));
  for (int i = 0; i < size; ++i) members[i] = own.first + i;
  fill_predefined_comm(world, spawned ? comm_id(own.first, 0) : kWorldId, size, s.process - own.first, members);
  fill_predefined_comm(self_comm, kSelfId, 1, 0, &s.process);
  core_free(members);
  fill_native_world();
  fill_runtime_attributes();
  if (spawned) runtime_attributes.appnum = own.appnum;
  if (front_ops->has_partitions) make_partition_comm();
  tell_of_long_integers();
}

}  // namespace mana
