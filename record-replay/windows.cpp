// Windows of a restarted process: a new segment in the place of the old one.
//
// The image has the segment as plain memory in which only this rank's own parts are filled. The first member makes a new
// segment and tells the others its name; each writes its parts into it and maps it over the plain memory. Windows go in
// ascending order of ids, like communicators and for the same reason (communicators.cpp); a sender never waits for its
// receivers here, so the first member of several windows gets through them all.
#include "record-replay/windows.h"

#include <algorithm>
#include <cstring>

#include "core/memory.h"
#include "core/pool.h"
#include "core/start.h"
#include "core/windows.h"
#include "lower_mpi.h"

namespace mana {

namespace {

constexpr int kTag = 2;

struct Opening {
  std::uint64_t window, host;
  char name[kSegmentName];
};

struct Rebuilt {
  Win *win;
  int descriptor;            // of the first member, else -1
  Opening opening;
  NativeRequest *sends;      // likewise, [size]
};

const SharedMemory &shared() { return *seam()->services->shared; }

[[noreturn]] void refuse(const char *text) { seam()->services->die(78, text); }

void wait(int n, NativeRequest *requests) {
  for (int i = 0; i < n; ++i) {
    Status status;
    std::uint8_t completed = 0;
    while (requests[i] != natives.request_null && !completed)
      seam()->services->blocking->wait(1, &requests[i], &status, &completed, WaitMode::all);
  }
}

void make_segment(Rebuilt *r, const HostProcess &own) {
  const Win *win = r->win;
  r->opening.window = win->id;
  r->opening.host = own.host;
  r->descriptor = shared().create(win->segment.bytes, r->opening.name);
  if (r->descriptor < 0) refuse("restart: no memory for a window");
  r->sends = core_array<NativeRequest>(static_cast<std::size_t>(win->size));
  r->sends[0] = natives.request_null;
  for (int rank = 1; rank < win->size; ++rank)
    if (seam()->mpi->Isend(&r->opening, sizeof r->opening, natives.byte, win->group->world_ranks[rank], kTag,
                           natives.protocol, &r->sends[rank]) != 0)
      refuse("restart: the members of a window cannot be told of it");
}

void hear_of_segment(Rebuilt *r, const HostProcess &own) {
  NativeRequest receive;
  if (seam()->mpi->Irecv(&r->opening, sizeof r->opening, natives.byte, r->win->group->world_ranks[0], kTag,
                         natives.protocol, &receive) != 0)
    refuse("restart: a window's first member cannot be asked for it");
  wait(1, &receive);
  if (r->opening.window != r->win->id) refuse("restart: the ranks disagree about their windows");
  if (r->opening.host != own.host)
    refuse("restart: the job has a window whose ranks must run on one host, and they do not");
}

void rebuild(Rebuilt *r, const HostProcess &own) {
  Win *win = r->win;
  r->descriptor = -1;
  win->rank == 0 ? make_segment(r, own) : hear_of_segment(r, own);
  if (shared().attach(r->opening.name, &win->segment) != 0) refuse("restart: a window's memory cannot be mapped");
  control_of(win, win->rank)->pid = own.pid;
}

void finish(Rebuilt *r) {
  if (r->descriptor < 0) return;
  wait(r->win->size, r->sends);
  core_free(r->sends);
  shared().close(r->descriptor);
}

}  // namespace

void windows_rebuilt() { seam()->mpi->Barrier(natives.protocol); }

void rebuild_windows() {
  HostProcess own;
  shared().self(&own);
  std::size_t n = 0;
  for_each<Win>([&](Win *) { ++n; });
  Rebuilt *windows = core_array<Rebuilt>(n);
  n = 0;
  for_each<Win>([&](Win *win) {
    if (win->freed != kFreeDone) windows[n++].win = win;
  });
  std::sort(windows, windows + n, [](const Rebuilt &a, const Rebuilt &b) { return a.win->id < b.win->id; });
  for (std::size_t i = 0; i < n; ++i) rebuild(&windows[i], own);

  // Every rank has written its parts and mapped the segments: their names may go.
  windows_rebuilt();
  for (std::size_t i = 0; i < n; ++i) finish(&windows[i]);
  core_free(windows);
}

}  // namespace mana
