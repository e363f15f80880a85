// The memory of a target as an operation sees it, and the elements of a datatype that accumulates work on.
#pragma once
#include "core/datatype_walk.h"
#include "core/memory.h"
#include "core/windows.h"

namespace mana {

// A buffer: so many items of a type from an address on.
struct Buffer {
  void *address;
  std::int64_t count;
  const Datatype *type;
  std::int64_t bytes() const { return count * type->size; }
  bool is_flat() const { return type->contiguous; }
};

// Where a target's buffer lies: in this process (address), or at that address of the process `pid`.
struct TargetBuffer : Buffer {
  std::int32_t pid;  // 0: this process
  bool is_here() const { return pid == 0; }
};

// Memory for the length of an operation; null when there is none.
class Temporary {
public:
  Temporary() = default;
  explicit Temporary(std::int64_t bytes) : block_(core_try_alloc(static_cast<std::size_t>(bytes))) {}
  ~Temporary() { core_free(block_); }
  Temporary(const Temporary &) = delete;
  Temporary &operator=(const Temporary &) = delete;
  void *get() const { return block_; }
  void *allocate(std::int64_t bytes) { return block_ = core_try_alloc(static_cast<std::size_t>(bytes)); }

private:
  void *block_ = nullptr;
};

// ---------------------------------------------------------------------------------
// Bytes: what put and get move. Both return an ABI error.

int put_bytes(const Buffer &origin, const TargetBuffer &target);
int get_bytes(const Buffer &origin, const TargetBuffer &target);

// ---------------------------------------------------------------------------------
// Elements: what accumulates combine. All of one predefined type; with the gaps of a pair type, so that an array of
// elements is one that a reduction takes.

// The one predefined type that `type` consists of, or null.
const Datatype *element_type(const Datatype *type);

// visit(offset, bytes) for each run of elements.
template <class Visit> bool visit_runs(const Datatype *type, std::int64_t offset, std::int64_t count, Visit &visit) {
  if (type->contiguous) return count == 0 || type->size == 0 || visit(offset, count * type->size);
  if (is_named(type)) return count == 0 || type->size == 0 || visit(offset, count * type->extent);
  if (type->body) return visit_runs(type->body, offset, count, visit);
  for (std::int64_t n = 0; n < count; ++n, offset += type->extent)
    if (!visit_blocks(type, [&](std::int64_t at, int blocklength, const Datatype *child) {
          return visit_runs(child, offset + at, blocklength, visit);
        }))
      return false;
  return true;
}
inline bool is_array(const Datatype *type) { return type->contiguous || is_named(type); }

// Copies `bytes` bytes of elements between an array and a buffer.
void gather_elements(const Buffer &from, void *array, std::int64_t bytes);
void scatter_elements(const void *array, const Buffer &to, std::int64_t bytes);
int read_elements(const TargetBuffer &from, void *array, std::int64_t bytes);
int write_elements(const void *array, const TargetBuffer &to, std::int64_t bytes);

// inout[i] = inout[i] op in[i] for `n` elements; any predefined op but MPI_NO_OP. 0 or an ABI error.
int combine(Op *op, const Datatype *element, const void *in, void *inout, std::int64_t n);

// Numbers stored by one instruction: the target may be looking at them.
inline void copy_flat(void *to, const void *from, std::int64_t bytes) {
  if (bytes == 8)
    __builtin_memcpy(to, from, 8);
  else if (bytes == 4)
    __builtin_memcpy(to, from, 4);
  else
    __builtin_memmove(to, from, static_cast<std::size_t>(bytes));
}

}  // namespace mana
