// Functions that are the front's own affair (class `front` in the table): time, address arithmetic, handles of
// Fortran, extensions. The generated function under each exported name calls these.
#pragma once
#include <cstdlib>
#include <cstring>

#include "core_api.h"
#include "fronts/front.h"

namespace mana::front_side::own {

// MPI_T_init_thread less MPI_T_finalize.
inline int tool_uses = 0;

inline double Wtime() { return wall_time(); }
inline double Wtick() { return 1e-9; }
template <class... Rest> int Pcontrol(int, Rest...) { return MPI_SUCCESS; }

inline MPI_Aint Aint_add(MPI_Aint base, MPI_Aint disp) { return base + disp; }
inline MPI_Aint Aint_diff(MPI_Aint addr1, MPI_Aint addr2) { return addr1 - addr2; }

// Memory of the application's own: it lies in the window, so it is saved like any other.
inline int Alloc_mem(MPI_Aint size, MPI_Info, void *baseptr) {
  if (size < 0)
    return MPI_ERR_ARG;
  void *memory = std::malloc(static_cast<std::size_t>(size) + (size == 0));
  if (!memory)
    return error_out(raise(abi::ERR_NO_MEM));
  *static_cast<void **>(baseptr) = memory;
  return MPI_SUCCESS;
}
inline int Free_mem(void *base) {
  std::free(base);
  return MPI_SUCCESS;
}

// MPI-1
inline int Type_extent(MPI_Datatype datatype, MPI_Aint *extent) {
  std::int64_t lb;
  return error_out(api::Type_get_extent(type_in(datatype), &lb, as_int64(extent)));
}
inline int Type_lb(MPI_Datatype datatype, MPI_Aint *displacement) {
  std::int64_t extent;
  return error_out(api::Type_get_extent(type_in(datatype), as_int64(displacement), &extent));
}
inline int Type_ub(MPI_Datatype datatype, MPI_Aint *displacement) {
  std::int64_t lb, extent;
  const int error = api::Type_get_extent(type_in(datatype), &lb, &extent);
  if (error == 0)
    *displacement = lb + extent;
  return error_out(error);
}

// No GPU memory: it could not be saved.
inline int Query_cuda_support() { return 0; }
inline int Query_hip_support() { return 0; }
inline int Query_ze_support() { return 0; }
inline int Query_rocm_support() { return 0; }
inline int GPU_query_support(int, int *is_supported) { return *is_supported = 0, MPI_SUCCESS; }

// A Fortran status is an array of the integers that the C structure consists of.
static_assert(sizeof(MPI_Status) % sizeof(MPI_Fint) == 0);
inline int Status_c2f(const MPI_Status *c_status, MPI_Fint *f_status) {
  std::memcpy(f_status, c_status, sizeof *c_status);
  return MPI_SUCCESS;
}
inline int Status_f2c(const MPI_Fint *f_status, MPI_Status *c_status) {
  std::memcpy(c_status, f_status, sizeof *c_status);
  return MPI_SUCCESS;
}

// The fields of a status (MPI-4.1).
inline int Status_get_error(const MPI_Status *status, int *error) { return *error = status->MPI_ERROR, MPI_SUCCESS; }
inline int Status_get_source(const MPI_Status *status, int *source) { return *source = status->MPI_SOURCE, MPI_SUCCESS; }
inline int Status_get_tag(const MPI_Status *status, int *tag) { return *tag = status->MPI_TAG, MPI_SUCCESS; }
inline int Status_set_error(MPI_Status *status, int error) { return status->MPI_ERROR = error, MPI_SUCCESS; }
inline int Status_set_source(MPI_Status *status, int source) { return status->MPI_SOURCE = source, MPI_SUCCESS; }
inline int Status_set_tag(MPI_Status *status, int tag) { return status->MPI_TAG = tag, MPI_SUCCESS; }

#ifdef OPEN_MPI
#if OMPI_MAJOR_VERSION >= 5
// The derived type of mpi_f08 has the same integers.
static_assert(sizeof(MPI_F08_status) == sizeof(MPI_Status));
template <class From, class To> int copy_status(const From *from, To *to) {
  return std::memcpy(to, from, sizeof(MPI_Status)), MPI_SUCCESS;
}
inline int Status_c2f08(const MPI_Status *from, MPI_F08_status *to) { return copy_status(from, to); }
inline int Status_f082c(const MPI_F08_status *from, MPI_Status *to) { return copy_status(from, to); }
inline int Status_f2f08(const MPI_Fint *from, MPI_F08_status *to) { return copy_status(from, to); }
inline int Status_f082f(const MPI_F08_status *from, MPI_Fint *to) { return copy_status(from, to); }
// Nobody has failed, so what all agree on is a reduction.
inline int Comm_iagree(MPI_Comm comm, int *flag, MPI_Request *request) {
  return PMPI_Iallreduce(MPI_IN_PLACE, flag, 1, MPI_INT, MPI_BAND, comm, request);
}
#endif

inline MPI_Fint to_fortran(const Object *record) {
  return record->fortran ? static_cast<MPI_Fint>(record->fortran - 1)
                         : kFirstFortran + static_cast<MPI_Fint>(record->index);
}
inline MPI_Fint Comm_c2f(MPI_Comm h) { return to_fortran(comm_in(h)); }
inline MPI_Fint Group_c2f(MPI_Group h) { return to_fortran(group_in(h)); }
inline MPI_Fint Type_c2f(MPI_Datatype h) { return to_fortran(type_in(h)); }
inline MPI_Fint Op_c2f(MPI_Op h) { return to_fortran(op_in(h)); }
inline MPI_Fint Request_c2f(MPI_Request h) { return to_fortran(request_in(h)); }
inline MPI_Fint Info_c2f(MPI_Info h) { return to_fortran(info_in(h)); }
inline MPI_Fint Errhandler_c2f(MPI_Errhandler h) { return to_fortran(errhandler_in(h)); }
inline MPI_Fint Message_c2f(MPI_Message h) { return to_fortran(message_in(h)); }
inline MPI_Fint Win_c2f(MPI_Win h) { return to_fortran(win_in(h)); }
inline MPI_Fint File_c2f(MPI_File h) { return to_fortran(file_in(h)); }

inline MPI_Comm Comm_f2c(MPI_Fint f) { return comm_out(from_fortran(Kind::comm, f)); }
inline MPI_Group Group_f2c(MPI_Fint f) { return group_out(from_fortran(Kind::group, f)); }
inline MPI_Datatype Type_f2c(MPI_Fint f) { return type_out(from_fortran(Kind::datatype, f)); }
inline MPI_Op Op_f2c(MPI_Fint f) { return op_out(from_fortran(Kind::op, f)); }
inline MPI_Request Request_f2c(MPI_Fint f) { return request_out(from_fortran(Kind::request, f)); }
inline MPI_Info Info_f2c(MPI_Fint f) { return info_out(from_fortran(Kind::info, f)); }
inline MPI_Errhandler Errhandler_f2c(MPI_Fint f) { return errhandler_out(from_fortran(Kind::errhandler, f)); }
inline MPI_Message Message_f2c(MPI_Fint f) { return message_out(from_fortran(Kind::message, f)); }
inline MPI_Win Win_f2c(MPI_Fint f) { return win_out(from_fortran(Kind::win, f)); }
inline MPI_File File_f2c(MPI_Fint f) { return file_out(from_fortran(Kind::file, f)); }
#ifdef MPI_SESSION_NULL
inline MPI_Fint Session_c2f(MPI_Session h) { return to_fortran(session_in(h)); }
inline MPI_Session Session_f2c(MPI_Fint f) { return session_out(from_fortran(Kind::session, f)); }
#endif
#else
// A handle is its integer. Macros before MPICH 4.2.
inline MPI_Fint Comm_c2f(MPI_Comm h) { return h; }
inline MPI_Fint Group_c2f(MPI_Group h) { return h; }
inline MPI_Fint Type_c2f(MPI_Datatype h) { return h; }
inline MPI_Fint Op_c2f(MPI_Op h) { return h; }
inline MPI_Fint Request_c2f(MPI_Request h) { return h; }
inline MPI_Fint Info_c2f(MPI_Info h) { return h; }
inline MPI_Fint Errhandler_c2f(MPI_Errhandler h) { return h; }
inline MPI_Fint Message_c2f(MPI_Message h) { return h; }
inline MPI_Fint Win_c2f(MPI_Win h) { return h; }
inline MPI_Fint Session_c2f(MPI_Session h) { return h; }

inline MPI_Comm Comm_f2c(MPI_Fint f) { return f; }
inline MPI_Group Group_f2c(MPI_Fint f) { return f; }
inline MPI_Datatype Type_f2c(MPI_Fint f) { return f; }
inline MPI_Op Op_f2c(MPI_Fint f) { return f; }
inline MPI_Request Request_f2c(MPI_Fint f) { return f; }
inline MPI_Info Info_f2c(MPI_Fint f) { return f; }
inline MPI_Errhandler Errhandler_f2c(MPI_Fint f) { return f; }
inline MPI_Message Message_f2c(MPI_Fint f) { return f; }
inline MPI_Win Win_f2c(MPI_Fint f) { return f; }
inline MPI_Session Session_f2c(MPI_Fint f) { return f; }

// No communicator is made of threads: MPIX_Threadcomm_init is not supported.
inline int Comm_test_threadcomm(MPI_Comm, int *flag) { return *flag = 0, MPI_SUCCESS; }
// The bytes in hexadecimal digits.
inline int Info_set_hex(MPI_Info info, const char *key, const void *value, int value_size) {
  char text[MPI_MAX_INFO_VAL];
  if (value_size < 0 || value_size * 2 >= MPI_MAX_INFO_VAL)
    return error_out(raise(abi::ERR_INFO_VALUE));
  for (int i = 0; i < value_size; ++i) {
    const unsigned byte = static_cast<const unsigned char *>(value)[i];
    text[2 * i] = "0123456789ABCDEF"[byte >> 4];
    text[2 * i + 1] = "0123456789ABCDEF"[byte & 15];
  }
  text[2 * value_size] = '\0';
  return PMPI_Info_set(info, key, text);
}
inline MPI_Fint File_c2f(MPI_File h) {
  return h == MPI_FILE_NULL ? 0 : static_cast<MPI_Fint>(file_in(h)->index) + 1;
}
inline MPI_File File_f2c(MPI_Fint f) {
  return f > 0 ? file_out(in_use<File>(pool_record<File>(static_cast<std::uint32_t>(f - 1)), Kind::file)) : MPI_FILE_NULL;
}
#endif

} // namespace mana::front_side::own
