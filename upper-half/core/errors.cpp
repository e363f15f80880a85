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

constexpr int kClasses = abi::ERR_REVOKED + 1;  // behind the ABI's: classes of Open MPI 5

// User-defined class or code number kFirstUserCode + i.
struct UserCode {
  int of_class; // itself, for a class; 0: deleted (MPICH's extension)
  char *text;
};
constexpr int kMaxUserCodes = abi::T_ERR_CANNOT_INIT - kFirstUserCode - 1; // ABI codes follow
UserCode user_codes[kMaxUserCodes];
int user_code_count;
int first_free; // of those below user_code_count none before it is deleted

UserCode *user_code(int error) {
  const int i = error - kFirstUserCode;
  return i >= 0 && i < user_code_count && user_codes[i].of_class != 0 ? &user_codes[i] : nullptr;
}
bool is_class(int error) {
  return (error >= 0 && error < kClasses) || (error >= abi::T_ERR_CANNOT_INIT && error <= abi::T_ERR_PVAR_NO_ATOMIC);
}
bool is_known(int error) { return is_class(error) || user_code(error); }

int add_code(int of_class, int *out) {
  while (first_free < user_code_count && user_codes[first_free].of_class != 0)
    ++first_free;
  if (first_free == kMaxUserCodes)
    return raise(abi::ERR_NO_MEM);
  if (first_free == user_code_count)
    ++user_code_count;
  const int code = kFirstUserCode + first_free++;
  user_codes[code - kFirstUserCode].of_class = of_class ? of_class : code;
  *out = code;
  return 0;
}

const char *object_name(const Object *object) {
  if (object->kind == Kind::session)
    return "a session";
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
  if (is_class(error))
    return front().error_text(error);
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

int call_errhandler(Errhandler *handler, Object *object, int error, Raiser raiser) {
  if (handler->function) {
    const int made = front().call_comm_errhandler(handler->function, object, error);
    return as_open_mpi() && raiser == Raiser::call ? error : made;
  }
  if (handler->abi != abi::ERRORS_RETURN && handler->abi != kAbiErrorsThrow)
    fatal(handler, object, error);
  return error;
}

namespace {

int raise(File *file, int error, Raiser raiser) {
  Errhandler *handler = file->errhandler ? file->errhandler : predefined<Errhandler>(abi::ERRORS_RETURN);
  ++handler->refs;
  error = call_errhandler(handler, file, error, raiser);
  release(handler);
  return error;
}

int raise(Comm *comm, int error, Raiser raiser) {
  if (comm->file)
    return raise(comm->file, error, raiser);
  // A null handle has no handler of its own.
  Comm *world = predefined<Comm>(abi::COMM_WORLD);
  if ((comm->flags & kNull) || (!comm->errhandler && world->errhandler))
    comm = world;
  // The handler may free both.
  Errhandler *handler = errhandler_or_initial(comm->errhandler);
  ++handler->refs;
  error = call_errhandler(handler, comm, error, raiser);
  release(handler);
  return error;
}

} // namespace

int raise(Comm *comm, int error) { return raise(comm, error, Raiser::call); }
int raise(File *file, int error) { return raise(file, error, Raiser::call); }
int raise_of_request(Comm *comm, int error) { return with_status(raise(comm, error, Raiser::request)); }

int raise(Win *win, int error) {
  if ((win->flags & kNull) || !win->errhandler)
    return raise(error);
  Errhandler *handler = win->errhandler;
  ++handler->refs;
  error = call_errhandler(handler, win, error);
  release(handler);
  return error;
}

int raise(int error) { return raise(predefined<Comm>(abi::COMM_WORLD), error); }

int raise_to(Errhandler *handler, int error) {
  return (handler->flags & kNull) ? raise(error) : call_errhandler(handler, predefined<Comm>(abi::COMM_WORLD), error);
}

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

namespace {

int delete_text(UserCode *code) {
  core_free(code->text);
  code->text = nullptr;
  return 0;
}

int delete_code(UserCode *code, bool is_class) {
  const int index = static_cast<int>(code - user_codes);
  if (!code || (code->of_class == kFirstUserCode + index) != is_class)
    return raise(abi::ERR_ARG);
  delete_text(code);
  code->of_class = 0;
  if (index < first_free)
    first_free = index;
  return 0;
}

} // namespace

int Remove_error_class(int errorclass) {
  Call call(Fn::Remove_error_class);
  return delete_code(user_code(errorclass), true);
}

int Remove_error_code(int errorcode) {
  Call call(Fn::Remove_error_code);
  return delete_code(user_code(errorcode), false);
}

int Remove_error_string(int errorcode) {
  Call call(Fn::Remove_error_string);
  UserCode *code = user_code(errorcode);
  return code ? delete_text(code) : raise(abi::ERR_ARG);
}

} // namespace api

} // namespace mana
