// See persistent_collectives.h.
#include "core/persistent_collectives.h"

#include "core/communicators.h"
#include "core/datatypes.h"
#include "core/lock.h"
#include "core/ops.h"
#include "core/requests.h"
#include "lower_mpi.h"

namespace mana {

struct KeptArgument {
  KeptArgument *next;
  Datatype *type;  // referenced, or null: an array follows
};

// ---------------------------------------------------------------------------------
// Channels

namespace {

constexpr int kShared = 64;  // channels beyond are not taken again

std::uint64_t free_channels(const Comm *comm) {
  std::uint64_t free = 0, bit = 1;
  for (const Comm *c = comm->channels; c && bit; c = c->next_channel, bit <<= 1)
    if (!c->channel_in_use) free |= bit;
  return free;
}

int reduce_bits(const std::uint64_t *own, std::uint64_t *all, Comm *comm) {
  const NativeDatatype type = native_of(predefined<Datatype>(abi::UINT64_T));
  return unlocked([&] {
    return seam()->mpi->Allreduce(own, all, 1, type, predefined<Op>(abi::BAND)->native, comm->native);
  });
}

// The channels that are free on every member. Over an inter-communicator a reduction gives the other group's: the second
// one brings this group's back.
int agree_on_free(Comm *comm, std::uint64_t *free) {
  const std::uint64_t own = free_channels(comm);
  std::uint64_t first = own, second = own;
  int error = is_alone(comm) ? 0 : reduce_bits(&own, &first, comm);
  if (!error && !is_alone(comm)) error = reduce_bits(&first, &second, comm);
  *free = first & second;
  return error;
}

Comm *channel_at(Comm *comm, int number) {
  Comm *channel = comm->channels;
  while (number-- > 0) channel = channel->next_channel;
  return channel;
}

void append_channel(Comm *comm, Comm *channel) {
  Comm **end = &comm->channels;
  while (*end) end = &(*end)->next_channel;
  *end = channel;
}

}  // namespace

int take_channel(Comm *comm, Comm **channel) {
  if (comm->channels) {
    if (const int error = begin_collective(comm)) return error;
    std::uint64_t free = 0;
    const int error = agree_on_free(comm, &free);
    end_collective();
    if (error) return error;
    if (free != 0) {
      *channel = channel_at(comm, __builtin_ctzll(free));
      (*channel)->channel_in_use = 1;
      return 0;
    }
  }
  if (const int error = duplicate(comm, channel)) return error;
  (*channel)->channel_in_use = 1;
  append_channel(comm, *channel);
  return 0;
}

void close_channels(Comm *comm) {
  if (!comm->channels) return;
  std::uint64_t free = 0;
  if (agree_on_free(comm, &free) != 0) free = 0;
  Comm *next = comm->channels;
  comm->channels = nullptr;
  for (int number = 0; Comm *channel = next; ++number) {
    next = channel->next_channel;
    channel->next_channel = nullptr;
    if (number >= kShared || (free >> number & 1) == 0) continue;
    close_comm(channel);
    release(channel);
  }
}

// ---------------------------------------------------------------------------------
// Arguments

namespace {

template <class T> T *copy(PersistentCollective *plan, const T *array, int n) {
  if (n <= 0 || !array) return nullptr;
  const std::size_t bytes = sizeof(T) * static_cast<std::size_t>(n);
  auto *node = static_cast<KeptArgument *>(core_alloc(sizeof(KeptArgument) + bytes));
  node->next = plan->kept;
  node->type = nullptr;
  plan->kept = node;
  __builtin_memcpy(node + 1, array, bytes);
  return reinterpret_cast<T *>(node + 1);
}

}  // namespace

const int *PersistentCollective::keep(const int *array, int n) { return copy(this, array, n); }
const std::int64_t *PersistentCollective::keep(const std::int64_t *array, int n) { return copy(this, array, n); }

Datatype *PersistentCollective::keep(Datatype *type) {
  auto *node = static_cast<KeptArgument *>(core_alloc(sizeof(KeptArgument)));
  node->next = kept;
  node->type = type;
  kept = node;
  retain(type);
  return type;
}

Datatype *const *PersistentCollective::keep(Datatype *const *types, int n) {
  for (int i = 0; types && i < n; ++i) keep(types[i]);
  return copy(this, types, n);
}

Op *PersistentCollective::keep(Op *reduction) {
  ++reduction->refs;
  return op = reduction;
}

void drop_plan(PersistentCollective *plan) {
  plan->channel->channel_in_use = 0;
  if (plan->op) release(plan->op);
  for (KeptArgument *node = plan->kept, *next; node; node = next) {
    next = node->next;
    if (node->type) release(node->type);
    core_free(node);
  }
  core_free(plan);
}

// ---------------------------------------------------------------------------------
// Requests

int finish_collective_init(Comm *comm, PersistentCollective *plan, Request **request) {
  Request *r = new_complete_request(comm, RequestKind::collective, empty_status());
  r->persistent = 1;
  r->active = r->complete = 0;
  r->plan = plan;
  *request = r;
  return 0;
}

int start_persistent_collective(Request *r) {
  PersistentCollective *plan = r->plan;
  if (const int error = begin_collective(plan->channel)) return error;
  CollectiveCall *call = nullptr;
  NativeRequest native;
  const int error = plan->start(plan, &native, &call);
  end_collective();
  if (error) {
    drop_collective_call(call);
    return error;
  }
  r->native = native;
  r->call = call;
  r->active = 1;
  r->status = empty_status();
  ring_append(r);
  return 0;
}

}  // namespace mana
