// Names of Open MPI's libmpi beyond its mpi.h: the sentinels of Fortran, which programs and libmpi_mpifh compare by their
// addresses, and what libmpi_cxx needs to be loaded at all. Programs that only have that in their list of libraries run with these;
// calls that would really use one get an error.
#include <cstddef>

#include "fronts/openmpi_head.h"

#define MANA_EXPORT __attribute__((visibility("default")))
// An object of the size that the real one has; zero.
#define STOCK_OBJECT(name, bytes) MANA_EXPORT alignas(8) char name[bytes];
// A function that fails. Callers pass what they like: it looks at nothing.
#define STOCK_FUNCTION(name)                                                                                         \
  MANA_EXPORT int name() { return MPI_ERR_UNSUPPORTED_OPERATION; }

extern "C" {

STOCK_OBJECT(mpi_fortran_argv_null_, 1)
STOCK_OBJECT(mpi_fortran_argvs_null_, 1)
STOCK_OBJECT(mpi_fortran_bottom_, 4)
STOCK_OBJECT(mpi_fortran_errcodes_ignore_, 4)
STOCK_OBJECT(mpi_fortran_in_place_, 4)
STOCK_OBJECT(mpi_fortran_status_ignore_, 8)
STOCK_OBJECT(mpi_fortran_statuses_ignore_, 8)
STOCK_OBJECT(mpi_fortran_unweighted_, 4)
STOCK_OBJECT(mpi_fortran_weights_empty_, 4)

#if OMPI_MAJOR_VERSION < 5
STOCK_OBJECT(ompi_errcode_intern_lastused, 4)
STOCK_OBJECT(ompi_errcodes_intern, 120)
STOCK_OBJECT(ompi_mpi_errors_throw_exceptions, 1024)
STOCK_OBJECT(ompi_registered_datareps, 64)
STOCK_FUNCTION(ompi_attr_create_keyval)
STOCK_FUNCTION(ompi_errhandler_create)
STOCK_FUNCTION(ompi_errhandler_invoke)
STOCK_FUNCTION(ompi_op_set_cxx_callback)
#else
// Datatypes of its extension for floating-point numbers of 16 bits: as handles they are MPI_DATATYPE_NULL.
STOCK_OBJECT(ompi_mpi_short_float, 512)
STOCK_OBJECT(ompi_mpi_c_short_float_complex, 512)
STOCK_OBJECT(ompi_mpi_cxx_sfltcplex, 512)
#endif
}
