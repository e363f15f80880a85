// What the routines of libmpi_mpifh.so.40 (fortran_openmpi.cpp, generated) share. This library belongs to the application: it
// calls our libmpi.so.40 as any program does, and may use malloc.
#pragma once
#include <mpi.h>
#include <mpi-ext.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "fronts/fortran_callbacks.h"

#define EXPORT __attribute__((visibility("default")))
#define NAME(name, definition) EXPORT __typeof__(definition) name __attribute__((weak, alias(#definition)));

extern "C" {
// Common blocks of the application, of whatever size: only their addresses mean something.
extern char mpi_fortran_bottom_, mpi_fortran_in_place_, mpi_fortran_status_ignore_, mpi_fortran_statuses_ignore_,
    mpi_fortran_errcodes_ignore_, mpi_fortran_argv_null_, mpi_fortran_argvs_null_, mpi_fortran_unweighted_,
    mpi_fortran_weights_empty_;
void mpi_conversion_fn_null_f();

// openmpi_extra.cpp
int mana_fortran_set_attribute(int kind, MPI_Fint object, int keyval, MPI_Aint value, int form);
int mana_fortran_get_attribute(int kind, MPI_Fint object, int keyval, MPI_Aint *value, int *flag);
}

namespace mana::mpifh {

using Callback = void (*)();

static_assert(sizeof(MPI_Fint) == sizeof(int));

inline void finish(MPI_Fint *ierr, int error) {
  if (ierr) // some programs call these from C
    *ierr = error;
}

inline void *buffer_in_c(void *address) {
  if (address == &mpi_fortran_bottom_)
    return MPI_BOTTOM;
  return address == &mpi_fortran_in_place_ ? MPI_IN_PLACE : address;
}
// A Fortran status is the C structure in an array of integers, or in the derived type of mpi_f08.
inline MPI_Status *status_in_c(MPI_Fint *status) {
  static_assert(sizeof(MPI_Status) == 6 * sizeof(MPI_Fint)); // MPI_STATUS_SIZE
  return static_cast<void *>(status) == &mpi_fortran_status_ignore_ ? MPI_STATUS_IGNORE
                                                                    : reinterpret_cast<MPI_Status *>(status);
}
inline MPI_Status *statuses_in_c(MPI_Fint *statuses) {
  return static_cast<void *>(statuses) == &mpi_fortran_statuses_ignore_ ? MPI_STATUSES_IGNORE
                                                                        : reinterpret_cast<MPI_Status *>(statuses);
}
inline int *weights_in_c(MPI_Fint *array) {
  if (static_cast<void *>(array) == &mpi_fortran_unweighted_)
    return MPI_UNWEIGHTED;
  return static_cast<void *>(array) == &mpi_fortran_weights_empty_ ? MPI_WEIGHTS_EMPTY : array;
}
inline int *errcodes(MPI_Fint *array) {
  return static_cast<void *>(array) == &mpi_fortran_errcodes_ignore_ ? MPI_ERRCODES_IGNORE : array;
}

// MPI_Waitsome and MPI_Testsome have written indices.
inline bool has_indices(int error) { return error == MPI_SUCCESS || error == MPI_ERR_IN_STATUS; }

// An array for the length of a call, on the stack when it is short. Not initialised.
template <class T> class Array {
public:
  explicit Array(int n)
      : size_(std::max(n, 0)),
        items_(size_ <= kFew ? few_ : static_cast<T *>(std::malloc(sizeof(T) * static_cast<std::size_t>(size_)))) {
    if (!items_)
      std::abort();
  }
  ~Array() {
    if (items_ != few_)
      std::free(items_);
  }
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;
  operator T *() { return items_; }
  int size() const { return size_; }

private:
  static constexpr int kFew = 64;
  int size_;
  T few_[kFew];
  T *items_;
};

// A CHARACTER argument without the blanks around it.
class CString {
public:
  CString(const char *text, int length) : text_(std::max(length, 0) + 1) {
    while (length > 0 && *text == ' ')
      ++text, --length;
    while (length > 0 && text[length - 1] == ' ')
      --length;
    std::memcpy(text_, text, static_cast<std::size_t>(std::max(length, 0)));
    text_[std::max(length, 0)] = '\0';
  }
  operator char *() { return text_; }
  bool empty() { return text_[0] == '\0'; }

private:
  Array<char> text_;
};

// Room for any string of C that a routine gives out, to be cut or padded with blanks.
class OutString {
public:
  static constexpr int kRoom = 1024;
  static_assert(kRoom >= MPI_MAX_PORT_NAME && kRoom >= MPI_MAX_INFO_VAL && kRoom >= MPI_MAX_ERROR_STRING &&
                kRoom >= MPI_MAX_LIBRARY_VERSION_STRING && kRoom >= MPI_MAX_DATAREP_STRING);
  operator char *() { return text_; }
  void copy_to(char *to, int length) {
    const std::size_t room = static_cast<std::size_t>(std::max(length, 0)), n = std::min(std::strlen(text_), room);
    std::memcpy(to, text_, n);
    std::memset(to + n, ' ', room - n);
  }

private:
  char text_[kRoom + 1] = {};
};

// Lengths of the arrays of datatypes that collectives with one type per process take.
int peers(MPI_Comm comm);
struct Neighbors {
  int in, out;
};
Neighbors neighbors(MPI_Comm comm);

// Routines that the table cannot describe: openmpi_mpifh.cpp.
namespace hand {

void Init(MPI_Fint *ierr);
void Init_thread(MPI_Fint *required, MPI_Fint *provided, MPI_Fint *ierr);
inline void Pcontrol(MPI_Fint *level) { PMPI_Pcontrol(*level); }
inline void F_sync_reg(void *) {}
inline double Wtime() { return PMPI_Wtime(); }
inline double Wtick() { return PMPI_Wtick(); }
inline MPI_Aint Aint_add(MPI_Aint *base, MPI_Aint *disp) { return PMPI_Aint_add(*base, *disp); }
inline MPI_Aint Aint_diff(MPI_Aint *addr1, MPI_Aint *addr2) { return PMPI_Aint_diff(*addr1, *addr2); }
void Type_extent(MPI_Fint *datatype, MPI_Fint *extent, MPI_Fint *ierr);
void Type_lb(MPI_Fint *datatype, MPI_Fint *displacement, MPI_Fint *ierr);
void Type_ub(MPI_Fint *datatype, MPI_Fint *displacement, MPI_Fint *ierr);
void Buffer_detach(void *buffer, MPI_Fint *size, MPI_Fint *ierr);
void Info_get(MPI_Fint *info, char *key, MPI_Fint *valuelen, char *value, MPI_Fint *flag, MPI_Fint *ierr, int key_len,
              int value_len);

void Info_get_string(MPI_Fint *info, char *key, MPI_Fint *buflen, char *value, MPI_Fint *flag, MPI_Fint *ierr, int key_len,
                     int value_len);
void Info_create_env(MPI_Fint *info, MPI_Fint *ierr);
void Session_get_nth_pset(MPI_Fint *session, MPI_Fint *info, MPI_Fint *n, MPI_Fint *pset_len, char *pset_name, MPI_Fint *ierr,
                          int name_len);
void Status_f2f08(MPI_Fint *f_status, MPI_Fint *f08_status, MPI_Fint *ierr);
void Status_f082f(MPI_Fint *f08_status, MPI_Fint *f_status, MPI_Fint *ierr);

void Attr_put(MPI_Fint *comm, MPI_Fint *keyval, MPI_Fint *value, MPI_Fint *ierr);
void Attr_get(MPI_Fint *comm, MPI_Fint *keyval, MPI_Fint *value, MPI_Fint *flag, MPI_Fint *ierr);
void Comm_set_attr(MPI_Fint *comm, MPI_Fint *keyval, MPI_Aint *value, MPI_Fint *ierr);
void Comm_get_attr(MPI_Fint *comm, MPI_Fint *keyval, MPI_Aint *value, MPI_Fint *flag, MPI_Fint *ierr);
void Type_set_attr(MPI_Fint *type, MPI_Fint *keyval, MPI_Aint *value, MPI_Fint *ierr);
void Type_get_attr(MPI_Fint *type, MPI_Fint *keyval, MPI_Aint *value, MPI_Fint *flag, MPI_Fint *ierr);
void Win_set_attr(MPI_Fint *win, MPI_Fint *keyval, MPI_Aint *value, MPI_Fint *ierr);
void Win_get_attr(MPI_Fint *win, MPI_Fint *keyval, MPI_Aint *value, MPI_Fint *flag, MPI_Fint *ierr);
void Keyval_create(Callback copy, Callback remove, MPI_Fint *keyval, MPI_Fint *extra_state, MPI_Fint *ierr);
void Comm_create_keyval(Callback copy, Callback remove, MPI_Fint *keyval, MPI_Aint *extra_state, MPI_Fint *ierr);
void Type_create_keyval(Callback copy, Callback remove, MPI_Fint *keyval, MPI_Aint *extra_state, MPI_Fint *ierr);
void Win_create_keyval(Callback copy, Callback remove, MPI_Fint *keyval, MPI_Aint *extra_state, MPI_Fint *ierr);
// MPI_COMM_DUP_FN, MPI_COMM_NULL_COPY_FN and the like
template <class Integer> void attribute_copy(Integer *in, Integer *out, MPI_Fint *flag, bool wanted) {
  if (wanted)
    *out = *in;
  *flag = wanted;
}

void Grequest_start(Callback query, Callback free, Callback cancel, MPI_Aint *extra_state, MPI_Fint *request,
                    MPI_Fint *ierr);
void Register_datarep(char *datarep, Callback read, Callback write, Callback extent, MPI_Aint *extra_state,
                      MPI_Fint *ierr, int datarep_len);
void Comm_spawn(char *command, char *argv, MPI_Fint *maxprocs, MPI_Fint *info, MPI_Fint *root, MPI_Fint *comm,
                MPI_Fint *intercomm, MPI_Fint *errcodes, MPI_Fint *ierr, int command_len, int argv_len);
void Comm_spawn_multiple(MPI_Fint *count, char *commands, char *argvs, MPI_Fint *maxprocs, MPI_Fint *infos,
                         MPI_Fint *root, MPI_Fint *comm, MPI_Fint *intercomm, MPI_Fint *errcodes, MPI_Fint *ierr,
                         int command_len, int argv_len);

} // namespace hand

} // namespace mana::mpifh
