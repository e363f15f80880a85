// See file_access.h.
#include "core/file_access.h"

#include <climits>

#include "core/collectives.h"
#include "core/datatypes.h"
#include "core/errors.h"
#include "core/files.h"
#include "core/lock.h"
#include "core/requests.h"
#include "lower_mpi.h"

namespace mana {

namespace {

int check(const FileAccess &access) {
  const File *file = access.file;
  if (is_null(file)) return abi::ERR_FILE;
  if (access.count < 0) return abi::ERR_COUNT;
  if (!is_usable(access.type)) return abi::ERR_TYPE;
  if ((access.traits & kAccessWrites) && (file->amode & abi::MODE_RDONLY)) return abi::ERR_READ_ONLY;
  if (!(access.traits & kAccessWrites) && (file->amode & abi::MODE_WRONLY)) return abi::ERR_ACCESS;
  if (is_sequential(file) && !(access.traits & kAccessShared)) return abi::ERR_UNSUPPORTED_OPERATION;
  if ((access.traits & kAccessExplicit) && access.offset < 0) return abi::ERR_ARG;
  // MPI-3.1, section 13.4.5: no collective access while a split one is under way.
  if ((access.traits & kAccessCollective) && file->split.end) return abi::ERR_IO;
  return 0;
}

// An access that is on its way to the live MPI: holds the datatype, which may be another one than the application's.
class OnItsWay {
public:
  explicit OnItsWay(const FileAccess &access) : type_(access.type), count_(access.count) {
    if (access.traits & kAccessShared) access.file->shared_used = 1;
    if (count_ <= INT_MAX) {
      retain(type_);
      return;
    }
    type_ = build_large(count_, type_);
    type_->committed = 1;
    count_ = 1;
  }
  ~OnItsWay() {
    if (type_) release(type_);
  }
  OnItsWay(const OnItsWay &) = delete;
  OnItsWay &operator=(const OnItsWay &) = delete;

  AccessBelow below(const FileAccess &access) const {
    return {access.file->native, access.offset, access.buf, static_cast<int>(count_), native_of(type_)};
  }
  // The caller's from now on.
  Datatype *take_type() {
    Datatype *type = type_;
    type_ = nullptr;
    return type;
  }

private:
  // `count` items as one, by chunks that an int can count.
  static Datatype *build_large(std::int64_t count, Datatype *type) {
    constexpr int kChunk = 1 << 30;
    Datatype *chunk = build_contiguous(kChunk, type);
    Datatype *chunks = build_contiguous(static_cast<int>(count / kChunk), chunk);
    Datatype *rest = build_contiguous(static_cast<int>(count % kChunk), type);
    const int lengths[] = {1, 1};
    const std::int64_t displacements[] = {0, count / kChunk * kChunk * type->extent};
    Datatype *const parts[] = {chunks, rest};
    Datatype *whole = build_struct(2, lengths, displacements, parts);
    for (Datatype *part : {chunk, chunks, rest}) release(part);
    return whole;
  }

  Datatype *type_;
  std::int64_t count_;
};

// Enters a collective; the communicator of an open file is never refused.
bool enter(const FileAccess &access) {
  if (!(access.traits & kAccessCollective)) return false;
  if (begin_collective(access.file->comm) != 0) seam()->services->die(125, "a file has lost its communicator");
  return true;
}

}  // namespace

Status settled_access(const Status &status) {
  return {abi::ANY_SOURCE, abi::ANY_TAG, status.error, 0, status.error ? 0 : status.bytes, 0};
}

int access_now(const FileAccess &access, Status *status, AccessNow below) {
  if (const int error = check(access)) return raise(access.file, error);
  const bool entered = enter(access);
  const OnItsWay way(access);
  const AccessBelow natives_below = way.below(access);
  Status outcome{};
  int error;
  {
    Unlocked unlocked;
    error = below(natives_below, &outcome);
  }
  if (entered) end_collective();
  if (error) return raise(access.file, error);
  if (status) *status = settled_access(outcome);
  return 0;
}

int access_later(const FileAccess &access, Request **request, AccessLater below) {
  if (const int error = check(access)) return raise(access.file, error);
  const bool entered = enter(access);
  OnItsWay way(access);
  NativeRequest native = natives.request_null;
  const int error = below(way.below(access), &native);
  if (entered) end_collective();
  if (error) return raise(access.file, error);
  Request *r = new_request(access.file->comm, RequestKind::file);
  r->native = native;
  r->type = way.take_type();
  *request = r;
  return 0;
}

int access_begin(const FileAccess &access, AccessBegin below, Fn ends_with, AccessEnd end) {
  if (const int error = check(access)) return raise(access.file, error);
  const bool entered = enter(access);
  OnItsWay way(access);
  const AccessBelow natives_below = way.below(access);
  int error;
  {
    Unlocked unlocked;
    error = below(natives_below);
  }
  if (error == 0) access.file->split = {end, static_cast<int>(ends_with), access.buf, way.take_type(), 0, 0, {}};
  if (entered) end_collective();
  return error ? raise(access.file, error) : 0;
}

void end_split_below(File *file) {
  SplitAccess &split = file->split;
  if (!split.end || split.ended) return;
  split.error = split.end(file->native, split.buf, &split.status);
  split.ended = 1;
}

int access_end(File *file, Fn fn, Status *status) {
  if (is_null(file)) return raise(file, abi::ERR_FILE);
  if (!file->split.end || file->split.ends_with != static_cast<int>(fn)) return raise(file, abi::ERR_IO);
  {
    Unlocked unlocked;
    end_split_below(file);
  }
  const SplitAccess split = file->split;
  file->split = {};
  release(split.type);
  if (split.error) return raise(file, split.error);
  if (status) *status = settled_access(split.status);
  return 0;
}

}  // namespace mana
