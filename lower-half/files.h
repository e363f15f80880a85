// The application's open files: what an image says of them, and how a restarted process gets them back.
//
//   regular file, directory, device   by path, with flags and offset; never created, truncated or "exclusive" again. What was
//                                     written after the checkpoint is written again by the restarted program, so a file
//                                     open for appending, or at whose end the program was writing, is cut back to its
//                                     length at the checkpoint.
//   duplicates                        share one open file description, hence one offset, as before
//   stdin, stdout, stderr             the new launcher's, unless the program had put something else in their place
//   pipe with both ends here          made anew with what was in it
//   eventfd                           made anew with its count
//   unlinked regular file             made anew without a name, with its contents up to kMaxUnlinked
//   all else                          sockets, epoll, terminals ...: closed on restart, named in a warning at checkpoint
//
// Run by the lower half with libc; descriptors are opened with plain system calls, for the exported functions of
// descriptors.cpp would move them up.
#pragma once
#include <string>
#include <vector>

#include "tools/image/image.h"

namespace mana {

inline constexpr std::uint64_t kMaxUnlinked = 16u << 20;

// Remembers which files are the launcher's descriptors 0-2. At start and at restart, before any are restored.
void files_start();

void files_describe(std::vector<image::SavedFile> *files, std::vector<std::string> *warnings);

// Opens all of them again. A file which is not there any more is a Problem (66) that names descriptor and path.
image::Problem files_restore(const std::vector<image::SavedFile> &files);

}  // namespace mana
