// Put, get and accumulate. See windows.h.
//
// An operation is done, at the origin and at the target, when its call returns. So a request of MPI_Rput and the like is
// complete from its start, and flush has nothing to wait for.
//
// Accumulates on one target's memory are atomic towards each other: each holds that member's `atomic_lock` while it
// reads, combines and writes. No rank is ever parked holding it.
#include <cstring>

#include "core/call.h"
#include "core/errors.h"
#include "core/ops.h"
#include "core/requests.h"
#include "core/rma_memory.h"
#include "core/windows.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana {

namespace {

constexpr int kNothing = -1;  // no error, and nothing to do: MPI_PROC_NULL

int raise_if(Win *win, int error) { return error > 0 ? raise(win, error) : 0; }

class AtomicSection {
public:
  AtomicSection(const Win *win, int rank) : lock_(&control_of(win, rank)->atomic_lock) {
    for (int turn = 1; __atomic_exchange_n(lock_, 1, __ATOMIC_ACQUIRE) != 0; ++turn) {
      __builtin_ia32_pause();
      if (turn % 64 == 0) seam()->services->blocking->yield();
    }
  }
  ~AtomicSection() { __atomic_store_n(lock_, 0, __ATOMIC_RELEASE); }
  AtomicSection(const AtomicSection &) = delete;
  AtomicSection &operator=(const AtomicSection &) = delete;

private:
  std::uint64_t *lock_;
};

// ---------------------------------------------------------------------------------
// Arguments

// May this rank reach that target now? 0, kNothing or an ABI error.
int check_target(Win *win, int rank) {
  if (is_null(win)) [[unlikely]] return abi::ERR_WIN;
  if (static_cast<std::uint32_t>(rank) < static_cast<std::uint32_t>(win->size)) [[likely]] {
    if (win->access[rank]) [[likely]] return 0;
    if (win->epoch != Epoch::fence) return abi::ERR_RMA_SYNC;
    win->used = 1;
    return 0;
  }
  if (rank != abi::PROC_NULL) return abi::ERR_RANK;
  return win->epoch == Epoch::none ? abi::ERR_RMA_SYNC : kNothing;
}

int check_buffer(const Buffer &buffer) {
  if (buffer.count < 0) return abi::ERR_COUNT;
  return is_usable(buffer.type) ? 0 : abi::ERR_TYPE;
}

// Where the target's buffer at this displacement is. Nothing is read or written outside of a window.
int locate(const Win *win, int rank, std::int64_t disp, TargetBuffer *target) {
  const WinControl *control = control_of(win, rank);
  const Datatype *type = target->type;
  const std::int64_t offset = disp * control->disp_unit;
  const std::int64_t last = (target->count - 1) * type->extent;
  const std::int64_t low = offset + type->true_lb + (last < 0 ? last : 0);
  const std::int64_t high = offset + type->true_lb + type->true_extent + (last > 0 ? last : 0);
  if (win->flavor == abi::WIN_FLAVOR_DYNAMIC) {
    if (rank == win->rank && !is_attached(win, static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high - low)))
      return abi::ERR_RMA_RANGE;
  } else {
    if (disp < 0) return abi::ERR_DISP;
    if (low < 0 || high > static_cast<std::int64_t>(control->bytes)) return abi::ERR_RMA_RANGE;
  }
  const std::uint64_t segment = control->direct ? reinterpret_cast<std::uintptr_t>(win->segment.address) : 0;
  target->address = reinterpret_cast<void *>(segment + control->base + static_cast<std::uint64_t>(offset));
  target->pid = control->direct || rank == win->rank ? 0 : control->pid;
  return 0;
}

// ---------------------------------------------------------------------------------
// Put and get

int put(Win *win, const Buffer &origin, int rank, std::int64_t disp, TargetBuffer target) {
  if (const int error = check_target(win, rank)) return error;
  if (const int error = check_buffer(origin)) return error;
  if (const int error = check_buffer(target)) return error;
  if (origin.bytes() > target.bytes()) return abi::ERR_TRUNCATE;
  if (origin.bytes() == 0) return 0;
  if (const int error = locate(win, rank, disp, &target)) return error;
  return put_bytes(origin, target);
}

int get(Win *win, const Buffer &origin, int rank, std::int64_t disp, TargetBuffer target) {
  if (const int error = check_target(win, rank)) return error;
  if (const int error = check_buffer(origin)) return error;
  if (const int error = check_buffer(target)) return error;
  if (target.bytes() > origin.bytes()) return abi::ERR_TRUNCATE;
  if (target.bytes() == 0) return 0;
  if (const int error = locate(win, rank, disp, &target)) return error;
  return get_bytes(origin, target);
}

// ---------------------------------------------------------------------------------
// Accumulate

bool is_predefined_op(const Op *op) { return (op->flags & (kPredefined | kNull)) == kPredefined; }

// Reads the old value into `result` (if it is wanted), combines and writes. Arguments have been checked; `in` is an array.
int update(Op *op, const Datatype *element, const void *in, const Buffer *result, const TargetBuffer &target,
           std::int64_t elements) {
  const std::int64_t bytes = elements * element->extent;
  const bool writes = op->abi != abi::NO_OP;
  if (target.is_here() && is_array(target.type)) {
    if (result) scatter_elements(target.address, *result, bytes);
    return writes ? combine(op, element, in, target.address, elements) : 0;
  }
  char few[64];
  Temporary many;
  void *array = bytes <= static_cast<std::int64_t>(sizeof few) ? few : many.allocate(bytes);
  if (!array) return abi::ERR_NO_MEM;
  if (op->abi != abi::REPLACE || result)
    if (const int error = read_elements(target, array, bytes)) return error;
  if (result) scatter_elements(array, *result, bytes);
  if (!writes) return 0;
  if (const int error = combine(op, element, in, array, elements)) return error;
  return write_elements(array, target, bytes);
}

// The element that all buffers of the operation consist of, or null.
const Datatype *common_element(const Buffer *origin, const Buffer *result, const Buffer &target) {
  const Datatype *element = element_type(target.type);
  for (const Buffer *buffer : {origin, result}) {
    if (!element || !buffer) continue;
    const Datatype *other = element_type(buffer->type);
    if (!other || other->size != element->size || other->extent != element->extent) return nullptr;
  }
  return element;
}

// `origin` is null with MPI_NO_OP, `result` where the old value is not wanted.
int accumulate(Win *win, const Buffer *origin, const Buffer *result, int rank, std::int64_t disp, TargetBuffer target,
               Op *op) {
  if (const int error = check_target(win, rank)) return error;
  if (!is_predefined_op(op)) return abi::ERR_OP;
  for (const Buffer *buffer : {origin, result, static_cast<const Buffer *>(&target)})
    if (const int error = buffer ? check_buffer(*buffer) : 0) return error;
  if ((origin && origin->bytes() > target.bytes()) || (result && target.bytes() > result->bytes())) return abi::ERR_TRUNCATE;
  const std::int64_t data = origin ? origin->bytes() : target.bytes();
  if (data == 0) return 0;
  const Datatype *element = common_element(origin, result, target);
  if (!element) return abi::ERR_TYPE;
  if (const int error = locate(win, rank, disp, &target)) return error;

  const std::int64_t elements = data / element->size;
  const void *in = origin ? origin->address : nullptr;
  Temporary gathered;
  if (origin && !is_array(origin->type)) {
    if (!(in = gathered.allocate(elements * element->extent))) return abi::ERR_NO_MEM;
    gather_elements(*origin, gathered.get(), elements * element->extent);
  }
  const AtomicSection section(win, rank);
  return update(op, element, in, result, target, elements);
}

int get_accumulate(Win *win, const Buffer &origin, const Buffer &result, int rank, std::int64_t disp,
                   const TargetBuffer &target, Op *op) {
  return accumulate(win, op->abi == abi::NO_OP ? nullptr : &origin, &result, rank, disp, target, op);
}

int accumulate_only(Win *win, const Buffer &origin, int rank, std::int64_t disp, const TargetBuffer &target, Op *op) {
  if (op->abi == abi::NO_OP) return abi::ERR_OP;
  return accumulate(win, &origin, nullptr, rank, disp, target, op);
}

int fetch_and_op(Win *win, const void *origin, void *result, Datatype *type, int rank, std::int64_t disp, Op *op) {
  if (!is_named(type) || !is_usable(type)) return abi::ERR_TYPE;
  const Buffer in{const_cast<void *>(origin), 1, type}, out{result, 1, type};
  return get_accumulate(win, in, out, rank, disp, {{nullptr, 1, type}, 0}, op);
}

// MPI-3.1, 11.3.4: C integers, Fortran integers, logicals, multi-language types, bytes.
bool is_comparable(const Datatype *type) {
  switch (type->abi) {
  case abi::SHORT: case abi::INT: case abi::LONG: case abi::LONG_LONG:
  case abi::UNSIGNED_SHORT: case abi::UNSIGNED: case abi::UNSIGNED_LONG: case abi::UNSIGNED_LONG_LONG:
  case abi::CHAR: case abi::SIGNED_CHAR: case abi::UNSIGNED_CHAR: case abi::BYTE:
  case abi::INT8_T: case abi::INT16_T: case abi::INT32_T: case abi::INT64_T:
  case abi::UINT8_T: case abi::UINT16_T: case abi::UINT32_T: case abi::UINT64_T:
  case abi::C_BOOL: case abi::CXX_BOOL: case abi::LOGICAL: case abi::INTEGER:
  case abi::INTEGER1: case abi::INTEGER2: case abi::INTEGER4: case abi::INTEGER8:
  case abi::LOGICAL1: case abi::LOGICAL2: case abi::LOGICAL4: case abi::LOGICAL8:
  case abi::AINT: case abi::COUNT: case abi::OFFSET: return true;
  default: return false;
  }
}

int compare_and_swap(Win *win, const void *origin, const void *compare, void *result, Datatype *type, int rank,
                     std::int64_t disp) {
  if (const int error = check_target(win, rank)) return error;
  if (!is_comparable(type)) return abi::ERR_TYPE;
  TargetBuffer target{{nullptr, 1, type}, 0};
  if (const int error = locate(win, rank, disp, &target)) return error;
  const AtomicSection section(win, rank);
  char old[8];
  if (const int error = read_elements(target, old, type->size)) return error;
  copy_flat(result, old, type->size);
  return std::memcmp(old, compare, static_cast<std::size_t>(type->size)) == 0 ? write_elements(origin, target, type->size) : 0;
}

// ---------------------------------------------------------------------------------
// Requests

int with_request(Win *win, int error, Request **request) {
  if (error > 0) return raise(win, error);
  *request = new_complete_request(self_comm, RequestKind::collective, empty_status());
  return 0;
}

Buffer buffer(const void *address, std::int64_t count, const Datatype *type) {
  return {const_cast<void *>(address), count, type};
}
TargetBuffer target(std::int64_t count, const Datatype *type) { return {{nullptr, count, type}, 0}; }

}  // namespace

namespace api {

int Put(const void *origin, int origin_count, Datatype *origin_type, int rank, std::int64_t disp, int count,
        Datatype *type, Win *win) {
  Call call(Fn::Put);
  return raise_if(win, put(win, buffer(origin, origin_count, origin_type), rank, disp, target(count, type)));
}
int Put_c(const void *origin, std::int64_t origin_count, Datatype *origin_type, int rank, std::int64_t disp,
          std::int64_t count, Datatype *type, Win *win) {
  Call call(Fn::Put_c);
  return raise_if(win, put(win, buffer(origin, origin_count, origin_type), rank, disp, target(count, type)));
}
int Rput(const void *origin, int origin_count, Datatype *origin_type, int rank, std::int64_t disp, int count,
         Datatype *type, Win *win, Request **request) {
  Call call(Fn::Rput);
  return with_request(win, put(win, buffer(origin, origin_count, origin_type), rank, disp, target(count, type)), request);
}
int Rput_c(const void *origin, std::int64_t origin_count, Datatype *origin_type, int rank, std::int64_t disp,
           std::int64_t count, Datatype *type, Win *win, Request **request) {
  Call call(Fn::Rput_c);
  return with_request(win, put(win, buffer(origin, origin_count, origin_type), rank, disp, target(count, type)), request);
}

int Get(void *origin, int origin_count, Datatype *origin_type, int rank, std::int64_t disp, int count, Datatype *type,
        Win *win) {
  Call call(Fn::Get);
  return raise_if(win, get(win, buffer(origin, origin_count, origin_type), rank, disp, target(count, type)));
}
int Get_c(void *origin, std::int64_t origin_count, Datatype *origin_type, int rank, std::int64_t disp,
          std::int64_t count, Datatype *type, Win *win) {
  Call call(Fn::Get_c);
  return raise_if(win, get(win, buffer(origin, origin_count, origin_type), rank, disp, target(count, type)));
}
int Rget(void *origin, int origin_count, Datatype *origin_type, int rank, std::int64_t disp, int count, Datatype *type,
         Win *win, Request **request) {
  Call call(Fn::Rget);
  return with_request(win, get(win, buffer(origin, origin_count, origin_type), rank, disp, target(count, type)), request);
}
int Rget_c(void *origin, std::int64_t origin_count, Datatype *origin_type, int rank, std::int64_t disp,
           std::int64_t count, Datatype *type, Win *win, Request **request) {
  Call call(Fn::Rget_c);
  return with_request(win, get(win, buffer(origin, origin_count, origin_type), rank, disp, target(count, type)), request);
}

int Accumulate(const void *origin, int origin_count, Datatype *origin_type, int rank, std::int64_t disp, int count,
               Datatype *type, Op *op, Win *win) {
  Call call(Fn::Accumulate);
  return raise_if(win,
                  accumulate_only(win, buffer(origin, origin_count, origin_type), rank, disp, target(count, type), op));
}
int Accumulate_c(const void *origin, std::int64_t origin_count, Datatype *origin_type, int rank, std::int64_t disp,
                 std::int64_t count, Datatype *type, Op *op, Win *win) {
  Call call(Fn::Accumulate_c);
  return raise_if(win,
                  accumulate_only(win, buffer(origin, origin_count, origin_type), rank, disp, target(count, type), op));
}
int Raccumulate(const void *origin, int origin_count, Datatype *origin_type, int rank, std::int64_t disp, int count,
                Datatype *type, Op *op, Win *win, Request **request) {
  Call call(Fn::Raccumulate);
  return with_request(
      win, accumulate_only(win, buffer(origin, origin_count, origin_type), rank, disp, target(count, type), op), request);
}
int Raccumulate_c(const void *origin, std::int64_t origin_count, Datatype *origin_type, int rank, std::int64_t disp,
                  std::int64_t count, Datatype *type, Op *op, Win *win, Request **request) {
  Call call(Fn::Raccumulate_c);
  return with_request(
      win, accumulate_only(win, buffer(origin, origin_count, origin_type), rank, disp, target(count, type), op), request);
}

int Get_accumulate(const void *origin, int origin_count, Datatype *origin_type, void *result, int result_count,
                   Datatype *result_type, int rank, std::int64_t disp, int count, Datatype *type, Op *op, Win *win) {
  Call call(Fn::Get_accumulate);
  return raise_if(win, get_accumulate(win, buffer(origin, origin_count, origin_type),
                                      buffer(result, result_count, result_type), rank, disp, target(count, type), op));
}
int Get_accumulate_c(const void *origin, std::int64_t origin_count, Datatype *origin_type, void *result,
                     std::int64_t result_count, Datatype *result_type, int rank, std::int64_t disp, std::int64_t count,
                     Datatype *type, Op *op, Win *win) {
  Call call(Fn::Get_accumulate_c);
  return raise_if(win, get_accumulate(win, buffer(origin, origin_count, origin_type),
                                      buffer(result, result_count, result_type), rank, disp, target(count, type), op));
}
int Rget_accumulate(const void *origin, int origin_count, Datatype *origin_type, void *result, int result_count,
                    Datatype *result_type, int rank, std::int64_t disp, int count, Datatype *type, Op *op, Win *win,
                    Request **request) {
  Call call(Fn::Rget_accumulate);
  return with_request(win,
                      get_accumulate(win, buffer(origin, origin_count, origin_type),
                                     buffer(result, result_count, result_type), rank, disp, target(count, type), op),
                      request);
}
int Rget_accumulate_c(const void *origin, std::int64_t origin_count, Datatype *origin_type, void *result,
                      std::int64_t result_count, Datatype *result_type, int rank, std::int64_t disp, std::int64_t count,
                      Datatype *type, Op *op, Win *win, Request **request) {
  Call call(Fn::Rget_accumulate_c);
  return with_request(win,
                      get_accumulate(win, buffer(origin, origin_count, origin_type),
                                     buffer(result, result_count, result_type), rank, disp, target(count, type), op),
                      request);
}

int Fetch_and_op(const void *origin, void *result, Datatype *type, int rank, std::int64_t disp, Op *op, Win *win) {
  Call call(Fn::Fetch_and_op);
  return raise_if(win, fetch_and_op(win, origin, result, type, rank, disp, op));
}

int Compare_and_swap(const void *origin, const void *compare, void *result, Datatype *type, int rank, std::int64_t disp,
                     Win *win) {
  Call call(Fn::Compare_and_swap);
  return raise_if(win, compare_and_swap(win, origin, compare, result, type, rank, disp));
}

}  // namespace api

}  // namespace mana
