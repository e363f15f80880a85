// Names of Open MPI's libmpi beyond its mpi.h: the sentinels of Fortran, which programs and libmpi_mpifh compare by their
// addresses, and what libmpi_cxx needs. That library looks into Open MPI's own structures where attributes and error handlers of the
// C++ bindings are concerned: calls that come to this end the program with a sentence.
#include <cstddef>

#include "fronts/openmpi_head.h"

#include "core/call.h"
#include "interface/seam.h"

using namespace mana;

#define MANA_EXPORT __attribute__((visibility("default")))
// An object of the size that the real one has; zero.
#define STOCK_OBJECT(name, bytes) MANA_EXPORT alignas(8) char name[bytes];
// A function that is not to be had. Callers pass what they like: it looks at nothing.
#define STOCK_FUNCTION(name, what)                                                                                   \
  MANA_EXPORT int name() {                                                                                           \
    const InCore in_core;                                                                                            \
    seam()->services->die(78, "Open MPI's C++ bindings: " what " are not supported");                      \
    __builtin_unreachable();                                                                                         \
  }

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
STOCK_FUNCTION(ompi_attr_create_keyval, "attributes")
STOCK_FUNCTION(ompi_errhandler_create, "error handlers")
STOCK_FUNCTION(ompi_errhandler_invoke, "error handlers")
#else
// Datatypes of its extension for floating-point numbers of 16 bits: as handles they are MPI_DATATYPE_NULL.
STOCK_OBJECT(ompi_mpi_short_float, 512)
STOCK_OBJECT(ompi_mpi_c_short_float_complex, 512)
STOCK_OBJECT(ompi_mpi_cxx_sfltcplex, 512)
#endif
}
