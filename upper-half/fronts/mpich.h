// Handles, status and sentinels of MPICH's ABI. See front.h for the scheme.
//
// A handle is an int:  class << 30 | kind << 26 | number. Class 1 are the predefined objects, class 2 the dynamic
// ones (0x8...), whose number is the index in the pool of their kind (core/pool.h). Null handles have class 0,
// MPI_MESSAGE_NULL is MPI_REQUEST_NULL, and the pair types are class 2 with the numbers 0 to 4. MPI_File is a
// pointer.
#pragma once
#include <mpi.h>

#include "fronts/constants.h"
#include "fronts/front.h"
#include "interface/native.h"

namespace mana::front_side {

// Predefined records by the low bits of their handles; entries that are no handle are the null record.
struct PredefinedRecords {
  Comm *comms[4];
  Datatype *types[256]; // by the low byte
  Datatype *pairs[8];
  Op *ops[32];
  Object *others[kKinds][4]; // group, info, errhandler, message: by the two low bits
};
extern PredefinedRecords predefined_records;

constexpr std::uint32_t kNumberBits = 26;
constexpr std::uint32_t class_and_kind(std::uint32_t handle_class, Kind kind) {
  return handle_class << 4 | static_cast<std::uint32_t>(kind);
}

template <class T> inline T *dynamic_in(int handle) {
  constexpr Kind kind = kKindOf<T>;
  return in_use<T>(pool_record<T>(static_cast<std::uint32_t>(handle) & ((1u << kNumberBits) - 1)), kind);
}
inline std::uint32_t top(int handle) { return static_cast<std::uint32_t>(handle) >> kNumberBits; }

[[gnu::always_inline]] inline Comm *comm_in(MPI_Comm h) {
  if (top(h) == class_and_kind(1, Kind::comm)) [[likely]]
    return predefined_records.comms[h & 3];
  if (top(h) == class_and_kind(2, Kind::comm))
    return dynamic_in<Comm>(h);
  return null_record<Comm>(Kind::comm);
}
[[gnu::always_inline]] inline Datatype *type_in(MPI_Datatype h) {
  if (top(h) == class_and_kind(1, Kind::datatype)) [[likely]]
    return predefined_records.types[h & 0xff];
  if (top(h) != class_and_kind(2, Kind::datatype))
    return null_record<Datatype>(Kind::datatype);
  const std::uint32_t number = static_cast<std::uint32_t>(h) & ((1u << kNumberBits) - 1);
  return number < 8 ? predefined_records.pairs[number] : dynamic_in<Datatype>(h);
}
[[gnu::always_inline]] inline Op *op_in(MPI_Op h) {
  if (top(h) == class_and_kind(1, Kind::op)) [[likely]]
    return predefined_records.ops[h & 31];
  return top(h) == class_and_kind(2, Kind::op) ? dynamic_in<Op>(h) : null_record<Op>(Kind::op);
}
[[gnu::always_inline]] inline Request *request_in(MPI_Request h) {
  if (top(h) == class_and_kind(2, Kind::request)) [[likely]]
    return dynamic_in<Request>(h);
  return null_record<Request>(Kind::request);
}
template <class T> inline T *other_in(int h) {
  constexpr Kind kind = kKindOf<T>;
  if (top(h) == class_and_kind(2, kind)) [[likely]]
    return dynamic_in<T>(h);
  if (top(h) == class_and_kind(1, kind))
    return static_cast<T *>(predefined_records.others[static_cast<int>(kind)][h & 3]);
  return null_record<T>(kind);
}
inline Group *group_in(MPI_Group h) { return other_in<Group>(h); }
inline Info *info_in(MPI_Info h) { return other_in<Info>(h); }
inline Errhandler *errhandler_in(MPI_Errhandler h) { return other_in<Errhandler>(h); }
// MPICH's messages are requests: MPI_MESSAGE_NO_PROC is 0x6c000000.
inline Message *message_in(MPI_Message h) {
  if (h == MPI_MESSAGE_NO_PROC)
    return static_cast<Message *>(predefined_records.others[static_cast<int>(Kind::message)][1]);
  return top(h) == class_and_kind(2, Kind::message) ? dynamic_in<Message>(h) : null_record<Message>(Kind::message);
}
inline Session *session_in(MPI_Session h) { return other_in<Session>(h); }
inline Win *win_in(MPI_Win h) { return other_in<Win>(h); }
// A pointer to the record, whose first word points to itself.
inline File *file_in(MPI_File h) {
  return h == MPI_FILE_NULL ? null_record<File>(Kind::file) : in_use<File>(*reinterpret_cast<Object *const *>(h), Kind::file);
}

inline int int_out(const Object *record) { return static_cast<int>(record->handle); }
inline MPI_Comm comm_out(const Object *r) { return int_out(r); }
inline MPI_Group group_out(const Object *r) { return int_out(r); }
inline MPI_Datatype type_out(const Object *r) { return int_out(r); }
inline MPI_Op op_out(const Object *r) { return int_out(r); }
inline MPI_Request request_out(const Object *r) { return int_out(r); }
inline MPI_Info info_out(const Object *r) { return int_out(r); }
inline MPI_Errhandler errhandler_out(const Object *r) { return int_out(r); }
inline MPI_Message message_out(const Object *r) { return int_out(r); }
inline MPI_Win win_out(const Object *r) { return int_out(r); }
inline MPI_Session session_out(const Object *r) { return int_out(r); }
inline MPI_File file_out(const Object *r) {
  return (r->flags & kNull) ? MPI_FILE_NULL : reinterpret_cast<MPI_File>(static_cast<std::uintptr_t>(r->handle));
}

// MPI_ERROR is not touched: only calls that complete several requests may set it. But it is part of the empty status, of a null
// or an inactive request.
inline void status_out(const Status &from, MPI_Status *to) {
  const auto bytes = static_cast<std::uint64_t>(from.bytes);
  to->count_lo = static_cast<int>(bytes);
  to->count_hi_and_cancelled = static_cast<int>(bytes >> 32 << 1 | static_cast<std::uint64_t>(from.cancelled != 0));
  to->MPI_SOURCE = rank_out(from.source);
  to->MPI_TAG = tag_out(from.tag);
  if (is_empty(from)) to->MPI_ERROR = MPI_SUCCESS;
}
inline Status status_in(const MPI_Status *from) {
  const auto high = static_cast<std::uint32_t>(from->count_hi_and_cancelled);
  return {rank_in(from->MPI_SOURCE),
          tag_in(from->MPI_TAG),
          errcode_in(from->MPI_ERROR),
          static_cast<int>(high & 1),
          static_cast<std::int64_t>(std::uint64_t{high >> 1} << 32 | static_cast<std::uint32_t>(from->count_lo)),
          0};
}

inline bool is_in_place(const void *buffer) { return buffer == MPI_IN_PLACE; }
inline const void *buffer_in(const void *buffer) {
  return is_in_place(buffer) ? reinterpret_cast<const void *>(std::uintptr_t{abi::IN_PLACE}) : buffer;
}
inline void *buffer_in(void *buffer) {
  return is_in_place(buffer) ? reinterpret_cast<void *>(std::uintptr_t{abi::IN_PLACE}) : buffer;
}

// Both are variables of the library, which a program may hold a copy of.
inline const int *weights_in(const int *weights) {
  if (weights == MPI_UNWEIGHTED)
    return reinterpret_cast<const int *>(std::uintptr_t{abi::UNWEIGHTED});
  if (weights == MPI_WEIGHTS_EMPTY)
    return reinterpret_cast<const int *>(std::uintptr_t{abi::WEIGHTS_EMPTY});
  return weights;
}

// Fills null_records, predefined_records and the handles of the predefined records. front_mpich.cpp (generated)
void bind_predefined();

} // namespace mana::front_side
