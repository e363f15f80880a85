// What a rank, a tool and the coordinator say to each other over a Unix stream socket.
//
//     +-------------+-----------+--------+----------+----------+=========+
//     | magic "mana"| version   | type   | epoch    | length   | payload |
//     | 4 bytes     | 2         | 2      | 4        | 4        | length  |
//     +-------------+-----------+--------+----------+----------+=========+
//
// Integers are little-endian and of fixed width, a string is a 4-byte length and bytes, a list is a 4-byte
// count and its elements. Both ends are of one build on one host, but neither trusts the other: a frame with another
// magic or version, a length above kMaxPayload, or a payload which does not decode to its last byte ends the
// connection.
//
// `epoch` numbers attempts to take a checkpoint. QUIESCE carries a new one; a rank repeats it in everything it
// says about that checkpoint, so that a message which crossed a CANCEL on its way is recognised and dropped. It is 0
// in messages that belong to no checkpoint (HELLO, STATE, REQUEST).
//
//     rank                                              coordinator
//     HELLO (MPI not started yet)           ─────────►  checks token, rank, size
//                                           ◄─────────  WELCOME
//     STATE initialized | finalized | ...   ─────────►
//     REQUEST (mana_checkpoint, --checkpoint-at) ────►  ANSWER
//     SPAWN, NAME                           ─────────►  ANSWER
//     READY (started for SPAWN, MPI_Init)   ─────────►  BEGIN or ABANDON
//                                           ◄─────────  QUIESCE          collectives pass a gate from now on
//     COUNTS                                ─────────►
//     GATE, GATE_PLAIN                      ─────────►  (held)  ENTER
//     LEFT, BLOCKED                         ─────────►  all targets met:
//                                           ◄─────────  PARK
//     PARKED (again when duplications end)  ─────────►  all parked, none under way:
//                                           ◄─────────  DRAIN
//     DRAINED                               ─────────►  all drained:
//                                           ◄─────────  WRITE directory
//     WRITTEN or FAILED                     ─────────►  all written, generation published:
//                                           ◄─────────  RESUME or STOP
//     RESUMED                               ─────────►  a new checkpoint may start
//
// CANCEL may come in place of any message of the coordinator between QUIESCE and RESUME. Its answer is RESUMED
// too: no thread of the rank waits for anything of that epoch any more. A rank says FAILED
// at any point of a checkpoint where it cannot go on; the job lives.
//
// Bump kProtocolVersion with every change of a message.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mana::wire {

inline constexpr std::uint32_t kMagic = 0x616e616d; // "mana"
inline constexpr std::uint16_t kProtocolVersion = 8;
inline constexpr std::uint32_t kMaxPayload = 16u << 20;
inline constexpr std::size_t kHeaderSize = 16;

enum class Type : std::uint16_t {
  hello = 1,
  welcome,
  state,
  request,
  answer, // connection and requests
  spawn,
  spawn_failed,
  ready,
  begin,
  abandon,
  name, // dynamic processes
  quiesce,
  counts,
  gate,
  gate_plain,
  enter,
  left,
  blocked, // towards the safe point
  park,
  parked,
  drain,
  drained,
  write,
  written,
  failed, // at the safe point
  resume,
  stop,
  cancel,
  resumed, // and away from it
  status_query,
  status_reply,
  tool_request,
  progress,
  outcome, // tools
};

struct Header {
  std::uint32_t magic;
  std::uint16_t version;
  std::uint16_t type;
  std::uint32_t epoch;
  std::uint32_t length;
};
static_assert(sizeof(Header) == kHeaderSize);

// ---------------------------------------------------------------------------------
// Messages. fields() lists the members in the order in which they are sent; encode() and decode() follow it.

template <Type kType> struct Plain {
  static constexpr Type type = kType;
  template <class A> void fields(A &a) { a(); }
};

// First message of a rank. `token` is MANA_TOKEN. `rank` and `size` are of the launcher's environment.
struct Hello {
  static constexpr Type type = Type::hello;
  std::string token;
  std::int32_t rank = -1, size = 0, pid = 0;
  std::string host;
  std::uint32_t backend = 0;   // LowerServices::backend
  std::uint32_t front = 0;     // UpperServices::front; 0 while unknown, then told by State
  std::uint32_t restarted = 0; // 1: comes back from an image and says RESUMED when it has been rebuilt
  template <class A> void fields(A &a) { a(token, rank, size, pid, host, backend, front, restarted); }
};

struct Welcome {
  static constexpr Type type = Type::welcome;
  std::string checkpoint_directory;
  template <class A> void fields(A &a) { a(checkpoint_directory); }
};

enum class RankState : std::uint32_t { starting = 0, initialized = 1, finalized = 2, busy = 3, executes = 4 };

// The rank's MPI state has changed. `busy` before it enters MPI_Init or MPI_Finalize: no checkpoint may start. `executes` before
// another program takes its place: the connection ends, and the same rank says HELLO again.
struct State {
  static constexpr Type type = Type::state;
  RankState state = RankState::starting;
  std::uint32_t front = 0;
  template <class A> void fields(A &a) { a(state, front); }
};

// A rank asks for a checkpoint of the job.
struct Request {
  static constexpr Type type = Type::request;
  std::uint32_t stop = 0;
  template <class A> void fields(A &a) { a(stop); }
};

// To a Request or ToolRequest: taken (0), or an errno value and why not.
struct Answer {
  static constexpr Type type = Type::answer;
  std::int32_t error = 0;
  std::string text;
  template <class A> void fields(A &a) { a(error, text); }
};

// A rank asks for processes: interface/dynamic.h says what `text` is. ANSWER tells whether that was taken; then either
// the job is started again with them, or SPAWN_FAILED comes.
struct Spawn {
  static constexpr Type type = Type::spawn;
  std::uint64_t number = 0; // counts this rank's requests
  std::int32_t count = 0;   // processes
  std::string text;
  template <class A> void fields(A &a) { a(number, count, text); }
};

struct SpawnFailed {
  static constexpr Type type = Type::spawn_failed;
  std::uint64_t number = 0;
  template <class A> void fields(A &a) { a(number); }
};

// In a start for spawned processes a rank that comes to MPI_Init says READY and waits for BEGIN, which is sent when all are
// ready; or for ABANDON: the processes that were asked for do not come up, and this start ends at once, to be made again without
// them. Until BEGIN no rank has a connection to the launcher that it would miss.
using Ready = Plain<Type::ready>;
using Begin = Plain<Type::begin>;
using Abandon = Plain<Type::abandon>;

// A rank publishes (0), withdraws (1) or looks up (2) the name of a service. ANSWER: 0 with the port as text, ENOENT, EEXIST.
struct Name {
  static constexpr Type type = Type::name;
  std::uint32_t call = 0; // NameCall
  std::string service, port;
  template <class A> void fields(A &a) { a(call, service, port); }
};

struct Quiesce {
  static constexpr Type type = Type::quiesce;
  std::uint64_t generation = 0;
  template <class A> void fields(A &a) { a(generation); }
};

// Collectives that a rank has entered (or stands before, at the gate) on one communicator.
struct Count {
  std::uint64_t comm_id = 0, entered = 0;
  template <class A> void fields(A &a) { a(comm_id, entered); }
  bool operator==(const Count &) const = default;
};

// Threads of the rank that are inside of a blocking collective, or on their way to its gate, as the message is sent; how many of
// them PARK makes withdraw from it, as if it had not been entered; and how many ENTERs of this checkpoint its threads have
// taken up.
struct Inside {
  std::uint32_t threads = 0, withdrawable = 0, taken = 0;
  template <class A> void fields(A &a) { a(threads, withdrawable, taken); }
};

// The rank's counters, read after the intent was set and the membarrier made. A GATE or LEFT
// of the application's thread may overtake it.
struct Counts {
  static constexpr Type type = Type::counts;
  std::vector<Count> counts;
  Inside inside;
  template <class A> void fields(A &a) { a(counts), inside.fields(a); }
};

// The rank waits before collective `number` of `comm_id`. `counts` as in Counts, so that communicators made since
// then become known.
struct Gate {
  static constexpr Type type = Type::gate;
  std::uint64_t comm_id = 0, number = 0;
  std::vector<Count> counts;
  Inside inside;
  template <class A> void fields(A &a) { a(comm_id, number, counts), inside.fields(a); }
};

// The rank waits outside of any collective, at its --checkpoint-at call.
struct GatePlain {
  static constexpr Type type = Type::gate_plain;
  template <class A> void fields(A &a) { a(); }
};

// Lets a gate through; comm_id 0: the plain one.
struct Enter {
  static constexpr Type type = Type::enter;
  std::uint64_t comm_id = 0, number = 0;
  template <class A> void fields(A &a) { a(comm_id, number); }
};

// A collective has ended, one that ENTER let in or that was under way at COUNTS; or a thread inside can withdraw now.
struct Left {
  static constexpr Type type = Type::left;
  std::vector<Count> counts;
  Inside inside;
  template <class A> void fields(A &a) { a(counts), inside.fields(a); }
};

// A hint, optional: the engine thread waits (1) or no longer waits (0) in blocking point-to-point. It
// shortens the time until held ranks are let through; nothing depends on it being exact.
struct Blocked {
  static constexpr Type type = Type::blocked;
  std::uint32_t blocked = 0;
  template <class A> void fields(A &a) { a(blocked); }
};

// All threads of the upper half shall stand still.
using Park = Plain<Type::park>;
using Drain = Plain<Type::drain>;
using Drained = Plain<Type::drained>;
using Resumed = Plain<Type::resumed>;

// All threads of the upper half stand still. The counts are final for this checkpoint and do not include a collective
// whose gate answered "park". The coordinator cancels and tries again when ranks disagree. A rank with duplications under way
// (MPI_Comm_idup) cannot tell the counts of the new communicators yet, and says it again when they have ended.
// The rest is Standing of interface/dynamic.h.
struct Parked {
  static constexpr Type type = Type::parked;
  std::vector<Count> counts;
  std::uint32_t duplications = 0;
  std::int32_t world_first = 0, world_count = 0;
  std::vector<std::int32_t> known;
  template <class A> void fields(A &a) { a(counts, duplications, world_first, world_count, known); }
};

// Write the image rank-R.mana into this existing directory.
struct Write {
  static constexpr Type type = Type::write;
  std::string directory;
  template <class A> void fields(A &a) { a(directory); }
};

// The image is written and fsynced. `hash_*` is its digest as tools/image/image.h defines it; `warnings` names what
// was not saved.
struct Written {
  static constexpr Type type = Type::written;
  std::uint64_t bytes = 0, hash_low = 0, hash_high = 0;
  std::string file; // without directory
  std::vector<std::string> warnings;
  template <class A> void fields(A &a) { a(bytes, hash_low, hash_high, file, warnings); }
};

struct Failed {
  static constexpr Type type = Type::failed;
  std::int32_t error = 0; // errno value
  std::string text;
  template <class A> void fields(A &a) { a(error, text); }
};

struct Resume {
  static constexpr Type type = Type::resume;
  std::uint64_t generation = 0;
  template <class A> void fields(A &a) { a(generation); }
};

struct Stop {
  static constexpr Type type = Type::stop;
  std::uint64_t generation = 0;
  template <class A> void fields(A &a) { a(generation); }
};

// `again`: the next QUIESCE follows at once (or another CANCEL), and no rank passes a gate before. The program would get to its
// end otherwise, when it is near.
struct Cancel {
  static constexpr Type type = Type::cancel;
  std::string reason;
  std::uint32_t again = 0;
  template <class A> void fields(A &a) { a(reason, again); }
};

// Tools are known by the uid of their end of the socket and need no HELLO.
using StatusQuery = Plain<Type::status_query>;

struct StatusReply {
  static constexpr Type type = Type::status_reply;
  std::string json;
  template <class A> void fields(A &a) { a(json); }
};

// mana_status asks for a checkpoint: ANSWER, then PROGRESS lines, then OUTCOME.
struct ToolRequest {
  static constexpr Type type = Type::tool_request;
  std::uint32_t stop = 0;
  template <class A> void fields(A &a) { a(stop); }
};

struct Progress {
  static constexpr Type type = Type::progress;
  std::string text;
  template <class A> void fields(A &a) { a(text); }
};

struct Outcome {
  static constexpr Type type = Type::outcome;
  std::int32_t exit_code = 0; // 0 committed, else of sysexits
  std::uint64_t generation = 0;
  std::string text;
  template <class A> void fields(A &a) { a(exit_code, generation, text); }
};

// ---------------------------------------------------------------------------------
// Encoding

class Encoder {
public:
  explicit Encoder(std::string &out) : out_(out) {}
  template <class... T> void operator()(const T &...values) { (put(values), ...); }

private:
  void put(std::uint32_t value) { raw(&value, sizeof value); }
  void put(std::int32_t value) { raw(&value, sizeof value); }
  void put(std::uint64_t value) { raw(&value, sizeof value); }
  void put(RankState value) { put(static_cast<std::uint32_t>(value)); }
  void put(const std::string &value);
  template <class T> void put(const std::vector<T> &list) {
    put(static_cast<std::uint32_t>(list.size()));
    for (const T &element : list) {
      if constexpr (requires(T t) { t.fields(*this); })
        const_cast<T &>(element).fields(*this);
      else
        put(element);
    }
  }
  void raw(const void *data, std::size_t size) { out_.append(static_cast<const char *>(data), size); }
  std::string &out_;
};

// Never reads past the end; after the first field that does not fit, ok() is false and all further fields stay
// as they were. Lists grow only as far as their bytes are really there.
class Decoder {
public:
  explicit Decoder(std::string_view in) : in_(in) {}
  template <class... T> void operator()(T &...values) { (get(values), ...); }
  bool ok() const { return ok_; }
  bool finished() const { return ok_ && in_.empty(); }

private:
  void get(std::uint32_t &value) { raw(&value, sizeof value); }
  void get(std::int32_t &value) { raw(&value, sizeof value); }
  void get(std::uint64_t &value) { raw(&value, sizeof value); }
  void get(RankState &value);
  void get(std::string &value);
  template <class T> void get(std::vector<T> &list) {
    std::uint32_t count = 0;
    get(count);
    list.clear();
    for (std::uint32_t i = 0; i < count && ok_; ++i) {
      T element{};
      if constexpr (requires(T t) { t.fields(*this); })
        element.fields(*this);
      else
        get(element);
      if (ok_)
        list.push_back(std::move(element));
    }
  }
  void raw(void *data, std::size_t size);
  std::string_view in_;
  bool ok_ = true;
};

// A complete frame, header included.
std::string frame(Type type, std::uint32_t epoch, std::string_view payload);

template <class Message> std::string encode(const Message &message, std::uint32_t epoch = 0) {
  std::string payload;
  Encoder encoder(payload);
  const_cast<Message &>(message).fields(encoder);
  return frame(Message::type, epoch, payload);
}

// False when the payload is not exactly one such message; `message` is then partly filled.
template <class Message> bool decode(std::string_view payload, Message *message) {
  Decoder decoder(payload);
  message->fields(decoder);
  return decoder.finished();
}

// Magic, version, type and length are in range.
bool valid(const Header &header);

// ---------------------------------------------------------------------------------
// Blocking transport, for ranks and tools. Results: 0, or an errno value; EPROTO for a frame that is not valid,
// ECONNRESET when the other end has closed.

// Connects to the Unix socket at `path` with close-on-exec. Returns the descriptor, or -errno.
int connect_to(const std::string &path);

int send_frame(int fd, const std::string &frame);

struct Received {
  Type type{};
  std::uint32_t epoch = 0;
  std::string payload;
};
int receive(int fd, Received *received);

template <class Message> int send(int fd, const Message &message, std::uint32_t epoch = 0) {
  return send_frame(fd, encode(message, epoch));
}

const char *name_of(Type type);

} // namespace mana::wire
