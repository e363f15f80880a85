// See rma_memory.h.
#include "core/rma_memory.h"

#include <errno.h>

#include "core/ops.h"
#include "core/pack.h"
#include "lower_mpi.h"

namespace mana {

namespace {

std::int64_t number(const void *p) { return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(p)); }
void *pointer(std::int64_t at) { return reinterpret_cast<void *>(static_cast<std::uintptr_t>(at)); }

int error_of(int system_error) {
  if (system_error == 0) return 0;
  return system_error == EFAULT ? abi::ERR_RMA_RANGE : abi::ERR_OTHER;
}

// Pieces of another process's memory, copied from or to one array of ours: some at a time, in one system call.
class Pieces {
public:
  Pieces(std::int32_t pid, void *array, std::int64_t bytes, bool write)
      : pid_(pid), array_(static_cast<char *>(array)), left_(bytes), write_(write) {}

  bool add(std::int64_t at, std::int64_t bytes) {
    if (bytes > left_) bytes = left_;
    left_ -= bytes;
    pending_ += bytes;
    pieces_[n_++] = {static_cast<std::uint64_t>(at), static_cast<std::uint64_t>(bytes)};
    if (n_ == kPieces) copy();
    return left_ > 0 && error_ == 0;
  }
  int finish() {
    if (n_ > 0) copy();
    return error_of(error_);
  }

private:
  void copy() {
    const SharedMemory &shared = *seam()->services->shared;
    error_ = write_ ? shared.write(pid_, array_, pieces_, n_) : shared.read(pid_, array_, pieces_, n_);
    array_ += pending_;
    pending_ = n_ = 0;
  }

  static constexpr int kPieces = 64;
  RemotePiece pieces_[kPieces];
  std::int32_t pid_;
  int n_ = 0, error_ = 0;
  char *array_;
  std::int64_t left_, pending_ = 0;
  bool write_;
};

int move_remote_bytes(const TargetBuffer &target, void *array, std::int64_t bytes, bool write) {
  Pieces pieces(target.pid, array, bytes, write);
  auto piece = [&](std::int64_t at, std::int64_t n) { return pieces.add(at, n); };
  visit_bytes(target.type, number(target.address), target.count, piece);
  return pieces.finish();
}

int move_remote_elements(const TargetBuffer &target, void *array, std::int64_t bytes, bool write) {
  Pieces pieces(target.pid, array, bytes, write);
  auto run = [&](std::int64_t at, std::int64_t n) { return pieces.add(at, n); };
  visit_runs(target.type, number(target.address), target.count, run);
  return pieces.finish();
}

// Both in this process.
int copy_here(const Buffer &from, const Buffer &to, std::int64_t bytes) {
  if (from.is_flat() && to.is_flat()) {
    copy_flat(to.address, from.address, bytes);
  } else if (from.is_flat()) {
    unpack_bytes(from.address, bytes, to.address, to.count, to.type);
  } else if (to.is_flat()) {
    pack_bytes(from.address, from.count, from.type, to.address);
  } else {
    const Temporary packed(bytes);
    if (!packed.get()) return abi::ERR_NO_MEM;
    pack_bytes(from.address, from.count, from.type, packed.get());
    unpack_bytes(packed.get(), bytes, to.address, to.count, to.type);
  }
  return 0;
}

}  // namespace

int put_bytes(const Buffer &origin, const TargetBuffer &target) {
  const std::int64_t bytes = origin.bytes();
  if (target.is_here()) return copy_here(origin, target, bytes);
  if (origin.is_flat()) return move_remote_bytes(target, origin.address, bytes, true);
  const Temporary packed(bytes);
  if (!packed.get()) return abi::ERR_NO_MEM;
  pack_bytes(origin.address, origin.count, origin.type, packed.get());
  return move_remote_bytes(target, packed.get(), bytes, true);
}

int get_bytes(const Buffer &origin, const TargetBuffer &target) {
  const std::int64_t bytes = target.bytes();
  if (target.is_here()) return copy_here(target, origin, bytes);
  if (origin.is_flat()) return move_remote_bytes(target, origin.address, bytes, false);
  const Temporary packed(bytes);
  if (!packed.get()) return abi::ERR_NO_MEM;
  const int error = move_remote_bytes(target, packed.get(), bytes, false);
  if (!error) unpack_bytes(packed.get(), bytes, origin.address, origin.count, origin.type);
  return error;
}

// ---------------------------------------------------------------------------------
// Elements

const Datatype *element_type(const Datatype *type) {
  if (is_named(type)) return type;
  if (type->body) return element_type(type->body);
  const Datatype *element = nullptr;
  for (int i = 0; i < type->nd; ++i) {
    if (type->types[i]->size == 0) continue;
    const Datatype *found = element_type(type->types[i]);
    if (!found || (element && element != found)) return nullptr;
    element = found;
  }
  return element;
}

void gather_elements(const Buffer &from, void *array, std::int64_t bytes) {
  char *to = static_cast<char *>(array);
  auto run = [&](std::int64_t at, std::int64_t n) {
    if (n > bytes) n = bytes;
    copy_flat(to, pointer(at), n);
    to += n;
    return (bytes -= n) > 0;
  };
  visit_runs(from.type, number(from.address), from.count, run);
}

void scatter_elements(const void *array, const Buffer &to, std::int64_t bytes) {
  const char *from = static_cast<const char *>(array);
  auto run = [&](std::int64_t at, std::int64_t n) {
    if (n > bytes) n = bytes;
    copy_flat(pointer(at), from, n);
    from += n;
    return (bytes -= n) > 0;
  };
  visit_runs(to.type, number(to.address), to.count, run);
}

int read_elements(const TargetBuffer &from, void *array, std::int64_t bytes) {
  if (!from.is_here()) return move_remote_elements(from, array, bytes, false);
  gather_elements(from, array, bytes);
  return 0;
}

int write_elements(const void *array, const TargetBuffer &to, std::int64_t bytes) {
  if (!to.is_here()) return move_remote_elements(to, const_cast<void *>(array), bytes, true);
  scatter_elements(array, to, bytes);
  return 0;
}

// ---------------------------------------------------------------------------------
// Reductions. Sums and extrema of plain numbers are done here, all others by the live MPI's MPI_Reduce_local.

namespace {

template <class T, class Function> int each(const void *in, void *inout, std::int64_t n, Function function) {
  const T *a = static_cast<const T *>(in);
  T *b = static_cast<T *>(inout);
  for (std::int64_t i = 0; i < n; ++i) b[i] = function(b[i], a[i]);
  return 0;
}

constexpr int kNotHere = -1;

template <class T> int combine_numbers(int op, const void *in, void *inout, std::int64_t n) {
  switch (op) {
  case abi::SUM: return each<T>(in, inout, n, [](T a, T b) { return static_cast<T>(a + b); });
  case abi::MIN: return each<T>(in, inout, n, [](T a, T b) { return b < a ? b : a; });
  case abi::MAX: return each<T>(in, inout, n, [](T a, T b) { return a < b ? b : a; });
  default: return kNotHere;
  }
}

int combine_here(int op, int type, const void *in, void *inout, std::int64_t n) {
  switch (type) {
  case abi::INT:
  case abi::INT32_T: return combine_numbers<std::int32_t>(op, in, inout, n);
  case abi::UNSIGNED:
  case abi::UINT32_T: return combine_numbers<std::uint32_t>(op, in, inout, n);
  case abi::LONG:
  case abi::LONG_LONG:
  case abi::AINT:
  case abi::INT64_T: return combine_numbers<std::int64_t>(op, in, inout, n);
  case abi::UNSIGNED_LONG:
  case abi::UNSIGNED_LONG_LONG:
  case abi::UINT64_T: return combine_numbers<std::uint64_t>(op, in, inout, n);
  case abi::FLOAT: return combine_numbers<float>(op, in, inout, n);
  case abi::DOUBLE: return combine_numbers<double>(op, in, inout, n);
  default: return kNotHere;
  }
}

}  // namespace

int combine(Op *op, const Datatype *element, const void *in, void *inout, std::int64_t n) {
  if (op->abi == abi::REPLACE) {
    copy_flat(inout, in, n * element->extent);
    return 0;
  }
  if (combine_here(op->abi, element->abi, in, inout, n) == 0) return 0;
  if (is_refused(op, element)) return abi::ERR_OP;
  const NativeDatatype native = native_of(operand(op, const_cast<Datatype *>(element)));
  constexpr std::int64_t kMost = 1 << 30;
  for (std::int64_t done = 0; done < n; done += kMost) {
    const std::int64_t offset = done * element->extent, some = n - done < kMost ? n - done : kMost;
    if (const int error = seam()->mpi->Reduce_local(static_cast<const char *>(in) + offset, static_cast<char *>(inout) + offset,
                                                    static_cast<int>(some), native, op->native))
      return error;
  }
  return 0;
}

}  // namespace mana
