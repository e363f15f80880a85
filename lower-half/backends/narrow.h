// Arrays and buffers on their way to the live MPI: handles narrowed from 64 bits, constants in arrays, MPI_IN_PLACE.
//
// Where a native handle is a pointer all of this is a cast. Where it is an int, arrays are copied (HandleArray), or
// narrowed in place if the live MPI reads them until an operation completes (narrow).
#pragma once
#include <mpi.h>

#include <cstdint>
#include <cstdlib>

#include "abi_constants.h"
#include "backends/convert.h"

namespace mana {

// A predefined handle as 64 bits, whatever its type.
inline std::uint64_t widen(int handle) { return static_cast<std::uint32_t>(handle); }
inline std::uint64_t widen(const void *handle) { return reinterpret_cast<std::uintptr_t>(handle); }

inline const void *buffer_to_native(const void *buffer) {
  return reinterpret_cast<std::uintptr_t>(buffer) == abi::IN_PLACE ? MPI_IN_PLACE : buffer;
}
inline void *buffer_to_native(void *buffer) {
  return reinterpret_cast<std::uintptr_t>(buffer) == abi::IN_PLACE ? MPI_IN_PLACE : buffer;
}

// std::int64_t and MPI_Aint, MPI_Count or MPI_Offset are different types of the same form.
template <class Int> inline Int *native_ints(std::int64_t *ints) {
  static_assert(sizeof(Int) == sizeof(std::int64_t));
  return reinterpret_cast<Int *>(ints);
}
template <class Int> inline const Int *native_ints(const std::int64_t *ints) {
  static_assert(sizeof(Int) == sizeof(std::int64_t));
  return reinterpret_cast<const Int *>(ints);
}

// Narrows in place: entry i is read before its place is written, as the result is never longer.
template <class Handle, class Native> inline Handle *narrow(Native *handles, int n) {
  auto *narrowed = reinterpret_cast<Handle *>(handles);
  if constexpr (sizeof(Handle) != sizeof(Native)) {
    if (!handles)
      return nullptr;
    for (int i = 0; i < n; ++i) {
      Native wide;
      __builtin_memcpy(&wide, handles + i, sizeof wide);
      const Handle handle = unwrap<Handle>(wide);
      __builtin_memcpy(narrowed + i, &handle, sizeof handle);
    }
  }
  return narrowed;
}

// Room for n items, on the stack when they are few.
template <class T> class Room {
public:
  explicit Room(int n)
      : items_(n <= kFew ? few_ : static_cast<T *>(std::malloc(sizeof(T) * static_cast<std::size_t>(n)))) {}
  ~Room() {
    if (items_ != few_)
      std::free(items_);
  }
  Room(const Room &) = delete;
  Room &operator=(const Room &) = delete;
  T *get() { return items_; }

private:
  static constexpr int kFew = 64;
  T few_[kFew];
  T *items_;
};

// Counts of a neighbourhood collective with a datatype for each neighbour. MPICH 4.0's binding with ints takes the number of
// neighbours to send to for that to receive from; the one with MPI_Count does not. Both read the counts before they return.
#if defined(MPICH_NUMVERSION) && MPI_VERSION >= 4
#define WITH_NEIGHBOR_COUNTS(function) function##_c
class NeighborCounts {
public:
  NeighborCounts(const int *from, int n) : room_(n) {
    for (int i = 0; i < n; ++i)
      room_.get()[i] = from[i];
  }
  const MPI_Count *get() { return room_.get(); }

private:
  Room<MPI_Count> room_;
};
#else
#define WITH_NEIGHBOR_COUNTS(function) function
class NeighborCounts {
public:
  NeighborCounts(const int *from, int) : from_(from) {}
  const int *get() const { return from_; }

private:
  const int *from_;
};
#endif

template <class Handle, class Native> class HandleArray {
public:
  HandleArray(const Native *from, int n) : n_(n), room_(n) {
    for (int i = 0; i < n; ++i)
      room_.get()[i] = unwrap<Handle>(from[i]);
  }
  void store(Native *to) {
    for (int i = 0; i < n_; ++i)
      to[i] = wrap<Native>(room_.get()[i]);
  }
  Handle *get() { return room_.get(); }

private:
  int n_;
  Room<Handle> room_;
};

class IntArray {
public:
  IntArray(const int *from, int n, int (*convert)(int)) : room_(n) {
    for (int i = 0; i < n; ++i)
      room_.get()[i] = convert(from[i]);
  }
  int *get() { return room_.get(); }

private:
  Room<int> room_;
};

} // namespace mana
