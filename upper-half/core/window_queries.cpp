// What a window can be asked, and the memory that a dynamic one is given. See windows.h.
#include <cstring>

#include "core/call.h"
#include "core/errors.h"
#include "core/groups.h"
#include "core/infos.h"
#include "core/memory.h"
#include "core/windows.h"
#include "core_api.h"

namespace mana {

// Regions given to MPI_Win_attach. They may overlap.
struct AttachedMemory {
  AttachedMemory *next;
  std::uint64_t address, bytes;
};

bool is_attached(const Win *win, std::uint64_t address, std::uint64_t bytes) {
  for (const AttachedMemory *region = win->attached; region; region = region->next)
    if (address >= region->address && bytes <= region->bytes && address - region->address <= region->bytes - bytes)
      return true;
  return false;
}

void detach_all(Win *win) {
  while (AttachedMemory *region = win->attached) {
    win->attached = region->next;
    core_free(region);
  }
}

namespace {

int attach(Win *win, void *base, std::int64_t size) {
  if (is_null(win)) return abi::ERR_WIN;
  if (win->flavor != abi::WIN_FLAVOR_DYNAMIC) return abi::ERR_RMA_FLAVOR;
  if (size < 0) return abi::ERR_SIZE;
  if (!base && size > 0) return abi::ERR_RMA_ATTACH;
  AttachedMemory *region = core_array<AttachedMemory>(1);
  *region = {win->attached, reinterpret_cast<std::uintptr_t>(base), static_cast<std::uint64_t>(size)};
  win->attached = region;
  return 0;
}

int detach(Win *win, const void *base) {
  if (is_null(win)) return abi::ERR_WIN;
  if (win->flavor != abi::WIN_FLAVOR_DYNAMIC) return abi::ERR_RMA_FLAVOR;
  for (AttachedMemory **link = &win->attached; *link; link = &(*link)->next) {
    AttachedMemory *region = *link;
    if (region->address != reinterpret_cast<std::uintptr_t>(base)) continue;
    *link = region->next;
    core_free(region);
    return 0;
  }
  return abi::ERR_RMA_ATTACH;
}

// MPI_PROC_NULL asks for the first member that has memory. One without has the null pointer, as in both MPIs.
int shared_query(const Win *win, int rank, std::int64_t *size, std::int64_t *disp_unit, void *baseptr) {
  if (is_null(win)) return abi::ERR_WIN;
  if (win->flavor != abi::WIN_FLAVOR_SHARED) return abi::ERR_RMA_FLAVOR;
  if (rank == abi::PROC_NULL)
    for (rank = 0; rank < win->size - 1 && control_of(win, rank)->bytes == 0;) ++rank;
  if (rank < 0 || rank >= win->size) return abi::ERR_RANK;
  const WinControl *control = control_of(win, rank);
  *size = static_cast<std::int64_t>(control->bytes);
  *disp_unit = control->disp_unit;
  void *base = control->bytes ? win->segment.address + control->base : nullptr;
  std::memcpy(baseptr, &base, sizeof base);
  return 0;
}

int raise_if(Win *win, int error) { return error ? raise(win, error) : 0; }

}  // namespace

namespace api {

int Win_attach(Win *win, void *base, std::int64_t size) {
  Call call(Fn::Win_attach);
  return raise_if(win, attach(win, base, size));
}

int Win_detach(Win *win, const void *base) {
  Call call(Fn::Win_detach);
  return raise_if(win, detach(win, base));
}

int Win_shared_query(Win *win, int rank, std::int64_t *size, int *disp_unit, void *baseptr) {
  Call call(Fn::Win_shared_query);
  std::int64_t unit = 1;
  const int error = shared_query(win, rank, size, &unit, baseptr);
  *disp_unit = static_cast<int>(unit);
  return raise_if(win, error);
}

int Win_shared_query_c(Win *win, int rank, std::int64_t *size, std::int64_t *disp_unit, void *baseptr) {
  Call call(Fn::Win_shared_query_c);
  return raise_if(win, shared_query(win, rank, size, disp_unit, baseptr));
}

int Win_get_group(Win *win, Group **group) {
  Call call(Fn::Win_get_group);
  if (is_null(win)) return raise(win, abi::ERR_WIN);
  retain(win->group);
  *group = win->group;
  return 0;
}

int Win_set_info(Win *win, Info *info) {
  Call call(Fn::Win_set_info);
  if (is_null(win)) return raise(win, abi::ERR_WIN);
  if (is_null(info)) return raise(win, abi::ERR_INFO);
  update_hints(HintsOf::win, win->info, info);
  return 0;
}

int Win_get_info(Win *win, Info **info) {
  Call call(Fn::Win_get_info);
  if (is_null(win)) return raise(win, abi::ERR_WIN);
  *info = copy_info(win->info);
  return 0;
}

}  // namespace api

}  // namespace mana
