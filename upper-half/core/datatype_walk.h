// Walking a constructor tree: the one place that knows how each constructor lays out its blocks.
//
//   blocks of a type     "so many items of that type from this displacement on", one level down
//   bytes of a type      contiguous pieces of memory, in the order of the type map
//   elements of a type   runs of one predefined type, in that order
//
// All are templates over the visitor, so that packing compiles to loops around memcpy. A visitor returns
// false to stop. Depth of recursion is the depth of the tree.
#pragma once
#include "abi_constants.h"
#include "core/datatypes.h"

namespace mana {

// visit(displacement, count, type) for each block, empty ones included. `type` must have neither name nor body.
template <class Visit> inline bool visit_blocks(const Datatype *type, Visit &&visit) {
  const std::int32_t *i = type->integers;
  const std::int64_t *a = type->addresses;
  Datatype *const *t = type->types;
  const std::int64_t extent = type->nd ? t[0]->extent : 0; // a struct may be empty
  switch (type->combiner) {
  case abi::COMBINER_CONTIGUOUS:
    return visit(std::int64_t{0}, i[0], t[0]);
  case abi::COMBINER_DUP:
  case abi::COMBINER_RESIZED:
    return visit(std::int64_t{0}, 1, t[0]);
  case abi::COMBINER_VECTOR:
    for (int n = 0; n < i[0]; ++n)
      if (!visit(n * std::int64_t{i[2]} * extent, i[1], t[0]))
        return false;
    return true;
  case abi::COMBINER_HVECTOR:
    for (int n = 0; n < i[0]; ++n)
      if (!visit(n * a[0], i[1], t[0]))
        return false;
    return true;
  case abi::COMBINER_INDEXED:
    for (int n = 0; n < i[0]; ++n)
      if (!visit(i[1 + i[0] + n] * extent, i[1 + n], t[0]))
        return false;
    return true;
  case abi::COMBINER_HINDEXED:
    for (int n = 0; n < i[0]; ++n)
      if (!visit(a[n], i[1 + n], t[0]))
        return false;
    return true;
  case abi::COMBINER_INDEXED_BLOCK:
    for (int n = 0; n < i[0]; ++n)
      if (!visit(i[2 + n] * extent, i[1], t[0]))
        return false;
    return true;
  case abi::COMBINER_HINDEXED_BLOCK:
    for (int n = 0; n < i[0]; ++n)
      if (!visit(a[n], i[1], t[0]))
        return false;
    return true;
  case abi::COMBINER_STRUCT:
    for (int n = 0; n < i[0]; ++n)
      if (!visit(a[n], i[1 + n], t[n]))
        return false;
    return true;
  default:
    return true;
  }
}

// visit(offset, bytes) for `count` items at `offset`.
template <class Visit> bool visit_bytes(const Datatype *type, std::int64_t offset, std::int64_t count, Visit &visit) {
  if (type->contiguous)
    return count == 0 || visit(offset, count * type->size);
  if (type->body)
    return visit_bytes(type->body, offset, count, visit);
  for (std::int64_t n = 0; n < count; ++n, offset += type->extent)
    if (!visit_blocks(type, [&](std::int64_t at, int blocklength, const Datatype *child) {
          return visit_bytes(child, offset + at, blocklength, visit);
        }))
      return false;
  return true;
}

// visit(offset, predefined type, n): n of them from `offset` on. Pair types count as their two parts.
template <class Visit>
bool visit_elements(const Datatype *type, std::int64_t offset, std::int64_t count, Visit &visit) {
  if (type->body)
    return visit_elements(type->body, offset, count, visit);
  if (is_named(type))
    return count == 0 || type->elements == 0 || visit(offset, type, count);
  for (std::int64_t n = 0; n < count; ++n, offset += type->extent)
    if (!visit_blocks(type, [&](std::int64_t at, int blocklength, const Datatype *child) {
          return visit_elements(child, offset + at, blocklength, visit);
        }))
      return false;
  return true;
}

} // namespace mana
