// See errors.h.
#include "core/errors.h"

#include <cstring>

#include "core/call.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core/start.h"
#include "core/text.h"
#include "core_api.h"

namespace mana {

namespace {

constexpr const char *kTexts[] = {
    "MPI_SUCCESS: no errors",
    "MPI_ERR_BUFFER: invalid buffer pointer",
    "MPI_ERR_COUNT: invalid count argument",
    "MPI_ERR_TYPE: invalid datatype",
    "MPI_ERR_TAG: invalid tag",
    "MPI_ERR_COMM: invalid communicator",
    "MPI_ERR_RANK: invalid rank",
    "MPI_ERR_REQUEST: invalid request",
    "MPI_ERR_ROOT: invalid root",
    "MPI_ERR_GROUP: invalid group",
    "MPI_ERR_OP: invalid reduce operation",
    "MPI_ERR_TOPOLOGY: invalid communicator topology",
    "MPI_ERR_DIMS: invalid topology dimension",
    "MPI_ERR_ARG: invalid argument of some other kind",
    "MPI_ERR_UNKNOWN: unknown error",
    "MPI_ERR_TRUNCATE: message truncated",
    "MPI_ERR_OTHER: known error not in list",
    "MPI_ERR_INTERN: internal error",
    "MPI_ERR_PENDING: pending request",
    "MPI_ERR_IN_STATUS: error code in status",
    "MPI_ERR_ACCESS: permission denied",
    "MPI_ERR_AMODE: unsupported access mode",
    "MPI_ERR_ASSERT: invalid assertion argument",
    "MPI_ERR_BAD_FILE: invalid file name",
    "MPI_ERR_BASE: invalid base argument",
    "MPI_ERR_CONVERSION: error in data conversion",
    "MPI_ERR_DISP: invalid displacement argument",
    "MPI_ERR_DUP_DATAREP: data representation already defined",
    "MPI_ERR_FILE_EXISTS: file exists already",
    "MPI_ERR_FILE_IN_USE: file is already open",
    "MPI_ERR_FILE: invalid file",
    "MPI_ERR_INFO_KEY: invalid key argument for info object",
    "MPI_ERR_INFO_NOKEY: unknown key for given info object",
    "MPI_ERR_INFO_VALUE: invalid value argument for info object",
    "MPI_ERR_INFO: invalid info object",
    "MPI_ERR_IO: input/output error",
    "MPI_ERR_KEYVAL: invalid key value",
    "MPI_ERR_LOCKTYPE: invalid lock type argument",
    "MPI_ERR_NAME: invalid service name",
    "MPI_ERR_NO_MEM: out of memory",
    "MPI_ERR_NOT_SAME: arguments are not the same on all processes",
    "MPI_ERR_NO_SPACE: no space left on device",
    "MPI_ERR_NO_SUCH_FILE: no such file or directory",
    "MPI_ERR_PORT: invalid port name",
    "MPI_ERR_QUOTA: out of quota",
    "MPI_ERR_READ_ONLY: file is read only",
    "MPI_ERR_RMA_ATTACH: memory cannot be attached",
    "MPI_ERR_RMA_CONFLICT: conflicting accesses to window",
    "MPI_ERR_RMA_RANGE: memory is not in the window",
    "MPI_ERR_RMA_SHARED: memory cannot be shared",
    "MPI_ERR_RMA_SYNC: wrong synchronization of one-sided calls",
    "MPI_ERR_SERVICE: unknown service name",
    "MPI_ERR_SIZE: invalid size argument",
    "MPI_ERR_SPAWN: could not spawn processes",
    "MPI_ERR_UNSUPPORTED_DATAREP: data representation not supported",
    "MPI_ERR_UNSUPPORTED_OPERATION: operation not supported",
    "MPI_ERR_WIN: invalid window",
    "MPI_ERR_RMA_FLAVOR: wrong flavor of window",
    "MPI_ERR_PROC_ABORTED: a process has aborted",
    "MPI_ERR_VALUE_TOO_LARGE: value does not fit",
    "MPI_ERR_SESSION: invalid session",
    "MPI_ERR_ERRHANDLER: invalid error handler",
    "MPI_ERR_ABI: not in this ABI",
};
constexpr int kClasses = sizeof(kTexts) / sizeof(kTexts[0]);
static_assert(kClasses == abi::ERR_ABI + 1);

// User-defined class or code number kFirstUserCode + i.
struct UserCode {
  int of_class; // itself, for a class
  char *text;
};
constexpr int kMaxUserCodes = abi::T_ERR_CANNOT_INIT - kFirstUserCode - 1; // ABI codes follow
UserCode user_codes[kMaxUserCodes];
int user_code_count;

UserCode *user_code(int error) {
  const int i = error - kFirstUserCode;
  return i >= 0 && i < user_code_count ? &user_codes[i] : nullptr;
}
bool is_known(int error) { return (error >= 0 && error < kClasses) || user_code(error); }

int add_code(int of_class, int *out) {
  if (user_code_count == kMaxUserCodes)
    return raise(abi::ERR_NO_MEM);
  const int code = kFirstUserCode + user_code_count++;
  user_codes[code - kFirstUserCode].of_class = of_class ? of_class : code;
  *out = code;
  return 0;
}

const char *object_name(const Object *object) {
  if (object->kind == Kind::win) {
    const Win *win = static_cast<const Win *>(object);
    return win->name[0] ? win->name : "an unnamed window";
  }
  if (object->kind != Kind::comm)
    return "a file";
  const Comm *comm = static_cast<const Comm *>(object);
  return comm->name[0] ? comm->name : "an unnamed communicator";
}

[[noreturn]] void fatal(const Errhandler *handler, const Object *object, int error) {
  Text text;
  text << "fatal error in " << current_function_name() << " on " << object_name(object) << ": " << error_text(error)
       << (handler->abi == abi::ERRORS_ABORT ? " (MPI_ERRORS_ABORT)" : " (MPI_ERRORS_ARE_FATAL)");
  const int code = front().error_to_front ? front().error_to_front(error) : error;
  seam()->services->die(code, text.c_str());
}

} // namespace

const char *error_text(int error) {
  if (error >= 0 && error < kClasses)
    return kTexts[error];
  const UserCode *code = user_code(error);
  if (code)
    return code->text ? code->text : "";
  return "unknown error code";
}

int error_class(int error) {
  const UserCode *code = user_code(error);
  return code ? code->of_class : is_known(error) ? error : abi::ERR_UNKNOWN;
}

const char *current_function_name() { return fn_name(current_function); }

int last_used_code() { return user_code_count ? kFirstUserCode + user_code_count - 1 : abi::ERR_LASTCODE; }

int call_errhandler(Errhandler *handler, Object *object, int error) {
  if (handler->function)
    front().call_comm_errhandler(handler->function, object, error);
  else if (handler->abi != abi::ERRORS_RETURN)
    fatal(handler, object, error);
  return error;
}

int raise(Comm *comm, int error) {
  if (comm->file)
    return raise(comm->file, error);
  // A null handle has no handler of its own; nor has a communicator in the middle of its creation.
  if ((comm->flags & kNull) || !comm->errhandler)
    comm = predefined<Comm>(abi::COMM_WORLD);
  // The handler may free both.
  Errhandler *handler = comm->errhandler;
  ++handler->refs;
  call_errhandler(handler, comm, error);
  release(handler);
  return error;
}

int raise(File *file, int error) {
  Errhandler *handler = file->errhandler ? file->errhandler : predefined<Errhandler>(abi::ERRORS_RETURN);
  ++handler->refs;
  call_errhandler(handler, file, error);
  release(handler);
  return error;
}

int raise(Win *win, int error) {
  if ((win->flags & kNull) || !win->errhandler)
    return raise(error);
  Errhandler *handler = win->errhandler;
  ++handler->refs;
  call_errhandler(handler, win, error);
  release(handler);
  return error;
}

int raise(int error) { return raise(predefined<Comm>(abi::COMM_WORLD), error); }

namespace api {

int Error_class(int errorcode, int *errorclass) {
  Call call(Fn::Error_class);
  *errorclass = error_class(errorcode);
  return 0;
}

int Error_string(int errorcode, char *string, int *resultlen) {
  Call call(Fn::Error_string);
  const char *text = error_text(errorcode);
  int n = static_cast<int>(std::strlen(text));
  if (n > front().max_error_string - 1)
    n = front().max_error_string - 1;
  std::memcpy(string, text, static_cast<std::size_t>(n));
  string[n] = '\0';
  *resultlen = n;
  return is_known(errorcode) ? 0 : raise(abi::ERR_ARG);
}

int Add_error_class(int *errorclass) {
  Call call(Fn::Add_error_class);
  return add_code(0, errorclass);
}

int Add_error_code(int errorclass, int *errorcode) {
  Call call(Fn::Add_error_code);
  if (!is_known(errorclass) || error_class(errorclass) != errorclass)
    return raise(abi::ERR_ARG);
  return add_code(errorclass, errorcode);
}

int Add_error_string(int errorcode, const char *string) {
  Call call(Fn::Add_error_string);
  UserCode *code = user_code(errorcode);
  if (!code)
    return raise(abi::ERR_ARG);
  core_free(code->text);
  code->text = core_copy(string, std::strlen(string) + 1);
  return 0;
}

} // namespace api

} // namespace mana
