// What MPI allows before MPI_Init, in a process that mana_launch has not started: a program linked with this library
// may ask, print its usage and end; it cannot start MPI.
#pragma once
#include <unistd.h>

#include <cstring>

#include "fronts/front.h"

namespace mana::front_side::without_mana {

inline int Init(int *, char ***) { no_lower_half(); }
inline int Init_thread(int *, char ***, int, int *) { no_lower_half(); }
template <class... Any> int Session_init(Any...) { no_lower_half(); }
inline int Abort(MPI_Comm, int code) { _exit(code); }
inline int Initialized(int *flag) { return *flag = 0, MPI_SUCCESS; }
inline int Finalized(int *flag) { return *flag = 0, MPI_SUCCESS; }
inline int Is_thread_main(int *flag) { return *flag = 1, MPI_SUCCESS; }
inline int Query_thread(int *provided) { return *provided = MPI_THREAD_SINGLE, MPI_SUCCESS; }
inline int Get_version(int *version, int *subversion) {
  *version = MPI_VERSION;
  *subversion = MPI_SUBVERSION;
  return MPI_SUCCESS;
}
inline int Get_library_version(char *version, int *length) {
  std::strcpy(version, kLibraryVersion);
  *length = static_cast<int>(std::strlen(version));
  return MPI_SUCCESS;
}

} // namespace mana::front_side::without_mana
