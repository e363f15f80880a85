// Attributes and keyvals of communicators, datatypes and windows.
//
// A record's `attributes` is a chain in order of setting, newest first: the order in which they are deleted
// (MPI-3.1, 6.7: the reverse of the order in which they were set). Callbacks go through FrontOps.
//
// Keyvals are numbers from kFirstKeyval up: outside of the predefined ones of the ABI and of every front, so fronts
// pass them on as they are. MPI_NULL_COPY_FN and MPI_NULL_DELETE_FN reach the core as 0, MPI_DUP_FN as 1 (ABI); a
// front may also pass the addresses of functions of its own which do the same.
//
// Languages (MPI-3.1, 17.2.7): what C has set is a pointer, what Fortran has set an integer. Fortran sees a pointer as an
// integer, C sees the address of an integer. Predefined attributes are pointers to integers in C, the integers in Fortran.
#pragma once
#include "core/objects.h"
#include "fn.h"

namespace mana {

inline constexpr int kFirstKeyval = 0x10000;
// MPI_FT of Open MPI 5, which the ABI has not: whether the job survives the loss of processes.
inline constexpr int kFaultTolerance = 508;

// MPI_Comm_dup, MPI_Type_dup: runs the copy callbacks. Returns 0 or the ABI code of the first that failed; what was
// copied until then stands in `to`.
int copy_attributes(Object *from, Object *to);

// MPI_Comm_free, MPI_Type_free and the like: runs the delete callbacks. Stops at the first that fails and returns its
// ABI code; the attributes not yet deleted stay.
int delete_attributes(Object *object);

// For a front's Fortran side: the calls named by `fn` (MPI_Comm_set_attr, MPI_Win_get_attr ...) with a value in its form.
// Getting answers the value as it was set, for keyvals that the application has created.
int set_attribute_as(Fn fn, Object *object, int keyval, AttributeValue value);
int get_attribute_as(Fn fn, Object *object, int keyval, AttributeValue *value, int *flag);

// Functions that stand between the core and a keyval's callbacks, or null: a front's affair, kept with the keyval.
struct KeyvalProxies {
  void (*copy)(), (*remove)();
};
void set_keyval_proxies(int keyval, KeyvalProxies proxies);
KeyvalProxies keyval_proxies(int keyval);

// MPI_TAG_UB as the application sees it, fixed for the life of a job: see attributes.cpp.
extern const int kTagUb;

// Values of the predefined attributes that are known only at run time; core_attach() sets them. -1: not set.
struct RuntimeAttributes {
  int universe_size = -1, appnum = -1, wtime_is_global = 0;
};
extern RuntimeAttributes runtime_attributes;

} // namespace mana
