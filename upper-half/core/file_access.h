// Reads and writes of files: what the generated bodies of the 70 access functions call.
//
//     blocking        one crossing. A collective one passes the gate first, like every collective
//     nonblocking     a request in the ring: the drain completes it like a nonblocking collective, which a collective one is
//     split           _begin passes the gate and counts as a collective that was entered and left. What is under way until
//                     _end stands in File::split, so that a drain between the two can end it below and keep the outcome
//
// An access is described in records before the gate and turned into natives behind it, for the gate may come back
// restarted.
#pragma once
#include "core/objects.h"
#include "core/start.h"
#include "fn.h"

namespace mana {

enum : int { kAccessWrites = 1, kAccessExplicit = 2, kAccessShared = 4, kAccessCollective = 8 };

struct FileAccess {
  File *file;
  int traits;
  std::int64_t offset;
  void *buf;
  std::int64_t count;
  Datatype *type;
};

// The same for the live MPI.
struct AccessBelow {
  NativeFile file;
  std::int64_t offset;
  void *buf;
  int count;
  NativeDatatype type;
};

using AccessNow = int (*)(const AccessBelow &, Status *);
using AccessLater = int (*)(const AccessBelow &, NativeRequest *);
using AccessBegin = int (*)(const AccessBelow &);
using AccessEnd = int (*)(NativeFile, void *, Status *);

int access_now(const FileAccess &access, Status *status, AccessNow below);
int access_later(const FileAccess &access, Request **request, AccessLater below);
int access_begin(const FileAccess &access, AccessBegin below, Fn ends_with, AccessEnd end);
int access_end(File *file, Fn fn, Status *status);

// Ends below what a split access has under way, for the drain: the application's _end finds the outcome.
void end_split_below(File *file);

// The request of an access has ended below: its outcome for the application.
Status settle_access(Request *request, const Status &status);

}  // namespace mana
