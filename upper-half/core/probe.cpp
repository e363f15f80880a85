// MPI_Probe, MPI_Iprobe and matched probes. Messages that a drain has received are older than any that the
// live MPI holds, so they are looked at first.
//
// An MPI_Message is native, or after a drain (which receives matched messages too) holds the message itself.
#include "core/call.h"
#include "core/communicators.h"
#include "core/errors.h"
#include "core/lock.h"
#include "core/point_to_point.h"
#include "core/pool.h"
#include "core_api.h"
#include "drain/buffered.h"
#include "lower_mpi.h"

namespace mana {

namespace {

int check_probe(const Comm *comm, int source, int tag) {
  if (comm->flags & (kNull | kFreed)) return abi::ERR_COMM;
  if ((source < 0 || source >= comm->peer_count) && source != abi::ANY_SOURCE && source != abi::PROC_NULL)
    return abi::ERR_RANK;
  return tag < 0 && tag != abi::ANY_TAG ? abi::ERR_TAG : 0;
}

Buffered *find(const Comm *comm, int source, int tag) {
  return comm->buffered_head ? find_buffered(comm, source, tag) : nullptr;
}

void give(Status *status, const Status &value) {
  if (status) *status = value;
}

Message *new_message(Comm *comm, const Status &status) {
  Message *m = make<Message>();
  m->native = natives.message_null;
  m->comm = comm;
  ++comm->refs;
  m->status = status;
  return m;
}

void free_message(Message *m) {
  release(m->comm);
  destroy(m);
}

// The message leaves the list: from now on only the holder of the handle gets it.
Message *match_buffered(Comm *comm, Buffered *message) {
  unlink_buffered(comm, message);
  Message *m = new_message(comm, buffered_status(message));
  m->buffered = message;
  return m;
}

Message *match_native(Comm *comm, NativeMessage native, const Status &status) {
  Message *m = new_message(comm, status);
  m->native = native;
  return m;
}

int match_proc_null(Message **message, Status *status) {
  *message = predefined<Message>(abi::MESSAGE_NO_PROC);
  give(status, proc_null_status());
  return 0;
}

// Starts the receive of a matched message as a request; the message's record is gone afterwards.
Request *receive_matched(Message *m, void *buf, int count, Datatype *type, int *error) {
  Request *r = new_request(m->comm, RequestKind::recv);
  describe(r, SendMode::standard, buf, count, type, m->status.source, m->status.tag);
  *error = 0;
  if (m->buffered) {
    Status status;
    deliver_buffered(m->buffered, buf, count, type, &status);
    complete(r, status);
  } else {
    *error = seam()->mpi->Imrecv(buf, count, native_of(type), &m->native, &r->native);
    if (*error) ring_remove(r);
  }
  free_message(m);
  return r;
}

int check_mrecv(const Message *m, int count, const Datatype *type) {
  if (m->flags & kNull) return abi::ERR_REQUEST;
  if (count < 0) return abi::ERR_COUNT;
  return type->committed ? 0 : abi::ERR_TYPE;
}

bool is_no_proc(const Message *m) { return m->abi == abi::MESSAGE_NO_PROC; }

}  // namespace

namespace api {

int Iprobe(int source, int tag, Comm *comm, int *flag, Status *status) {
  Call call(Fn::Iprobe);
  if (const int error = check_probe(comm, source, tag)) return raise(comm, error);
  *flag = 1;
  if (source == abi::PROC_NULL) {
    give(status, proc_null_status());
    return 0;
  }
  if (const Buffered *message = find(comm, source, tag)) {
    give(status, buffered_status(message));
    return 0;
  }
  Status own;
  const int error = seam()->mpi->Iprobe(source, tag, comm->native, flag, status ? status : &own);
  return error ? raise(comm, error) : 0;
}

int Probe(int source, int tag, Comm *comm, Status *status) {
  Call call(Fn::Probe);
  if (const int error = check_probe(comm, source, tag)) return raise(comm, error);
  if (source == abi::PROC_NULL) {
    give(status, proc_null_status());
    return 0;
  }
  Status own;
  if (!status) status = &own;
  for (;;) {
    if (const Buffered *message = find(comm, source, tag)) {
      *status = buffered_status(message);
      return 0;
    }
    int error;
    {
      Unlocked unlocked;
      error = seam()->services->blocking->probe(source, tag, comm->native, status);
    }
    if (error != kInterrupted) return error ? raise(comm, error) : 0;
    park();  // what it waits for may come back drained
  }
}

int Improbe(int source, int tag, Comm *comm, int *flag, Message **message, Status *status) {
  Call call(Fn::Improbe);
  if (const int error = check_probe(comm, source, tag)) return raise(comm, error);
  *flag = 1;
  if (source == abi::PROC_NULL) return match_proc_null(message, status);
  if (Buffered *buffered = find(comm, source, tag)) {
    *message = match_buffered(comm, buffered);
    give(status, (*message)->status);
    return 0;
  }
  Status found;
  NativeMessage native;
  if (const int error = seam()->mpi->Improbe(source, tag, comm->native, flag, &native, &found))
    return raise(comm, error);
  if (!*flag) return 0;
  *message = match_native(comm, native, found);
  give(status, found);
  return 0;
}

int Mprobe(int source, int tag, Comm *comm, Message **message, Status *status) {
  Call call(Fn::Mprobe);
  if (const int error = check_probe(comm, source, tag)) return raise(comm, error);
  if (source == abi::PROC_NULL) return match_proc_null(message, status);
  for (;;) {
    if (Buffered *buffered = find(comm, source, tag)) {
      *message = match_buffered(comm, buffered);
      give(status, (*message)->status);
      return 0;
    }
    Status found;
    NativeMessage native;
    int error;
    {
      Unlocked unlocked;
      error = seam()->services->blocking->mprobe(source, tag, comm->native, &native, &found);
    }
    if (error == kInterrupted) {
      park();
      continue;
    }
    if (error) return raise(comm, error);
    *message = match_native(comm, native, found);
    give(status, found);
    return 0;
  }
}

int Imrecv(void *buf, int count, Datatype *type, Message **message, Request **request) {
  Call call(Fn::Imrecv);
  Message *m = *message;
  if (const int error = check_mrecv(m, count, type)) return raise(error);
  *message = predefined<Message>(abi::MESSAGE_NULL);
  if (is_no_proc(m)) {
    *request = new_complete_request(world, RequestKind::recv, proc_null_status());
    return 0;
  }
  Comm *comm = m->comm;
  int error;
  Request *r = receive_matched(m, buf, count, type, &error);
  if (error) {
    free_request(r);
    return raise(comm, error);
  }
  *request = r;
  return 0;
}

int Mrecv(void *buf, int count, Datatype *type, Message **message, Status *status) {
  Call call(Fn::Mrecv);
  Message *m = *message;
  if (const int error = check_mrecv(m, count, type)) return raise(error);
  *message = predefined<Message>(abi::MESSAGE_NULL);
  if (is_no_proc(m)) {
    give(status, proc_null_status());
    return 0;
  }
  Comm *comm = m->comm;
  int error;
  Request *r = receive_matched(m, buf, count, type, &error);
  if (error) {
    free_request(r);
    return raise(comm, error);
  }
  error = finish_blocking(r, status);
  return error ? with_status(raise(comm, error)) : 0;
}

}  // namespace api

}  // namespace mana
