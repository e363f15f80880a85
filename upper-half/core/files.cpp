// Opening, closing and what can be asked of a whole file. See files.h.
#include "core/files.h"

#include <cstring>

#include "core/call.h"
#include "core/communicators.h"
#include "core/datatypes.h"
#include "core/errors.h"
#include "core/file_access.h"
#include "core/groups.h"
#include "core/infos.h"
#include "core/memory.h"
#include "core/ops.h"
#include "core/pool.h"
#include "core/requests.h"
#include "core/start.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana {

namespace {

constexpr int kMaxPath = 4096;
constexpr int kMaxValue = 1024;  // MPI_MAX_INFO_VAL is 256 or 1024
constexpr int kMaxKey = 256;

File *null_file() { return predefined<File>(abi::FILE_NULL); }

int raised(File *file, int error) { return error ? raise(file, error) : 0; }

}  // namespace

// ---------------------------------------------------------------------------------
// Hints

namespace {

// The same for the same hints in any order.
std::uint64_t hash_of_hints(const Info *info) {
  std::uint64_t hash = 1;
  for (const InfoEntry *entry = info ? info->first : nullptr; entry; entry = entry->next)
    hash += hash_of(entry->key) * 31 + hash_of(entry->value);
  return hash;
}

bool are_the_same(std::uint64_t hash, NativeComm comm) {
  const auto type = static_cast<NativeDatatype>(seam()->mpi->predefined(abi::UINT64_T));
  const std::uint64_t mine[2] = {hash, ~hash};
  std::uint64_t largest[2] = {hash, ~hash};
  const Unlocked unlocked;
  seam()->mpi->Allreduce(mine, largest, 2, type, predefined<Op>(abi::MAX)->native, comm);
  return largest[0] == ~largest[1];
}

}  // namespace

NativeHints::NativeHints(const Info *info) : NativeHints(info, true) {}

NativeHints::NativeHints(const Info *info, NativeComm comm) : NativeHints(info, are_the_same(hash_of_hints(info), comm)) {}

// An empty one is one, too: OMPIO's File_set_info refuses MPI_INFO_NULL.
NativeHints::NativeHints(const Info *info, bool are_given) : native_(natives.info_null) {
  if (!info || is_null(info) || seam()->mpi->Info_create(&native_) != 0) return;
  made_in_ = seam()->restarts + 1;
  if (!are_given) return;
  // A hint too long for the live MPI is one that it does not know.
  for (const InfoEntry *entry = info->first; entry; entry = entry->next)
    seam()->mpi->Info_set(native_, entry->key, entry->value);
}

NativeHints::~NativeHints() {
  if (made_in_ == seam()->restarts + 1) seam()->mpi->Info_free(&native_);
}

void remember_hints(File *file, const Info *info) {
  if (!info || is_null(info) || !info->first) return;
  if (!file->info) file->info = copy_info(predefined<Info>(abi::INFO_NULL));
  update_info(file->info, info);
}

namespace {

// The hints that the live MPI says it uses, and the application's own where it says nothing.
void copy_hints_below(NativeInfo native, Info *info) {
  const LowerMpi *mpi = seam()->mpi;
  int keys = 0;
  mpi->Info_get_nkeys(native, &keys);
  for (int i = 0; i < keys; ++i) {
    char key[kMaxKey], value[kMaxValue + 1];
    int found = 0;
    if (mpi->Info_get_nthkey(native, i, key) != 0) continue;
    if (mpi->Info_get(native, key, kMaxValue - 1, value, &found) != 0 || !found) continue;
    if (std::strlen(key) < static_cast<std::size_t>(front().max_info_key) &&
        std::strlen(value) < static_cast<std::size_t>(front().max_info_val))
      set_info_value(info, key, value);
  }
}

}  // namespace

// ---------------------------------------------------------------------------------
// Opening and closing

int agree_on_error(NativeComm comm, int error) {
  const auto type = static_cast<NativeDatatype>(seam()->mpi->predefined(abi::INT));
  int worst = error;
  const Unlocked unlocked;
  seam()->mpi->Allreduce(&error, &worst, 1, type, predefined<Op>(abi::MAX)->native, comm);
  return worst;
}

int position_below(const File *file, FilePosition *position) {
  const LowerMpi *mpi = seam()->mpi;
  position->shared = -1;
  int error = mpi->File_get_position(file->native, &position->individual);
  if (!error && file->shared_used) error = mpi->File_get_position_shared(file->native, &position->shared);
  return error;
}

void agree_on_position(const File *file, FilePosition *position) {
  const auto type = static_cast<NativeDatatype>(seam()->mpi->predefined(abi::INT64_T));
  const std::int64_t own = position->shared;
  seam()->mpi->Allreduce(&own, &position->shared, 1, type, predefined<Op>(abi::MAX)->native, file->comm->native);
}

int seek_below(const File *file, const FilePosition &position) {
  const LowerMpi *mpi = seam()->mpi;
  int error = mpi->File_seek(file->native, position.individual, abi::FILE_SEEK_SET);
  if (!error && position.shared >= 0) error = mpi->File_seek_shared(file->native, position.shared, abi::FILE_SEEK_SET);
  return error;
}

namespace {

int check_amode(int amode) {
  const int access = amode & (abi::MODE_RDONLY | abi::MODE_WRONLY | abi::MODE_RDWR);
  if (access == 0 || (access & (access - 1)) != 0) return abi::ERR_AMODE;
  if (access == abi::MODE_RDONLY && (amode & (abi::MODE_CREATE | abi::MODE_EXCL))) return abi::ERR_AMODE;
  return access == abi::MODE_RDWR && (amode & abi::MODE_SEQUENTIAL) ? abi::ERR_AMODE : 0;
}

File *new_file(Comm *own, const char *name, int amode, const Info *info) {
  char path[kMaxPath];
  if (seam()->mpi->absolute_path(name, path, kMaxPath) != 0) path[0] = '\0';
  File *file = make<File>();
  file->comm = own;
  file->path = core_copy(path, std::strlen(path) + 1);
  file->amode = amode;
  file->etype = file->filetype = predefined<Datatype>(abi::BYTE);
  retain(file->etype);
  retain(file->filetype);
  file->position.shared = -1;
  file->shared_used = (amode & abi::MODE_APPEND) != 0;
  seam()->mpi->identify_file(path, &file->identity);
  if (null_file()->errhandler) set_errhandler(&file->errhandler, null_file()->errhandler);
  remember_hints(file, info);
  return file;
}

void destroy_file(File *file) {
  file->comm->file = nullptr;
  release(file->comm);
  release(file->etype);
  release(file->filetype);
  set_errhandler(&file->errhandler, nullptr);
  if (file->info) release(file->info);
  core_free(file->path);
  destroy(file);
}

// Inside a collective on `comm`: a duplicate of it, and the file opened on that.
int open_below(Comm *comm, const char *name, int amode, const Info *info, File **file) {
  NativeComm duplicate;
  if (const int error = duplicate_below(comm->native, &duplicate)) return error;
  Comm *own = adopt(duplicate, comm);
  const NativeHints hints(info, own->native);
  NativeFile native;
  const int opened = unlocked(
      [&] { return seam()->mpi->open_file(own->native, name, first_amode(amode), hints.get(), own->id, &native); });
  const int error = agree_on_error(own->native, opened);
  if (error) {
    close_comm(own);
    release(own);
    return error;
  }
  *file = new_file(own, name, amode, info);
  (*file)->native = native;
  own->file = *file;
  return 0;
}

// No rank returns before the file is gone, as a program may look.
int delete_closed(const File *file) {
  const NativeComm comm = file->comm->native;
  unlocked([&] { return seam()->mpi->Barrier(comm); });
  const int error = file->comm->rank == 0 ? seam()->mpi->File_delete(file->path, natives.info_null) : 0;
  return agree_on_error(comm, error);
}

// A program may have freed the request of an access that still runs. Closing must not leave it behind, and OMPIO's File_sync
// returns an error, before its barrier, on a rank where something is under way.
void finish_accesses(const File *file) {
  for (Request *r = ring_first(); r;) {
    const bool waited = r->comm == file->comm && r->op == RequestKind::file;
    if (waited) wait_for(r);
    r = waited ? ring_first() : ring_next(r);
  }
}

int close_below(File *file) {
  end_split_below(file);
  int error = unlocked([&] { return seam()->mpi->close_file(&file->native); });
  if (file->amode & abi::MODE_DELETE_ON_CLOSE) {
    const int deleting = delete_closed(file);
    if (!error) error = deleting;
  }
  close_comm(file->comm);
  return error;
}

}  // namespace

namespace api {

int File_open(Comm *comm, const char *filename, int amode, Info *info, File **file) {
  Call call(Fn::File_open);
  *file = null_file();
  if (is_null(comm)) return raise(null_file(), abi::ERR_COMM);
  if (const int error = check_amode(amode)) return raise(null_file(), error);
  if (!filename || !*filename) return raise(null_file(), abi::ERR_BAD_FILE);
  if (const int error = begin_create(comm)) return raise(null_file(), error);
  const int error = open_below(comm, filename, amode, info, file);
  end_create();
  return raised(null_file(), error);
}

int File_close(File **handle) {
  Call call(Fn::File_close);
  File *file = *handle;
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  finish_accesses(file);
  if (const int error = begin_collective(file->comm)) return raise(file, error);
  const int error = close_below(file);
  end_collective();
  if (file->split.type) release(file->split.type);
  if (error) raise(file, error);
  destroy_file(file);
  *handle = null_file();
  return error;
}

int File_delete(const char *filename, Info *info) {
  Call call(Fn::File_delete);
  if (!filename || !*filename) return raise(null_file(), abi::ERR_BAD_FILE);
  const NativeHints hints(info);
  return raised(null_file(), seam()->mpi->File_delete(filename, hints.get()));
}

// ---------------------------------------------------------------------------------
// Size, and what is on disk

int File_set_size(File *file, std::int64_t bytes) {
  Call call(Fn::File_set_size);
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  if (!may_write(file)) return raise(file, abi::ERR_READ_ONLY);
  if (bytes < 0) return raise(file, abi::ERR_ARG);
  return raised(file, file_collective(file, [&](NativeFile f) { return seam()->mpi->File_set_size(f, bytes); }));
}

int File_preallocate(File *file, std::int64_t bytes) {
  Call call(Fn::File_preallocate);
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  if (!may_write(file)) return raise(file, abi::ERR_READ_ONLY);
  if (bytes < 0) return raise(file, abi::ERR_ARG);
  return raised(file, file_collective(file, [&](NativeFile f) { return seam()->mpi->File_preallocate(f, bytes); }));
}

int File_get_size(File *file, std::int64_t *bytes) {
  Call call(Fn::File_get_size);
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  return raised(file, seam()->mpi->File_get_size(file->native, bytes));
}

int File_sync(File *file) {
  Call call(Fn::File_sync);
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  finish_accesses(file);
  return raised(file, file_collective(file, [](NativeFile f) { return seam()->mpi->File_sync(f); }));
}

int File_set_atomicity(File *file, int flag) {
  Call call(Fn::File_set_atomicity);
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  const int error =
      file_collective(file, [&](NativeFile f) { return seam()->mpi->File_set_atomicity(f, flag != 0); });
  if (error == 0) file->atomic = flag != 0;
  return raised(file, error);
}

int File_get_atomicity(File *file, int *flag) {
  Call call(Fn::File_get_atomicity);
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  *flag = file->atomic;
  return 0;
}

// ---------------------------------------------------------------------------------
// How it was opened

int File_get_group(File *file, Group **group) {
  Call call(Fn::File_get_group);
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  retain(file->comm->group);
  *group = file->comm->group;
  return 0;
}

int File_get_amode(File *file, int *amode) {
  Call call(Fn::File_get_amode);
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  *amode = file->amode;
  return 0;
}

int File_set_info(File *file, Info *info) {
  Call call(Fn::File_set_info);
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  if (is_null(info)) return raise(file, abi::ERR_INFO);
  if (const int refused = begin_collective(file->comm)) return raised(file, refused);
  const NativeHints hints(info, file->comm->native);
  const int error = unlocked([&] { return seam()->mpi->File_set_info(file->native, hints.get()); });
  if (error == 0) remember_hints(file, info);
  end_collective();
  return raised(file, error);
}

int File_get_info(File *file, Info **info_used) {
  Call call(Fn::File_get_info);
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  NativeInfo native;
  if (const int error = seam()->mpi->File_get_info(file->native, &native)) return raise(file, error);
  *info_used = copy_info(file->info ? file->info : predefined<Info>(abi::INFO_NULL));
  if (native != natives.info_null) {
    copy_hints_below(native, *info_used);
    seam()->mpi->Info_free(&native);
  }
  return 0;
}

}  // namespace api

}  // namespace mana
