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

// The forms with ints and with large counts: whether an int can say the result is the caller's.
namespace {

int check_pack(const Comm *comm, const Datatype *type, std::int64_t count) {
  if (!is_usable(type))
    return abi::ERR_TYPE;
  return count < 0 ? abi::ERR_COUNT : comm->flags & kNull ? abi::ERR_COMM : 0;
}

int raise_on(Comm *comm, int error) { return comm->flags & kNull ? raise(abi::ERR_COMM) : raise(comm, error); }

int pack_size(std::int64_t count, const Datatype *type, Comm *comm, std::int64_t *size) {
  const int error = comm->flags & kNull ? abi::ERR_COMM : is_null(type) ? abi::ERR_TYPE : count < 0 ? abi::ERR_COUNT : 0;
  if (error)
    return raise_on(comm, error);
  *size = packed_bytes(count, type);
  return 0;
}

int pack(const void *inbuf, std::int64_t count, const Datatype *type, void *outbuf, std::int64_t outsize,
         std::int64_t *position, Comm *comm) {
  int error = check_pack(comm, type, count);
  if (!error && (outsize < 0 || *position < 0))
    error = abi::ERR_ARG;
  const std::int64_t bytes = error ? 0 : packed_bytes(count, type);
  if (!error && *position + bytes > outsize)
    error = abi::ERR_TRUNCATE;
  if (error)
    return raise_on(comm, error);
  pack_bytes(inbuf, count, type, static_cast<char *>(outbuf) + *position);
  *position += bytes;
  return 0;
}

int unpack(const void *inbuf, std::int64_t insize, std::int64_t *position, void *outbuf, std::int64_t count,
           const Datatype *type, Comm *comm) {
  int error = check_pack(comm, type, count);
  if (!error && (insize < 0 || *position < 0))
    error = abi::ERR_ARG;
  const std::int64_t bytes = error ? 0 : packed_bytes(count, type);
  if (!error && *position + bytes > insize)
    error = abi::ERR_TRUNCATE;
  if (error)
    return raise_on(comm, error);
  unpack_bytes(static_cast<const char *>(inbuf) + *position, bytes, outbuf, count, type);
  *position += bytes;
  return 0;
}

} // namespace

namespace api {

int Pack_size(int incount, Datatype *datatype, Comm *comm, int *size) {
  Call call(Fn::Pack_size);
  std::int64_t bytes = 0;
  if (const int error = pack_size(incount, datatype, comm, &bytes))
    return error;
  *size = bytes > INT32_MAX ? abi::UNDEFINED : static_cast<int>(bytes);
  return 0;
}

int Pack_size_c(std::int64_t incount, Datatype *datatype, Comm *comm, std::int64_t *size) {
  Call call(Fn::Pack_size_c);
  return pack_size(incount, datatype, comm, size);
}

int Pack(const void *inbuf, int incount, Datatype *datatype, void *outbuf, int outsize, int *position, Comm *comm) {
  Call call(Fn::Pack);
  std::int64_t at = *position;
  const int error = pack(inbuf, incount, datatype, outbuf, outsize, &at, comm);
  *position = static_cast<int>(at);
  return error;
}

int Pack_c(const void *inbuf, std::int64_t incount, Datatype *datatype, void *outbuf, std::int64_t outsize,
           std::int64_t *position, Comm *comm) {
  Call call(Fn::Pack_c);
  return pack(inbuf, incount, datatype, outbuf, outsize, position, comm);
}

int Unpack(const void *inbuf, int insize, int *position, void *outbuf, int outcount, Datatype *datatype, Comm *comm) {
  Call call(Fn::Unpack);
  std::int64_t at = *position;
  const int error = unpack(inbuf, insize, &at, outbuf, outcount, datatype, comm);
  *position = static_cast<int>(at);
  return error;
}

int Unpack_c(const void *inbuf, std::int64_t insize, std::int64_t *position, void *outbuf, std::int64_t outcount,
             Datatype *datatype, Comm *comm) {
  Call call(Fn::Unpack_c);
  return unpack(inbuf, insize, position, outbuf, outcount, datatype, comm);
}

} // namespace api

} // namespace mana
