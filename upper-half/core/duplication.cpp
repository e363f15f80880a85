// MPI_Comm_idup: a communicator that is made while the program goes on.
//
// The members are known from the old communicator, and so is the new one's id (id_of_duplicate). Nothing has to be agreed on above:
// the native MPI_Comm_idup goes on whatever the ranks wait for, as it must.
//
// When the ranks are parked all members have called MPI_Comm_idup, since it counts as a collective, so all duplications end before
// the drain begins. They must: a member that is done may have entered collectives on the new communicator already, and left
// them (as the root of a broadcast), and what it says of it is compared with what the others say.
#include "core/duplication.h"

#include "abi_constants.h"
#include "core/attributes.h"
#include "core/call.h"
#include "core/collectives.h"
#include "core/communicators.h"
#include "core/errors.h"
#include "core/groups.h"
#include "core/infos.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/requests.h"
#include "core/topology.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana {

std::uint32_t duplications = 0;

namespace {

struct Duplication {
  Comm *made;  // without an id until it is ready
  NativeComm native;
  std::uint64_t id;
};

// Everything but its native and its id. It cannot be used before its request has completed.
Comm *new_duplicate(const Comm *comm, const Info *info) {
  Comm *made = make<Comm>();
  made->native = natives.comm_null;
  made->size = comm->size;
  made->rank = comm->rank;
  retain(made->group = comm->group);
  if (comm->remote) retain(made->remote = comm->remote);
  link_peers(made);
  if (comm->topology) made->topology = copy_topology(comm->topology);
  if (info) made->info = hints_of(HintsOf::comm, info);
  set_errhandler(&made->errhandler, comm->errhandler);
  return made;
}

int start_below(Comm *comm, Comm *made, Request **request) {
  if (const int error = begin_create(comm)) return error;
  auto *d = static_cast<Duplication *>(core_zalloc(sizeof(Duplication)));
  d->made = made;
  d->id = id_of_duplicate(comm, ++comm->duplicates);
  NativeRequest native;
  const int error = seam()->mpi->Comm_idup(comm->native, &d->native, &native);
  end_create();
  if (error) {
    core_free(d);
    return error;
  }
  seam()->duplications = ++duplications;
  *request = new_request(comm, RequestKind::collective);
  (*request)->native = native;
  (*request)->buf = d;
  return 0;
}

int idup(Comm *comm, const Info *info, Comm **newcomm, Request **request) {
  if (comm->flags & (kNull | kFreed)) return raise(comm, abi::ERR_COMM);
  Comm *made = new_duplicate(comm, info);
  int error = copy_attributes(comm, made);
  if (error == 0) error = start_below(comm, made, request);
  if (error) {
    destroy_comm(made);
    return raise(comm, error);
  }
  *newcomm = made;
  return 0;
}

bool is_duplicated(const Comm *comm) {
  if (duplications == 0) return false;
  for (const Request *r = ring_first(); r; r = ring_next(r))
    if (r->comm == comm && r->op == RequestKind::collective && r->buf) return true;
  return false;
}

}  // namespace

void end_duplication(Request *request, int error) {
  auto *d = static_cast<Duplication *>(request->buf);
  if (error) {
    destroy_comm(d->made);
  } else {
    d->made->native = d->native;
    d->made->id = d->id;
    link_counter(d->made);
  }
  core_free(d);
  request->buf = nullptr;
  seam()->duplications = --duplications;
}

void finish_duplications(const Comm *comm) {
  if (seam()->services->backend != kBackendOpenMpi) return;
  while (is_duplicated(comm)) {
    test_active_requests();
    if (is_duplicated(comm)) pause_for_others();
    park();
  }
}

namespace api {

int Comm_idup(Comm *comm, Comm **newcomm, Request **request) {
  Call call(Fn::Comm_idup);
  return idup(comm, hints_for_duplicate(comm), newcomm, request);
}

int Comm_idup_with_info(Comm *comm, Info *info, Comm **newcomm, Request **request) {
  Call call(Fn::Comm_idup_with_info);
  return idup(comm, is_null(info) ? nullptr : info, newcomm, request);
}

}  // namespace api

}  // namespace mana
