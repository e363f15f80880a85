// Names of communicators, datatypes and windows. Predefined objects have theirs from predefined.cpp, others none until one is
// set.
#include <cstring>

#include "core/call.h"
#include "core/errors.h"
#include "core/start.h"
#include "core/windows.h"
#include "core_api.h"

namespace mana {

namespace {

// What fits into the application's buffers (and into a record), with the terminating zero.
std::size_t room() {
  const auto limit = static_cast<std::size_t>(front().max_object_name);
  return limit < sizeof(Comm::name) ? limit : sizeof(Comm::name);
}

void copy_name(char *to, const char *from) {
  const std::size_t n = strnlen(from, room() - 1);
  std::memcpy(to, from, n);
  to[n] = '\0';
}

int give(const char *name, char *to, int *length) {
  copy_name(to, name);
  *length = static_cast<int>(std::strlen(to));
  return 0;
}

} // namespace

namespace api {

int Comm_set_name(Comm *comm, const char *comm_name) {
  Call call(Fn::Comm_set_name);
  if (comm->flags & kNull)
    return raise(abi::ERR_COMM);
  if (!comm_name)
    return raise(comm, abi::ERR_ARG);
  copy_name(comm->name, comm_name);
  return 0;
}

// MPI_COMM_NULL has a name too.
int Comm_get_name(Comm *comm, char *comm_name, int *resultlen) {
  Call call(Fn::Comm_get_name);
  return give(comm->name, comm_name, resultlen);
}

int Type_set_name(Datatype *type, const char *type_name) {
  Call call(Fn::Type_set_name);
  if (type->flags & kNull)
    return raise(abi::ERR_TYPE);
  if (!type_name)
    return raise(abi::ERR_ARG);
  copy_name(type->name, type_name);
  return 0;
}

int Type_get_name(Datatype *type, char *type_name, int *resultlen) {
  Call call(Fn::Type_get_name);
  return give(type->name, type_name, resultlen);
}

int Win_set_name(Win *win, const char *win_name) {
  Call call(Fn::Win_set_name);
  if (is_null(win))
    return raise(win, abi::ERR_WIN);
  if (!win_name)
    return raise(win, abi::ERR_ARG);
  copy_name(win->name, win_name);
  return 0;
}

int Win_get_name(Win *win, char *win_name, int *resultlen) {
  Call call(Fn::Win_get_name);
  if (is_null(win))
    return raise(win, abi::ERR_WIN);
  return give(win->name, win_name, resultlen);
}

} // namespace api

} // namespace mana
