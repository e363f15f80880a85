// Error handlers as objects: MPI_*_create_errhandler, get, set, call, free.
#include "core/call.h"
#include "core/errors.h"
#include "core/pool.h"
#include "core/start.h"
#include "core/windows.h"
#include "core_api.h"

namespace mana {

void retain(Errhandler *handler) { ++handler->refs; }

void release(Errhandler *handler) {
  if (--handler->refs == 0)
    destroy(handler);
}

void set_errhandler(Errhandler **slot, Errhandler *handler) {
  Errhandler *before = *slot;
  if (handler)
    retain(handler);
  *slot = handler;
  if (before)
    release(before);
}

Errhandler *initial_errhandler() {
  return front().unset_handler_is_worlds ? nullptr : predefined<Errhandler>(abi::ERRORS_ARE_FATAL);
}

Errhandler *errhandler_or_initial(Errhandler *handler) {
  if (!handler)
    handler = predefined<Comm>(abi::COMM_WORLD)->errhandler;
  return handler ? handler : predefined<Errhandler>(abi::ERRORS_ARE_FATAL);
}

bool fits(const Errhandler *handler, Kind kind) {
  if (handler->flags & kNull)
    return false;
  return (handler->flags & kPredefined) || handler->target == static_cast<std::uint8_t>(kind);
}

namespace {

int create(void (*function)(), Kind target, Errhandler **out) {
  Errhandler *handler = make<Errhandler>();
  handler->function = function;
  handler->target = static_cast<std::uint8_t>(target);
  *out = handler;
  return 0;
}

// The application gets a reference: it frees what it asked for.
int give(Errhandler *handler, Errhandler **out) {
  retain(handler);
  *out = handler;
  return 0;
}

} // namespace

namespace api {

int Comm_create_errhandler(void (*function)(), Errhandler **errhandler) {
  Call call(Fn::Comm_create_errhandler);
  return create(function, Kind::comm, errhandler);
}

int Win_create_errhandler(void (*function)(), Errhandler **errhandler) {
  Call call(Fn::Win_create_errhandler);
  return create(function, Kind::win, errhandler);
}

int File_create_errhandler(void (*function)(), Errhandler **errhandler) {
  Call call(Fn::File_create_errhandler);
  return create(function, Kind::file, errhandler);
}

int Session_create_errhandler(void (*function)(), Errhandler **errhandler) {
  Call call(Fn::Session_create_errhandler);
  return create(function, Kind::session, errhandler);
}

int Comm_set_errhandler(Comm *comm, Errhandler *errhandler) {
  Call call(Fn::Comm_set_errhandler);
  if (comm->flags & kNull)
    return raise(abi::ERR_COMM);
  if (!fits(errhandler, Kind::comm))
    return raise(comm, abi::ERR_ARG);
  set_errhandler(&comm->errhandler, errhandler);
  return 0;
}

int Comm_get_errhandler(Comm *comm, Errhandler **errhandler) {
  Call call(Fn::Comm_get_errhandler);
  if (comm->flags & kNull)
    return raise(abi::ERR_COMM);
  return give(errhandler_or_initial(comm->errhandler), errhandler);
}

int Comm_call_errhandler(Comm *comm, int errorcode) {
  Call call(Fn::Comm_call_errhandler);
  if (comm->flags & kNull)
    return raise(abi::ERR_COMM);
  raise(comm, errorcode);
  return 0;
}

int Win_set_errhandler(Win *win, Errhandler *errhandler) {
  Call call(Fn::Win_set_errhandler);
  if (is_null(win))
    return raise(win, abi::ERR_WIN);
  if (!fits(errhandler, Kind::win))
    return raise(win, abi::ERR_ARG);
  set_errhandler(&win->errhandler, errhandler);
  return 0;
}

int Win_get_errhandler(Win *win, Errhandler **errhandler) {
  Call call(Fn::Win_get_errhandler);
  if (is_null(win))
    return raise(win, abi::ERR_WIN);
  return give(errhandler_or_initial(win->errhandler), errhandler);
}

int Win_call_errhandler(Win *win, int errorcode) {
  Call call(Fn::Win_call_errhandler);
  if (is_null(win))
    return raise(win, abi::ERR_WIN);
  raise(win, errorcode);
  return 0;
}

// That of MPI_FILE_NULL is the one that files inherit.
int File_set_errhandler(File *file, Errhandler *errhandler) {
  Call call(Fn::File_set_errhandler);
  if (!fits(errhandler, Kind::file))
    return raise(file, abi::ERR_ARG);
  set_errhandler(&file->errhandler, errhandler);
  return 0;
}

int File_get_errhandler(File *file, Errhandler **errhandler) {
  Call call(Fn::File_get_errhandler);
  return give(file->errhandler ? file->errhandler : predefined<Errhandler>(abi::ERRORS_RETURN), errhandler);
}

int File_call_errhandler(File *file, int errorcode) {
  Call call(Fn::File_call_errhandler);
  raise(file, errorcode);
  return 0;
}

// Freeing a predefined one is allowed to programs which got it from MPI_Comm_get_errhandler.
int Errhandler_free(Errhandler **errhandler) {
  Call call(Fn::Errhandler_free);
  if ((*errhandler)->flags & kNull)
    return raise(abi::ERR_ARG);
  release(*errhandler);
  *errhandler = predefined<Errhandler>(abi::ERRHANDLER_NULL);
  return 0;
}

} // namespace api

} // namespace mana
