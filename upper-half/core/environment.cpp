// MPI_Init to MPI_Finalize, the runtime below them and sessions (runtime.h), and what can be asked about the library. (MPI_Wtime is the fronts'.)
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "core/attributes.h"
#include "core/bsend.h"
#include "core/call.h"
#include "core/collectives.h"
#include "core/communicators.h"
#include "core/dynamic.h"
#include "core/errors.h"
#include "core/events.h"
#include "core/groups.h"
#include "core/infos.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/partitioned.h"
#include "core/requests.h"
#include "core/runtime.h"
#include "core_api.h"
#include "drain/drain.h"
#include "lower_mpi.h"

namespace mana {

namespace {

enum State : std::uint32_t { kBefore = 0, kAlive = 1, kFinalized = 2 };
std::uint32_t runtime() { return seam()->mpi_initialized; }  // of MPI below

State world_model = kBefore;  // MPI_Init and MPI_Finalize of the application
int open_sessions = 0;
bool others_decide = false;  // MPI_Finalize was left for the sessions, before enter_finalize(true)

ThreadBlock *main_thread;  // the one that called MPI_Init, or opened the first session

bool is_over() { return runtime() == kAlive && world_model != kAlive && open_sessions == 0; }
void tell_whether_over() { seam()->ends_at_exit = is_over() ? kToBeEnded : kNothingToEnd; }

int init(int required, int *provided) {
  if (world_model != kBefore) return raise(abi::ERR_OTHER);
  if (const int error = start_runtime(required, provided)) return error;
  world_model = kAlive;
  tell_whether_over();
  describe_start(predefined<Info>(abi::INFO_ENV), world->size);
  return 0;
}

// What a program may leave under way: buffered sends and requests freed while active. Posted receives that nothing will match
// are its mistake, and left alone.
void finish_requests() {
  bsend_flush();
  while (test_active_requests().others != 0) park();
}

bool reaches_beyond_world(const Comm *comm) {
  const RankIndex in_world(world->group);
  for (const Group *group : {comm->group, comm->remote})
    for (int i = 0; group && i < group->size; ++i)
      if (in_world[group->world_ranks[i]] < 0) return true;
  return false;
}

// Whether no process of this world has a communicator with others. All of them have come to MPI_Finalize then.
bool world_is_apart() {
  unsigned char apart = 1;
  for_each<Comm>([&](const Comm *comm) {
    if (!is_partition_comm(comm) && !comm->closing && reaches_beyond_world(comm)) apart = 0;
  });
  if (is_alone(world)) return apart;
  if (barrier(world) != 0 || begin_collective(world) != 0) return false;
  unsigned char *all = core_array<unsigned char>(static_cast<std::size_t>(world->size));
  const int error =
      unlocked([&] { return seam()->mpi->Allgather(&apart, 1, natives.byte, all, 1, natives.byte, world->native); });
  end_collective();
  for (int rank = 0; rank < world->size; ++rank) apart &= all[rank];
  core_free(all);
  return error == 0 && apart;
}

// Waits for all ranks, so that one which is early can still be checkpointed here, then enters the live MPI's own
// MPI_Finalize as a collective. A restart at the gate undoes the barrier of this process: everybody goes back.
// `may_leave`: false, and nothing is entered, when this process need not wait for other worlds. Whether there are some is looked
// at again after each restart, until it has been decided: all processes of a world decide it once, together. Not where the lower half
// cannot see how the process ends.
bool enter_finalize(bool may_leave) {
  for (;;) {
    if (may_leave && seam()->processes != world->size) {
      if (world_is_apart() && seam()->sees_exit) return false;
      may_leave = false;
    }
    int outcome;
    {
      Unlocked unlocked;
      outcome = seam()->services->blocking->finalize_barrier();
    }
    if (outcome == kInterrupted) {
      park();
      continue;
    }
    const std::uint32_t restarts = seam()->restarts;
    if (begin_collective(world) != 0) return true;
    if (seam()->restarts == restarts) return true;
    if (world->entered) --*world->entered;
    end_collective();
  }
}

// From here on every rank is in it and no checkpoint is taken any more.
int end_below() {
  drain_at_finalize();
  free_partition_comm();
  seam()->mpi_initialized = kFinalized;
  tell_whether_over();
  return seam()->mpi->Finalize();
}

// A string of ours into a buffer which the front says has room for `limit` bytes with the terminating zero.
void give_string(const char *text, int limit, char *to, int *length) {
  int n = static_cast<int>(std::strlen(text));
  if (n > limit - 1) n = limit - 1;
  std::memcpy(to, text, static_cast<std::size_t>(n));
  to[n] = '\0';
  *length = n;
}

}  // namespace

int start_runtime(int required, int *provided) {
  *provided = seam()->thread_level;
  if (runtime() == kAlive) return 0;
  if (runtime() == kFinalized) return abi::ERR_OTHER;
  if (const int error = seam()->mpi->Init_thread(required, provided)) return error;
  seam()->thread_level = *provided;
  main_thread = this_thread_block();
  core_attach();
  core_threaded = *provided == abi::THREAD_MULTIPLE;
  seam()->mpi_initialized = kAlive;
  return own.count == 0 ? 0 : join_parents();
}

void session_opened() {
  ++open_sessions;
  tell_whether_over();
}

void session_closed() {
  --open_sessions;
  tell_whether_over();
}

void end_runtime_at_exit() {
  if (!is_over()) return;
  Call call(Fn::Session_finalize);
  finish_requests();
  if (!others_decide || !enter_finalize(true)) enter_finalize(false);
  end_below();
}

// The registers are the system call's. The return address lies above the red zone. Unwinders end here; where the function begins and ends
// the lower half takes from their table (sites.h).
asm(R"(
        .pushsection .text
        .type   mana_end_before_exit, @function
mana_end_before_exit:
        .cfi_startproc
        .cfi_undefined rip
        lea     -136(%rsp), %rsp
        push    %rbp
        mov     %rsp, %rbp
        push    %rax
        push    %rdi
        push    %rsi
        push    %rdx
        push    %r10
        push    %r8
        push    %r9
        and     $-16, %rsp
        lea     8(%rbp), %rdi
        mov     %rax, %rsi
        call    mana_end_and_tell_site
        lea     -56(%rbp), %rsp
        pop     %r9
        pop     %r8
        pop     %r10
        pop     %rdx
        pop     %rsi
        pop     %rdi
        pop     %rax
        syscall
        pop     %rbp
        ret     $128
        .cfi_endproc
        .size   mana_end_before_exit, . - mana_end_before_exit
        .popsection
)");
extern "C" [[gnu::visibility("hidden")]] void mana_end_before_exit();

extern "C" [[gnu::visibility("hidden"), gnu::used]] void mana_end_and_tell_site(std::uint64_t *site, long call) {
  *site = seam()->exit_site;
  if (call == SYS_exit_group) {
    forget_events();
    seam()->services->end_program();
    return end_runtime_at_exit();
  }
  const std::uint64_t all = ~std::uint64_t{0};  // no handler of a program that natively has been replaced by now
  std::uint64_t before;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
  end_runtime_at_exit();
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, sizeof before);
}

std::uintptr_t end_before_exit() { return reinterpret_cast<std::uintptr_t>(mana_end_before_exit); }

namespace api {

int Init(int *, char ***) {
  Call call(Fn::Init);
  int provided;
  return init(abi::THREAD_SINGLE, &provided);
}

int Init_thread(int *, char ***, int required, int *provided) {
  Call call(Fn::Init_thread);
  return init(required, provided);
}

// Attributes of MPI_COMM_SELF go first: their delete functions may still use MPI (MPI-3.1, 8.7.1).
int Finalize() {
  Call call(Fn::Finalize);
  if (world_model != kAlive) return raise(abi::ERR_OTHER);
  delete_attributes(self_comm);
  world_model = kFinalized;
  if ((others_decide = open_sessions != 0)) return 0;
  finish_requests();
  if (enter_finalize(true)) return end_below();
  tell_whether_over();
  return 0;
}

int Initialized(int *flag) {
  Call call(Fn::Initialized);
  *flag = world_model != kBefore;
  return 0;
}

int Finalized(int *flag) {
  Call call(Fn::Finalized);
  *flag = world_model == kFinalized;
  return 0;
}

int Query_thread(int *provided) {
  Call call(Fn::Query_thread);
  *provided = seam()->thread_level;
  return 0;
}

int Is_thread_main(int *flag) {
  Call call(Fn::Is_thread_main);
  *flag = this_thread_block() == main_thread;
  return 0;
}

int Abort(Comm *comm, int code) {
  Call call(Fn::Abort);
  if (runtime() != kAlive) seam()->services->die(code ? code : 1, "MPI_Abort was called outside of MPI");
  return seam()->mpi->Abort(is_null(comm) ? world->native : comm->native, code);
}

int Get_version(int *version, int *subversion) {
  Call call(Fn::Get_version);
  *version = front().version;
  *subversion = front().subversion;
  return 0;
}

int Get_library_version(char *version, int *length) {
  Call call(Fn::Get_library_version);
  give_string(front().library_version, front().max_library_version, version, length);
  return 0;
}

// What MPI_Comm_split_type can be guided by; each process is restricted to one of these.
int Get_hw_resource_info(Info **info) {
  Call call(Fn::Get_hw_resource_info);
  *info = copy_info(predefined<Info>(abi::INFO_NULL));
  set_info_value(*info, kSharedMemoryResource, "true");
  return 0;
}

int Get_processor_name(char *name, int *length) {
  Call call(Fn::Get_processor_name);
  char live[1024] = "";
  int live_length = 0;
  if (const int error = seam()->mpi->Get_processor_name(live, &live_length)) return raise(error);
  give_string(live, front().max_processor_name, name, length);
  return 0;
}

}  // namespace api

}  // namespace mana
