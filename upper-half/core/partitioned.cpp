// See partitioned.h.
#include "core/partitioned.h"

#include <cstring>

#include "core/call.h"
#include "core/communicators.h"
#include "core/composite.h"
#include "core/errors.h"
#include "core/groups.h"
#include "core/large_types.h"
#include "core/memory.h"
#include "core/point_to_point.h"
#include "core_api.h"
#include "lower_mpi.h"
#include "record-replay/communicators.h"

namespace mana {

struct Partitioned {
  Partitioned *next;       // receives: in order of initialisation
  Request *request;        // null when it was freed without having met its sender
  std::uint64_t comm_id;
  std::int32_t tag, world_rank;
  std::int32_t slot;       // receives: -1 until known
  std::int32_t partitions;
  std::int32_t not_ready;  // sends: partitions
  std::uint8_t is_send, waiting;
  std::uint8_t *ready;     // [partitions] of sends
};

namespace {

struct Hello {
  std::uint64_t comm_id;
  std::int32_t tag;
  std::int32_t slot;
};

// One that has come before its MPI_Precv_init.
struct EarlyHello {
  EarlyHello *next;
  std::int32_t world_rank;
  Hello hello;
};

// Of one source: the receive that is posted for its next hello, or null.
struct Reader {
  Request *request;
  Hello hello;
};

constexpr std::uint64_t kPartitionCommId = 3;
constexpr int kHelloTag = 0, kFirstSlotTag = 1;
constexpr std::int32_t kSlots = (1 << 23) - 8;  // MPI_TAG_UB of every MPI is beyond

Comm *partition_comm;
std::int32_t *slots_used;  // by world rank of the destination
Reader **readers;          // by world rank of the source
Partitioned *receives;     // those that have not met their sender
EarlyHello *early;

template <class T> void append(T **list, T *item) {
  while (*list) list = &(*list)->next;
  item->next = nullptr;
  *list = item;
}

template <class T> void unlink(T **list, const T *item) {
  while (*list != item) list = &(*list)->next;
  *list = item->next;
}

Request *post_receive(void *buf, int count, Datatype *type, int world_rank, int tag, int *error) {
  Request *r = new_request(partition_comm, RequestKind::recv);
  describe(r, SendMode::standard, buf, count, type, world_rank, tag);
  *error = start_recv(r);
  return r;
}

// ---------------------------------------------------------------------------------
// Meeting

Partitioned *waiting_for(int world_rank, const Hello &hello) {
  for (Partitioned *p = receives; p; p = p->next)
    if (p->world_rank == world_rank && p->comm_id == hello.comm_id && p->tag == hello.tag) return p;
  return nullptr;
}

bool is_anyone_waiting(int world_rank) {
  for (const Partitioned *p = receives; p; p = p->next)
    if (p->waiting && p->world_rank == world_rank) return true;
  return false;
}

// The receive of an operation that knows its slot, as the part of its request.
int receive_data(Partitioned *p) {
  Request *whole = p->request;
  int error;
  Request *part = post_receive(whole->buf, 1, whole->type, p->world_rank, kFirstSlotTag + p->slot, &error);
  if (error) {
    ring_remove(part);
    free_request(part);
    return error;
  }
  add_part(whole, part);
  finish_whole(whole);
  return 0;
}

void meet(Partitioned *p, const Hello &hello) {
  unlink(&receives, p);
  p->slot = hello.slot;
  const bool was_waiting = p->waiting;
  p->waiting = 0;
  if (!p->request) return core_free(p);
  if (!was_waiting) return;
  if (const int error = receive_data(p)) {
    p->request->status.error = error;
    finish_whole(p->request);
  }
}

void take_hello(int world_rank, const Hello &hello) {
  if (Partitioned *p = waiting_for(world_rank, hello)) return meet(p, hello);
  auto *kept = static_cast<EarlyHello *>(core_alloc(sizeof(EarlyHello)));
  *kept = {nullptr, world_rank, hello};
  append(&early, kept);
}

// Posts the receive for the next hello of a source as long as somebody waits for one. What a drain has received comes at
// once.
int read_hellos(int world_rank) {
  Reader &reader = *readers[world_rank];
  while (!reader.request && is_anyone_waiting(world_rank)) {
    int error;
    Request *r = post_receive(&reader.hello, sizeof(Hello), predefined<Datatype>(abi::BYTE), world_rank, kHelloTag, &error);
    if (error) {
      ring_remove(r);
      free_request(r);
      return error;
    }
    if (!r->complete) {
      reader.request = r;
      r->detached = kReader;
      return 0;
    }
    free_request(r);
    const Hello hello = reader.hello;
    take_hello(world_rank, hello);
  }
  return 0;
}

// The message owns its copy until it is out.
int send_hello(int world_rank, const Hello &hello) {
  Request *r = new_request(partition_comm, RequestKind::send);
  Hello *copy = core_copy(&hello, 1);
  describe(r, SendMode::standard, copy, sizeof(Hello), predefined<Datatype>(abi::BYTE), world_rank, kHelloTag);
  const int error = start_send(r);
  if (error) {
    core_free(copy);
    ring_remove(r);
    free_request(r);
    return error;
  }
  r->detached = kOwnsBuffer;
  return 0;
}

}  // namespace

void hello_arrived(Request *request) {
  const int world_rank = request->peer;
  const Hello hello = readers[world_rank]->hello;
  readers[world_rank]->request = nullptr;
  free_request(request);
  take_hello(world_rank, hello);
  read_hellos(world_rank);
}

bool waits_for_hello(const Request *r) { return is_partitioned(r) && r->active && r->partitioned->waiting; }

// ---------------------------------------------------------------------------------
// Life

namespace {

template <class T> T *resized(T *old, int before, int now) {
  T *made = static_cast<T *>(core_zalloc(sizeof(T) * static_cast<std::size_t>(now)));
  if (old) std::memcpy(made, old, sizeof(T) * static_cast<std::size_t>(before));
  core_free(old);
  return made;
}

// All processes of the job are in it. Readers stay where they are: a hello may be received there.
void fill_members(Comm *comm) {
  const int before = comm->size, processes = seam()->processes;
  Group *everyone = new_group(processes);
  for (int i = 0; i < processes; ++i) everyone->world_ranks[i] = i;
  finish_group(everyone);
  if (comm->group) release(comm->group);
  core_free(comm->peers);
  comm->group = everyone;
  comm->size = processes;
  comm->rank = seam()->process;
  link_peers(comm);
  slots_used = resized(slots_used, before, processes);
  readers = resized(readers, before, processes);
  for (int i = before; i < processes; ++i) readers[i] = static_cast<Reader *>(core_zalloc(sizeof(Reader)));
}

}  // namespace

void make_partition_comm() {
  Comm *comm = make<Comm>();
  comm->id = kPartitionCommId;
  fill_members(comm);
  if (create_from_ranks(natives.protocol, comm->size, comm->group->world_ranks, kRebuildTag, &comm->native) != 0)
    seam()->services->die(125, "the communicator for partitioned communication could not be made");
  set_errhandler(&comm->errhandler, predefined<Errhandler>(abi::ERRORS_RETURN));
  partition_comm = comm;
}

void extend_partition_comm() {
  if (partition_comm) fill_members(partition_comm);
}

void free_partition_comm() {
  if (partition_comm) seam()->mpi->Comm_free(&partition_comm->native);
}

bool is_partition_comm(const Comm *comm) { return comm == partition_comm; }

bool is_partition_group(const Group *group) { return partition_comm && group == partition_comm->group; }

void drop_partitioned(Partitioned *p) {
  core_free(p->ready);
  // Its sender, which it has not met, is not that of a later one.
  if (!p->is_send && p->slot < 0 && p->world_rank >= 0)
    p->request = nullptr;
  else
    core_free(p);
}

namespace {

Partitioned *new_operation(bool is_send, void *buf, int partitions, std::int64_t count, Datatype *type, int peer, int tag,
                           Comm *comm) {
  Request *r = new_complete_request(comm, RequestKind::composite, empty_status());
  r->is_whole = 1;
  r->persistent = 1;
  r->active = r->complete = 0;
  r->buf = buf;
  r->type = large_contiguous(partitions * count, type);
  r->type->committed = 1;
  r->peer = peer;
  r->tag = tag;
  auto *p = static_cast<Partitioned *>(core_zalloc(sizeof(Partitioned)));
  p->request = r;
  p->comm_id = comm->id;
  p->tag = tag;
  p->world_rank = peer == abi::PROC_NULL ? -1 : static_cast<std::int32_t>(comm->peers[peer] - world_peers);
  p->slot = -1;
  p->partitions = partitions;
  p->is_send = is_send;
  p->ready = is_send ? static_cast<std::uint8_t *>(core_zalloc(static_cast<std::size_t>(partitions))) : nullptr;
  r->partitioned = p;
  return p;
}

int check(int partitions, std::int64_t count) {
  if (partitions < 0) return abi::ERR_ARG;
  return count < 0 ? abi::ERR_COUNT : 0;
}

int send_data(Request *whole) {
  const Partitioned *p = whole->partitioned;
  if (p->world_rank < 0) {
    whole->status = proc_null_status();
    finish_whole(whole);
    return 0;
  }
  Request *part = new_request(partition_comm, RequestKind::send);
  describe(part, SendMode::standard, whole->buf, 1, whole->type, p->world_rank, kFirstSlotTag + p->slot);
  const int error = start_send(part);
  part->buf = nullptr;  // the application's
  if (error) {
    ring_remove(part);
    free_request(part);
    return error;
  }
  add_part(whole, part);
  finish_whole(whole);
  return 0;
}

// Marks partitions as ready; the last one sends.
int mark_ready(Request *r, int n, const int *partitions) {
  if (!is_partitioned(r) || !r->partitioned->is_send || !r->active || r->complete) return abi::ERR_REQUEST;
  Partitioned *p = r->partitioned;
  for (int i = 0; i < n; ++i) {
    if (partitions[i] < 0 || partitions[i] >= p->partitions || p->ready[partitions[i]]) return abi::ERR_ARG;
    p->ready[partitions[i]] = 1;
    --p->not_ready;
  }
  return p->not_ready == 0 && n > 0 ? send_data(r) : 0;
}

int ready(Request *r, int n, const int *partitions) {
  const int error = mark_ready(r, n, partitions);
  return error ? raise(is_null(r) || !r->comm ? world : r->comm, error) : 0;
}

}  // namespace

int start_partitioned(Request *r) {
  Partitioned *p = r->partitioned;
  start_whole(r);
  if (p->is_send) {
    __builtin_memset(p->ready, 0, static_cast<std::size_t>(p->partitions));
    p->not_ready = p->partitions;
    return p->partitions == 0 ? send_data(r) : 0;
  }
  if (p->world_rank < 0) {
    r->status = proc_null_status();
    finish_whole(r);
    return 0;
  }
  if (p->slot >= 0) return receive_data(p);
  p->waiting = 1;
  return read_hellos(p->world_rank);
}

namespace api {

int Psend_init(const void *buf, int partitions, std::int64_t count, Datatype *type, int dest, int tag, Comm *comm, Info *,
               Request **request) {
  Call call(Fn::Psend_init);
  int error = check_send(comm, 0, type, dest, tag);
  if (!error) error = check(partitions, count);
  if (error) return raise(comm, error);
  Partitioned *p = new_operation(true, const_cast<void *>(buf), partitions, count, type, dest, tag, comm);
  if (p->world_rank >= 0) {
    p->slot = slots_used[p->world_rank]++;
    if (p->slot >= kSlots) return raise(comm, abi::ERR_OTHER);
    if ((error = send_hello(p->world_rank, {comm->id, tag, p->slot}))) return raise(comm, error);
  }
  *request = p->request;
  return 0;
}

int Precv_init(void *buf, int partitions, std::int64_t count, Datatype *type, int source, int tag, Comm *comm, Info *,
               Request **request) {
  Call call(Fn::Precv_init);
  int error = check_send(comm, 0, type, source, tag);  // no wildcards
  if (!error) error = check(partitions, count);
  if (error) return raise(comm, error);
  Partitioned *p = new_operation(false, buf, partitions, count, type, source, tag, comm);
  *request = p->request;
  if (p->world_rank < 0) return 0;
  append(&receives, p);
  for (EarlyHello *e = early; e; e = e->next) {
    if (e->world_rank != p->world_rank || waiting_for(e->world_rank, e->hello) != p) continue;
    const Hello hello = e->hello;
    unlink(&early, e);
    core_free(e);
    meet(p, hello);
    break;
  }
  return 0;
}

int Pready(int partition, Request *request) {
  Call call(Fn::Pready);
  return ready(request, 1, &partition);
}

int Pready_list(int length, const int *partitions, Request *request) {
  Call call(Fn::Pready_list);
  return ready(request, length, partitions);
}

int Pready_range(int low, int high, Request *request) {
  Call call(Fn::Pready_range);
  for (int partition = low; partition <= high; ++partition)
    if (const int error = ready(request, 1, &partition)) return error;
  return 0;
}

int Parrived(Request *request, int partition, int *flag) {
  Call call(Fn::Parrived);
  if (!is_partitioned(request) || request->partitioned->is_send) return raise(abi::ERR_REQUEST);
  if (partition < 0 || partition >= request->partitioned->partitions) return raise(request->comm, abi::ERR_ARG);
  if (is_pending(request)) progress_parts(1, &request, false);
  *flag = !is_pending(request);
  return 0;
}

}  // namespace api

}  // namespace mana
