// Buffered sends. The application's buffer (MPI_Buffer_attach) is only accounted for: what counts is that a
// program which attached enough never gets MPI_ERR_BUFFER, and one that did not does. The data is packed into
// memory of the core and sent from there by an ordinary nonblocking send, so a checkpoint sees just a send.
//
// Accounting: each message takes its packed size and the front's MPI_BSEND_OVERHEAD, which the application was
// compiled with, until its send has completed.
#pragma once
#include "core/objects.h"

namespace mana {

// Starts a buffered send to a valid rank. Returns 0 or an ABI error (not raised); the send goes on by itself.
int bsend_start(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm);

// The send below has ended; `request->buf` is the core's copy.
void bsend_ended(Request *request);

// Waits until all of them are through (MPI_Buffer_detach, MPI_Finalize).
void bsend_flush();

// Copies `count` items into memory of the core, packed. *bytes is their size; null when memory is out.
void *pack_copy(const void *buf, int count, const Datatype *type, std::int64_t *bytes);

}  // namespace mana
