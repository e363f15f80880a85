// Everything that front_mpich.cpp (generated) and mpich_extra.cpp need, in order.
#pragma once
#include "fronts/mpich.h"

namespace mana::front_side {

inline constexpr std::uint32_t kFront = 2;
// Programs look for the words "MPICH Version:".
inline constexpr char kLibraryVersion[] = "MPICH Version:      " MPICH_VERSION " (front of mana)\n";
inline constexpr int kUnsetHandlerIsWorlds = 1;
inline constexpr int kHasPartitions = MPI_VERSION >= 4;

inline constexpr Kind kBoundKinds[] = {Kind::comm,       Kind::group,   Kind::datatype, Kind::file,
                                       Kind::errhandler, Kind::op,      Kind::info,     Kind::win,
                                       Kind::request,    Kind::message, Kind::session};
void fill_null(Kind kind);
// One for each role: where the record is found by its handle, and the handle in the record.
void bind_comm(int abi, int handle);
void bind_group(int abi, int handle);
void bind_type(int abi, int handle);
void bind_op(int abi, int handle);
void bind_request(int abi, int handle);
void bind_info(int abi, int handle);
void bind_errhandler(int abi, int handle);
void bind_message(int abi, int handle);
void bind_win(int abi, int handle);
void bind_session(int abi, int handle);
inline void bind_file(int, MPI_File) {}

} // namespace mana::front_side

#include "fronts/convert.h"
#include "fronts/own.h"
#include "fronts/without_mana.h"
