// Generalized requests: the application does the work and says when it is done; Wait and Test ask it for the outcome.
//
//     Grequest_start ─► pending ── Grequest_complete ─► complete ── Wait, Test ─► query, free, gone
//                          │                                └────── Request_free ─► free, gone
//                          └── Request_free ── Grequest_complete ─► free, gone
//
// Nothing of it is below, so a checkpoint saves it with the rest of the memory. Pending ones have needs_ack set, as
// everything whose end does not come from the live MPI; complete ones have the error kOutcomeUnknown until they are
// asked.
//
// MPICH's extension adds functions with which Test and Wait drive the work themselves: poll, and wait for a request that is
// waited for alone.
#include "core/generalized.h"

#include "abi_constants.h"
#include "core/call.h"
#include "core/errors.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/requests.h"
#include "core_api.h"

namespace mana {

namespace {

using Callback = void (*)();

struct Functions {
  Callback query, free, cancel, poll, wait;
  void *extra;
};

// MPIX_Grequest_class_create; a class is its index.
Functions *classes;
int class_count;

Functions *functions_of(const Request *r) { return static_cast<Functions *>(r->buf); }

int to_abi(int code) { return code == 0 ? 0 : front().error_from_front(code); }

int start(const Functions &functions, Request **request) {
  Request *r = make<Request>();
  r->native = natives.request_null;
  r->op = RequestKind::generalized;
  r->active = r->needs_ack = 1;
  r->comm = world;
  ++world->refs;
  r->buf = core_alloc(sizeof(Functions));
  *functions_of(r) = functions;
  *request = r;
  return 0;
}

int call_free(const Functions *functions) {
  if (!functions->free) return 0;
  return to_abi(front().call_free(functions->free, functions->extra));
}

// Nobody will ask for its outcome.
int drop(Request *r) {
  const int error = call_free(functions_of(r));
  core_free(r->buf);
  free_request(r);
  return error;
}

int raised(int error) { return error ? raise(error) : 0; }

}  // namespace

int query_generalized(const Request *r, Status *status) {
  const Functions *functions = functions_of(r);
  *status = empty_status();
  return to_abi(front().call_query(functions->query, functions->extra, status));
}

void ask_outcome(Request *r) {
  if (!is_generalized(r)) return;
  Status outcome;
  const int error = query_generalized(r, &outcome);
  const int free_error = call_free(functions_of(r));
  core_free(r->buf);
  r->buf = nullptr;
  r->op = RequestKind::none;
  r->status = outcome;
  r->status.error = error ? error : free_error;
}

void poll_generalized(Request *r, bool may_wait) {
  if (r->complete) return;
  const Functions functions = *functions_of(r);
  alignas(16) char status[64] = {};  // of the front's form; MPICH ignores what comes back
  void *extra = functions.extra;
  if (functions.wait && (may_wait || !functions.poll))
    reinterpret_cast<int (*)(int, void **, double, void *)>(functions.wait)(1, &extra, 0, status);
  else if (functions.poll)
    reinterpret_cast<int (*)(void *, void *)>(functions.poll)(extra, status);
}

void wait_generalized(Request *r) {
  poll_generalized(r, true);
  if (r->complete) return;
  pause_for_others();
  park();
}

int free_generalized(Request *r) {
  if (r->complete) return raised(drop(r));
  r->detached = 1;
  return 0;
}

void mark_generalized(Request *r, std::uintptr_t bits) {
  Functions *functions = functions_of(r);
  for (Callback *callback : {&functions->query, &functions->free, &functions->cancel})
    *callback = reinterpret_cast<Callback>(reinterpret_cast<std::uintptr_t>(*callback) | bits);
}

int cancel_generalized(Request *r) {
  const Functions *functions = functions_of(r);
  if (!functions->cancel) return 0;
  return raised(to_abi(front().call_cancel(functions->cancel, functions->extra, r->complete)));
}

namespace api {

int Grequest_start(Callback query, Callback free, Callback cancel, void *extra, Request **request) {
  Call call(Fn::Grequest_start);
  return start({query, free, cancel, nullptr, nullptr, extra}, request);
}

int Grequest_complete(Request *r) {
  Call call(Fn::Grequest_complete);
  if (is_null(r) || !is_generalized(r) || r->complete) return raise(abi::ERR_REQUEST);
  r->complete = 1;
  r->needs_ack = 0;
  r->status.error = kOutcomeUnknown;
  return r->detached ? raised(drop(r)) : 0;
}

int MPIX_Grequest_start(Callback query, Callback free, Callback cancel, Callback poll, Callback wait, void *extra,
                        Request **request) {
  Call call(Fn::MPIX_Grequest_start);
  return start({query, free, cancel, poll, wait, extra}, request);
}

int MPIX_Grequest_class_create(Callback query, Callback free, Callback cancel, Callback poll, Callback wait,
                               int *greq_class) {
  Call call(Fn::MPIX_Grequest_class_create);
  Functions *more = core_array<Functions>(static_cast<std::size_t>(class_count) + 1);
  for (int i = 0; i < class_count; ++i) more[i] = classes[i];
  more[class_count] = {query, free, cancel, poll, wait, nullptr};
  core_free(classes);
  classes = more;
  *greq_class = class_count++;
  return 0;
}

int MPIX_Grequest_class_allocate(int greq_class, void *extra, Request **request) {
  Call call(Fn::MPIX_Grequest_class_allocate);
  if (greq_class < 0 || greq_class >= class_count) return raise(abi::ERR_ARG);
  Functions functions = classes[greq_class];
  functions.extra = extra;
  return start(functions, request);
}

}  // namespace api

}  // namespace mana
