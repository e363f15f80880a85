// Small helpers of the generated fronts, the same for both. Included after openmpi.h or mpich.h.
#pragma once
#include "core/topology.h"
#include "core_api.h"

namespace mana::front_side {

inline int at_least_0(int n) { return n > 0 ? n : 0; }

// MPI_Aint, MPI_Count and MPI_Offset are long or long long, of the same form as std::int64_t.
template <class Int> inline std::int64_t *as_int64(Int *ints) {
  static_assert(sizeof(Int) == sizeof(std::int64_t));
  return reinterpret_cast<std::int64_t *>(ints);
}
template <class Int> inline const std::int64_t *as_const_int64(const Int *ints) {
  static_assert(sizeof(Int) == sizeof(std::int64_t));
  return reinterpret_cast<const std::int64_t *>(ints);
}

// A buffer for buffered sends. What the core gives back is what it was given.
#ifdef MPI_BUFFER_AUTOMATIC
inline void *attached_in(void *buffer) {
  return buffer == MPI_BUFFER_AUTOMATIC ? reinterpret_cast<void *>(std::uintptr_t{abi::BUFFER_AUTOMATIC}) : buffer;
}
inline void attached_out(void **buffer) {
  if (*buffer == reinterpret_cast<void *>(std::uintptr_t{abi::BUFFER_AUTOMATIC}))
    *buffer = MPI_BUFFER_AUTOMATIC;
}
#else
inline void *attached_in(void *buffer) { return buffer; }
inline void attached_out(void **) {}
#endif

// Is this rank the root of a rooted collective? Elsewhere the parameters of the root are ignored, and may be
// anything.
inline bool is_root(int root, const Comm *comm) { return root == (comm->remote ? MPI_ROOT : comm->rank); }
// Does it take part with data of its own, besides being the root? Not in the root's group of an inter-communicator.
inline bool is_beside(int root, const Comm *comm) {
  return comm->remote && (root == MPI_ROOT || root == MPI_PROC_NULL);
}

// A single completion has a status when it succeeded, or delivered a part of the message.
inline bool has_status(int abi_error) {
  return abi_error == 0 || abi_error == abi::ERR_TRUNCATE || abi_error == kSilencedWithStatus;
}

// The calls that complete several requests. The standard has MPI_ERROR set only with MPI_ERR_IN_STATUS, but MPI_Waitall of both
// MPIs sets it to MPI_SUCCESS otherwise, and programs look at it.
inline void statuses_out(const Status *from, int n, int abi_error, MPI_Status *to) {
  const bool failed = abi_error == abi::ERR_IN_STATUS || abi_error == kSilencedWithStatus;
  if (abi_error != 0 && !failed)
    return;
  for (int i = 0; i < n; ++i) {
    status_out(from[i], &to[i]);
    to[i].MPI_ERROR = failed ? error_out(from[i].error) : MPI_SUCCESS;
  }
}

// MPI_Type_get_contents: which of the integers are constants follows from the constructor. Those with large counts have
// no sizes among the integers.
inline void contents_out(const Datatype *type, int *integers) {
  const bool large = type->nc != 0;
  if (type->combiner == abi::COMBINER_SUBARRAY) {
    int &order = integers[large ? 1 : 1 + 3 * integers[0]];
    order = order_out(order);
  } else if (type->combiner == abi::COMBINER_DARRAY) {
    const int ndims = integers[2];
    int *distributions = integers + (large ? 3 : 3 + ndims);
    for (int i = 0; i < ndims; ++i) {
      distributions[i] = distribution_out(distributions[i]);
      distributions[ndims + i] = darg_out(distributions[ndims + i]);
    }
    distributions[3 * ndims] = order_out(distributions[3 * ndims]);
  }
}

} // namespace mana::front_side
