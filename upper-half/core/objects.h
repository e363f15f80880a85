// Records of the virtual MPI objects that the application holds handles of.
//
// A record says what an object *is* (a communicator: its ordered world ranks, topology, name;
// a datatype: its constructor tree), never the calls that led to it, plus the native handle that stands for it in the
// live MPI. Restart walks the records and makes new native handles (record-replay/).
//
// Handle -> record, in O(1) without hashing:
//   openmpi front   the handle points to a word that holds the record's address: record = *(Object **)handle.
//                   For dynamic objects that is the record itself (word 0 is `self`); for predefined ones
//                   the exported ompi_mpi_* object, whose word 0 survives a COPY relocation.
//   mpich front     dynamic handles are 0x80000000 | kind << 26 | index into Pool<T>; predefined ones are looked up
//                   by the low bits.
// Record -> handle is one load: `handle`.
//
// Everything here lives in memory from core/memory.h (never the application's malloc) because a checkpoint may
// run while the application is stopped inside malloc.
#pragma once
#include <cstddef>
#include <cstdint>

#include "interface/native.h"
#include "interface/seam.h"
#include "interface/shared.h"

namespace mana {

// Values are the kind numbers of MPICH's handle encoding where it has one, so that a front can use them as they are.
enum class Kind : std::uint8_t {
  comm = 1, group = 2, datatype = 3, file = 4, errhandler = 5, op = 6, info = 7, win = 8,
  request = 11, message = 12, session = 13,
};

enum ObjectFlags : std::uint8_t {
  kPredefined = 1,  // never freed
  kNull = 2,        // MPI_*_NULL of its kind
  kFreed = 4,       // the application has freed its handle; references keep the record alive
  kLive = 8,        // in use (a free slot of a pool has flags 0)
  kStillOpen = 16,  // of a communicator: freed here, and at the last checkpoint not by all members (drain/closing.cpp)
  kAgain = 32,      // of an inter-communicator: its second closing barrier is under way
};

struct Object {
  Object *self;           // word 0: see above
  std::uint64_t handle;   // the front's handle of this object
  std::uint32_t refs;     // 1 for the application's handle + 1 for each user of the record
  Kind kind;
  std::uint8_t flags;
  std::uint16_t abi;      // MPI-5.0 ABI value of a predefined handle, else 0
  std::uint32_t index;    // in its pool
  std::uint32_t fortran;  // Fortran integer + 1, 0: none given out yet
  void *next_free;        // free list of the pool
};
static_assert(offsetof(Object, self) == 0 && offsetof(Object, handle) == 8);

struct Info;
struct File;
struct Attributes;  // core/attributes.h: keyval -> value, in order of setting

// A peer process, by its number in the job (interface/dynamic.h): "world rank" means that number everywhere in the core,
// and is the rank in MPI_COMM_WORLD of all processes that were not spawned. Counts are messages since the last drain.
struct Peer {
  std::uint64_t sent;
  std::uint64_t received;
  struct Request *synchronous_sends;  // outstanding synchronous sends to this peer (drain/synchronous.h)
};

struct Errhandler : Object {
  void (*function)();      // the application's, in the front's prototype; null for predefined
  std::uint8_t target;     // Kind of object it was created for
};

struct Group : Object {
  std::int32_t size;
  std::int32_t rank;              // own rank or MPI_UNDEFINED (ABI)
  std::int32_t *world_ranks;      // [size]
  std::uint64_t session;          // Session::number of the one that it is derived from, or 0
};

enum class Topology : std::uint8_t { none, cart, graph, dist_graph };

struct TopologyData {  // one block, refcounted by its communicator; arrays follow in the same allocation
  Topology kind;
  std::int32_t ndims;             // cart
  std::int32_t *dims, *periods, *coords;
  std::int32_t nnodes, nedges;    // graph
  std::int32_t *index, *edges;
  std::int32_t indegree, outdegree, weighted;  // dist_graph
  std::int32_t repeats;           // some member has a neighbour twice: core/neighbors.h
  std::int32_t *sources, *source_weights, *destinations, *destination_weights;
};

struct Comm : Object {
  NativeComm native;
  std::int32_t rank, size;
  std::int32_t peer_count;        // whom it can send to: its size, or that of the remote group
  Peer **peers;                   // [peer_count] by their rank
  std::uint64_t *entered;         // its CollectiveCounter::entered
  std::uint64_t id;               // same on all members, unique in the job: see record-replay/communicators.h
  std::uint64_t duplicates;       // how often MPI_Comm_idup has been called for it
  Group *group;                   // ordered world ranks; owned reference
  Group *remote;                  // of an inter-communicator: the other group; owned reference
  TopologyData *topology;
  Errhandler *errhandler;
  Attributes *attributes;
  Info *info;
  File *file;                     // the file whose own communicator this is, or null
  struct Request *closing;        // freed by the application: barrier that ends when all members have (core/communicators.cpp)
  struct Buffered *buffered_head, *buffered_tail;  // messages drained, in order of arrival: drain/buffered.h
  Comm *channels, *next_channel;  // of its persistent collectives: core/persistent_collectives.h
  std::uint32_t channel_in_use;   // this is a channel, and a request of this rank has it
  struct SendBuffer *send_buffer; // core/bsend.h, or null
  char name[128];                 // MPI_MAX_OBJECT_NAME of the fronts is 64 (openmpi) and 128 (mpich)
};

// Constructor tree node: what MPI_Type_get_envelope and _get_contents answer.
struct Datatype : Object {
  NativeDatatype native;
  std::int64_t size;              // bytes of data
  std::int64_t lb, extent, true_lb, true_extent;
  std::int64_t elements;          // basic elements in one item
  std::int32_t combiner;          // MPI_COMBINER_* (ABI)
  std::uint8_t committed;
  std::uint8_t contiguous;        // one item is `size` bytes at offset lb == 0 == true_lb with extent == size
  std::uint8_t alignment;         // of the widest basic element
  std::uint8_t markers;           // explicit bounds: core/datatypes.h
  std::uint32_t native_live;      // `native` is valid in this process: kNative* of core/datatypes.h
  std::int32_t ni, na, nd, nc;    // lengths below
  std::int32_t *integers;
  std::int64_t *addresses;
  std::int64_t *large_counts;     // of the constructors with MPI_Count: core/large_types.h
  Datatype **types;               // each holds a reference
  Datatype *body;                 // the same type map by simpler constructors, or null: core/datatypes.h
  Attributes *attributes;
  char name[128];
};

struct Op : Object {
  NativeOp native;
  void (*function)();             // the application's MPI_User_function
  std::int32_t commutative;
  std::int32_t slot;              // trampoline of the lower half, -1 for predefined
  std::int32_t large;             // an MPI_User_function_c
  std::int32_t pad_;
};

struct Session : Object {
  Errhandler *errhandler;
  Info *info;                     // what MPI_Session_get_info answers
  std::uint64_t number;           // of this process, from 1
  struct SendBuffer *send_buffer; // core/bsend.h, or null
};

// How a split collective access is ended below, and what it has given: the drain may end it before the application does.
struct SplitAccess {
  int (*end)(NativeFile file, void *buf, Status *status);  // null: none is under way
  int ends_with;                  // Fn of the application's call that ends it
  void *buf;
  Datatype *type;                 // reference
  struct FileConversion *conversion;  // core/file_conversion.h, or null
  std::uint8_t ended;             // below: the outcome is here
  Status status;
};

struct FilePosition {  // in etypes
  std::int64_t individual, shared;  // shared: one for all ranks, -1 when none has used it
};

struct File : Object {
  NativeFile native;
  Comm *comm;                     // a duplicate of the one it was opened on, of its own; its id is the file's
  Errhandler *errhandler;
  Info *info;                     // hints of the application, or null
  char *path;                     // absolute
  std::int32_t amode;             // MPI_MODE_* (ABI)
  std::uint8_t atomic;
  std::uint8_t shared_used;       // this rank has used the shared pointer
  std::uint8_t datarep;           // kDatarep* of core/files.h
  Datatype *etype, *filetype;     // the view; references
  std::int64_t disp;
  SplitAccess split;
  // At the last checkpoint:
  FilePosition position;
  FileIdentity identity;
};

struct Info : Object {
  struct InfoEntry *first, *last;
  NativeInfo native;              // made on demand, normally null
};

// A matched message (MPI_Mprobe). Either still native or, after a drain, buffered.
struct Message : Object {
  NativeMessage native;
  Comm *comm;
  struct Buffered *buffered;
  Status status;
};

enum class RequestKind : std::uint8_t { none, send, recv, collective, generalized, file, composite };

struct Request : Object {
  NativeRequest native;           // native null when complete, inactive or not started below
  RequestKind op;
  std::uint8_t mode;              // SendMode of sends; of accesses to files: 1 collective
  std::uint8_t persistent;
  std::uint8_t active;            // started and not yet completed to the application
  std::uint8_t complete;          // outcome in `status`, nothing is under way below any more
  std::uint8_t cancelled;         // the application called MPI_Cancel
  std::uint8_t detached;          // MPI_Request_free was called while active; or kPart of core/composite.h
  std::uint8_t waited;            // a thread waits for it below with the lock given back: nobody else tests it
  std::uint8_t needs_ack;         // its end comes from above: a synchronous send drained at its target but not matched
                                  // (drain/synchronous.h), a generalized request
  std::uint8_t is_whole;          // made of other requests: core/composite.h
  std::int32_t count;             // buffered sends: flushes of the buffer begun before
  std::int32_t peer;              // local rank, MPI_ANY_SOURCE or MPI_PROC_NULL (ABI)
  std::int32_t tag;
  void *buf;                      // of generalized ones: their functions (core/generalized.cpp); of MPI_Comm_idup's: the
                                  // communicator under way (core/duplication.cpp)
  Comm *comm;                     // reference while active or persistent
  Datatype *type;                 // likewise
  Status status;
  Request *prev, *next;           // ring of active requests in order of start (core/requests.h)
  union {
    struct CollectiveCall *call;    // nonblocking collectives: what keeps arrays, types and op alive
    struct Partitioned *partitioned;  // partitioned communication: core/partitioned.h
    struct SendBuffer *send_buffer;   // buffered sends: core/bsend.h
  };
  union {
    std::uint64_t after;          // drain/synchronous.h; buffered sends: bytes of the attached buffer
    std::uint64_t parts;          // of a whole: those which have not completed
    struct PersistentCollective *plan;  // persistent collectives: core/persistent_collectives.h
  };
  std::uint64_t ack_id;
  union {
    Request *next_synchronous;    // list of Peer::synchronous_sends
    Request *whole;               // of a part, which is never a synchronous send
  };
};

// An attribute's value in the language it was set in: the pointer that C has set, or the integer that Fortran has set
// (of kind MPI_ADDRESS_KIND, or a default one by the functions of MPI-1). The values are MPICH's MPIR_Attr_type.
enum class AttributeForm : std::int32_t { pointer = 0, address_integer = 1, default_integer = 3 };
struct AttributeValue {
  void *value;  // an integer is widened to this
  AttributeForm form;
};

// Which access epoch is open at the origin.
enum class Epoch : std::uint8_t { none, fence, start, lock, lock_all };

// A window: core/windows.h. What other ranks write stands in its segment, not here.
struct Win : Object {
  std::uint64_t id;               // same on all members, unique among windows
  Group *group;                   // ordered world ranks; owned reference
  std::int32_t rank, size;
  SharedSegment segment;          // the members' controls, and the memory of allocated and shared windows
  std::size_t control_bytes;      // of one member
  void *base;                     // what the attributes tell
  std::int64_t bytes;
  std::int32_t disp_unit, flavor; // MPI_WIN_FLAVOR_* (ABI)
  Epoch epoch;
  std::uint8_t used;              // operations since the fence
  std::uint8_t freed;             // in MPI_Win_free: kFree* of windows.h
  std::uint8_t exposed;           // between post and wait
  std::int32_t started, posted;   // members of the epochs below
  std::int32_t *start_ranks, *post_ranks;  // [size]
  std::int32_t locks_held;
  std::uint32_t polls;            // calls that poll, for progress
  std::uint8_t *access;           // [size] kAccess* of windows.h: what this rank may do at each target
  std::uint64_t *starts, *waits;  // [size] exposures used of each target, accesses ended by each origin
  struct AttachedMemory *attached;  // of dynamic windows
  Errhandler *errhandler;
  Attributes *attributes;
  Info *info;
  std::int32_t shown_flavor, shown_model, shown_disp_unit;  // values of the attributes, as the front's mpi.h has them
  std::int64_t shown_bytes;
  char name[128];
};

// How a front calls the application's callbacks in its own prototypes, and spells its own constants; set once by
// the front's constructor through core_start().
struct FrontOps {
  std::uint32_t front;            // 1 openmpi, 2 mpich
  void (*call_op)(void (*fn)(), void *in, void *inout, int *len, Datatype *type);
  // comm, win or file by object->kind. Returns the error again, or what the handler has put in its place.
  int (*call_comm_errhandler)(void (*fn)(), Object *object, int abi_error);
  // attribute callbacks, by object kind (comm, datatype, win); keyval is the front's number; return the front's code
  // `value` stays where it is while the attribute lives: C may be given its address
  int (*call_copy_attr)(void (*fn)(), Object *object, int keyval, void *extra, AttributeValue &value, AttributeValue *out,
                        int *flag);
  int (*call_delete_attr)(void (*fn)(), Object *object, int keyval, AttributeValue &value, void *extra);
  int (*error_to_front)(int abi_error);
  int (*error_from_front)(int front_error);
  const char *(*error_text)(int abi_error);       // of a class, never null
  int max_object_name, max_error_string, max_processor_name, max_library_version, max_info_key, max_info_val, max_port_name;
  int bsend_overhead;
  int version, subversion;        // MPI_Get_version
  int has_partitions;             // its mpi.h declares partitioned communication
  const char *library_version;    // MPI_Get_library_version
  // an MPI_User_function_c, with the length as MPI_Count
  void (*call_large_op)(void (*fn)(), void *in, void *inout, std::int64_t *len, Datatype *type);
  // Of generalized requests; return the front's code.
  int (*call_query)(void (*fn)(), void *extra, Status *status);
  int (*call_free)(void (*fn)(), void *extra);
  int (*call_cancel)(void (*fn)(), void *extra, int complete);
  int unset_handler_is_worlds;    // initial_errhandler() of core/errors.h
  const char *fortran_common;     // symbol of a common block of mpif.h that is one INTEGER
};

}  // namespace mana
