// Types that cross the seam with an MPI call: native handles, the status, blocking calls.
//
// A native handle is whatever the live MPI uses (an int or a pointer) widened to 64 bits. Each kind
// is a type of its own, so that a handle of the lower half never converts to one of the application's,
// nor a datatype to a communicator. All integers with a meaning in MPI (ranks, tags, error
// classes, thread levels ...) cross in the numbering of the MPI-5.0 standard ABI (mpi-wrappers/constants.csv).
//
// Included by both halves; includes nothing but <cstdint>. Covered by kSeamVersion.
#pragma once
#include <cstdint>

namespace mana {

enum class NativeComm : std::uint64_t {};
enum class NativeGroup : std::uint64_t {};
enum class NativeDatatype : std::uint64_t {};
enum class NativeOp : std::uint64_t {};
enum class NativeRequest : std::uint64_t {};
enum class NativeMessage : std::uint64_t {};
enum class NativeErrhandler : std::uint64_t {};
enum class NativeInfo : std::uint64_t {};
enum class NativeWin : std::uint64_t {};
enum class NativeFile : std::uint64_t {};
enum class NativeSession : std::uint64_t {};

// MPI-5.0 ABI, section "Status": 32 bytes. `internal` belongs to the implementation: here
// the number of bytes received and whether the operation was cancelled.
struct Status {
  std::int32_t source;
  std::int32_t tag;
  std::int32_t error;
  std::int32_t cancelled;
  std::int64_t bytes;
  std::int64_t reserved;
};
static_assert(sizeof(Status) == 32);

// What the file system knows of a file: who it is, and whether it has changed.
struct FileIdentity {
  std::uint64_t device, inode;
  std::int64_t bytes, modified_ns;
};

// Error value of the calls below, outside of every MPI error class: the call was given back
// unfinished because a checkpoint wants the thread parked (kIntentPark).
inline constexpr int kInterrupted = -1;

// MPI_DISTRIBUTE_DFLT_DARG on its way through the core: the standard ABI's value for it, 19, is also a possible argument.
inline constexpr int kDefaultDarg = -1;

enum class SendMode : std::int32_t { standard, buffered, synchronous, ready };
enum class WaitMode : std::int32_t { all, any, some };

// Blocking calls as a start plus a progress loop inside the lower half which also watches
// Seam::intent. Each returns an ABI error class, MPI_SUCCESS (0) or kInterrupted. Buffers and status
// arrays are the caller's; statuses are always written (never "ignore") for what has completed.
struct BlockingMpi {
  // kInterrupted: *pending holds the started request. Otherwise *pending is untouched.
  int (*send)(SendMode mode, const void *buf, int count, NativeDatatype type, int dest, int tag, NativeComm comm,
              NativeRequest *pending);
  int (*recv)(void *buf, int count, NativeDatatype type, int source, int tag, NativeComm comm, Status *status,
              NativeRequest *pending);
  // Waits for requests[0..n-1]; entries that are the native null request are skipped. `completed[i]` is set to 1 for each
  // that completed in this call and its entry becomes the native null request (inactive persistent requests
  // must not be passed); statuses[i] (with its .error) is written for it. all: returns when every one is done; any/some:
  // when at least one is (any: exactly one is taken). Returns 0 or kInterrupted (some of them may have completed then);
  // errors of the single operations are in statuses[i].error.
  int (*wait)(int n, NativeRequest *requests, Status *statuses, std::uint8_t *completed, WaitMode mode);
  // The same without waiting: never kInterrupted. mode all: completes what is complete (callers decide).
  int (*test)(int n, NativeRequest *requests, Status *statuses, std::uint8_t *completed, WaitMode mode);
  int (*probe)(int source, int tag, NativeComm comm, Status *status);
  int (*mprobe)(int source, int tag, NativeComm comm, NativeMessage *message, Status *status);
  // A barrier over `comm`. *pending is the native null request, or what an interrupted call in this process has left there:
  // kInterrupted leaves the running barrier in it, to be gone on with.
  int (*barrier)(NativeComm comm, NativeRequest *pending);
  // Waits until every rank has called it, over a communicator of its own: what MPI_Finalize does before it hands over to the
  // live MPI, so that a rank which is early there can still be checkpointed. kInterrupted: call again, in this process
  // or in a restarted one.
  int (*finalize_barrier)();
  // Waits until *word, which other ranks write, is not `seen`. 0 or kInterrupted.
  int (*change)(const std::uint64_t *word, std::uint64_t seen);
  // Lets the live MPI make progress and other processes run.
  void (*yield)();
};

}  // namespace mana
