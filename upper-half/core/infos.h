// Infos: ordered lists of strings, wholly in the upper half. The live MPI gets a native one only where a hint may
// matter.
#pragma once
#include "core/objects.h"

namespace mana {

struct InfoEntry {
  InfoEntry *next;
  char *key, *value;
};

// A copy with one reference; MPI_INFO_NULL gives an empty one.
Info *copy_info(const Info *info);
// Value of a key or null.
const char *info_value(const Info *info, const char *key);
void set_info_value(Info *info, const char *key, const char *value);
// The hints of `more` replace or join those that are there.
void update_info(Info *info, const Info *more);
// What a communicator or a window has of the hints it was made with, and those with a default. Programs built for Open MPI see every hint
// again; of MPICH's, those that MPICH knows (MPI-4.0, 7.4.4 and 12.2.7 leave it to the MPI).
enum class HintsOf { comm, win };
Info *hints_of(HintsOf kind, const Info *given);
// What a duplicate of the communicator is given: MPICH's has its defaults again (MPI-4.0, 7.4.2), Open MPI's the same (MPI-3.1, 6.4.2). May be
// null.
const Info *hints_for_duplicate(const Comm *comm);
// MPI_Comm_set_info and MPI_Win_set_info: what is not known is ignored, as both MPIs do.
void update_hints(HintsOf kind, Info *hints, const Info *more);
// The values of MPI_INFO_ENV (MPI-4.0, 11.2.1): how a job of so many processes was started. What the launcher was asked for besides (host,
// soft, file) does not reach a program, and would not hold after a restart.
void describe_start(Info *info, int processes);
void release(Info *info);
inline bool is_null(const Info *info) { return (info->flags & kNull) != 0; }

} // namespace mana
