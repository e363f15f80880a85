// Between the MPI-5.0 ABI's numbering, which crosses the seam, and the live MPI's.
//
// Compiled once per backend against its mpi.h. Everything is inline: these stand on the path of every message.
#pragma once
#include <mpi.h>

#include <cstdint>
#include <type_traits>

#include "abi_constants.h"
#include "interface/native.h"

namespace mana {

// Native handle <-> the 64 bits that cross. A native handle is an int (MPICH) or a pointer (Open MPI).
template <class Native, class Handle>
inline Native wrap(Handle handle) {
  if constexpr (std::is_pointer_v<Handle>)
    return static_cast<Native>(reinterpret_cast<std::uintptr_t>(handle));
  else
    return static_cast<Native>(static_cast<std::uint32_t>(handle));
}
template <class Handle, class Native>
inline Handle unwrap(Native native) {
  if constexpr (std::is_pointer_v<Handle>)
    return reinterpret_cast<Handle>(static_cast<std::uintptr_t>(native));
  else
    return static_cast<Handle>(static_cast<std::uint64_t>(native));
}

// Ranks and tags: everything that is not negative is the same everywhere.
inline int rank_to_native(int rank) {
  if (rank >= 0) [[likely]] return rank;
  switch (rank) {
  case abi::ANY_SOURCE: return MPI_ANY_SOURCE;
  case abi::PROC_NULL: return MPI_PROC_NULL;
  case abi::ROOT: return MPI_ROOT;
  default: return -99;  // no rank in any MPI: the call reports MPI_ERR_RANK
  }
}
inline int rank_from_native(int rank) {
  if (rank >= 0) [[likely]] return rank;
  if (rank == MPI_PROC_NULL) return abi::PROC_NULL;
  if (rank == MPI_ANY_SOURCE) return abi::ANY_SOURCE;
  if (rank == MPI_ROOT) return abi::ROOT;
  return abi::UNDEFINED;
}
inline int tag_to_native(int tag) {
  if (tag >= 0) [[likely]] return tag;
  return tag == abi::ANY_TAG ? MPI_ANY_TAG : -99;
}
inline int tag_from_native(int tag) { return tag == MPI_ANY_TAG ? abi::ANY_TAG : tag; }

// Error code of the live MPI -> ABI error class. Out of line: errors are rare.
int error_class_to_abi(int native_error);
inline int error_from_native(int native_error) {
  return native_error == MPI_SUCCESS ? 0 : error_class_to_abi(native_error);
}

// The number of bytes received. Both MPIs keep it in fields that their mpi.h shows; the call below is the
// standard's way for every other MPI.
inline std::int64_t status_bytes(const MPI_Status &status) {
#if defined(OPEN_MPI)
  return static_cast<std::int64_t>(status._ucount);
#elif defined(MPICH_NUMVERSION)
  return static_cast<std::int64_t>(static_cast<std::uint32_t>(status.count_lo)) |
         (static_cast<std::int64_t>(static_cast<std::uint32_t>(status.count_hi_and_cancelled) >> 1) << 32);
#else
  MPI_Count bytes = 0;
  MPI_Get_elements_x(const_cast<MPI_Status *>(&status), MPI_BYTE, &bytes);
  return bytes;
#endif
}
inline bool status_cancelled(const MPI_Status &status) {
#if defined(OPEN_MPI)
  return status._cancelled != 0;
#elif defined(MPICH_NUMVERSION)
  return (status.count_hi_and_cancelled & 1) != 0;
#else
  int flag = 0;
  MPI_Test_cancelled(const_cast<MPI_Status *>(&status), &flag);
  return flag != 0;
#endif
}

// `error` is the outcome of this operation as the call returned it (ABI class).
inline void status_from_native(const MPI_Status &native, int error, Status *status) {
  status->source = rank_from_native(native.MPI_SOURCE);
  status->tag = tag_from_native(native.MPI_TAG);
  status->error = error;
  status->cancelled = status_cancelled(native);
  status->bytes = status_bytes(native);
  status->reserved = 0;
}

}  // namespace mana
