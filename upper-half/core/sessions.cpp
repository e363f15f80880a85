// Sessions, their process sets, and what is made from those (MPI-4, chapter 11).
//
// A session is a record of ours: there are two process sets, "mpi://WORLD" and "mpi://SELF", and a group of either is
// that of the predefined communicator. So sessions need nothing of the live MPI, and a restart has nothing to make
// again.
#include <cstring>

#include "core/bsend.h"
#include "core/call.h"
#include "core/collectives.h"
#include "core/communicators.h"
#include "core/errors.h"
#include "core/groups.h"
#include "core/infos.h"
#include "core/pool.h"
#include "core/runtime.h"
#include "core_api.h"

namespace mana {

namespace {

struct ProcessSet {
  const char *name;
  Comm **comm;
};
constexpr ProcessSet kProcessSets[] = {{"mpi://WORLD", &world}, {"mpi://SELF", &self_comm}};
constexpr int kProcessSetCount = 2;

struct ThreadLevel {
  const char *name;
  int level;
};
constexpr ThreadLevel kThreadLevels[] = {{"MPI_THREAD_SINGLE", abi::THREAD_SINGLE},
                                         {"MPI_THREAD_FUNNELED", abi::THREAD_FUNNELED},
                                         {"MPI_THREAD_SERIALIZED", abi::THREAD_SERIALIZED},
                                         {"MPI_THREAD_MULTIPLE", abi::THREAD_MULTIPLE}};
constexpr char kThreadLevelKey[] = "thread_level";

// In the place of a communicator's id: no communicator has it.
constexpr std::uint64_t kOfAllRanks = 0;

// Names of process sets are URIs, whose scheme and authority have no case.
bool same_name(const char *a, const char *b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (; *a && lower(*a) == lower(*b); ++a, ++b) {
  }
  return lower(*a) == lower(*b);
}

int wanted_level(const Info *info) {
  const char *value = is_null(info) ? nullptr : info_value(info, kThreadLevelKey);
  for (const ThreadLevel &row : kThreadLevels)
    if (value && std::strcmp(row.name, value) == 0) return row.level;
  return abi::THREAD_SINGLE;
}

const char *level_name(int level) {
  for (const ThreadLevel &row : kThreadLevels)
    if (row.level == level) return row.name;
  return kThreadLevels[0].name;
}

int raise_on(Session *session, int error) {
  if (session->flags & kNull) return raise(error);
  Errhandler *handler = session->errhandler;
  ++handler->refs;
  error = call_errhandler(handler, session, error);
  release(handler);
  return error;
}

bool is_null(const Session *session) { return (session->flags & kNull) != 0; }

std::uint64_t sessions_made;

}  // namespace

Comm *find_process_set(const char *name) {
  for (const ProcessSet &set : kProcessSets)
    if (same_name(set.name, name)) return *set.comm;
  return nullptr;
}

std::uint64_t hash_of(const char *text) {
  std::uint64_t h = 0xcbf29ce484222325ull;
  for (; *text; ++text) h = (h ^ static_cast<unsigned char>(*text)) * 0x100000001b3ull;
  return h;
}

int comm_of_group(Group *group, const char *stringtag, Comm **made) {
  constexpr std::uint64_t kTags = 30000;  // MPI guarantees 32767
  const std::uint64_t tag = hash_of(stringtag);
  CollectiveCounter *counter = begin_group_collective(group_key(kOfAllRanks, group, tag));
  NativeComm native = natives.comm_null;
  const int error = create_from_ranks(natives.protocol, group->size, group->world_ranks, static_cast<int>(tag % kTags) + 2,
                                      &native);
  if (error == 0) {
    *made = adopt(native, world);
    (*made)->group->session = group->session;
  }
  end_group_collective(counter);
  return error;
}

void set_handler_and_info(Comm *comm, Errhandler *errhandler, const Info *info) {
  const bool given = (errhandler->flags & kNull) == 0;
  set_errhandler(&comm->errhandler, given ? errhandler : predefined<Errhandler>(abi::ERRORS_ARE_FATAL));
  if (!is_null(info)) comm->info = hints_of(HintsOf::comm, info);
}

namespace api {

int Session_init(Info *info, Errhandler *errhandler, Session **session) {
  Call call(Fn::Session_init);
  int provided;
  if (const int error = start_runtime(wanted_level(info), &provided)) return raise_to(errhandler, error);
  Session *made = make<Session>();
  const bool given = (errhandler->flags & kNull) == 0;
  set_errhandler(&made->errhandler, given ? errhandler : predefined<Errhandler>(abi::ERRORS_ARE_FATAL));
  made->number = ++sessions_made;
  made->info = copy_info(info);
  set_info_value(made->info, kThreadLevelKey, level_name(provided));
  session_opened();
  *session = made;
  return 0;
}

int Session_finalize(Session **handle) {
  Call call(Fn::Session_finalize);
  Session *session = *handle;
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  void *address;
  detach_buffer(&session->send_buffer, &address);
  set_errhandler(&session->errhandler, nullptr);
  release(session->info);
  destroy(session);
  session_closed();
  *handle = predefined<Session>(abi::SESSION_NULL);
  return 0;
}

int Session_get_info(Session *session, Info **info) {
  Call call(Fn::Session_get_info);
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  *info = copy_info(session->info);
  return 0;
}

int Session_set_info(Session *session, Info *info) {
  Call call(Fn::Session_set_info);
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  if (is_null(info)) return raise_on(session, abi::ERR_INFO);
  update_info(session->info, info);
  return 0;
}

int Session_get_num_psets(Session *session, Info *, int *count) {
  Call call(Fn::Session_get_num_psets);
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  *count = kProcessSetCount;
  return 0;
}

// *length: room in `name`, on return what the whole name takes; both with the terminating zero.
int Session_get_nth_pset(Session *session, Info *, int n, int *length, char *name) {
  Call call(Fn::Session_get_nth_pset);
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  if (n < 0 || n >= kProcessSetCount) return raise_on(session, abi::ERR_ARG);
  const char *whole = kProcessSets[n].name;
  const int needed = static_cast<int>(std::strlen(whole)) + 1;
  if (const int room = *length; room > 0) {
    const int kept = (needed < room ? needed : room) - 1;
    std::memcpy(name, whole, static_cast<std::size_t>(kept));
    name[kept] = '\0';
  }
  *length = needed;
  return 0;
}

int Session_get_pset_info(Session *session, const char *name, Info **info) {
  Call call(Fn::Session_get_pset_info);
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  const Comm *set = find_process_set(name);
  if (!set) return raise_on(session, abi::ERR_ARG);
  char size[12], *digit = size + sizeof size - 1;
  *digit = '\0';
  for (int n = set->size; n > 0; n /= 10) *--digit = static_cast<char>('0' + n % 10);
  *info = make<Info>();
  set_info_value(*info, "mpi_size", digit);
  return 0;
}

int Group_from_session_pset(Session *session, const char *name, Group **group) {
  Call call(Fn::Group_from_session_pset);
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  const Comm *set = find_process_set(name);
  if (!set) return raise_on(session, abi::ERR_ARG);
  *group = new_group(set->group->size, set->group->world_ranks);
  (*group)->session = session->number;
  return 0;
}

int Comm_create_from_group(Group *group, const char *stringtag, Info *info, Errhandler *errhandler, Comm **newcomm) {
  Call call(Fn::Comm_create_from_group);
  if (group->flags & kNull) return raise_to(errhandler, abi::ERR_GROUP);
  *newcomm = null_comm();
  if (group->rank == abi::UNDEFINED) return group->size == 0 ? 0 : raise_to(errhandler, abi::ERR_GROUP);
  if (const int error = comm_of_group(group, stringtag, newcomm)) return raise_to(errhandler, error);
  set_handler_and_info(*newcomm, errhandler, info);
  return 0;
}

// ---------------------------------------------------------------------------------
// Buffers for buffered sends: bsend.h

namespace {

int attach(Session *session, void *buffer, std::int64_t size) {
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  const int error = attach_buffer(&session->send_buffer, buffer, size);
  return error ? raise_on(session, error) : 0;
}

template <class Size> int detach(Session *session, void **buffer, Size *size) {
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  *size = static_cast<Size>(detach_buffer(&session->send_buffer, buffer));
  return 0;
}

}  // namespace

int Session_attach_buffer(Session *session, void *buffer, int size) {
  Call call(Fn::Session_attach_buffer);
  return attach(session, buffer, size);
}

int Session_attach_buffer_c(Session *session, void *buffer, std::int64_t size) {
  Call call(Fn::Session_attach_buffer_c);
  return attach(session, buffer, size);
}

int Session_detach_buffer(Session *session, void **buffer, int *size) {
  Call call(Fn::Session_detach_buffer);
  return detach(session, buffer, size);
}

int Session_detach_buffer_c(Session *session, void **buffer, std::int64_t *size) {
  Call call(Fn::Session_detach_buffer_c);
  return detach(session, buffer, size);
}

int Session_flush_buffer(Session *session) {
  Call call(Fn::Session_flush_buffer);
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  if (session->send_buffer) bsend_flush(session->send_buffer);
  return 0;
}

int Session_iflush_buffer(Session *session, Request **request) {
  Call call(Fn::Session_iflush_buffer);
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  *request = start_flush(session->send_buffer, world);
  return 0;
}

// ---------------------------------------------------------------------------------
// Error handlers

int Session_set_errhandler(Session *session, Errhandler *errhandler) {
  Call call(Fn::Session_set_errhandler);
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  if (!fits(errhandler, Kind::session)) return raise_on(session, abi::ERR_ARG);
  set_errhandler(&session->errhandler, errhandler);
  return 0;
}

int Session_get_errhandler(Session *session, Errhandler **errhandler) {
  Call call(Fn::Session_get_errhandler);
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  retain(session->errhandler);
  *errhandler = session->errhandler;
  return 0;
}

int Session_call_errhandler(Session *session, int errorcode) {
  Call call(Fn::Session_call_errhandler);
  if (is_null(session)) return raise_on(session, abi::ERR_SESSION);
  raise_on(session, errorcode);
  return 0;
}

}  // namespace api

}  // namespace mana
