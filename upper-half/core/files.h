// Open files as records: what is opened, on whom, how it is seen.
//
// A file has a communicator of its own, a duplicate of the one that it was opened on, as in the MPIs themselves: the
// collectives on the file pass the gate on it, its requests count on it, and its id, the same on all members, orders the files
// wherever all ranks go through them (the drain, a restart, the end of a job that stops).
//
// Two access modes never reach the live MPI:
//   MPI_MODE_DELETE_ON_CLOSE  a job that stops closes its files below, which must not delete them. Deleted here, after the
//                             application's close.
//   MPI_MODE_SEQUENTIAL       checked here. Below it would forbid to set the positions after a restart.
// MPI_MODE_CREATE and _EXCL are for the first opening, MPI_MODE_APPEND only sets the positions at that one.
#pragma once
#include <algorithm>

#include "abi_constants.h"
#include "core/collectives.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/objects.h"
#include "core/pool.h"

namespace mana {

inline bool is_null(const File *file) { return (file->flags & kNull) != 0; }
inline bool is_sequential(const File *file) { return (file->amode & abi::MODE_SEQUENTIAL) != 0; }
inline bool may_write(const File *file) { return (file->amode & abi::MODE_RDONLY) == 0; }

// Access modes for the live MPI.
inline int first_amode(int amode) { return amode & ~(abi::MODE_DELETE_ON_CLOSE | abi::MODE_SEQUENTIAL); }
inline int amode_again(int amode) {
  return first_amode(amode) & ~(abi::MODE_CREATE | abi::MODE_EXCL | abi::MODE_APPEND);
}

// A native info with the hints of `info` (which may be null), for the length of a call. With a communicator it is collective, and
// has no hints unless all ranks give the same: ROMIO compares hints by broadcasts in which only those that have one take part, and
// after a restart some ranks may hold those of another MPI, that MPI_File_get_info told them before.
class NativeHints {
public:
  explicit NativeHints(const Info *info);
  NativeHints(const Info *info, NativeComm comm);
  ~NativeHints();
  NativeHints(const NativeHints &) = delete;
  NativeHints &operator=(const NativeHints &) = delete;
  NativeInfo get() const { return native_; }

private:
  NativeHints(const Info *info, bool are_given);

  NativeInfo native_;
  std::uint32_t made_in_ = 0;  // 0: not made; else 1 + how often the process had been restarted, for it is gone after the next
};

// Adds the application's hints to those that the file remembers.
void remember_hints(File *file, const Info *info);

// visit(File *) for every open file, in the order that all ranks share.
template <class Visit> void for_each_file_in_order(Visit visit) {
  std::size_t n = 0;
  for_each<File>([&](File *) { ++n; });
  if (n == 0) return;
  File **files = core_array<File *>(n);
  n = 0;
  for_each<File>([&](File *file) { files[n++] = file; });
  std::sort(files, files + n, [](const File *a, const File *b) { return a->comm->id < b->comm->id; });
  for (std::size_t i = 0; i < n; ++i) visit(files[i]);
  core_free(files);
}

// A collective on the file that takes no buffer: passes the gate, then call(file->native) below. 0 or an ABI error, not
// raised.
template <class Below> int file_collective(File *file, Below below) {
  if (const int error = begin_collective(file->comm)) return error;
  int error;
  {
    Unlocked unlocked;
    error = below(file->native);
  }
  end_collective();
  return error;
}

// The largest error among the ranks of a communicator, so that all of them go the same way. Collective below, uncounted.
int agree_on_error(NativeComm comm, int error);

// Where the pointers stand, as this rank sees it: the shared one is -1 when it has not used that itself, for asking would make ROMIO
// create its file.
int position_below(const File *file, FilePosition *position);
// All ranks have the same shared one then. Collective below, uncounted.
void agree_on_position(const File *file, FilePosition *position);
// Collective below, uncounted, when the shared pointer has been used.
int seek_below(const File *file, const FilePosition &position);

// Representations of data in files, which MPI_File_set_view takes by name: their numbers, or -1. file_views.cpp
enum : int { kDatarepNative = 0, kDatarepInternal = 1, kDatarepExternal32 = 2 };
int find_datarep(const char *name);

// The view of the record, in the live MPI. Collective below, uncounted.
int set_view_below(File *file, const Info *info);

}  // namespace mana
