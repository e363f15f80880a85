// Making and freeing windows. See windows.h.
#include "core/windows.h"

#include <cstring>

#include "core/attributes.h"
#include "core/call.h"
#include "core/collectives.h"
#include "core/communicators.h"
#include "core/errors.h"
#include "core/groups.h"
#include "core/infos.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana {

namespace {

constexpr std::size_t kPage = 4096;
constexpr int kLeaderShift = 40;

std::uint64_t windows_made = 0;  // by this rank; part of the id where it is the leader

std::size_t page_up(std::size_t bytes) { return (bytes + kPage - 1) & ~(kPage - 1); }

const SharedMemory &shared() { return *seam()->services->shared; }

// What members tell each other before there is a segment.
struct Offer {
  std::int64_t world_rank;
  std::uint64_t number;
  HostProcess process;
  std::uint64_t probe;      // address of a word that others try to read, which has this value
  std::int64_t bytes;
};

struct Opening {
  std::int32_t error;
  char name[kSegmentName];
};

// A kind of window to be made: the memory of each member, and whether it lies in the segment.
struct Plan {
  int flavor;
  void *base;
  std::int64_t bytes, disp_unit;
  Info *info;
  bool packed;  // shared memory follows on the one of the rank before, without a gap
  bool in_segment() const { return flavor == abi::WIN_FLAVOR_ALLOCATE || flavor == abi::WIN_FLAVOR_SHARED; }
};

// Bytes of the segment before the memory of `rank`; of all of it for rank == size.
std::size_t memory_offset(const Win *win, const Plan &plan, const Offer *offers, int rank) {
  std::size_t at = win->control_bytes * static_cast<std::size_t>(win->size);
  for (int i = 0; plan.in_segment() && i < rank; ++i) {
    const auto bytes = static_cast<std::size_t>(offers[i].bytes);
    at += plan.packed ? bytes : page_up(bytes);
  }
  return at;
}

// A page with memory of several ranks belongs to the one that its first byte belongs to.
void lay_out(Win *win, const Plan &plan, const Offer *offers) {
  const auto rank = static_cast<std::size_t>(win->rank);
  win->segment.bytes = page_up(memory_offset(win, plan, offers, win->size));
  win->segment.own[0] = {rank * win->control_bytes, (rank + 1) * win->control_bytes};
  win->segment.own[1] = {page_up(memory_offset(win, plan, offers, win->rank)),
                         page_up(memory_offset(win, plan, offers, win->rank + 1))};
}

// Collective over the members of `comm`: 0 or an ABI error, the same everywhere.
int agree(Comm *comm, int error) {
  int worst = error;
  const Unlocked unlocked;
  seam()->mpi->Allreduce(&error, &worst, 1, static_cast<NativeDatatype>(seam()->mpi->predefined(abi::INT)),
                         static_cast<NativeOp>(seam()->mpi->predefined(abi::MAX)), comm->native);
  return worst;
}

int refuse(const char *text) {
  seam()->services->say(text);
  return abi::ERR_UNSUPPORTED_OPERATION;
}

bool on_one_host(const Offer *offers, int size) {
  for (int i = 1; i < size; ++i)
    if (offers[i].process.host != offers[0].process.host) return false;
  return true;
}

// Looks whether this host lets a process read another's memory.
int try_to_read(const Win *win, const Offer *offers) {
  const Offer &other = offers[(win->rank + 1) % win->size];
  std::uint64_t found = 0;
  const RemotePiece piece{other.probe, sizeof found};
  const int error = shared().read(other.process.pid, &found, &piece, 1);
  if (error == 0 && found == other.probe) return 0;
  return refuse("windows of memory that the program has made itself need leave to read other processes "
                "(process_vm_readv), which this host does not give; windows that MPI allocates work");
}

// Everyone maps the segment that the first member makes.
int open_segment(Comm *comm, Win *win) {
  Opening opening{};
  int fd = -1;
  if (win->rank == 0) {
    fd = shared().create(win->segment.bytes, opening.name);
    opening.error = fd < 0 ? -fd : 0;
  }
  unlocked([&] { return seam()->mpi->Bcast(&opening, sizeof opening, natives.byte, 0, comm->native); });
  int error = opening.error ? abi::ERR_NO_MEM : 0;
  if (!error && shared().attach(opening.name, &win->segment) != 0) error = abi::ERR_NO_MEM;
  error = agree(comm, error);
  if (fd >= 0) shared().close(fd);
  return error;
}

void show_control(Win *win, const Plan &plan, const Offer *offers) {
  WinControl *control = control_of(win, win->rank);
  control->disp_unit = plan.disp_unit;
  control->bytes = static_cast<std::uint64_t>(plan.bytes);
  control->pid = offers[win->rank].process.pid;
  control->direct = plan.in_segment();
  control->base = plan.in_segment() ? memory_offset(win, plan, offers, win->rank)
                                    : reinterpret_cast<std::uintptr_t>(plan.base);
  win->base = plan.in_segment() ? win->segment.address + control->base : plan.base;
}

void describe(Win *win, const Plan &plan) {
  win->bytes = win->shown_bytes = plan.bytes;
  win->disp_unit = win->shown_disp_unit = static_cast<std::int32_t>(plan.disp_unit);
  win->flavor = plan.flavor;
  win->shown_flavor = plan.flavor - abi::WIN_FLAVOR_CREATE + 1;  // the same in both fronts
  win->shown_model = as_open_mpi() ? 0 : 2;                      // MPI_WIN_UNIFIED
  const auto n = static_cast<std::size_t>(win->size);
  win->start_ranks = core_array<std::int32_t>(n);
  win->post_ranks = core_array<std::int32_t>(n);
  win->access = static_cast<std::uint8_t *>(core_zalloc(n));
  win->starts = static_cast<std::uint64_t *>(core_zalloc(n * sizeof(std::uint64_t)));
  win->waits = static_cast<std::uint64_t *>(core_zalloc(n * sizeof(std::uint64_t)));
  win->info = hints_of(HintsOf::win, plan.info);
  set_errhandler(&win->errhandler, initial_errhandler());
}

void destroy_window(Win *win) {
  if (win->segment.address) shared().detach(&win->segment);
  detach_all(win);
  for (void *block : {static_cast<void *>(win->start_ranks), static_cast<void *>(win->post_ranks),
                      static_cast<void *>(win->access), static_cast<void *>(win->starts), static_cast<void *>(win->waits)})
    core_free(block);
  release(win->group);
  if (win->info) release(win->info);
  set_errhandler(&win->errhandler, nullptr);
  destroy(win);
}

Win *new_window(Comm *comm) {
  Win *win = make<Win>();
  win->group = comm->group;
  retain(win->group);
  win->rank = comm->rank;
  win->size = comm->size;
  win->control_bytes = page_up(sizeof(WinControl) + 2 * sizeof(std::uint64_t) * static_cast<std::size_t>(comm->size));
  return win;
}

// The members are inside of a collective.
int make_window(Comm *comm, const Plan &plan, Win *win) {
  static std::uint64_t probe;
  probe = reinterpret_cast<std::uintptr_t>(&probe);
  Offer own{seam()->process, ++windows_made, {}, probe, plan.bytes};
  shared().self(&own.process);
  Offer *offers = core_array<Offer>(static_cast<std::size_t>(comm->size));
  int error = unlocked([&] {
    return seam()->mpi->Allgather(&own, sizeof own, natives.byte, offers, sizeof own, natives.byte, comm->native);
  });
  if (!error && !on_one_host(offers, comm->size))
    error = refuse("windows whose ranks run on several hosts are not supported");
  if (!error && !plan.in_segment()) error = agree(comm, try_to_read(win, offers));
  if (!error) {
    win->id = (static_cast<std::uint64_t>(offers[0].world_rank) + 1) << kLeaderShift | offers[0].number;
    lay_out(win, plan, offers);
    error = open_segment(comm, win);
  }
  if (!error) {
    show_control(win, plan, offers);
    // From here on every member's control can be read.
    error = agree(comm, 0);
  }
  core_free(offers);
  return error;
}

int create(Comm *comm, const Plan &plan, Win **out) {
  if (comm->flags & (kNull | kFreed)) return raise(comm, abi::ERR_COMM);
  if (plan.bytes < 0) return raise(comm, abi::ERR_SIZE);
  if (plan.disp_unit <= 0 || plan.disp_unit > INT32_MAX) return raise(comm, abi::ERR_DISP);
  if (const int error = begin_collective(comm)) return raise(comm, error);
  Win *win = new_window(comm);
  describe(win, plan);
  const int error = make_window(comm, plan, win);
  end_collective();
  if (error) {
    destroy_window(win);
    return raise(comm, error);
  }
  *out = win;
  return 0;
}

int allocate(Comm *comm, Plan plan, void *baseptr, Win **out) {
  const char *apart = info_value(plan.info, "alloc_shared_noncontig");
  plan.packed = plan.flavor == abi::WIN_FLAVOR_SHARED && !(apart && std::strcmp(apart, "true") == 0);
  const int error = create(comm, plan, out);
  if (!error) std::memcpy(baseptr, &(*out)->base, sizeof(void *));
  return error;
}

// ---------------------------------------------------------------------------------
// Freeing: nobody goes on before all have come, so that nobody's memory is reached any more.

bool all_have_entered(const Win *win, std::uint64_t number) {
  for (int rank = 0; rank < win->size; ++rank)
    if (__atomic_load_n(&control_of(win, rank)->fences, __ATOMIC_ACQUIRE) < number) return false;
  return true;
}

int free_window(Win **handle) {
  Win *win = *handle;
  if (is_null(win)) return raise(win, abi::ERR_WIN);
  if (win->exposed || (win->epoch != Epoch::none && win->epoch != Epoch::fence)) return raise(win, abi::ERR_RMA_SYNC);
  if (const int error = delete_attributes(win)) return raise(win, error);
  WinControl *own = control_of(win, win->rank);
  win->freed = kFreeWaits;
  const std::uint64_t number = __atomic_add_fetch(&own->fences, 1, __ATOMIC_SEQ_CST);
  wait_for_fences(win, number);
  destroy_window(win);
  *handle = predefined<Win>(abi::WIN_NULL);
  return 0;
}

}  // namespace

void settle_windows() {
  for_each<Win>([](Win *win) {
    if (win->freed == kFreeWaits && all_have_entered(win, control_of(win, win->rank)->fences)) win->freed = kFreeDone;
  });
}

void wait_for_change(const std::uint64_t *word, std::uint64_t seen) {
  int outcome;
  {
    Unlocked unlocked;
    outcome = seam()->services->blocking->change(word, seen);
  }
  if (outcome == kInterrupted) park();
}

void wait_for_fences(Win *win, std::uint64_t number) {
  for (int rank = 0; rank < win->size && win->freed != kFreeDone; ++rank) {
    const std::uint64_t *fences = &control_of(win, rank)->fences;
    std::uint64_t seen;
    while (win->freed != kFreeDone && (seen = __atomic_load_n(fences, __ATOMIC_ACQUIRE)) < number)
      wait_for_change(fences, seen);
  }
}

namespace api {

int Win_create(void *base, std::int64_t size, int disp_unit, Info *info, Comm *comm, Win **win) {
  Call call(Fn::Win_create);
  return create(comm, {abi::WIN_FLAVOR_CREATE, base, size, disp_unit, info, false}, win);
}
int Win_create_c(void *base, std::int64_t size, std::int64_t disp_unit, Info *info, Comm *comm, Win **win) {
  Call call(Fn::Win_create_c);
  return create(comm, {abi::WIN_FLAVOR_CREATE, base, size, disp_unit, info, false}, win);
}

int Win_create_dynamic(Info *info, Comm *comm, Win **win) {
  Call call(Fn::Win_create_dynamic);
  return create(comm, {abi::WIN_FLAVOR_DYNAMIC, nullptr, 0, 1, info, false}, win);
}

int Win_allocate(std::int64_t size, int disp_unit, Info *info, Comm *comm, void *baseptr, Win **win) {
  Call call(Fn::Win_allocate);
  return allocate(comm, {abi::WIN_FLAVOR_ALLOCATE, nullptr, size, disp_unit, info, false}, baseptr, win);
}
int Win_allocate_c(std::int64_t size, std::int64_t disp_unit, Info *info, Comm *comm, void *baseptr, Win **win) {
  Call call(Fn::Win_allocate_c);
  return allocate(comm, {abi::WIN_FLAVOR_ALLOCATE, nullptr, size, disp_unit, info, false}, baseptr, win);
}

int Win_allocate_shared(std::int64_t size, int disp_unit, Info *info, Comm *comm, void *baseptr, Win **win) {
  Call call(Fn::Win_allocate_shared);
  return allocate(comm, {abi::WIN_FLAVOR_SHARED, nullptr, size, disp_unit, info, false}, baseptr, win);
}
int Win_allocate_shared_c(std::int64_t size, std::int64_t disp_unit, Info *info, Comm *comm, void *baseptr, Win **win) {
  Call call(Fn::Win_allocate_shared_c);
  return allocate(comm, {abi::WIN_FLAVOR_SHARED, nullptr, size, disp_unit, info, false}, baseptr, win);
}

int Win_free(Win **win) {
  Call call(Fn::Win_free);
  return free_window(win);
}

}  // namespace api

}  // namespace mana
