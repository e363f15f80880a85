// See file_conversion.h.
#include "core/file_conversion.h"

#include "core/datatypes.h"
#include "core/external32.h"
#include "core/memory.h"
#include "core/pack.h"

namespace mana {

FileConversion *begin_conversion(void *user, std::int64_t count, Datatype *type, bool writes) {
  const std::int64_t bytes = external_bytes(type, count);
  auto *buffer = static_cast<unsigned char *>(core_try_alloc(static_cast<std::size_t>(bytes)));
  if (!buffer) return nullptr;
  if (writes) pack_external(user, count, type, buffer);
  auto *conversion = core_array<FileConversion>(1);
  *conversion = {user, count, type, bytes, writes, buffer};
  retain(type);
  return conversion;
}

Status end_conversion(FileConversion *c, const Status &status) {
  Status outcome = status;
  if (status.error == 0 && c->writes)
    outcome.bytes = status.bytes == c->bytes ? packed_bytes(c->count, c->type) : 0;
  else if (status.error == 0)
    outcome.bytes = unpack_external(c->buffer, status.bytes, c->user, c->count, c->type);
  release(c->type);
  core_free(c->buffer);
  core_free(c);
  return outcome;
}

}  // namespace mana
