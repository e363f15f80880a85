// See ops.h.
#include "core/ops.h"

#include "core/call.h"
#include "core/datatypes.h"
#include "core/errors.h"
#include "core/pool.h"
#include "core/start.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana {

namespace {

constexpr int kSlots = 1024;  // at most; the backend may have fewer (LowerMpi::user_op_slots)

Op *slots[kSlots];

int slot_count() { return seam()->mpi->user_op_slots < kSlots ? seam()->mpi->user_op_slots : kSlots; }

int free_slot() {
  for (int slot = 0; slot < slot_count(); ++slot)
    if (!slots[slot]) return slot;
  return -1;
}

// The record of a native datatype. The live MPI hands back what the call was made with, almost always the same as last
// time.
Datatype *find_type(NativeDatatype native) {
  static Datatype *last = nullptr;
  if (last && last->native_live && last->native == native && (last->flags & (kLive | kPredefined))) return last;
  Datatype *found = nullptr;
  const auto look = [&](Datatype *type) {
    if (!found && type->native_live && type->native == native) found = type;
  };
  for_each<Datatype>(look);
  if (!found) for_each_predefined_type(look);
  return last = found;
}

void reduce(const Op *op, void *in, void *inout, int len, Datatype *type) {
  std::int64_t count = len;
  if (op->large)
    front().call_large_op(op->function, in, inout, &count, type);
  else
    front().call_op(op->function, in, inout, &len, type);
}

int create(void (*function)(), int commute, bool large, Op **op) {
  const int slot = free_slot();
  if (slot < 0) return raise(abi::ERR_NO_MEM);
  Op *made = make<Op>();
  made->function = function;
  made->commutative = commute != 0;
  made->large = large;
  made->slot = slot;
  made->native = seam()->mpi->user_op(slot, made->commutative);
  slots[slot] = made;
  *op = made;
  return 0;
}

}  // namespace

void call_user_op(int slot, void *in, void *inout, int *len, std::uint64_t native_type) {
  Datatype *type = find_type(static_cast<NativeDatatype>(native_type));
  if (!type) type = predefined<Datatype>(abi::BYTE);
  reduce(slots[slot], in, inout, *len, type);
}

void destroy_op(Op *op) {
  seam()->mpi->Op_free(&op->native);
  slots[op->slot] = nullptr;
  destroy(op);
}

void fill_ops() {
  for (int abi = abi::OP_NULL; abi <= abi::NO_OP; ++abi)
    if (Op *op = predefined<Op>(abi); op && op->kind == Kind::op)
      op->native = static_cast<NativeOp>(seam()->mpi->predefined(abi));
  for (int slot = 0; slot < kSlots; ++slot)
    if (Op *op = slots[slot]) op->native = seam()->mpi->user_op(slot, op->commutative);
}

Datatype *byte_operand(const Op *op, Datatype *byte) {
  const bool bits = op->abi == abi::BAND || op->abi == abi::BOR || op->abi == abi::BXOR;
  return is_user(op) || bits || !as_open_mpi() ? byte : predefined<Datatype>(abi::UNSIGNED_CHAR);
}

namespace api {

int Op_create(void (*function)(), int commute, Op **op) {
  Call call(Fn::Op_create);
  return create(function, commute, false, op);
}

int Op_create_c(void (*function)(), int commute, Op **op) {
  Call call(Fn::Op_create_c);
  return create(function, commute, true, op);
}

int Op_free(Op **op) {
  Call call(Fn::Op_free);
  if (!is_user(*op)) return raise(abi::ERR_OP);
  release(*op);
  *op = predefined<Op>(abi::OP_NULL);
  return 0;
}

int Op_commutative(Op *op, int *commute) {
  Call call(Fn::Op_commutative);
  if (op->flags & kNull) return raise(abi::ERR_OP);
  *commute = is_user(op) ? op->commutative : op->abi != abi::REPLACE && op->abi != abi::NO_OP;
  return 0;
}

int Reduce_local(const void *in, void *inout, int count, Datatype *type, Op *op) {
  Call call(Fn::Reduce_local);
  if (op->flags & kNull) return raise(abi::ERR_OP);
  if (count < 0) return raise(abi::ERR_COUNT);
  if (!is_usable(type)) return raise(abi::ERR_TYPE);
  if (is_refused(op, type)) return raise(abi::ERR_OP);
  type = operand(op, type);
  if (is_user(op)) {
    reduce(op, const_cast<void *>(in), inout, count, type);
    return 0;
  }
  const int error = seam()->mpi->Reduce_local(in, inout, count, native_of(type), op->native);
  return error ? raise(error) : 0;
}

}  // namespace api

}  // namespace mana
