// MPI_Pack_external and its kin: the representation "external32" (MPI-3.1, section 13.5.2), big-endian IEEE with the
// standard's sizes. On x86-64 three families of types have other sizes in memory: long (4 bytes), wchar_t (2), and
// long double (an IEEE quad).
#include "core/external32.h"

#include <cstring>

#include "core/call.h"
#include "core/datatype_walk.h"
#include "core/errors.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core_api.h"

namespace mana {

namespace {

enum class Convert { swap, narrow, quad };

// How one element converts: into `parts` (two for complex numbers) of `memory` bytes here and `external` there.
struct Format {
  Convert convert;
  int parts, memory, external;
};

Format format_of(const Datatype *type) {
  const int size = static_cast<int>(type->size);
  switch (type->abi) {
  case abi::LONG:
  case abi::UNSIGNED_LONG:
    return {Convert::narrow, 1, 8, 4};
  case abi::WCHAR:
    return {Convert::narrow, 1, 4, 2};
  case abi::LONG_DOUBLE:
    return {Convert::quad, 1, 16, 16};
  case abi::C_LONG_DOUBLE_COMPLEX:
  case abi::CXX_LONG_DOUBLE_COMPLEX:
    return {Convert::quad, 2, 16, 16};
  case abi::C_FLOAT_COMPLEX:
  case abi::CXX_FLOAT_COMPLEX:
  case abi::C_DOUBLE_COMPLEX:
  case abi::CXX_DOUBLE_COMPLEX:
  case abi::COMPLEX:
  case abi::DOUBLE_COMPLEX:
  case abi::COMPLEX4:
  case abi::COMPLEX8:
  case abi::COMPLEX16:
  case abi::COMPLEX32:
    return {Convert::swap, 2, size / 2, size / 2};
  default:
    return {Convert::swap, 1, size, size};
  }
}

int external_size(const Datatype *basic) {
  const Format format = format_of(basic);
  return format.parts * format.external;
}

void reverse(unsigned char *to, const unsigned char *from, int n) {
  for (int i = 0; i < n; ++i)
    to[i] = from[n - 1 - i];
}

void pack_part(const Format &format, const unsigned char *from, unsigned char *to) {
  if (format.convert == Convert::quad) {
    long double here;
    std::memcpy(&here, from, sizeof here);
    const __float128 quad = here;
    unsigned char bytes[16];
    std::memcpy(bytes, &quad, 16);
    return reverse(to, bytes, 16);
  }
  reverse(to, from, format.external); // little-endian: the low bytes come first
}

void unpack_part(const Format &format, const unsigned char *from, unsigned char *to, bool is_signed) {
  if (format.convert == Convert::quad) {
    unsigned char bytes[16];
    reverse(bytes, from, 16);
    __float128 quad;
    std::memcpy(&quad, bytes, 16);
    const long double here = static_cast<long double>(quad);
    std::memset(to, 0, 16);
    std::memcpy(to, &here, 10);
    return;
  }
  reverse(to, from, format.external);
  const int fill = is_signed && (from[0] & 0x80) ? 0xff : 0;
  std::memset(to + format.external, fill, static_cast<std::size_t>(format.memory - format.external));
}

bool same_size(const Datatype *basic) { return external_size(basic) == basic->size; }

bool same_sizes(const Datatype *type) {
  bool same = true;
  auto run = [&](std::int64_t, const Datatype *basic, std::int64_t) { return same = same && same_size(basic); };
  visit_elements(type, 0, 1, run);
  return same;
}

// An integer of so many bytes: only the size counts.
Datatype *stand_in(int size) {
  Datatype *type = predefined<Datatype>(size == 2 ? abi::INT16_T : abi::INT32_T);
  retain(type);
  return type;
}

int check(const char *datarep, int count, const Datatype *type) {
  if (std::strcmp(datarep, "external32") != 0)
    return abi::ERR_UNSUPPORTED_DATAREP;
  if (is_null(type))
    return abi::ERR_TYPE;
  return count < 0 ? abi::ERR_COUNT : 0;
}

} // namespace

std::int64_t external_bytes(const Datatype *type, std::int64_t count) {
  std::int64_t bytes = 0;
  auto run = [&](std::int64_t, const Datatype *basic, std::int64_t n) {
    bytes += n * external_size(basic);
    return true;
  };
  visit_elements(type, 0, 1, run);
  return bytes * count;
}

unsigned char *pack_external(const void *user, std::int64_t count, const Datatype *type, unsigned char *external) {
  auto run = [&](std::int64_t at, const Datatype *basic, std::int64_t n) {
    const Format format = format_of(basic);
    auto *memory = reinterpret_cast<const unsigned char *>(static_cast<std::uintptr_t>(at));
    for (std::int64_t i = 0; i < n * format.parts; ++i, memory += format.memory, external += format.external)
      pack_part(format, memory, external);
    return true;
  };
  visit_elements(type, static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(user)), count, run);
  return external;
}

std::int64_t unpack_external(const unsigned char *external, std::int64_t bytes, void *user, std::int64_t count,
                             const Datatype *type) {
  std::int64_t filled = 0, left = bytes;
  auto run = [&](std::int64_t at, const Datatype *basic, std::int64_t n) {
    const Format format = format_of(basic);
    const std::int64_t size = format.parts * format.external;
    const std::int64_t whole = left / size < n ? left / size : n;
    auto *memory = reinterpret_cast<unsigned char *>(static_cast<std::uintptr_t>(at));
    for (std::int64_t i = 0; i < whole * format.parts; ++i, memory += format.memory, external += format.external)
      unpack_part(format, external, memory, basic->abi == abi::LONG);
    filled += whole * basic->size;
    left -= whole * size;
    return whole == n;
  };
  visit_elements(type, static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(user)), count, run);
  return filled;
}

Datatype *external_type(Datatype *type) {
  if (same_sizes(type)) {
    retain(type);
    return type;
  }
  if (is_named(type) && !type->body)
    return stand_in(external_size(type));
  if (type->body)
    return nullptr;
  Datatype **parts = core_array<Datatype *>(static_cast<std::size_t>(type->nd));
  int made = 0;
  while (made < type->nd && (parts[made] = external_type(type->types[made])))
    ++made;
  Datatype *whole = nullptr;
  if (made == type->nd) {
    whole = new_type(type->combiner, type->ni, type->integers, type->na, type->addresses, type->nd, parts);
    compute_bounds(whole);
    whole->committed = 1;
  }
  for (int i = 0; i < made; ++i)
    release(parts[i]);
  core_free(parts);
  return whole;
}

namespace api {

int Pack_external_size(const char *datarep, int incount, Datatype *datatype, std::int64_t *size) {
  Call call(Fn::Pack_external_size);
  if (const int error = check(datarep, incount, datatype))
    return raise(error);
  *size = external_bytes(datatype, incount);
  return 0;
}

int Pack_external(const char *datarep, const void *inbuf, int incount, Datatype *datatype, void *outbuf,
                  std::int64_t outsize, std::int64_t *position) {
  Call call(Fn::Pack_external);
  if (const int error = check(datarep, incount, datatype))
    return raise(error);
  if (*position < 0)
    return raise(abi::ERR_ARG);
  if (*position + external_bytes(datatype, incount) > outsize)
    return raise(abi::ERR_TRUNCATE);
  unsigned char *begin = static_cast<unsigned char *>(outbuf);
  *position = pack_external(inbuf, incount, datatype, begin + *position) - begin;
  return 0;
}

int Unpack_external(const char *datarep, const void *inbuf, std::int64_t insize, std::int64_t *position, void *outbuf,
                    int outcount, Datatype *datatype) {
  Call call(Fn::Unpack_external);
  if (const int error = check(datarep, outcount, datatype))
    return raise(error);
  if (*position < 0)
    return raise(abi::ERR_ARG);
  const std::int64_t bytes = external_bytes(datatype, outcount);
  if (*position + bytes > insize)
    return raise(abi::ERR_TRUNCATE);
  unpack_external(static_cast<const unsigned char *>(inbuf) + *position, bytes, outbuf, outcount, datatype);
  *position += bytes;
  return 0;
}

} // namespace api

} // namespace mana
