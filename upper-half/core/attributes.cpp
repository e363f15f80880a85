// See attributes.h.
//
// MPI_TAG_UB must be true under every MPI the job may move to: 2^31-1 in Open MPI over shared memory and TCP, 2^23-1
// over UCX, 2^28-1 in MPICH's usual configuration. The smallest is what applications are told, for the life of the
// job.
#include "core/attributes.h"

#include "core/call.h"
#include "core/errors.h"
#include "core/memory.h"
#include "core/start.h"
#include "core/windows.h"
#include "core_api.h"

namespace mana {

const int kTagUb = (1 << 23) - 1;
RuntimeAttributes runtime_attributes;

using Callback = void (*)();

struct Keyval {
  Kind kind;
  bool freed;         // by the application: a copy of its number may still be used as long as there are attributes
  std::uint32_t refs; // the application's and one for each attribute
  int number, next_free;
  Callback copy, remove;
  void *extra;
  KeyvalProxies proxies;
};

struct Attributes {
  Attributes *older;
  Keyval *keyval;
  AttributeValue value;
};

namespace {

// [number - kFirstKeyval]; numbers are used again when neither the application nor an attribute knows them any more.
Keyval **keyvals;
int keyval_count, keyval_room, first_free = -1;

// ABI values of the callbacks that MPI predefines.
bool is_null_fn(Callback fn) { return reinterpret_cast<std::uintptr_t>(fn) == 0; }
bool is_dup_fn(Callback fn) { return reinterpret_cast<std::uintptr_t>(fn) == 1; }

Keyval *find_keyval(int number, Kind kind) {
  const int i = number - kFirstKeyval;
  if (i < 0 || i >= keyval_count || keyvals[i]->refs == 0 || keyvals[i]->kind != kind)
    return nullptr;
  return keyvals[i];
}

Keyval *new_keyval() {
  if (first_free >= 0) {
    Keyval *keyval = keyvals[first_free];
    first_free = keyval->next_free;
    return keyval;
  }
  if (keyval_count == keyval_room) {
    const int room = keyval_room ? keyval_room * 2 : 64;
    Keyval **table = core_array<Keyval *>(static_cast<std::size_t>(room));
    for (int i = 0; i < keyval_count; ++i)
      table[i] = keyvals[i];
    core_free(keyvals);
    keyvals = table;
    keyval_room = room;
  }
  Keyval *keyval = core_array<Keyval>(1);
  keyval->number = kFirstKeyval + keyval_count;
  return keyvals[keyval_count++] = keyval;
}

void release(Keyval *keyval) {
  if (--keyval->refs != 0)
    return;
  keyval->next_free = first_free;
  first_free = keyval->number - kFirstKeyval;
}

Attributes **attributes_of(Object *object) {
  switch (object->kind) {
  case Kind::comm:
    return &static_cast<Comm *>(object)->attributes;
  case Kind::win:
    return &static_cast<Win *>(object)->attributes;
  default:
    return &static_cast<Datatype *>(object)->attributes;
  }
}

Attributes **find(Object *object, const Keyval *keyval) {
  Attributes **link = attributes_of(object);
  while (*link && (*link)->keyval != keyval)
    link = &(*link)->older;
  return link;
}

void add_newest(Object *object, Keyval *keyval, AttributeValue value) {
  Attributes **head = attributes_of(object);
  Attributes *attribute = core_array<Attributes>(1);
  *attribute = {*head, keyval, value};
  *head = attribute;
  ++keyval->refs;
}

// Runs the delete callback, then removes the attribute. The callback may have changed the chain.
int remove(Object *object, Attributes *attribute) {
  Keyval *keyval = attribute->keyval;
  if (!is_null_fn(keyval->remove)) {
    const int code =
        front().call_delete_attr(keyval->remove, object, keyval->number, attribute->value, keyval->extra);
    if (code != 0)
      return front().error_from_front(code);
  }
  Attributes **link = find(object, keyval);
  if (*link != attribute)
    return 0;
  *link = attribute->older;
  core_free(attribute);
  release(keyval);
  return 0;
}

int copy_one(Attributes *from, Object *object, AttributeValue *value, int *flag) {
  const Keyval *keyval = from->keyval;
  *flag = 0;
  *value = {};
  if (is_null_fn(keyval->copy))
    return 0;
  if (is_dup_fn(keyval->copy)) {
    *flag = 1;
    *value = from->value;
    return 0;
  }
  const int code =
      front().call_copy_attr(keyval->copy, object, keyval->number, keyval->extra, from->value, value, flag);
  return code == 0 ? 0 : front().error_from_front(code);
}

int create_keyval(Kind kind, Callback copy, Callback remove, int *number, void *extra) {
  Keyval *keyval = new_keyval();
  keyval->kind = kind;
  keyval->refs = 1;
  keyval->freed = false;
  keyval->copy = copy;
  keyval->remove = remove;
  keyval->extra = extra;
  keyval->proxies = {};
  *number = keyval->number;
  return 0;
}

int free_keyval(Kind kind, int *number) {
  Keyval *keyval = find_keyval(*number, kind);
  if (!keyval)
    return raise(abi::ERR_KEYVAL);
  if (!keyval->freed) {
    keyval->freed = true;
    release(keyval);
  }
  *number = abi::KEYVAL_INVALID;
  return 0;
}

int set_attribute(Object *object, int number, AttributeValue value) {
  Keyval *keyval = find_keyval(number, object->kind);
  if (!keyval)
    return abi::ERR_KEYVAL;
  if (Attributes *before = *find(object, keyval))
    if (const int error = remove(object, before))
      return error;
  add_newest(object, keyval, value);
  return 0;
}

int set_attribute(Object *object, int number, void *value) {
  return set_attribute(object, number, AttributeValue{value, AttributeForm::pointer});
}

int get_attribute(Object *object, int number, AttributeValue **value, int *flag) {
  const Keyval *keyval = find_keyval(number, object->kind);
  if (!keyval)
    return abi::ERR_KEYVAL;
  Attributes *attribute = *find(object, keyval);
  *flag = attribute != nullptr;
  if (attribute)
    *value = &attribute->value;
  return 0;
}

// As C sees it: the address of what Fortran has set.
int get_attribute(Object *object, int number, void *value, int *flag) {
  AttributeValue *set;
  const int error = get_attribute(object, number, &set, flag);
  if (error == 0 && *flag)
    *static_cast<void **>(value) = set->form == AttributeForm::pointer ? set->value : &set->value;
  return error;
}

int delete_attribute(Object *object, int number) {
  Keyval *keyval = find_keyval(number, object->kind);
  if (!keyval)
    return abi::ERR_KEYVAL;
  Attributes *attribute = *find(object, keyval);
  return attribute ? remove(object, attribute) : 0;
}

// ---------------------------------------------------------------------------------
// Predefined attributes: the application gets the address of an int, in the numbering of its own mpi.h.

struct FrontValues {
  int host, io; // MPI_PROC_NULL: there is no host process; MPI_ANY_SOURCE: every rank can do I/O
};
FrontValues front_values() { return as_open_mpi() ? FrontValues{-2, -1} : FrontValues{-1, -2}; }

enum { kTagUbSlot, kHostSlot, kIoSlot, kWtimeSlot, kUniverseSlot, kAppnumSlot, kLastCodeSlot, kFaultSlot, kSlots };
int slots[kSlots];

int *publish(int slot, int value) {
  slots[slot] = value;
  return &slots[slot];
}

// Address of the value, null when it is not set. *known: the keyval is a predefined one.
int *predefined_attribute(int number, bool *known) {
  *known = true;
  switch (number) {
  case abi::TAG_UB:
    return publish(kTagUbSlot, kTagUb);
  case abi::HOST:
    return publish(kHostSlot, front_values().host);
  case abi::IO:
    return publish(kIoSlot, front_values().io);
  case abi::WTIME_IS_GLOBAL:
    return publish(kWtimeSlot, runtime_attributes.wtime_is_global);
  case abi::UNIVERSE_SIZE:
    return runtime_attributes.universe_size < 0 ? nullptr : publish(kUniverseSlot, runtime_attributes.universe_size);
  case abi::APPNUM:
    return runtime_attributes.appnum < 0 ? nullptr : publish(kAppnumSlot, runtime_attributes.appnum);
  case abi::LASTUSEDCODE:
    return publish(kLastCodeSlot, front().error_to_front(last_used_code()));
  case kFaultTolerance:
    return publish(kFaultSlot, 0);
  default:
    *known = false;
    return nullptr;
  }
}

// Of a window: the address of its memory, or that of a number which the record keeps. Null when it is none of these.
void *predefined_win_attribute(Win *win, int number, bool *known) {
  *known = true;
  switch (number) {
  case abi::WIN_BASE:
    return win->base;
  case abi::WIN_SIZE:
    return &win->shown_bytes;
  case abi::WIN_DISP_UNIT:
    return &win->shown_disp_unit;
  case abi::WIN_CREATE_FLAVOR:
    return &win->shown_flavor;
  case abi::WIN_MODEL:
    return &win->shown_model;
  default:
    *known = false;
    return nullptr;
  }
}

int raise_if(Comm *comm, int error) { return error ? raise(comm, error) : 0; }
int raise_if(Win *win, int error) { return error ? raise(win, error) : 0; }
int raise_if(int error) { return error ? raise(error) : 0; }
bool is_null(const Object *object) { return (object->flags & kNull) != 0; }

// Through the error handler of the communicator or window, for other objects through the default one.
int raise_for(Object *object, int error) {
  if (object->kind == Kind::win)
    return raise_if(static_cast<Win *>(object), is_null(object) ? abi::ERR_WIN : error);
  if (object->kind != Kind::comm)
    return raise_if(is_null(object) ? abi::ERR_TYPE : error);
  return is_null(object) ? raise(abi::ERR_COMM) : raise_if(static_cast<Comm *>(object), error);
}

} // namespace

int copy_attributes(Object *from, Object *to) {
  for (Attributes *a = *attributes_of(from); a; a = a->older) {
    AttributeValue value;
    int flag;
    if (const int error = copy_one(a, from, &value, &flag))
      return error;
    if (!flag)
      continue;
    // At the end: the chain of `to` gets the same order.
    Attributes **end = attributes_of(to);
    while (*end)
      end = &(*end)->older;
    *end = core_array<Attributes>(1);
    **end = {nullptr, a->keyval, value};
    ++a->keyval->refs;
  }
  return 0;
}

int set_attribute_as(Fn fn, Object *object, int keyval, AttributeValue value) {
  Call call(fn);
  return raise_for(object, is_null(object) ? 0 : set_attribute(object, keyval, value));
}

int get_attribute_as(Fn fn, Object *object, int keyval, AttributeValue *value, int *flag) {
  Call call(fn);
  AttributeValue *set;
  const int error = is_null(object) ? 0 : get_attribute(object, keyval, &set, flag);
  if (error == 0 && *flag && !is_null(object))
    *value = *set;
  return raise_for(object, error);
}

void set_keyval_proxies(int keyval, KeyvalProxies proxies) {
  if (const int i = keyval - kFirstKeyval; i >= 0 && i < keyval_count)
    keyvals[i]->proxies = proxies;
}

KeyvalProxies keyval_proxies(int keyval) {
  const int i = keyval - kFirstKeyval;
  return i >= 0 && i < keyval_count ? keyvals[i]->proxies : KeyvalProxies{};
}

int delete_attributes(Object *object) {
  while (Attributes *newest = *attributes_of(object))
    if (const int error = remove(object, newest))
      return error;
  return 0;
}

namespace api {

int Comm_create_keyval(Callback copy, Callback remove, int *keyval, void *extra_state) {
  Call call(Fn::Comm_create_keyval);
  return create_keyval(Kind::comm, copy, remove, keyval, extra_state);
}
int Type_create_keyval(Callback copy, Callback remove, int *keyval, void *extra_state) {
  Call call(Fn::Type_create_keyval);
  return create_keyval(Kind::datatype, copy, remove, keyval, extra_state);
}
int Win_create_keyval(Callback copy, Callback remove, int *keyval, void *extra_state) {
  Call call(Fn::Win_create_keyval);
  return create_keyval(Kind::win, copy, remove, keyval, extra_state);
}

int Comm_free_keyval(int *keyval) {
  Call call(Fn::Comm_free_keyval);
  return free_keyval(Kind::comm, keyval);
}
int Type_free_keyval(int *keyval) {
  Call call(Fn::Type_free_keyval);
  return free_keyval(Kind::datatype, keyval);
}
int Win_free_keyval(int *keyval) {
  Call call(Fn::Win_free_keyval);
  return free_keyval(Kind::win, keyval);
}

int Comm_set_attr(Comm *comm, int keyval, void *attribute_val) {
  Call call(Fn::Comm_set_attr);
  if (is_null(comm))
    return raise(abi::ERR_COMM);
  return raise_if(comm, set_attribute(comm, keyval, attribute_val));
}

int Comm_get_attr(Comm *comm, int keyval, void *attribute_val, int *flag) {
  Call call(Fn::Comm_get_attr);
  if (is_null(comm))
    return raise(abi::ERR_COMM);
  bool known;
  int *value = predefined_attribute(keyval, &known);
  if (!known)
    return raise_if(comm, get_attribute(comm, keyval, attribute_val, flag));
  *flag = value != nullptr;
  if (value)
    *static_cast<void **>(attribute_val) = value;
  return 0;
}

int Comm_delete_attr(Comm *comm, int keyval) {
  Call call(Fn::Comm_delete_attr);
  if (is_null(comm))
    return raise(abi::ERR_COMM);
  return raise_if(comm, delete_attribute(comm, keyval));
}

int Type_set_attr(Datatype *type, int keyval, void *attribute_val) {
  Call call(Fn::Type_set_attr);
  if (is_null(type))
    return raise(abi::ERR_TYPE);
  return raise_if(set_attribute(type, keyval, attribute_val));
}

int Type_get_attr(Datatype *type, int keyval, void *attribute_val, int *flag) {
  Call call(Fn::Type_get_attr);
  if (is_null(type))
    return raise(abi::ERR_TYPE);
  return raise_if(get_attribute(type, keyval, attribute_val, flag));
}

int Type_delete_attr(Datatype *type, int keyval) {
  Call call(Fn::Type_delete_attr);
  if (is_null(type))
    return raise(abi::ERR_TYPE);
  return raise_if(delete_attribute(type, keyval));
}

int Win_set_attr(Win *win, int keyval, void *attribute_val) {
  Call call(Fn::Win_set_attr);
  return raise_if(win, is_null(win) ? abi::ERR_WIN : set_attribute(win, keyval, attribute_val));
}

int Win_get_attr(Win *win, int keyval, void *attribute_val, int *flag) {
  Call call(Fn::Win_get_attr);
  if (is_null(win))
    return raise(win, abi::ERR_WIN);
  bool known;
  void *value = predefined_win_attribute(win, keyval, &known);
  if (!known)
    return raise_if(win, get_attribute(win, keyval, attribute_val, flag));
  *flag = 1;
  *static_cast<void **>(attribute_val) = value;
  return 0;
}

int Win_delete_attr(Win *win, int keyval) {
  Call call(Fn::Win_delete_attr);
  return raise_if(win, is_null(win) ? abi::ERR_WIN : delete_attribute(win, keyval));
}

} // namespace api

} // namespace mana
