// What a rank sees of a file, and where it stands in it. See files.h.
//
// Positions are the live MPI's while the program runs; the drain asks for them (drain/files.cpp).
#include <cstring>

#include "core/call.h"
#include "core/communicators.h"
#include "core/datatypes.h"
#include "core/errors.h"
#include "core/external32.h"
#include "core/files.h"
#include "core/infos.h"
#include "core/memory.h"
#include "core/start.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana {

namespace {

int raised(File *file, int error) { return error ? raise(file, error) : 0; }

// Representations by number: those of the standard, then what the application has registered, which is as in memory. So is
// "internal", for every live MPI runs on this kind of machine.
constexpr int kMaxDatareps = 64;
constexpr int kMaxDatarepName = 128;  // MPI_MAX_DATAREP_STRING
const char *datareps[kMaxDatareps] = {"native", "internal", "external32"};
int datarep_count = 3;

}  // namespace

int find_datarep(const char *name) {
  for (int i = 0; i < datarep_count; ++i)
    if (std::strcmp(datareps[i], name) == 0) return i;
  return -1;
}

namespace {

// The type of the view as the live MPI is to see it: a new reference, or null.
Datatype *type_in_file(const File *file, Datatype *type) {
  if (file->datarep == kDatarepExternal32) return external_type(type);
  retain(type);
  return type;
}

}  // namespace

static int below(NativeFile file, std::int64_t disp, NativeDatatype etype, NativeDatatype filetype, NativeInfo hints) {
  const Unlocked unlocked;
  return seam()->mpi->File_set_view(file, disp, etype, filetype, "native", hints);
}

int set_view_below(File *file, const Info *info) {
  const NativeHints hints(info, file->comm->native);
  Datatype *etype = type_in_file(file, file->etype), *filetype = type_in_file(file, file->filetype);
  int error = abi::ERR_UNSUPPORTED_DATAREP;
  if (etype && filetype)
    error = below(file->native, file->disp, native_of(etype), native_of(filetype), hints.get());
  if (etype) release(etype);
  if (filetype) release(filetype);
  return error;
}

namespace {

int check_view(const File *file, std::int64_t disp, const Datatype *etype, const Datatype *filetype) {
  if (is_null(file)) return abi::ERR_FILE;
  if (!is_usable(etype) || !is_usable(filetype)) return abi::ERR_TYPE;
  if (is_sequential(file)) return disp == abi::DISPLACEMENT_CURRENT ? 0 : abi::ERR_UNSUPPORTED_OPERATION;
  return disp < 0 ? abi::ERR_ARG : 0;
}

// Where the shared pointer stands, in bytes: the same answer on all ranks although the others may be ahead.
int current_displacement(const File *file, std::int64_t *disp) {
  const LowerMpi *mpi = seam()->mpi;
  std::int64_t position = 0;
  int error = mpi->File_get_position_shared(file->native, &position);
  if (!error) error = mpi->File_get_byte_offset(file->native, position, disp);
  if (agree_on_error(file->comm->native, error)) return error ? error : abi::ERR_IO;
  return unlocked([&] { return mpi->Bcast(disp, sizeof *disp, natives.byte, 0, file->comm->native); });
}

struct View {
  std::int64_t disp;
  Datatype *etype, *filetype;
  int datarep;
};

View exchange_view(File *file, const View &view) {
  const View before{file->disp, file->etype, file->filetype, file->datarep};
  file->disp = view.disp;
  file->etype = view.etype;
  file->filetype = view.filetype;
  file->datarep = static_cast<std::uint8_t>(view.datarep);
  return before;
}

// Displacements that go back; pieces that overlap in a file that is written.
int class_of_bad_filetype() { return as_open_mpi() ? abi::ERR_TYPE : abi::ERR_IO; }

// What a failed call leaves behind in ROMIO is neither the old view nor the new one.
void see_as_before(File *file, FilePosition position) {
  if (set_view_below(file, nullptr) != 0) return;
  agree_on_position(file, &position);
  seek_below(file, position);
}

// Inside a collective on the file.
int set_view(File *file, View view, const Info *info) {
  if (view.disp == abi::DISPLACEMENT_CURRENT)
    if (const int error = current_displacement(file, &view.disp)) return error;
  FilePosition position;
  if (const int error = position_below(file, &position)) return error;
  const View before = exchange_view(file, view);
  if (const int error = set_view_below(file, info)) {
    exchange_view(file, before);
    see_as_before(file, position);
    return error == abi::ERR_TYPE || error == abi::ERR_IO ? class_of_bad_filetype() : error;
  }
  retain(file->etype);
  retain(file->filetype);
  release(before.etype);
  release(before.filetype);
  remember_hints(file, info);
  return 0;
}

int check_own_position(const File *file) {
  if (is_null(file)) return abi::ERR_FILE;
  return is_sequential(file) ? abi::ERR_UNSUPPORTED_OPERATION : 0;
}

// The end of the file in the view: how many etypes begin before it. Nothing far behind it is asked for: in a view with large gaps
// that would be beyond 64 bits.
int find_end(const File *file, std::int64_t *end) {
  std::int64_t size, from = 0, to = 1;
  int error = seam()->mpi->File_get_size(file->native, &size);
  const auto begins_before = [&](std::int64_t etype) {
    std::int64_t byte;
    if (error == 0) error = seam()->mpi->File_get_byte_offset(file->native, etype, &byte);
    return error == 0 && byte < size;
  };
  while (begins_before(to)) {
    from = to;
    to *= 2;
  }
  while (from < to) {
    const std::int64_t middle = from + (to - from) / 2;
    if (begins_before(middle))
      from = middle + 1;
    else
      to = middle;
  }
  *end = from;
  return error;
}

// Without functions that convert, a representation is another name for "native".
int register_datarep(const char *datarep, bool converts) {
  File *nowhere = predefined<File>(abi::FILE_NULL);
  if (!datarep || !*datarep || std::strlen(datarep) >= kMaxDatarepName) return raise(nowhere, abi::ERR_ARG);
  if (find_datarep(datarep) >= 0) return raise(nowhere, abi::ERR_DUP_DATAREP);
  if (converts) return raise(nowhere, abi::ERR_CONVERSION);
  if (datarep_count == kMaxDatareps) return raise(nowhere, abi::ERR_NO_MEM);
  datareps[datarep_count++] = core_copy(datarep, std::strlen(datarep) + 1);
  return 0;
}

}  // namespace

namespace api {

int File_set_view(File *file, std::int64_t disp, Datatype *etype, Datatype *filetype, const char *datarep, Info *info) {
  Call call(Fn::File_set_view);
  if (const int error = check_view(file, disp, etype, filetype)) return raise(file, error);
  const int representation = datarep ? find_datarep(datarep) : -1;
  if (representation < 0) return raise(file, abi::ERR_UNSUPPORTED_DATAREP);
  const View view{disp, etype, filetype, representation};
  return raised(file, file_collective(file, [&](NativeFile) { return set_view(file, view, info); }));
}

// The application frees what it is given, unless predefined.
int File_get_view(File *file, std::int64_t *disp, Datatype **etype, Datatype **filetype, char *datarep) {
  Call call(Fn::File_get_view);
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  *disp = file->disp;
  retain(*etype = file->etype);
  retain(*filetype = file->filetype);
  std::strcpy(datarep, datareps[file->datarep]);
  return 0;
}

int File_get_type_extent(File *file, Datatype *datatype, std::int64_t *extent) {
  Call call(Fn::File_get_type_extent);
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  if (is_null(datatype)) return raise(file, abi::ERR_TYPE);
  Datatype *there = type_in_file(file, datatype);
  if (!there) return raise(file, abi::ERR_UNSUPPORTED_DATAREP);
  *extent = there->extent;
  release(there);
  return 0;
}

int File_get_type_extent_c(File *file, Datatype *datatype, std::int64_t *extent) {
  return File_get_type_extent(file, datatype, extent);
}

// ---------------------------------------------------------------------------------
// Positions

int File_seek(File *file, std::int64_t offset, int whence) {
  Call call(Fn::File_seek);
  if (const int error = check_own_position(file)) return raise(file, error);
  if (whence == abi::FILE_SEEK_END) {  // OMPIO goes elsewhere in files of some megabytes
    std::int64_t end;
    if (const int error = find_end(file, &end)) return raise(file, error);
    offset += end;
    whence = abi::FILE_SEEK_SET;
  }
  if (whence == abi::FILE_SEEK_SET && offset < 0) return raise(file, abi::ERR_ARG);
  return raised(file, seam()->mpi->File_seek(file->native, offset, whence));
}

int File_get_position(File *file, std::int64_t *offset) {
  Call call(Fn::File_get_position);
  if (const int error = check_own_position(file)) return raise(file, error);
  return raised(file, seam()->mpi->File_get_position(file->native, offset));
}

int File_get_byte_offset(File *file, std::int64_t offset, std::int64_t *disp) {
  Call call(Fn::File_get_byte_offset);
  if (const int error = check_own_position(file)) return raise(file, error);
  if (offset < 0) return raise(file, abi::ERR_ARG);
  return raised(file, seam()->mpi->File_get_byte_offset(file->native, offset, disp));
}

int File_seek_shared(File *file, std::int64_t offset, int whence) {
  Call call(Fn::File_seek_shared);
  if (const int error = check_own_position(file)) return raise(file, error);
  const int error =
      file_collective(file, [&](NativeFile f) { return seam()->mpi->File_seek_shared(f, offset, whence); });
  if (error == 0) file->shared_used = 1;
  return raised(file, error);
}

int File_get_position_shared(File *file, std::int64_t *offset) {
  Call call(Fn::File_get_position_shared);
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  return raised(file, seam()->mpi->File_get_position_shared(file->native, offset));
}

// ---------------------------------------------------------------------------------
// Representations

int Register_datarep(const char *datarep, void (*read_conversion_fn)(), void (*write_conversion_fn)(), void (*)(), void *) {
  Call call(Fn::Register_datarep);
  return register_datarep(datarep, read_conversion_fn || write_conversion_fn);
}

int Register_datarep_c(const char *datarep, void (*read_conversion_fn)(), void (*write_conversion_fn)(), void (*)(), void *) {
  Call call(Fn::Register_datarep_c);
  return register_datarep(datarep, read_conversion_fn || write_conversion_fn);
}

}  // namespace api

}  // namespace mana
