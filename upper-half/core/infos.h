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
// The values of MPI_INFO_ENV (MPI-4.0, 11.2.1): how a job of so many processes was started. What the launcher was asked for besides (host,
// soft, file) does not reach a program, and would not hold after a restart.
void describe_start(Info *info, int processes);
void release(Info *info);
inline bool is_null(const Info *info) { return (info->flags & kNull) != 0; }

} // namespace mana
