// Everything that front_openmpi.cpp (generated) and openmpi_extra.cpp need, in order.
#pragma once
#include "fronts/openmpi.h"

namespace mana::front_side {

inline constexpr std::uint32_t kFront = 1;
// Programs and configure scripts look for the words "Open MPI v".
#define MANA_TEXT(number) MANA_TEXT_(number)
#define MANA_TEXT_(number) #number
inline constexpr char kLibraryVersion[] =
    "Open MPI v" MANA_TEXT(OMPI_MAJOR_VERSION) "." MANA_TEXT(OMPI_MINOR_VERSION) "." MANA_TEXT(OMPI_RELEASE_VERSION) " (front of mana)";
inline constexpr int kUnsetHandlerIsWorlds = 0;
inline constexpr int kHasPartitions = OMPI_MAJOR_VERSION >= 5;  // of MPI-4, although it says 3.1

inline constexpr Kind kBoundKinds[] = {Kind::comm, Kind::group, Kind::datatype, Kind::file,    Kind::errhandler, Kind::op,
                                       Kind::info, Kind::win,   Kind::request,  Kind::message, Kind::session};
void fill_null(Kind kind);
// `object` is one of the exported objects, as this process names it.
void bind(int abi, void *object);
// Its integer in Open MPI's mpif.h. Dynamic objects have kFirstFortran + their index.
void bind_fortran(int abi, int fortran);
inline constexpr int kFirstFortran = 4096;
Object *from_fortran(Kind kind, MPI_Fint fortran);

} // namespace mana::front_side

#include "fronts/convert.h"
#include "fronts/own.h"
#include "fronts/without_mana.h"

// Of MPI-1: mpi.h makes them errors of compilation, the library exports them.
#undef MPI_Address
#undef MPI_Errhandler_create
#undef MPI_Errhandler_get
#undef MPI_Errhandler_set
#undef MPI_Type_extent
#undef MPI_Type_hindexed
#undef MPI_Type_hvector
#undef MPI_Type_lb
#undef MPI_Type_struct
#undef MPI_Type_ub
