// The parts of the Open MPI front that the table cannot say: binding the exported objects, Fortran handles, and the
// names that only Open MPI has.
#include "fronts/openmpi_head.h"

#include "core_api.h"
#include "fronts/callbacks.h"
#include "fronts/fortran_attributes.h"

#define MANA_EXPORT __attribute__((visibility("default")))

using namespace mana;
using namespace mana::front_side;

namespace mana::front_side {

void fill_null(Kind kind) {
  static constexpr int kNulls[kKinds] = {0,
                                         abi::COMM_NULL,
                                         abi::GROUP_NULL,
                                         abi::DATATYPE_NULL,
                                         abi::FILE_NULL,
                                         abi::ERRHANDLER_NULL,
                                         abi::OP_NULL,
                                         abi::INFO_NULL,
                                         abi::WIN_NULL,
                                         0,
                                         0,
                                         abi::REQUEST_NULL,
                                         abi::MESSAGE_NULL,
                                         abi::SESSION_NULL};
  const int index = static_cast<int>(kind);
  null_records[index] = predefined_object(kNulls[index]);
}

void bind(int abi, void *object) {
  Object *record = predefined_object(abi);
  if (!record)
    record = predefined_object(abi::DATATYPE_NULL);
  else
    record->handle = reinterpret_cast<std::uintptr_t>(object);
  *static_cast<Object **>(object) = record;
}

namespace {
Object *fortran_records[kKinds][80];
}

void bind_fortran(int abi, int fortran) {
  Object *record = predefined_object(abi);
  if (!record)
    return;
  record->fortran = static_cast<std::uint32_t>(fortran) + 1;
  if (!record->handle) // known to Fortran only
    record->handle = reinterpret_cast<std::uintptr_t>(record);
  fortran_records[static_cast<int>(record->kind)][fortran] = record;
}

Object *from_fortran(Kind kind, MPI_Fint fortran) {
  if (fortran >= kFirstFortran)
    return in_use<Object>(pool_object(kind, static_cast<std::uint32_t>(fortran - kFirstFortran)), kind);
  if (fortran < 0 || fortran >= 80)
    return null_record<Object>(kind);
  return in_use<Object>(fortran_records[static_cast<int>(kind)][fortran], kind);
}

} // namespace mana::front_side

// ---------------------------------------------------------------------------------
// Predefined attribute functions: mpi.h declares them, MPI_COMM_DUP_FN and the like are their names.

namespace {

int copy_value(void *from, void *to, int *flag) {
  *static_cast<void **>(to) = from;
  *flag = 1;
  return MPI_SUCCESS;
}
int copy_nothing(int *flag) {
  *flag = 0;
  return MPI_SUCCESS;
}

} // namespace

extern "C" {

int OMPI_C_MPI_DUP_FN(MPI_Comm, int, void *, void *in, void *out, int *flag) { return copy_value(in, out, flag); }
int OMPI_C_MPI_COMM_DUP_FN(MPI_Comm, int, void *, void *in, void *out, int *flag) {
  return copy_value(in, out, flag);
}
int OMPI_C_MPI_TYPE_DUP_FN(MPI_Datatype, int, void *, void *in, void *out, int *flag) {
  return copy_value(in, out, flag);
}
int OMPI_C_MPI_WIN_DUP_FN(MPI_Win, int, void *, void *in, void *out, int *flag) { return copy_value(in, out, flag); }
int OMPI_C_MPI_NULL_COPY_FN(MPI_Comm, int, void *, void *, void *, int *flag) { return copy_nothing(flag); }
int OMPI_C_MPI_COMM_NULL_COPY_FN(MPI_Comm, int, void *, void *, void *, int *flag) { return copy_nothing(flag); }
int OMPI_C_MPI_TYPE_NULL_COPY_FN(MPI_Datatype, int, void *, void *, void *, int *flag) { return copy_nothing(flag); }
int OMPI_C_MPI_WIN_NULL_COPY_FN(MPI_Win, int, void *, void *, void *, int *flag) { return copy_nothing(flag); }
int OMPI_C_MPI_NULL_DELETE_FN(MPI_Comm, int, void *, void *) { return MPI_SUCCESS; }
int OMPI_C_MPI_COMM_NULL_DELETE_FN(MPI_Comm, int, void *, void *) { return MPI_SUCCESS; }
int OMPI_C_MPI_TYPE_NULL_DELETE_FN(MPI_Datatype, int, void *, void *) { return MPI_SUCCESS; }
int OMPI_C_MPI_WIN_NULL_DELETE_FN(MPI_Win, int, void *, void *) { return MPI_SUCCESS; }

// For libmpi_mpifh.so.40 (openmpi_mpifh.h): attributes with integer values. `form` is an AttributeForm.
MANA_EXPORT int mana_fortran_set_attribute(int kind, MPI_Fint object, int keyval, MPI_Aint value, int form) {
  const auto k = static_cast<Kind>(kind);
  const Fn fn = k == Kind::comm ? Fn::Comm_set_attr : k == Kind::win ? Fn::Win_set_attr : Fn::Type_set_attr;
  return fortran::set_attribute(fn, from_fortran(k, object), keyval, value, static_cast<AttributeForm>(form));
}
MANA_EXPORT int mana_fortran_get_attribute(int kind, MPI_Fint object, int keyval, MPI_Aint *value, int *flag) {
  const auto k = static_cast<Kind>(kind);
  Object *const record = from_fortran(k, object);
  const Fn fn = k == Kind::comm ? Fn::Comm_get_attr : k == Kind::win ? Fn::Win_get_attr : Fn::Type_get_attr;
  const auto get_in_c = [&](void *address, int *found) {
    return k == Kind::comm  ? PMPI_Comm_get_attr(comm_out(record), keyval, address, found)
           : k == Kind::win ? PMPI_Win_get_attr(win_out(record), keyval, address, found)
                            : PMPI_Type_get_attr(type_out(record), keyval, address, found);
  };
  return fortran::get_attribute(fn, record, keyval, get_in_c, value, flag);
}

#if OMPI_MAJOR_VERSION < 5
// For libmpi_cxx.so.40, after each MPI_Op_create of its own.
MANA_EXPORT void ompi_op_set_cxx_callback(MPI_Op op, MPI_User_function *function) {
  const InCore in_core;
  op_in(op)->function = cxx::reduction(op_in(op)->function, function);
}
#endif

// What Fortran passes: the common blocks of the executable, if it has them.
extern MPI_Fint mpi_fortran_status_ignore_[], mpi_fortran_statuses_ignore_[];
MPI_Fint *MPI_F_STATUS_IGNORE = mpi_fortran_status_ignore_;
MPI_Fint *MPI_F_STATUSES_IGNORE = mpi_fortran_statuses_ignore_;
#if OMPI_MAJOR_VERSION >= 5
MPI_Fint *MPI_F08_STATUS_IGNORE = mpi_fortran_status_ignore_;
MPI_Fint *MPI_F08_STATUSES_IGNORE = mpi_fortran_statuses_ignore_;
#endif
}
