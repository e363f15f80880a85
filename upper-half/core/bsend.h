// Buffered sends. The application's buffer (MPI_Buffer_attach) is only accounted for: what counts is that a
// program which attached enough never gets MPI_ERR_BUFFER, and one that did not does. The data is packed into
// memory of the core and sent from there by an ordinary nonblocking send, so a checkpoint sees just a send.
//
// Since MPI-4.1 a communicator and a session may have buffers too. A send takes that of its communicator; if there is none, that
// of the session whose group the communicator comes from; if there is none either, that of the process.
//
// Accounting: each message takes its packed size and the front's MPI_BSEND_OVERHEAD, which the application was
// compiled with, until its send has completed.
#pragma once
#include "core/objects.h"

namespace mana {

// What is attached, and what of it is in use. Gone when it is detached, after the last of its sends.
struct SendBuffer {
  void *address;
  std::int64_t size, used;
  std::int32_t flushes;   // begun
  struct Flush *flushing; // MPI_Buffer_iflush and its relatives: those under way
};

// MPI_Buffer_attach and its relatives, by the place where process, communicator or session have theirs. 0 or an ABI error.
int attach_buffer(SendBuffer **place, void *address, std::int64_t size);
// Waits for its sends. Returns its size.
std::int64_t detach_buffer(SendBuffer **place, void **address);
// A request that ends when the sends which are in the buffer now have ended. The buffer may be null.
Request *start_flush(SendBuffer *buffer, Comm *comm);
// A request of start_flush() that is marked in this way waits for this send.
bool is_flushed(const Request *send, std::uint8_t mark);

// Starts a buffered send to a valid rank. Returns 0 or an ABI error (not raised); the send goes on by itself.
int bsend_start(const void *buf, int count, Datatype *type, int dest, int tag, Comm *comm);

// The send below has ended; `request->buf` is the core's copy.
void bsend_ended(Request *request);

// Waits until all of them are through, or those of one buffer.
void bsend_flush();
void bsend_flush(const SendBuffer *buffer);

// Copies `count` items into memory of the core, packed. *bytes is their size; null when memory is out.
void *pack_copy(const void *buf, int count, const Datatype *type, std::int64_t *bytes);

}  // namespace mana
