// Handles, status and sentinels of Open MPI's ABI, 4 and 5. See front.h for the scheme.
//
// A handle is a pointer to an object whose word 0 is the address of its record. For dynamic objects the object
// is the record (its word 0 points to itself). Predefined ones are exported data (ompi_mpi_comm_world ...) of the
// sizes that Open MPI's have, because position-dependent and some PIE programs hold a copy of them (R_X86_64_COPY)
// and then the handle is the address of that copy: so the objects are filled at start through the GOT, which names
// whichever counts.
#pragma once
#include <mpi.h>

#include "fronts/constants.h"
#include "fronts/front.h"
#include "interface/native.h"

namespace mana::front_side {

template <class T> inline T *record_in(const void *handle, Kind kind) {
  if (!handle) [[unlikely]]
    return null_record<T>(kind);
  return in_use<T>(*static_cast<Object *const *>(handle), kind);
}
template <class Handle> inline Handle handle_out(const Object *record) {
  return reinterpret_cast<Handle>(static_cast<std::uintptr_t>(record->handle));
}

inline Comm *comm_in(MPI_Comm h) { return record_in<Comm>(h, Kind::comm); }
inline Group *group_in(MPI_Group h) { return record_in<Group>(h, Kind::group); }
inline Datatype *type_in(MPI_Datatype h) { return record_in<Datatype>(h, Kind::datatype); }
inline Op *op_in(MPI_Op h) { return record_in<Op>(h, Kind::op); }
inline Request *request_in(MPI_Request h) { return record_in<Request>(h, Kind::request); }
inline Info *info_in(MPI_Info h) { return record_in<Info>(h, Kind::info); }
inline Errhandler *errhandler_in(MPI_Errhandler h) { return record_in<Errhandler>(h, Kind::errhandler); }
inline Message *message_in(MPI_Message h) { return record_in<Message>(h, Kind::message); }
inline Win *win_in(MPI_Win h) { return record_in<Win>(h, Kind::win); }
inline File *file_in(MPI_File h) { return record_in<File>(h, Kind::file); }
#ifdef MPI_SESSION_NULL
inline Session *session_in(MPI_Session h) { return record_in<Session>(h, Kind::session); }
inline MPI_Session session_out(const Object *r) { return handle_out<MPI_Session>(r); }
#endif

inline MPI_Comm comm_out(const Object *r) { return handle_out<MPI_Comm>(r); }
inline MPI_Group group_out(const Object *r) { return handle_out<MPI_Group>(r); }
inline MPI_Datatype type_out(const Object *r) { return handle_out<MPI_Datatype>(r); }
inline MPI_Op op_out(const Object *r) { return handle_out<MPI_Op>(r); }
inline MPI_Request request_out(const Object *r) { return handle_out<MPI_Request>(r); }
inline MPI_Info info_out(const Object *r) { return handle_out<MPI_Info>(r); }
inline MPI_Errhandler errhandler_out(const Object *r) { return handle_out<MPI_Errhandler>(r); }
inline MPI_Message message_out(const Object *r) { return handle_out<MPI_Message>(r); }
inline MPI_Win win_out(const Object *r) { return handle_out<MPI_Win>(r); }
inline MPI_File file_out(const Object *r) { return handle_out<MPI_File>(r); }

// MPI_ERROR is not touched: only calls that complete several requests may set it. But it is part of the empty status, of a null
// or an inactive request.
inline void status_out(const Status &from, MPI_Status *to) {
  to->MPI_SOURCE = rank_out(from.source);
  to->MPI_TAG = tag_out(from.tag);
  to->_cancelled = from.cancelled;
  to->_ucount = static_cast<std::size_t>(from.bytes);
  if (is_empty(from)) to->MPI_ERROR = MPI_SUCCESS;
}
inline Status status_in(const MPI_Status *from) {
  return {rank_in(from->MPI_SOURCE),
          tag_in(from->MPI_TAG),
          errcode_in(from->MPI_ERROR),
          from->_cancelled,
          static_cast<std::int64_t>(from->_ucount),
          0};
}

// Buffers: MPI_BOTTOM and MPI_IN_PLACE have the ABI's values.
static_assert(MPI_BOTTOM == nullptr);
inline const void *buffer_in(const void *buffer) { return buffer; }
inline void *buffer_in(void *buffer) { return buffer; }
inline bool is_in_place(const void *buffer) { return buffer == MPI_IN_PLACE; }

inline const int *weights_in(const int *weights) {
  if (weights == MPI_UNWEIGHTED)
    return reinterpret_cast<const int *>(std::uintptr_t{abi::UNWEIGHTED});
  if (weights == MPI_WEIGHTS_EMPTY)
    return reinterpret_cast<const int *>(std::uintptr_t{abi::WEIGHTS_EMPTY});
  return weights;
}

// Fills null_records, the exported objects and the handles of the predefined records. front_openmpi.cpp (generated)
void bind_predefined();

} // namespace mana::front_side
