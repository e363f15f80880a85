// Generalized requests: see generalized.cpp.
#pragma once
#include "core/objects.h"

namespace mana {

// MPI error of a generalized request that is complete and whose outcome has not been asked for yet. Apart from all ABI
// errors, so that the completion of other requests tests one value only.
inline constexpr int kOutcomeUnknown = -2;

inline bool is_generalized(const Request *r) { return r->op == RequestKind::generalized; }

// It is complete, and the application is about to be told: asks its query function, lets its free function run, and
// leaves an ordinary complete record. Does nothing for other requests.
void ask_outcome(Request *request);

// MPI_Request_get_status: only the query. Returns its ABI error.
int query_generalized(const Request *request, Status *status);

// Pending: calls the application's poll function if it gave one; `may_wait`: its wait function rather.
void poll_generalized(Request *request, bool may_wait);
// One turn of waiting for it: other threads may complete it, checkpoints may be taken.
void wait_generalized(Request *request);

// Sets bits in the addresses of its functions, by which the front tells how they are to be called.
void mark_generalized(Request *request, std::uintptr_t bits);

// MPI_Request_free and MPI_Cancel; errors are raised.
int free_generalized(Request *request);
int cancel_generalized(Request *request);

}  // namespace mana
