// See file_access.h.
#include "core/file_access.h"

#include <climits>
#include <utility>

#include "core/collectives.h"
#include "core/datatypes.h"
#include "core/errors.h"
#include "core/external32.h"
#include "core/file_conversion.h"
#include "core/files.h"
#include "core/lock.h"
#include "core/requests.h"
#include "lower_mpi.h"

namespace mana {

namespace {

bool converts(const File *file) { return file->datarep == kDatarepExternal32; }

// Data is accessed in whole etypes.
bool fills_etypes(const File *file, std::int64_t count, const Datatype *type) {
  if (file->etype->size <= 1) return true;
  if (converts(file)) return external_bytes(type, count) % external_bytes(file->etype, 1) == 0;
  return count * type->size % file->etype->size == 0;
}

int check(const FileAccess &access) {
  const File *file = access.file;
  if (is_null(file)) return abi::ERR_FILE;
  if (access.count < 0) return abi::ERR_COUNT;
  if (!is_usable(access.type)) return abi::ERR_TYPE;
  if ((access.traits & kAccessWrites) && (file->amode & abi::MODE_RDONLY)) return abi::ERR_READ_ONLY;
  if (!(access.traits & kAccessWrites) && (file->amode & abi::MODE_WRONLY)) return abi::ERR_ACCESS;
  if (is_sequential(file) && !(access.traits & kAccessShared)) return abi::ERR_UNSUPPORTED_OPERATION;
  if ((access.traits & kAccessExplicit) && access.offset < 0) return abi::ERR_ARG;
  if (!fills_etypes(file, access.count, access.type)) return abi::ERR_IO;
  // MPI-3.1, section 13.4.5: no collective access while a split one is under way.
  if ((access.traits & kAccessCollective) && file->split.end) return abi::ERR_IO;
  return 0;
}

// `count` items as one, by chunks that an int can count.
Datatype *build_large(std::int64_t count, Datatype *type) {
  constexpr int kChunk = 1 << 30;
  Datatype *chunk = build_contiguous(kChunk, type);
  Datatype *chunks = build_contiguous(static_cast<int>(count / kChunk), chunk);
  Datatype *rest = build_contiguous(static_cast<int>(count % kChunk), type);
  const int lengths[] = {1, 1};
  const std::int64_t displacements[] = {0, count / kChunk * kChunk * type->extent};
  Datatype *const parts[] = {chunks, rest};
  Datatype *whole = build_struct(2, lengths, displacements, parts);
  for (Datatype *part : {chunk, chunks, rest}) release(part);
  whole->committed = 1;
  return whole;
}

// An access on its way to the live MPI: buffer, count and datatype may be others than the application's.
class OnItsWay {
public:
  explicit OnItsWay(const FileAccess &access) : buf_(access.buf), count_(access.count), type_(access.type) {
    if (access.traits & kAccessShared) access.file->shared_used = 1;
    if (converts(access.file)) {
      conversion_ = begin_conversion(buf_, count_, type_, (access.traits & kAccessWrites) != 0);
      if (!conversion_) {
        type_ = nullptr;
        return;
      }
      buf_ = conversion_->buffer;
      count_ = conversion_->bytes;
      type_ = predefined<Datatype>(abi::BYTE);
    }
    if (count_ <= INT_MAX) {
      retain(type_);
      return;
    }
    type_ = build_large(count_, type_);
    count_ = 1;
  }
  ~OnItsWay() {
    if (type_) release(type_);
  }
  OnItsWay(const OnItsWay &) = delete;
  OnItsWay &operator=(const OnItsWay &) = delete;

  // False: there is no memory for the conversion.
  bool possible() const { return type_ != nullptr; }
  AccessBelow below(const FileAccess &access) const {
    return {access.file->native, access.offset, buf_, static_cast<int>(count_), native_of(type_)};
  }
  Status ended(const Status &status) { return outcome(take_conversion(), status); }
  void failed() { ended({0, 0, abi::ERR_OTHER, 0, 0, 0}); }
  // The caller's from now on, for an access that goes on.
  Datatype *take_type() { return std::exchange(type_, nullptr); }
  FileConversion *take_conversion() { return std::exchange(conversion_, nullptr); }

  // Fields of a status that have no meaning for files are the same under every MPI.
  static Status outcome(FileConversion *conversion, const Status &status) {
    Status result{abi::ANY_SOURCE, abi::ANY_TAG, status.error, 0, status.error ? 0 : status.bytes, 0};
    return conversion ? end_conversion(conversion, result) : result;
  }

private:
  void *buf_;
  std::int64_t count_;
  Datatype *type_;
  FileConversion *conversion_ = nullptr;
};

// Enters a collective; the communicator of an open file is never refused.
bool enter(const FileAccess &access) {
  if (!(access.traits & kAccessCollective)) return false;
  if (begin_collective(access.file->comm) != 0) seam()->services->die(125, "a file has lost its communicator");
  return true;
}

}  // namespace

int access_now(const FileAccess &access, Status *status, AccessNow below) {
  if (const int error = check(access)) return raise(access.file, error);
  OnItsWay way(access);
  if (!way.possible()) return raise(access.file, abi::ERR_NO_MEM);
  const bool entered = enter(access);
  const AccessBelow natives_below = way.below(access);
  Status outcome{};
  {
    Unlocked unlocked;
    outcome.error = below(natives_below, &outcome);
  }
  if (entered) end_collective();
  outcome = way.ended(outcome);
  if (outcome.error) return raise(access.file, outcome.error);
  if (status) *status = outcome;
  return 0;
}

int access_later(const FileAccess &access, Request **request, AccessLater below) {
  if (const int error = check(access)) return raise(access.file, error);
  OnItsWay way(access);
  if (!way.possible()) return raise(access.file, abi::ERR_NO_MEM);
  const bool entered = enter(access);
  NativeRequest native = natives.request_null;
  const int error = below(way.below(access), &native);
  if (entered) end_collective();
  if (error) {
    way.failed();
    return raise(access.file, error);
  }
  Request *r = new_request(access.file->comm, RequestKind::file);
  r->native = native;
  r->mode = (access.traits & kAccessCollective) != 0;
  r->type = way.take_type();
  r->buf = way.take_conversion();
  *request = r;
  return 0;
}

Status settle_access(Request *request, const Status &status) {
  return OnItsWay::outcome(static_cast<FileConversion *>(std::exchange(request->buf, nullptr)), status);
}

// ---------------------------------------------------------------------------------
// Split accesses

int access_begin(const FileAccess &access, AccessBegin below, Fn ends_with, AccessEnd end) {
  if (const int error = check(access)) return raise(access.file, error);
  OnItsWay way(access);
  if (!way.possible()) return raise(access.file, abi::ERR_NO_MEM);
  const bool entered = enter(access);
  const AccessBelow natives_below = way.below(access);
  int error;
  {
    Unlocked unlocked;
    error = below(natives_below);
  }
  if (error == 0)
    access.file->split = {end, static_cast<int>(ends_with), natives_below.buf, way.take_type(), way.take_conversion(), 0, {}};
  else
    way.failed();
  if (entered) end_collective();
  return error ? raise(access.file, error) : 0;
}

void end_split_below(File *file) {
  SplitAccess &split = file->split;
  if (!split.end || split.ended) return;
  split.status.error = split.end(file->native, split.buf, &split.status);
  split.status = OnItsWay::outcome(std::exchange(split.conversion, nullptr), split.status);
  split.ended = 1;
}

int access_end(File *file, Fn fn, Status *status) {
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  if (!file->split.end || file->split.ends_with != static_cast<int>(fn)) return raise(file, abi::ERR_IO);
  {
    Unlocked unlocked;
    end_split_below(file);
  }
  const SplitAccess split = std::exchange(file->split, {});
  release(split.type);
  if (split.status.error) return raise(file, split.status.error);
  if (status) *status = split.status;
  return 0;
}

}  // namespace mana
