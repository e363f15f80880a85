// Files of a restarted process: opened again on their own communicators, in the order that all ranks share, without
// MPI_MODE_CREATE, _EXCL and _APPEND, seen as before, with the pointers where they were.
//
// What the file holds is the file system's business, as with every file of the application: nothing is truncated, so what was
// written after the checkpoint is still there, and is said. A file that has gone, or has lost data which was in it at the
// checkpoint, ends the restart with a sentence.
#include "record-replay/files.h"

#include "core/communicators.h"
#include "core/datatypes.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/start.h"
#include "core/text.h"
#include "lower_mpi.h"

namespace mana {

namespace {

constexpr int kNotThere = 66;  // image::kNotThere, of tools/image/image.h

[[noreturn]] void refuse(const File *file, const char *why) {
  Text text;
  text << "restart: file " << file->path << " was open at the checkpoint and " << why;
  seam()->services->die(kNotThere, text.c_str());
}

[[noreturn]] void refuse_shorter(const File *file, std::int64_t bytes) {
  Text text;
  text << "has " << bytes << " bytes now; it had " << file->identity.bytes;
  refuse(file, text.c_str());
}

void say_changed(const File *file, const FileIdentity &now) {
  const FileIdentity &before = file->identity;
  if (file->comm->rank != 0 || now.modified_ns == before.modified_ns) return;
  Text text;
  if (now.bytes > before.bytes)
    text << "file " << file->path << " is longer than at the checkpoint (" << now.bytes << " bytes, it had "
         << before.bytes << "): it is left as it is";
  else if (!may_write(file))
    text << "file " << file->path << ", which the program reads, was changed after the checkpoint";
  else
    return;
  seam()->services->say(text.c_str());
}

void must(const File *file, const char *what, int error) {
  if (error == 0) return;
  Text text;
  text << "cannot be " << what << ": " << error_text(error);
  refuse(file, text.c_str());
}

void check_unchanged(const File *file) {
  FileIdentity now{};
  if (seam()->mpi->identify_file(file->path, &now) != 0) refuse(file, "is no longer there");
  if (now.bytes < file->identity.bytes) refuse_shorter(file, now.bytes);
  say_changed(file, now);
}

// Whether any rank has another view than a file just opened: setting one is collective.
bool has_view(const File *file) {
  const Datatype *byte = predefined<Datatype>(abi::BYTE);
  return agree_on_error(file->comm->native, file->disp != 0 || file->etype != byte || file->filetype != byte) != 0;
}

void reopen(File *file) {
  const LowerMpi *mpi = seam()->mpi;
  check_unchanged(file);
  const NativeHints hints(file->info, file->comm->native);
  must(file, "opened again",
       mpi->open_file(file->comm->native, file->path, amode_again(file->amode), hints.get(), file->comm->id, &file->native));
  if (has_view(file)) must(file, "seen as before", set_view_below(file, file->info));
  if (file->atomic) must(file, "put into atomic mode", mpi->File_set_atomicity(file->native, 1));
  must(file, "positioned", seek_below(file, file->position));
}

}  // namespace

void reopen_files() { for_each_file_in_order(reopen); }

}  // namespace mana
