// Where records live: one pool per kind, index -> record in O(1), and the predefined records.
//
//     chunks[index / 512] ──► [ record ][ record ] ...      chunks never move and are never given back, so a front
//                                                           may look a handle up before it takes the core's lock
//
// A record's `handle` is made here, with the encoding of the front:
//     openmpi   the record's address
//     mpich     0x80000000 | kind << 26 | index, but files are pointers as above. The first 8 indices of datatypes are not used: these values
//               are MPICH's predefined pair types.
#pragma once
#include <utility>

#include "core/objects.h"

namespace mana {

template <class T> inline constexpr Kind kKindOf = Kind{0};
template <> inline constexpr Kind kKindOf<Comm> = Kind::comm;
template <> inline constexpr Kind kKindOf<Group> = Kind::group;
template <> inline constexpr Kind kKindOf<Datatype> = Kind::datatype;
template <> inline constexpr Kind kKindOf<Errhandler> = Kind::errhandler;
template <> inline constexpr Kind kKindOf<Op> = Kind::op;
template <> inline constexpr Kind kKindOf<Info> = Kind::info;
template <> inline constexpr Kind kKindOf<Request> = Kind::request;
template <> inline constexpr Kind kKindOf<Message> = Kind::message;
template <> inline constexpr Kind kKindOf<File> = Kind::file;
template <> inline constexpr Kind kKindOf<Win> = Kind::win;
template <> inline constexpr Kind kKindOf<Session> = Kind::session;

inline constexpr std::uint32_t kChunkRecords = 512;
inline constexpr std::uint32_t kMaxRecords = 1u << 26;
inline constexpr int kKinds = 16;

struct PoolState {
  Object *free;       // linked by next_free, the one freed last first: it is still in the cache
  std::uint32_t used; // indices below have been given out at least once
  std::uint32_t live;
  char *chunks[kMaxRecords / kChunkRecords];
};
extern PoolState pools[kKinds];

// A record of an index that was never used; its address, index, kind and handle stay the same for all its lives.
[[gnu::cold]] Object *pool_extend(Kind kind, std::size_t record_bytes);

// Zeroes 16 bytes at a time. The compiler's memset of such a size is `rep stos`, which takes 15 ns to start.
template <std::size_t... i> inline void zero_words(void *at, std::index_sequence<i...>) {
  using Word = long long __attribute__((vector_size(16), aligned(8), may_alias));
  ((static_cast<Word *>(at)[i] = Word{}), ...);
}

// A zeroed record with one reference, its handle and kLive. Never null. Inline, so that the size is known: each message
// of a program takes a record and gives it back.
template <class T> T *make() {
  PoolState &pool = pools[static_cast<int>(kKindOf<T>)];
  Object *record = pool.free;
  if (record) [[likely]]
    pool.free = static_cast<Object *>(record->next_free);
  else
    record = pool_extend(kKindOf<T>, sizeof(T));
  constexpr std::size_t bytes = sizeof(T) - sizeof(Object);
  static_assert(bytes % 8 == 0);
  zero_words(record + 1, std::make_index_sequence<bytes / 16>());
  if constexpr (bytes % 16 != 0)
    *reinterpret_cast<std::uint64_t *>(reinterpret_cast<char *>(record) + sizeof(T) - 8) = 0;
  record->refs = 1;
  record->flags = kLive;
  record->fortran = 0;
  record->next_free = nullptr;
  ++pool.live;
  return static_cast<T *>(record);
}

template <class T> void destroy(T *record) {
  PoolState &pool = pools[static_cast<int>(kKindOf<T>)];
  record->flags = 0;
  record->next_free = pool.free;
  pool.free = record;
  --pool.live;
}

// Record of an index, or null when that index has never been used. The record may be free (flags without kLive).
template <class T> inline T *pool_record(std::uint32_t index) {
  if (index >= kMaxRecords) [[unlikely]]
    return nullptr;
  char *chunk = pools[static_cast<int>(kKindOf<T>)].chunks[index / kChunkRecords];
  if (!chunk) [[unlikely]]
    return nullptr;
  return reinterpret_cast<T *>(chunk + std::size_t{index % kChunkRecords} * sizeof(T));
}
Object *pool_object(Kind kind, std::uint32_t index);

// Calls visit(T *) for every dynamic record in use; it may destroy the one it is given.
template <class T, class Visit> void for_each(Visit visit) {
  for (std::uint32_t i = 0; i < pools[static_cast<int>(kKindOf<T>)].used; ++i)
    if (T *record = pool_record<T>(i); record && (record->flags & kLive))
      visit(record);
}

// ---------------------------------------------------------------------------------
// Predefined records: predefined.cpp

// Record of a predefined handle by its MPI-5.0 ABI value, or null. Valid after predefined_start(), which needs no
// memory. Its `handle` is set by the front.
Object *predefined_object(int abi);
template <class T> inline T *predefined(int abi) { return static_cast<T *>(predefined_object(abi)); }

// Fills them; called once by core_start().
void predefined_start();

// Handles which the MPIs have and the standard ABI has not (any more), numbered behind it.
enum ExtraAbi : int {
  kAbi2Int = 555,
  kAbi2Real = 560,
  kAbi2DoublePrecision = 561,
  kAbi2Integer = 562, // in the ABI; names begin with a digit
  kAbi2Complex = 1000,
  kAbi2DoubleComplex = 1001,
  kAbiLb = 1002,
  kAbiUb = 1003,
  kAbiErrorsThrow = 1004, // MPI::ERRORS_THROW_EXCEPTIONS of MPICH: returned, and thrown by its C++ bindings
};
inline constexpr int kMaxAbi = 1024;

// Calls visit(Datatype *) for the predefined types too.
template <class Visit> void for_each_predefined_type(Visit visit) {
  for (int abi = 0; abi < kMaxAbi; ++abi)
    if (Object *object = predefined_object(abi); object && object->kind == Kind::datatype)
      visit(static_cast<Datatype *>(object));
}

} // namespace mana
