// See pool.h.
#include "core/pool.h"

#include "core/memory.h"
#include "core/start.h"

namespace mana {

PoolState pools[kKinds];

namespace {

// MPICH's pair types MPI_FLOAT_INT ... are 0x8c000000 to 0x8c000007.
constexpr std::uint32_t kReservedTypes = 8;

std::uint64_t handle_of(const Object *record) {
  if (front().front == kMpichFront && record->kind != Kind::file)
    return 0x80000000u | static_cast<std::uint32_t>(record->kind) << 26 | record->index;
  return reinterpret_cast<std::uintptr_t>(record);
}

// Bytes of a record, for pool_object(), which does not know the type.
std::size_t record_bytes(Kind kind) {
  switch (kind) {
  case Kind::comm:
    return sizeof(Comm);
  case Kind::group:
    return sizeof(Group);
  case Kind::datatype:
    return sizeof(Datatype);
  case Kind::errhandler:
    return sizeof(Errhandler);
  case Kind::op:
    return sizeof(Op);
  case Kind::win:
    return sizeof(Win);
  case Kind::info:
    return sizeof(Info);
  case Kind::request:
    return sizeof(Request);
  case Kind::message:
    return sizeof(Message);
  case Kind::file:
    return sizeof(File);
  case Kind::session:
    return sizeof(Session);
  default:
    return 0;
  }
}

} // namespace

Object *pool_extend(Kind kind, std::size_t bytes) {
  PoolState &pool = pools[static_cast<int>(kind)];
  if (pool.used == 0 && kind == Kind::datatype)
    pool.used = kReservedTypes;
  const std::uint32_t index = pool.used;
  if (index >= kMaxRecords)
    seam()->services->die(1, "more than 67,108,864 MPI objects of one kind");
  char *&chunk = pool.chunks[index / kChunkRecords];
  if (!chunk)
    chunk = static_cast<char *>(core_zalloc(bytes * kChunkRecords));
  pool.used = index + 1;
  Object *record = reinterpret_cast<Object *>(chunk + std::size_t{index % kChunkRecords} * bytes);
  record->self = record;
  record->kind = kind;
  record->index = index;
  record->handle = handle_of(record);
  return record;
}

Object *pool_object(Kind kind, std::uint32_t index) {
  const std::size_t bytes = record_bytes(kind);
  if (index >= kMaxRecords || bytes == 0)
    return nullptr;
  char *chunk = pools[static_cast<int>(kind)].chunks[index / kChunkRecords];
  return chunk ? reinterpret_cast<Object *>(chunk + std::size_t{index % kChunkRecords} * bytes) : nullptr;
}

} // namespace mana
