// Datatypes: constructor trees, and everything that MPI can be asked about them, in the upper half.
//
//     struct ─┬─ INT                         `integers`, `addresses`, `types` of a record are the arguments of its
//             └─ subarray ── DOUBLE          constructor: what MPI_Type_get_contents answers and restart rebuilds
//             from.
//                   ╎ body
//                   ╰─ resized ─ hindexed ─ vector ─ DOUBLE
//
// A constructor that can be said by simpler ones (subarray, darray, dup, f90) has a `body`, which is what
// is walked by pack.h and made below. Size, bounds and extents are computed once, at construction
// (datatype_bounds.cpp); they do not depend on the live MPI, so they stay true after a migration.
//
// The native type is made and committed when it is first needed in communication. A restart only has to
// forget them (forget_native_types), the next use makes them in the new MPI.
#pragma once
#include "core/objects.h"

namespace mana {

// Datatype::native_live.
enum : std::uint32_t { kNativeNone = 0, kNativeCommitted = 1, kNativeBuilt = 2 }; // built: only as a part of others

// The native handle, made on the first use. Types that the live MPI lacks give its MPI_DATATYPE_NULL, so that the
// call they are used in reports MPI_ERR_TYPE. Never called under a lock that the engine needs: it cannot park.
[[gnu::cold]] NativeDatatype make_native(Datatype *type);
inline NativeDatatype native_of(Datatype *type) {
  if (type->native_live == kNativeCommitted) [[likely]]
    return type->native;
  return make_native(type);
}

// After a restart: no native handle is valid any more.
void forget_native_types();

inline void retain(Datatype *type) { ++type->refs; }
void destroy_type(Datatype *type);
inline void release(Datatype *type) {
  if (--type->refs == 0) [[unlikely]]
    destroy_type(type);
}

inline bool is_null(const Datatype *type) { return (type->flags & kNull) != 0; }
// May be used in communication (a null type is never committed).
inline bool is_usable(const Datatype *type) { return type->committed != 0; }
inline bool is_named(const Datatype *type) { return type->combiner == 101; } // MPI_COMBINER_NAMED

// --- for the constructors (datatypes.cpp, datatype_arrays.cpp) ---

// Bits of Datatype::markers: an explicit lower/upper bound (Type_create_resized, MPI_LB, MPI_UB) somewhere inside.
// Once there is one, only explicit bounds count: MPI-3.1, section 4.1.6.
enum : std::uint8_t { kLbMarker = 1, kUbMarker = 2 };

// A record with copies of the constructor's arguments and a reference to each type; bounds not yet computed.
Datatype *new_type(int combiner, int ni, const int *integers, int na, const std::int64_t *addresses, int nd,
                   Datatype *const *types);
// Computes size, bounds and the rest of a finished record; from its body if it has one.
void compute_bounds(Datatype *type);

// For MPI_Type_get_contents: the types are references of the application's, which frees those that are not predefined.
void give_types(const Datatype *type, Datatype **out);

// Constructors used inside, arguments already checked. They return a new reference and take none.
Datatype *build_contiguous(int count, Datatype *old);
Datatype *build_vector(int count, int blocklength, int stride, Datatype *old);
Datatype *build_hvector(int count, int blocklength, std::int64_t stride, Datatype *old);
Datatype *build_resized(Datatype *old, std::int64_t lb, std::int64_t extent);
Datatype *build_struct(int count, const int *blocklengths, const std::int64_t *displacements, Datatype *const *types);

// The named pair type of MPI_MINLOC and MPI_MAXLOC with these components, or MPI_DATATYPE_NULL.
Datatype *predefined_pair(const Datatype *value, const Datatype *index);

} // namespace mana
