// User-defined reduction operations.
//
// The live MPI calls a reduction function without saying which op it is for, so each op needs a function of its
// own: a pool of numbered trampolines, all alike but for their number. One crosses up and lets the core find the
// application's function by that number.
#pragma once
#include <mpi.h>

#include <array>
#include <utility>

#include "backends/convert.h"
#include "crossing.h"
#include "interface/seam.h"

namespace mana {

inline constexpr int kOpSlots = 1024;

inline void op_slot_call(int slot, void *in, void *inout, int *len, MPI_Datatype *type) {
  ReverseCrossing crossing;
  seam()->upper->call_op(slot, in, inout, len, static_cast<std::uint64_t>(wrap<NativeDatatype>(*type)));
}

template <std::size_t slot> void op_slot(void *in, void *inout, int *len, MPI_Datatype *type) {
  op_slot_call(slot, in, inout, len, type);
}

template <std::size_t... slots>
constexpr std::array<MPI_User_function *, sizeof...(slots)> op_slot_table(std::index_sequence<slots...>) {
  return {op_slot<slots>...};
}

inline MPI_User_function *op_slot_function(int slot) {
  static constexpr auto kFunctions = op_slot_table(std::make_index_sequence<kOpSlots>{});
  return kFunctions[static_cast<std::size_t>(slot)];
}

} // namespace mana
