// Reduction operations.
//
// A user-defined op is a slot in the lower half's pool of trampolines: the live MPI calls trampoline number
// `slot`, which crosses up to call_user_op(), which finds the record and calls the application through its front. A slot
// is taken again when the op's last user is gone: the application's handle and every nonblocking collective under way.
#pragma once
#include "abi_constants.h"
#include "core/objects.h"

namespace mana {

inline bool is_user(const Op *op) { return (op->flags & kPredefined) == 0; }

// Logical operations on floating point, which the standard does not have. MPICH 4.0 ends the job for them.
inline bool is_refused(const Op *op, const Datatype *type) {
  return (op->abi == abi::LAND || op->abi == abi::LOR) &&
         (type->abi == abi::FLOAT || type->abi == abi::DOUBLE || type->abi == abi::LONG_DOUBLE);
}

// The type whose elements a reduction of `type` takes below. Open MPI reduces MPI_BYTE as numbers of 8 bits, MPICH knows its
// bits only.
Datatype *byte_operand(const Op *op, Datatype *byte);
inline Datatype *operand(const Op *op, Datatype *type) {
  return type->abi == abi::BYTE ? byte_operand(op, type) : type;
}

void destroy_op(Op *op);
inline void release(Op *op) {
  if (--op->refs == 0) destroy_op(op);
}

// UpperServices::call_op.
void call_user_op(int slot, void *in, void *inout, int *len, std::uint64_t native_type);

// After MPI_Init or a restart: natives of the predefined ops, and new ones for the user-defined.
void fill_ops();

}  // namespace mana
