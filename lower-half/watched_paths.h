// The paths that the application has given to inotify_add_watch: the kernel tells only inodes.
//
// In the lower half's memory: a restart fills it again while it restores the descriptors.
#pragma once

namespace mana {

// The absolute path behind a watch that was added through this descriptor, or null.
const char *watched_path(int fd, int watch);
void remember_watched_path(int fd, int watch, const char *path);

void register_watch_calls(); // watched_paths_nolibc.cpp

}  // namespace mana
