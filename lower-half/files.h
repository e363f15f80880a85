// The application's descriptors: what they are when an image is written, and how a new process gets them back.
//
//   regular file, directory, device   by path, with flags, offset and locks; never created, truncated or "exclusive" again. What
//                                     was written after the checkpoint is written again by the restarted program, so a file
//                                     open for appending, or at whose end the program was writing, is cut back to its
//                                     length at the checkpoint (MANA_FILES=keep: it is left as it is)
//   unlinked regular file, memfd      made anew without a name, with its contents up to kMaxUnlinked
//   duplicates                        share one open file description, hence one offset, as before
//   stdin, stdout, stderr             the new launcher's, unless the program had put something else in their place
//   pipe, pair of sockets             made anew with what was in them, when nobody outside of the process has an end
//   socket not used yet               made anew
//   eventfd, timerfd, signalfd        made anew with count, remaining time, mask
//   epoll, inotify                    made anew, watching the same descriptors and paths
//   io_uring, userfaultfd             no image is written: the kernel acts on the program's memory through them
//   all else                          closed on restart, and named when the checkpoint is taken; with MANA_ON_UNSAVEABLE=fail no
//                                     image is written then
//
// MANA_MAP_PATH (lines OLD=NEW) gives files, directories and shared mappings below OLD at the restart the path below NEW.
//
// Run by the lower half with libc; descriptors are opened with plain system calls, for the exported functions of
// descriptors.cpp would move them up.
#pragma once
#include <string>
#include <vector>

#include "tools/image/image.h"

namespace mana {

inline constexpr std::uint64_t kMaxUnlinked = 64u << 20;

// Remembers which files are the launcher's descriptors 0-2. At start and at restart, before any are restored.
void files_start();

// What a checkpoint cannot save. `refused`: an image must not be written at all.
struct Unsaveable {
  std::vector<std::string> lost, refused;
};
void files_describe(std::vector<image::SavedFile> *files, Unsaveable *unsaveable);

// Takes the numbers of all of them before there are other threads: one of the live MPI that opens something has it at a low
// number for a moment, and would close that number when it has moved it, whatever has been put there meanwhile.
image::Problem files_reserve(const std::vector<image::SavedFile> &files);
// Opens all of them again, at their reserved numbers. A file which is not there any more is a Problem (66) that names descriptor and path.
image::Problem files_restore(const std::vector<image::SavedFile> &files);

// `path` as MANA_MAP_PATH has it.
std::string mapped_path(const std::string &path);

}  // namespace mana
