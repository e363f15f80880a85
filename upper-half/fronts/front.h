// What both fronts share that does not depend on an mpi.h: the way from a handle to its record when
// it is in an array, and what a front does when there is nothing below it.
//
// A front is the library that an application binary takes for its MPI. It is generated from the table of MPI
// functions (mpi-wrappers/), one translation unit per MPI, compiled against that MPI's own mpi.h, which checks every
// prototype. A function of it does no more than change the form of its parameters:
//
//     MPI_Isend(buf, count, type, dest, tag, comm, request)          handles, constants, status of Open MPI or MPICH
//        api::Isend(buf, count, type_in(type), rank_in(dest), ...)   records, MPI-5.0 ABI numbers, Status of native.h
//
// <role>_in() is the way down, <role>_out() the way up: openmpi.h, mpich.h (handles, status, sentinels) and
// constants.h.
#pragma once
#include <cstddef>
#include <cstdint>

#include "abi_constants.h"
#include "core/call.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/pool.h"
#include "interface/seam.h"

namespace mana::front_side {

// False in a process that was not started by mana_launch: then there is no seam, and nothing of the core may run. Set
// by the constructor in callbacks.h.
extern bool under_mana;

// Ends the process with a sentence: MPI_Init without mana_launch.
[[noreturn, gnu::cold]] void no_lower_half();

// The null record of a kind; filled before any MPI call.
extern Object *null_records[kKinds];
template <class T> T *null_record(Kind kind) { return static_cast<T *>(null_records[static_cast<int>(kind)]); }

// A handle whose object was freed finds a record that is not in use; one of another kind, a record of that.
template <class T> T *in_use(Object *record, Kind kind) {
  if (!record || record->flags == 0 || record->kind != kind) [[unlikely]]
    return null_record<T>(kind);
  return static_cast<T *>(record);
}

// The status of a null or an inactive request.
inline bool is_empty(const Status &status) { return status.source == abi::ANY_SOURCE && status.tag == abi::ANY_TAG; }

// Memory of the core for a front.
[[gnu::cold]] void *scratch_alloc(std::size_t bytes);
[[gnu::cold]] void scratch_free(void *block);

// An array of converted values for the length of a call, on the stack when it is short. Not initialised.
template <class T> class Scratch {
public:
  explicit Scratch(int n)
      : items_(n <= kFew ? few_ : static_cast<T *>(scratch_alloc(sizeof(T) * static_cast<std::size_t>(n)))) {}
  ~Scratch() {
    if (items_ != few_) [[unlikely]]
      scratch_free(items_);
  }
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;
  operator T *() { return items_; }

private:
  static constexpr int kFew = 64;
  T few_[kFew];
  T *items_;
};

double wall_time();

} // namespace mana::front_side
