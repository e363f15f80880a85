// Entering and leaving collective operations: what the generated collective stubs and everything
// that creates communicators call.
//
// No rank may be saved inside a collective. So each communicator counts those it has entered, and when a
// checkpoint has been asked for (kIntentQuiesce) a rank asks the coordinator first: LowerServices::gate. Without
// a request the cost is one increment, one store and one test.
//
//   if (int error = begin_collective(comm)) return raise(comm, error);
//   int error = seam()->mpi->Bcast(buf, count, native_of(type), root, comm->native);   // natives read *after* the gate:
//   end_collective();                                                                  // it may come back restarted
//   return error ? raise(comm, error) : 0;
//
// The increment and the control thread's look at it are ordered by the membarrier which that thread makes between
// setting the intent and reading the counters: either it sees the increment, or this thread sees the intent.
#pragma once
#include "core/objects.h"
#include "core/start.h"

namespace mana {

// Counters for the control thread, by communicator id.
CollectiveCounter *take_counter(std::uint64_t comm_id);
void give_counter(CollectiveCounter *counter);
inline CollectiveCounter *counter_of(std::uint64_t *entered) {  // of Comm::entered
  return reinterpret_cast<CollectiveCounter *>(reinterpret_cast<char *>(entered) - offsetof(CollectiveCounter, entered));
}
CounterChunk *first_counters();

// The same for a collective that is not on a whole communicator: MPI_Comm_create_group. It counts as the first on
// `key`, which is the same on all that take part.
CollectiveCounter *begin_group_collective(std::uint64_t key);
void end_group_collective(CollectiveCounter *counter);

// Counts a collective on `comm` and waits at the gate if a checkpoint wants that. May park this rank and come back
// restarted. Returns 0 or MPI_ERR_COMM (not raised) when `comm` is no live communicator; then nothing was entered.
[[nodiscard]] int begin_collective(Comm *comm);

// The blocking collective has ended, or the nonblocking one has been started.
void end_collective();

// A collective that was entered uncounted has been left: barrier.cpp, and those below.
void count_left(Comm *comm);

// A rank that waits in a collective for one that spawns processes must not hold up the checkpoint which that is, nor can it:
// the other waits for it. So where processes have been spawned, and between two groups, a blocking collective is a
// nonblocking one below, on all ranks, since the two kinds do not match each other. A checkpoint interrupts it, as it does
// every barrier (barrier.cpp); it is counted when it is left, and a restart starts it anew. That wants its input as it was:
// not where it lies in the buffer of the result. While a checkpoint is being prepared everybody passes the gate and is counted.
// Whoever is to park in there all the same, since the one that is waited for may spawn now, withdraws: uncounted, as if it had
// not passed the gate.
inline bool is_nonblocking_below(const Comm *comm) {
  return comm->entered && (comm->remote || seam()->processes != world->size);
}
inline bool may_enter_uncounted() { return (seam()->intent.load(std::memory_order_relaxed) & kIntentQuiesce) == 0; }

// start(NativeRequest *) starts it below.
template <class Start> int uncounted_collective(Comm *comm, Start start);
// Of begin_collective(), which it ends. `again`: its input stays as it was, so that it can be withdrawn from.
template <class Start> int counted_collective(Comm *comm, bool again, Start start);
int wait_uncounted(Comm *comm, NativeRequest *pending, bool *restarted);
int wait_counted(NativeRequest *pending);

// Around a wait in a counted collective that a thread withdraws from when it is interrupted to park. end_withdrawable() ends the
// collective too; withdraw() uncounts it.
void begin_withdrawable();
void end_withdrawable();
void withdraw(Comm *comm);
bool wait_withdrawable(Comm *comm, NativeRequest *pending, int *error);  // false: withdrawn

template <class Start> int uncounted_collective(Comm *comm, Start start) {
  for (bool restarted;;) {
    NativeRequest pending;
    if (const int error = start(&pending)) return error;
    const int error = wait_uncounted(comm, &pending, &restarted);
    if (!restarted) return error;
  }
}

template <class Start> int counted_collective(Comm *comm, bool again, Start start) {
  NativeRequest pending;
  int error = start(&pending);
  if (error || !again) {
    if (!error) error = wait_counted(&pending);
    end_collective();
    return error;
  }
  if (wait_withdrawable(comm, &pending, &error)) return error;
  bool restarted;
  error = wait_uncounted(comm, &pending, &restarted);
  return restarted ? uncounted_collective(comm, start) : error;
}

// What a nonblocking collective needs until its request completes, after the application may have freed its
// handles and the stub's own arrays are gone: references to the datatypes and the op, the native handle arrays.
struct KeptArray {
  KeptArray *next;  // the array follows
};
struct CollectiveCall {
  Op *op;                                    // referenced, or null
  std::int32_t type_count;
  Datatype **types;                          // [type_count], referenced
  NativeDatatype *send_natives;              // [n] of the alltoallw family, else null. The backend may narrow
  NativeDatatype *recv_natives;              // these arrays in place: they live as long as the request
  KeptArray *arrays;                         // narrowed counts: core/large_calls.h
};

// For all but the alltoallw family. `op` and either type may be null: those parameters are not there or are ignored.
CollectiveCall *collective_call(Op *op, Datatype *sendtype, Datatype *recvtype);

// The alltoallw family. `sendtypes` is null with MPI_IN_PLACE. Makes the native handles, so call it after the gate.
CollectiveCall *collective_call_w(int sends, Datatype *const *sendtypes, int receives, Datatype *const *recvtypes);

// A nonblocking collective with a user-defined op is under way: its completion calls the application.
bool user_op_under_way();

// The native call failed, or the request is complete: drops what collective_call() took.
void drop_collective_call(CollectiveCall *call);

// MPI_Barrier inside of another call. 0 or an error, not raised.
int barrier(Comm *comm);

// Makes the request record for a nonblocking collective that was started below. Always succeeds.
int finish_icollective(Comm *comm, NativeRequest native, CollectiveCall *call, Request **request);

}  // namespace mana
