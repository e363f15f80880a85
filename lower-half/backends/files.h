// Files of the live MPI, beyond what is generated. See files.cpp, and struct LowerMpi for the first five.
#pragma once
#include <mpi.h>

#include <cstdint>

#include "abi_constants.h"
#include "interface/native.h"

namespace mana {

int lower_open_file(NativeComm comm, const char *path, int amode, NativeInfo info, std::uint64_t order, NativeFile *file);
int lower_close_file(NativeFile *file);
int lower_identify_file(const char *path, FileIdentity *identity);
int lower_absolute_path(const char *name, char *path, int room);
int lower_split_type_of_mpich(NativeComm comm, int type, int key, const char *directory, NativeComm *made);

// Collective: every file that is still open. With the lower half's TLS, before MPI_Finalize.
void close_open_files();

inline int whence_to_native(int whence) {
  switch (whence) {
  case abi::FILE_SEEK_SET: return MPI_SEEK_SET;
  case abi::FILE_SEEK_CUR: return MPI_SEEK_CUR;
  case abi::FILE_SEEK_END: return MPI_SEEK_END;
  default: return -1;  // the call reports MPI_ERR_ARG
  }
}

}  // namespace mana
