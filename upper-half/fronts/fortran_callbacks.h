// How callbacks written in Fortran are told from those in C, for an Open MPI front: by bits that no address of the
// application has. libmpi_mpifh.so.40 sets them in what it hands to MPI_Op_create, MPI_Comm_create_keyval and the
// like; the core keeps callbacks as they are; the front takes the bits off when it calls one.
#pragma once
#include <cstdint>

namespace mana::mpifh {

inline constexpr std::uintptr_t kWrittenInFortran = std::uintptr_t{1} << 63;
// An attribute function of MPI-1, whose values are default integers.
inline constexpr std::uintptr_t kDefaultIntegers = std::uintptr_t{1} << 62;
// A reduction or an error handler of the C++ bindings (cxx_callbacks.h).
inline constexpr std::uintptr_t kWrittenInCxx = std::uintptr_t{1} << 61;

template <class Function> Function marked(Function function, std::uintptr_t bits = kWrittenInFortran) {
  return reinterpret_cast<Function>(reinterpret_cast<std::uintptr_t>(function) | bits);
}
template <class Function> bool has_mark(Function function, std::uintptr_t bit) {
  return (reinterpret_cast<std::uintptr_t>(function) & bit) != 0;
}
template <class To, class Function> To *unmarked(Function function) {
  return reinterpret_cast<To *>(reinterpret_cast<std::uintptr_t>(function) & ~(kWrittenInFortran | kDefaultIntegers | kWrittenInCxx));
}

} // namespace mana::mpifh
