// See large_calls.h. All of it runs outside of a Call: the functions with ints make theirs.
#include "core/large_calls.h"

#include <cstring>

#include "core/call.h"
#include "core/composite.h"
#include "core/errors.h"
#include "core/memory.h"
#include "core/persistent_collectives.h"
#include "core/requests.h"

namespace mana {

int too_large(Fn fn, Comm *comm) {
  Call call(fn);
  static bool said[kFnCount];
  if (!said[static_cast<int>(fn)]) {
    said[static_cast<int>(fn)] = true;
    char text[160];
    std::strcpy(text, fn_name(fn));
    std::strcat(text, ": more than 2^31-1 items or bytes are not supported in this function; it returns MPI_ERR_COUNT");
    seam()->services->say(text);
  }
  return comm ? raise(comm, abi::ERR_COUNT) : raise(abi::ERR_COUNT);
}

struct NarrowInts::Block {
  KeptArray link;
  int ints[1];
};

NarrowInts::NarrowInts(const std::int64_t *from, int n) {
  if (n <= 0 || !from) return;
  {
    const InCore in_core;
    block_ = static_cast<Block *>(core_alloc(sizeof(Block) + sizeof(int) * static_cast<std::size_t>(n)));
  }
  ints_ = block_->ints;
  for (int i = 0; i < n; ++i) {
    ints_[i] = static_cast<int>(from[i]);
    fit_ &= fits_int(from[i]);
  }
}

NarrowInts::~NarrowInts() {
  if (!block_) return;
  const InCore in_core;
  core_free(block_);
}

// A checkpoint may have come, and completed the collective, since it was started.
void NarrowInts::live_as_long_as(Request *request) {
  const InCore in_core;
  if (!block_ || !request->call) return;
  block_->link.next = request->call->arrays;
  request->call->arrays = &block_->link;
  block_ = nullptr;
}

const void *piece_of(const void *buffer, std::int64_t items, const Datatype *type) {
  if (is_in_place(buffer) || !buffer) return buffer;
  return static_cast<const char *>(buffer) + items * type->extent;
}

Request *combine(Comm *comm, int n, Request *const *parts) {
  const InCore in_core;
  Request *whole = new_whole(comm);
  for (int i = 0; i < n; ++i) add_part(whole, parts[i]);
  finish_whole(whole);
  return whole;
}

void abandon(int n, Request *const *parts) {
  const InCore in_core;
  for (int i = 0; i < n; ++i) detach(parts[i]);
}

}  // namespace mana
