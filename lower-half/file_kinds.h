// What the parts of files.cpp share: each kind of descriptor describes itself into a SavedFile and is made again from it.
//
// describe_*: `other` is not mine, `saved` is in *file, `lost` is mine but cannot be saved; then *what says what it is.
// restore_*: a descriptor above the base, which files.cpp puts in its place; -1 with errno.
#pragma once
#include <sys/stat.h>

#include <string>
#include <vector>

#include "tools/image/image.h"

namespace mana {

enum class Found { other, saved, lost };

struct Opened {
  struct stat status {};
  std::string path;  // as /proc/self/fd tells it
};

std::string proc_fd(int fd);
// All lines of /proc/self/fdinfo/FD.
std::vector<std::string> info_lines(int fd);
// The rest of the line "name:", or an empty string.
std::string info_of(const std::vector<std::string> &lines, const std::string &name);

inline constexpr std::uint32_t kStatusFlags = 02000 | 04000;  // O_APPEND, O_NONBLOCK: what F_SETFL can give back

// --- regular_files.cpp ---
Found describe_regular(image::SavedFile *file, const Opened &opened, std::string *what);
image::Problem restore_regular(const image::SavedFile &file, int *fd);
image::Problem restore_unlinked(const image::SavedFile &file, int *fd);
// Locks belong to process and description, so they are taken when the descriptor is in its place.
image::Problem restore_locks(const image::SavedFile &file);
// The memory of mapped files without a name that restore.cpp has made: 0, or its descriptor.
int memory_object(std::uint64_t id);
void remember_memory_object(std::uint64_t id, int fd);
void forget_memory_objects();

// --- pipes.cpp ---
Found describe_pipe(image::SavedFile *file, const Opened &opened, std::string *what);
// Pipes whose other end is in another process: their descriptors, taken out of the list.
std::vector<int> drop_half_pipes(std::vector<image::SavedFile> *files);
int restore_pipe(const image::SavedFile &file, const std::vector<image::SavedFile> &files);

// --- sockets.cpp ---
Found describe_socket(image::SavedFile *file, const Opened &opened, std::string *what);
// Likewise for pairs of which one end is in another process.
std::vector<int> drop_half_pairs(std::vector<image::SavedFile> *files);
// With its peer, which waits for its own turn.
int restore_socket(const image::SavedFile &file, const std::vector<image::SavedFile> &files);

// --- event_files.cpp ---
Found describe_event(image::SavedFile *file, const Opened &opened, std::string *what);
int restore_event(const image::SavedFile &file);
// What an epoll set watches, when all descriptors are in their places.
image::Problem restore_watches(const image::SavedFile &file);

}  // namespace mana
