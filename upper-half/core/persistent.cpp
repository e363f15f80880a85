// Persistent requests: point-to-point operations, and the start of all kinds.
//
// The record holds the description, and MPI_Start starts an ordinary nonblocking operation from it. So an
// inactive request has nothing below that a restart would have to make again, and an active one is a request
// like any other.
#include "core/bsend.h"
#include "core/call.h"
#include "core/errors.h"
#include "core/partitioned.h"
#include "core/persistent_collectives.h"
#include "core/point_to_point.h"
#include "core_api.h"

namespace mana {

namespace {

Request *new_persistent(Comm *comm, RequestKind op) {
  Request *r = new_complete_request(comm, op, empty_status());
  r->persistent = 1;
  r->active = r->complete = 0;
  return r;
}

int send_init(SendMode mode, const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm,
              Request **request) {
  if (const int error = check_send(comm, count, type, dest, tag)) return raise(comm, error);
  *request = new_persistent(comm, RequestKind::send);
  describe(*request, mode, buf, count, type, dest, tag);
  return 0;
}

// Buffered: the data leaves through a send of its own, the request is complete at once.
int start_buffered(Request *r) {
  const int error = bsend_start(r->buf, r->count, r->type, r->peer, r->tag, r->comm);
  if (error == 0) complete(r, empty_status());
  return error;
}

int start(Request *r) {
  if (!r->persistent || r->active) return abi::ERR_REQUEST;
  if (r->op == RequestKind::collective) return start_persistent_collective(r);
  if (r->op == RequestKind::composite) return start_partitioned(r);
  r->active = 1;
  r->status = empty_status();
  int error = 0;
  if (r->peer == abi::PROC_NULL) {
    complete(r, proc_null_status());
  } else if (r->op == RequestKind::send && r->mode == static_cast<std::uint8_t>(SendMode::buffered)) {
    error = start_buffered(r);
  } else {
    ring_append(r);
    error = r->op == RequestKind::send ? start_send(r) : start_recv(r);
    if (error) ring_remove(r);
  }
  if (error) r->active = 0;
  return error;
}

}  // namespace

namespace api {

int Send_init(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm, Request **request) {
  Call call(Fn::Send_init);
  return send_init(SendMode::standard, buf, count, type, dest, tag, comm, request);
}
int Ssend_init(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm, Request **request) {
  Call call(Fn::Ssend_init);
  return send_init(SendMode::synchronous, buf, count, type, dest, tag, comm, request);
}
int Rsend_init(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm, Request **request) {
  Call call(Fn::Rsend_init);
  return send_init(SendMode::ready, buf, count, type, dest, tag, comm, request);
}
int Bsend_init(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm, Request **request) {
  Call call(Fn::Bsend_init);
  return send_init(SendMode::buffered, buf, count, type, dest, tag, comm, request);
}

int Recv_init(void *buf, int count, Datatype *type, int source, int tag, Comm *comm, Request **request) {
  Call call(Fn::Recv_init);
  if (const int error = check_recv(comm, count, type, source, tag)) return raise(comm, error);
  *request = new_persistent(comm, RequestKind::recv);
  describe(*request, SendMode::standard, buf, count, type, source, tag);
  return 0;
}

int Start(Request **request) {
  Call call(Fn::Start);
  const int error = start(*request);
  return error ? raise((*request)->comm ? (*request)->comm : world, error) : 0;
}

int Startall(int count, Request **requests) {
  Call call(Fn::Startall);
  if (count < 0) return raise(abi::ERR_COUNT);
  for (int i = 0; i < count; ++i)
    if (const int error = start(requests[i])) return raise(requests[i]->comm ? requests[i]->comm : world, error);
  return 0;
}

}  // namespace api

}  // namespace mana
