// Blocking and nonblocking sends and receives. See point_to_point.h.
//
// A blocking call is one crossing (BlockingMpi). Given back unfinished, the started operation becomes a request
// record like any other, so that the drain and a restart see it, and the call waits for that.
#include "core/point_to_point.h"

#include "core/bsend.h"
#include "core/call.h"
#include "core/communicators.h"
#include "core/composite.h"
#include "core/errors.h"
#include "core/large_types.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/start.h"
#include "core_api.h"
#include "drain/buffered.h"
#include "lower_mpi.h"

namespace mana {

namespace {

int check_common(const Comm *comm, int count, const Datatype *type) {
  if (comm->flags & (kNull | kFreed)) return abi::ERR_COMM;
  if (count < 0) return abi::ERR_COUNT;
  if ((type->flags & kNull) || !type->committed) return abi::ERR_TYPE;
  return 0;
}

// MPICH looks at the datatype of no items only in sendrecv and in persistent calls.
bool is_any_type(int count, const Datatype *type) { return count == 0 && is_null(type) && !as_open_mpi(); }

bool is_rank(const Comm *comm, int rank) { return rank >= 0 && rank < comm->peer_count; }

}  // namespace

int check_send(const Comm *comm, int count, const Datatype *type, int dest, int tag) {
  if (const int error = check_common(comm, count, type)) return error;
  if (!is_rank(comm, dest) && dest != abi::PROC_NULL) return abi::ERR_RANK;
  return tag < 0 ? abi::ERR_TAG : 0;
}

int check_recv(const Comm *comm, int count, const Datatype *type, int source, int tag) {
  if (const int error = check_common(comm, count, type)) return error;
  if (!is_rank(comm, source) && source != abi::ANY_SOURCE && source != abi::PROC_NULL) return abi::ERR_RANK;
  return tag < 0 && tag != abi::ANY_TAG ? abi::ERR_TAG : 0;
}

void describe(Request *r, SendMode mode, const void *buf, int count, Datatype *type, int peer, int tag) {
  r->mode = static_cast<std::uint8_t>(mode);
  r->buf = const_cast<void *>(buf);
  r->count = count;
  r->peer = peer;
  r->tag = tag;
  r->type = type;
  ++type->refs;
}

// ---------------------------------------------------------------------------------
// Starting

namespace {

int start_below(SendMode mode, const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm,
                NativeRequest *native) {
  const LowerMpi *mpi = seam()->mpi;
  const NativeDatatype native_type = native_of(type);
  switch (mode) {
  case SendMode::synchronous: return mpi->Issend(buf, count, native_type, dest, tag, comm->native, native);
  case SendMode::ready: return mpi->Irsend(buf, count, native_type, dest, tag, comm->native, native);
  default: return mpi->Isend(buf, count, native_type, dest, tag, comm->native, native);
  }
}

// A send is under way in `r`: everything but its native handle is set.
void send_started(Request *r) {
  Peer *peer = r->comm->peers[r->peer];
  ++peer->sent;
  if (r->mode == static_cast<std::uint8_t>(SendMode::synchronous)) track_synchronous(peer, r);
}

}  // namespace

int start_send(Request *r) {
  before_send(r->comm, r->peer, r->tag);
  const int error = start_below(static_cast<SendMode>(r->mode), r->buf, r->count, r->type, r->peer, r->tag, r->comm,
                                &r->native);
  if (error == 0) send_started(r);
  return error;
}

int start_recv(Request *r) {
  if (r->comm->buffered_head) [[unlikely]] {
    if (Buffered *message = find_buffered(r->comm, r->peer, r->tag)) {
      unlink_buffered(r->comm, message);
      Status status;
      deliver_buffered(message, r->buf, r->count, r->type, &status);
      complete(r, status);
      return 0;
    }
  }
  return seam()->mpi->Irecv(r->buf, r->count, native_of(r->type), r->peer, r->tag, r->comm->native, &r->native);
}

// ---------------------------------------------------------------------------------
// Sends

namespace {

// The blocking send gave up: its native goes on in a record.
int finish_interrupted_send(SendMode mode, int dest, int tag, Comm *comm, NativeRequest native) {
  Request *r = new_request(comm, RequestKind::send);
  r->native = native;
  r->mode = static_cast<std::uint8_t>(mode);
  r->peer = dest;
  r->tag = tag;
  send_started(r);
  park();
  const int error = finish_blocking(r, nullptr);
  return error ? raise(comm, error) : 0;
}

int send(SendMode mode, const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm) {
  if (!plain_send(comm, count, type, dest, tag)) [[unlikely]] {
    if (is_any_type(count, type)) return send(mode, buf, 0, predefined<Datatype>(abi::BYTE), dest, tag, comm);
    const int error = check_send(comm, count, type, dest, tag);
    return error ? raise(comm, error) : 0;
  }
  before_send(comm, dest, tag);
  const NativeDatatype native_type = native_of(type);
  NativeRequest pending;
  int error;
  {
    Unlocked unlocked;
    error = seam()->services->blocking->send(mode, buf, count, native_type, dest, tag, comm->native, &pending);
  }
  if (error == 0) [[likely]] {
    ++comm->peers[dest]->sent;
    return 0;
  }
  if (error == kInterrupted) return finish_interrupted_send(mode, dest, tag, comm, pending);
  return raise(comm, error);
}

int isend(SendMode mode, const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm,
          Request **request) {
  if (!plain_send(comm, count, type, dest, tag)) [[unlikely]] {
    if (is_any_type(count, type)) return isend(mode, buf, 0, predefined<Datatype>(abi::BYTE), dest, tag, comm, request);
    if (const int error = check_send(comm, count, type, dest, tag)) return raise(comm, error);
    *request = new_complete_request(comm, RequestKind::send, proc_null_status());
    return 0;
  }
  before_send(comm, dest, tag);
  Request *r = new_request(comm, RequestKind::send);
  const int error = start_below(mode, buf, count, type, dest, tag, comm, &r->native);
  if (error) [[unlikely]] {
    ring_remove(r);
    free_request(r);
    return raise(comm, error);
  }
  r->mode = static_cast<std::uint8_t>(mode);
  r->peer = dest;
  r->tag = tag;
  send_started(r);
  *request = r;
  return 0;
}

// Buffered sends are complete for the application at once.
int bsend(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm) {
  if (is_any_type(count, type)) type = predefined<Datatype>(abi::BYTE);
  int error = check_send(comm, count, type, dest, tag);
  if (error == 0 && dest != abi::PROC_NULL) error = bsend_start(buf, count, type, dest, tag, comm);
  return error ? raise(comm, error) : 0;
}

// ---------------------------------------------------------------------------------
// Receives

int recv_from_proc_null(Status *status) {
  if (status) *status = proc_null_status();
  return 0;
}

int recv_buffered(Buffered *message, void *buf, int count, Datatype *type, Comm *comm, Status *status) {
  unlink_buffered(comm, message);
  const int error = deliver_buffered(message, buf, count, type, status);
  return error ? with_status(raise(comm, error)) : 0;
}

// The blocking receive gave up: it stays posted, in a record.
int finish_interrupted_recv(void *buf, int count, Datatype *type, int source, int tag, Comm *comm, Status *status,
                            NativeRequest native) {
  Request *r = new_request(comm, RequestKind::recv);
  r->native = native;
  describe(r, SendMode::standard, buf, count, type, source, tag);
  park();
  const int error = finish_blocking(r, status);
  return error ? with_status(raise(comm, error)) : 0;
}

// A new record for a receive; complete already for PROC_NULL. Arguments have been checked.
Request *new_recv(void *buf, int count, Datatype *type, int source, int tag, Comm *comm, int *error) {
  *error = 0;
  if (source == abi::PROC_NULL) return new_complete_request(comm, RequestKind::recv, proc_null_status());
  Request *r = new_request(comm, RequestKind::recv);
  describe(r, SendMode::standard, buf, count, type, source, tag);
  *error = start_recv(r);
  return r;
}

void drop_request(Request *r) {
  if (r->next) ring_remove(r);
  free_request(r);
}

// The receive is posted first and stays a record while the send blocks. Arguments have been checked.
int sendrecv(const void *sendbuf, int sendcount, Datatype *sendtype, int dest, int sendtag, void *recvbuf,
             int recvcount, Datatype *recvtype, int source, int recvtag, Comm *comm, Status *status) {
  int error;
  Request *r = new_recv(recvbuf, recvcount, recvtype, source, recvtag, comm, &error);
  if (error) {
    drop_request(r);
    return raise(comm, error);
  }
  if (const int send_error = send(SendMode::standard, sendbuf, sendcount, sendtype, dest, sendtag, comm)) {
    detach(r);
    return send_error;
  }
  error = finish_blocking(r, status);
  return error ? with_status(raise(comm, error)) : 0;
}

// One request of both. `copy` is memory of the core to be freed with the send, or null. Arguments have been checked.
int isendrecv(const void *sendbuf, int sendcount, Datatype *sendtype, int dest, int sendtag, void *copy, void *recvbuf,
              int recvcount, Datatype *recvtype, int source, int recvtag, Comm *comm, Request **request) {
  int error;
  Request *receive = new_recv(recvbuf, recvcount, recvtype, source, recvtag, comm, &error);
  if (error) {
    drop_request(receive);
    core_free(copy);
    return raise(comm, error);
  }
  Request *sent = nullptr;
  if (const int send_error = isend(SendMode::standard, sendbuf, sendcount, sendtype, dest, sendtag, comm, &sent)) {
    detach(receive);
    core_free(copy);
    return send_error;
  }
  sent->buf = copy;
  Request *whole = new_whole(comm);
  add_part(whole, receive);
  add_part(whole, sent);
  finish_whole(whole);
  *request = whole;
  return 0;
}

}  // namespace

namespace api {

int Send(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm) {
  Call call(Fn::Send);
  return send(SendMode::standard, buf, count, type, dest, tag, comm);
}
int Ssend(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm) {
  Call call(Fn::Ssend);
  return send(SendMode::synchronous, buf, count, type, dest, tag, comm);
}
int Rsend(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm) {
  Call call(Fn::Rsend);
  return send(SendMode::ready, buf, count, type, dest, tag, comm);
}
int Bsend(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm) {
  Call call(Fn::Bsend);
  return bsend(buf, count, type, dest, tag, comm);
}

int Isend(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm, Request **request) {
  Call call(Fn::Isend);
  return isend(SendMode::standard, buf, count, type, dest, tag, comm, request);
}
int Issend(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm, Request **request) {
  Call call(Fn::Issend);
  return isend(SendMode::synchronous, buf, count, type, dest, tag, comm, request);
}
int Irsend(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm, Request **request) {
  Call call(Fn::Irsend);
  return isend(SendMode::ready, buf, count, type, dest, tag, comm, request);
}
int Ibsend(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm, Request **request) {
  Call call(Fn::Ibsend);
  if (const int error = bsend(buf, count, type, dest, tag, comm)) return error;
  *request = new_complete_request(comm, RequestKind::send, empty_status());
  return 0;
}

int Recv(void *buf, int count, Datatype *type, int source, int tag, Comm *comm, Status *status) {
  Call call(Fn::Recv);
  if (!plain_recv(comm, count, type, source, tag)) [[unlikely]] {
    if (is_any_type(count, type)) type = predefined<Datatype>(abi::BYTE);
    if (const int error = check_recv(comm, count, type, source, tag)) return raise(comm, error);
    if (source == abi::PROC_NULL) return recv_from_proc_null(status);
  }
  if (comm->buffered_head) [[unlikely]]
    if (Buffered *message = find_buffered(comm, source, tag))
      return recv_buffered(message, buf, count, type, comm, status);

  const NativeDatatype native_type = native_of(type);
  Status own;
  if (!status) status = &own;
  NativeRequest pending;
  int error;
  {
    Unlocked unlocked;
    error = seam()->services->blocking->recv(buf, count, native_type, source, tag, comm->native, status, &pending);
  }
  if (error == 0) [[likely]] {
    count_received(comm, *status);
    return 0;
  }
  if (error == kInterrupted) return finish_interrupted_recv(buf, count, type, source, tag, comm, status, pending);
  if (error != abi::ERR_TRUNCATE) return raise(comm, error);
  count_received(comm, *status);
  return with_status(raise(comm, error));
}

int Irecv(void *buf, int count, Datatype *type, int source, int tag, Comm *comm, Request **request) {
  Call call(Fn::Irecv);
  if (!plain_recv(comm, count, type, source, tag)) [[unlikely]] {
    if (is_any_type(count, type)) type = predefined<Datatype>(abi::BYTE);
    if (const int error = check_recv(comm, count, type, source, tag)) return raise(comm, error);
  }
  int error;
  Request *r = new_recv(buf, count, type, source, tag, comm, &error);
  if (error) [[unlikely]] {
    drop_request(r);
    return raise(comm, error);
  }
  *request = r;
  return 0;
}

int Sendrecv(const void *sendbuf, int sendcount, Datatype *sendtype, int dest, int sendtag, void *recvbuf,
             int recvcount, Datatype *recvtype, int source, int recvtag, Comm *comm, Status *status) {
  Call call(Fn::Sendrecv);
  int error = check_recv(comm, recvcount, recvtype, source, recvtag);
  if (!error) error = check_send(comm, sendcount, sendtype, dest, sendtag);
  if (error) return raise(comm, error);
  return sendrecv(sendbuf, sendcount, sendtype, dest, sendtag, recvbuf, recvcount, recvtype, source, recvtag, comm,
                  status);
}

// As above with a packed copy of what is sent.
int Sendrecv_replace(void *buf, int count, Datatype *type, int dest, int sendtag, int source, int recvtag,
                     Comm *comm, Status *status) {
  Call call(Fn::Sendrecv_replace);
  int error = check_recv(comm, count, type, source, recvtag);
  if (!error) error = check_send(comm, count, type, dest, sendtag);
  std::int64_t bytes = 0;
  void *copy = error ? nullptr : pack_copy(buf, count, type, &bytes);
  if (!error && !copy) error = abi::ERR_NO_MEM;
  if (error) return raise(comm, error);
  Datatype *packed = large_contiguous(bytes, predefined<Datatype>(abi::BYTE));
  packed->committed = 1;
  error = sendrecv(copy, 1, packed, dest, sendtag, buf, count, type, source, recvtag, comm, status);
  release(packed);
  core_free(copy);
  return error;
}

int Isendrecv(const void *sendbuf, int sendcount, Datatype *sendtype, int dest, int sendtag, void *recvbuf,
              int recvcount, Datatype *recvtype, int source, int recvtag, Comm *comm, Request **request) {
  Call call(Fn::Isendrecv);
  int error = check_recv(comm, recvcount, recvtype, source, recvtag);
  if (!error) error = check_send(comm, sendcount, sendtype, dest, sendtag);
  if (error) return raise(comm, error);
  return isendrecv(sendbuf, sendcount, sendtype, dest, sendtag, nullptr, recvbuf, recvcount, recvtype, source, recvtag,
                   comm, request);
}

int Isendrecv_replace(void *buf, int count, Datatype *type, int dest, int sendtag, int source, int recvtag, Comm *comm,
                      Request **request) {
  Call call(Fn::Isendrecv_replace);
  int error = check_recv(comm, count, type, source, recvtag);
  if (!error) error = check_send(comm, count, type, dest, sendtag);
  std::int64_t bytes = 0;
  void *copy = error ? nullptr : pack_copy(buf, count, type, &bytes);
  if (!error && !copy) error = abi::ERR_NO_MEM;
  if (error) return raise(comm, error);
  Datatype *packed = large_contiguous(bytes, predefined<Datatype>(abi::BYTE));
  packed->committed = 1;
  error = isendrecv(copy, 1, packed, dest, sendtag, copy, buf, count, type, source, recvtag, comm, request);
  release(packed);
  return error;
}

}  // namespace api

}  // namespace mana
