// What the drain does with open files: nothing is left half done, the data is on disk, and the records know where every
// pointer stands.
//
// All ranks are parked outside of collectives, so all members of a file know it and have begun the same split access. Each
// rank goes through its files in ascending order of their ids, the same on all members: no two of them wait for each other
// (record-replay/communicators.cpp has the argument).
#include "drain/files.h"

#include "core/communicators.h"
#include "core/file_access.h"
#include "core/files.h"
#include "core/ops.h"
#include "core/start.h"
#include "core/text.h"
#include "lower_mpi.h"

namespace mana {

namespace {

void must(int error, const char *sentence) {
  if (error != 0) seam()->services->die(125, sentence);
}

// A file that has lost its name while it is open can be written on, but not be opened again.
void say_if_lost(const File *file, int error, const FileIdentity &now) {
  if (file->comm->rank != 0) return;
  if (error == 0 && now.device == file->identity.device && now.inode == file->identity.inode) return;
  Text text;
  text << "file " << file->path << (error ? " was removed while it is open: a restart will not find it"
                                          : " was replaced while it is open: a restart will open the new one");
  seam()->services->say(text.c_str());
}

void write_to_disk(const File *file) {
  if (!may_write(file) || seam()->mpi->File_sync(file->native) == 0) return;
  Text text;
  text << "file " << file->path << " could not be written to disk";
  seam()->services->say(text.c_str());
}

void drain_file(File *file) {
  end_split_below(file);
  must(position_below(file, &file->position), "drain: no position in a file");
  agree_on_position(file, &file->position);
  write_to_disk(file);
  FileIdentity now{};
  const int error = seam()->mpi->identify_file(file->path, &now);
  say_if_lost(file, error, now);
  if (error == 0) file->identity = now;
}

}  // namespace

void drain_files() { for_each_file_in_order(drain_file); }

}  // namespace mana
