// See pack.h.
#include "core/pack.h"

#include <cstring>

#include "core/call.h"
#include "core/datatype_walk.h"
#include "core/errors.h"
#include "core_api.h"

namespace mana {

namespace {

// User addresses are integers here: MPI_BOTTOM is null, and displacements may be absolute.
char *address(std::int64_t at) { return reinterpret_cast<char *>(static_cast<std::uintptr_t>(at)); }
std::int64_t number(const void *p) { return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(p)); }

// Pieces of derived types are mostly single numbers: those are worth two instructions instead of a call.
inline void copy(void *to, const void *from, std::int64_t bytes) {
  if (bytes == 8)
    std::memcpy(to, from, 8);
  else if (bytes == 4)
    std::memcpy(to, from, 4);
  else
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

} // namespace

void pack_bytes(const void *user, std::int64_t count, const Datatype *type, void *packed) {
  char *to = static_cast<char *>(packed);
  auto piece = [&](std::int64_t at, std::int64_t bytes) {
    copy(to, address(at), bytes);
    to += bytes;
    return true;
  };
  if (count > 0)
    visit_bytes(type, number(user), count, piece);
}

void unpack_bytes(const void *packed, std::int64_t bytes, void *user, std::int64_t count, const Datatype *type) {
  const char *from = static_cast<const char *>(packed);
  std::int64_t left = bytes;
  auto piece = [&](std::int64_t at, std::int64_t wanted) {
    const std::int64_t n = wanted < left ? wanted : left;
    copy(address(at), from, n);
    from += n;
    left -= n;
    return left > 0;
  };
  if (count > 0 && bytes > 0)
    visit_bytes(type, number(user), count, piece);
}

std::int64_t elements_in(std::int64_t bytes, const Datatype *type) {
  if (type->size == 0)
    return bytes == 0 ? 0 : -1;
  std::int64_t elements = bytes / type->size * type->elements;
  std::int64_t left = bytes % type->size;
  auto run = [&](std::int64_t, const Datatype *basic, std::int64_t n) {
    const std::int64_t whole = left / basic->size < n ? left / basic->size : n;
    elements += whole;
    left -= whole * basic->size;
    return whole == n && left > 0;
  };
  if (left > 0)
    visit_elements(type, 0, 1, run);
  return left == 0 ? elements : -1;
}

namespace api {

int Pack_size(int incount, Datatype *datatype, Comm *comm, int *size) {
  Call call(Fn::Pack_size);
  if (comm->flags & kNull)
    return raise(abi::ERR_COMM);
  if (is_null(datatype))
    return raise(comm, abi::ERR_TYPE);
  if (incount < 0)
    return raise(comm, abi::ERR_COUNT);
  const std::int64_t bytes = packed_bytes(incount, datatype);
  *size = bytes > INT32_MAX ? abi::UNDEFINED : static_cast<int>(bytes);
  return 0;
}

int Pack(const void *inbuf, int incount, Datatype *datatype, void *outbuf, int outsize, int *position, Comm *comm) {
  Call call(Fn::Pack);
  if (comm->flags & kNull)
    return raise(abi::ERR_COMM);
  if (!is_usable(datatype))
    return raise(comm, abi::ERR_TYPE);
  if (incount < 0)
    return raise(comm, abi::ERR_COUNT);
  if (outsize < 0 || *position < 0)
    return raise(comm, abi::ERR_ARG);
  const std::int64_t bytes = packed_bytes(incount, datatype);
  if (*position + bytes > outsize)
    return raise(comm, abi::ERR_TRUNCATE);
  pack_bytes(inbuf, incount, datatype, static_cast<char *>(outbuf) + *position);
  *position += static_cast<int>(bytes);
  return 0;
}

int Unpack(const void *inbuf, int insize, int *position, void *outbuf, int outcount, Datatype *datatype, Comm *comm) {
  Call call(Fn::Unpack);
  if (comm->flags & kNull)
    return raise(abi::ERR_COMM);
  if (!is_usable(datatype))
    return raise(comm, abi::ERR_TYPE);
  if (outcount < 0)
    return raise(comm, abi::ERR_COUNT);
  if (insize < 0 || *position < 0)
    return raise(comm, abi::ERR_ARG);
  const std::int64_t bytes = packed_bytes(outcount, datatype);
  if (*position + bytes > insize)
    return raise(comm, abi::ERR_TRUNCATE);
  unpack_bytes(static_cast<const char *>(inbuf) + *position, bytes, outbuf, outcount, datatype);
  *position += static_cast<int>(bytes);
  return 0;
}

} // namespace api

} // namespace mana
