// Files whose view is in the representation "external32": the application's data is converted into a buffer of ours, and the
// live MPI only moves bytes. (Both know the representation, and both forget it in some of their accesses.)
//
//     write   memory ── pack_external ──► buffer ── bytes ──► file
//     read    memory ◄─ unpack_external ─ buffer ◄─ bytes ─── file      when the access has ended
//
// So a file's view below is always "native", of types with the sizes that the basic types have in the file.
#pragma once
#include "core/objects.h"

namespace mana {

struct FileConversion {
  void *user;
  std::int64_t count;
  Datatype *type;        // reference
  std::int64_t bytes;    // in the file
  std::uint8_t writes;
  unsigned char *buffer; // [bytes]
};

// Null when memory is out.
FileConversion *begin_conversion(void *user, std::int64_t count, Datatype *type, bool writes);
// The access has ended with this outcome: converts what was read and drops the conversion. Returns the outcome in bytes of
// memory.
Status end_conversion(FileConversion *conversion, const Status &status);

}  // namespace mana
