// See infos.h.
#include "core/infos.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "core/call.h"
#include "core/errors.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core/start.h"
#include "core_api.h"

namespace mana {

namespace {

char *copy_string(const char *text, std::size_t n) {
  char *copy = core_array<char>(n + 1);
  std::memcpy(copy, text, n);
  copy[n] = '\0';
  return copy;
}

InfoEntry *find(const Info *info, const char *key) {
  for (InfoEntry *e = info->first; e; e = e->next)
    if (std::strcmp(e->key, key) == 0)
      return e;
  return nullptr;
}

void free_entry(InfoEntry *entry) {
  core_free(entry->key);
  core_free(entry->value);
  core_free(entry);
}

bool key_fits(const char *key) {
  const std::size_t n = key ? std::strlen(key) : 0;
  return n > 0 && n < static_cast<std::size_t>(front().max_info_key);
}

void append(Info *info, char *key, char *value) {
  InfoEntry *entry = core_array<InfoEntry>(1);
  *entry = {nullptr, key, value};
  (info->last ? info->last->next : info->first) = entry;
  info->last = entry;
}

// `words`: the program and its arguments, each with a terminating zero, `bytes` in all. Overwritten.
void set_command(Info *info, char *words, std::size_t bytes) {
  set_info_value(info, "command", words);
  char *arguments = words + std::strlen(words) + 1, *last = words + bytes - 1;
  for (char *at = arguments; at < last; ++at)
    if (*at == '\0')
      *at = ' ';
  set_info_value(info, "argv", arguments <= last ? arguments : "");
}

void set_number(Info *info, const char *key, int value) {
  char digits[12] = "", *first = digits + sizeof digits - 1;
  do
    *--first = static_cast<char>('0' + value % 10);
  while ((value /= 10) != 0);
  set_info_value(info, key, first);
}

} // namespace

void describe_start(Info *info, int processes) {
  constexpr std::size_t kMost = 1 << 16; // bytes of a command
  char *text = core_array<char>(kMost + 1);
  const long fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  const long n = fd < 0 ? 0 : syscall(SYS_read, fd, text, kMost);
  if (fd >= 0)
    syscall(SYS_close, fd);
  if (n > 0) {
    text[n] = '\0';
    set_command(info, text, static_cast<std::size_t>(n) + (text[n - 1] != '\0'));
  }
  set_number(info, "maxprocs", processes);
  if (syscall(SYS_getcwd, text, kMost) > 0)
    set_info_value(info, "wdir", text);
  core_free(text);
}

Info *copy_info(const Info *info) {
  Info *copy = make<Info>();
  for (InfoEntry *e = info->first; e; e = e->next)
    append(copy, copy_string(e->key, std::strlen(e->key)), copy_string(e->value, std::strlen(e->value)));
  return copy;
}

const char *info_value(const Info *info, const char *key) {
  const InfoEntry *entry = find(info, key);
  return entry ? entry->value : nullptr;
}

void set_info_value(Info *info, const char *key, const char *value) {
  if (InfoEntry *entry = find(info, key)) {
    core_free(entry->value);
    entry->value = copy_string(value, std::strlen(value));
    return;
  }
  append(info, copy_string(key, std::strlen(key)), copy_string(value, std::strlen(value)));
}

void update_info(Info *info, const Info *more) {
  for (const InfoEntry *entry = more->first; entry; entry = entry->next)
    set_info_value(info, entry->key, entry->value);
}

namespace {

struct Hint {
  const char *key, *initial = nullptr; // null: not shown before it is set
  bool to_all = false;                 // shown to programs built for Open MPI as well: it may leave out the standard's defaults
};
constexpr Hint kCommHints[] = {
    {"mpi_assert_no_any_tag", "false"},
    {"mpi_assert_no_any_source", "false"},
    {"mpi_assert_exact_length", "false"},
    {"mpi_assert_allow_overtaking", "false"},
    {"enable_multi_nic_striping"},
    {"enable_multi_nic_hashing"},
    {"multi_nic_pref_nic"},
    {"sender_vci"},
    {"receiver_vci"},
    {"vci"},
};
constexpr Hint kWinHints[] = {
    {"no_locks", "false"},
    {"accumulate_ordering", "rar,raw,war,waw", true},
    {"accumulate_ops", "same_op_no_op", true},
    {"alloc_shared_noncontig", "false"},
    {"same_size", "false"},
    {"same_disp_unit", "false"},
    {"alloc_shm"},
    {"which_accumulate_ops"},
    {"accumulate_noncontig_dtype"},
    {"accumulate_max_bytes"},
    {"disable_shm_accumulate"},
    {"coll_attach"},
    {"perf_preference"},
};

std::span<const Hint> known_hints(HintsOf kind) {
  if (kind == HintsOf::comm)
    return kCommHints;
  return kWinHints;
}

bool is_known(HintsOf kind, const char *key) {
  return std::ranges::any_of(known_hints(kind), [key](const Hint &hint) { return std::strcmp(key, hint.key) == 0; });
}

} // namespace

Info *hints_of(HintsOf kind, const Info *given) {
  Info *hints = make<Info>();
  for (const Hint &hint : known_hints(kind))
    if (hint.initial && (!as_open_mpi() || hint.to_all))
      set_info_value(hints, hint.key, hint.initial);
  as_open_mpi() ? update_info(hints, given) : update_hints(kind, hints, given);
  return hints;
}

const Info *hints_for_duplicate(const Comm *comm) { return as_open_mpi() ? comm->info : nullptr; }

void update_hints(HintsOf kind, Info *hints, const Info *more) {
  for (const InfoEntry *entry = more->first; entry; entry = entry->next)
    if (is_known(kind, entry->key))
      set_info_value(hints, entry->key, entry->value);
}

void release(Info *info) {
  if (--info->refs != 0)
    return;
  for (InfoEntry *e = info->first, *next; e; e = next) {
    next = e->next;
    free_entry(e);
  }
  destroy(info);
}

namespace api {

int Info_create(Info **info) {
  Call call(Fn::Info_create);
  *info = make<Info>();
  return 0;
}

int Info_dup(Info *info, Info **newinfo) {
  Call call(Fn::Info_dup);
  if (is_null(info))
    return raise(abi::ERR_INFO);
  *newinfo = copy_info(info);
  return 0;
}

int Info_free(Info **info) {
  Call call(Fn::Info_free);
  if ((*info)->flags & (kNull | kPredefined))
    return raise(abi::ERR_INFO);
  release(*info);
  *info = predefined<Info>(abi::INFO_NULL);
  return 0;
}

int Info_set(Info *info, const char *key, const char *value) {
  Call call(Fn::Info_set);
  if (info->flags & (kNull | kPredefined))
    return raise(abi::ERR_INFO);
  if (!key_fits(key))
    return raise(abi::ERR_INFO_KEY);
  if (!value || (!*value && as_open_mpi()) || std::strlen(value) >= static_cast<std::size_t>(front().max_info_val))
    return raise(abi::ERR_INFO_VALUE);
  set_info_value(info, key, value);
  return 0;
}

int Info_delete(Info *info, const char *key) {
  Call call(Fn::Info_delete);
  if (info->flags & (kNull | kPredefined))
    return raise(abi::ERR_INFO);
  if (!key_fits(key))
    return raise(abi::ERR_INFO_KEY);
  InfoEntry *before = nullptr;
  for (InfoEntry *e = info->first; e; before = e, e = e->next) {
    if (std::strcmp(e->key, key) != 0)
      continue;
    (before ? before->next : info->first) = e->next;
    if (info->last == e)
      info->last = before;
    free_entry(e);
    return 0;
  }
  return raise(abi::ERR_INFO_NOKEY);
}

// `value` has room for valuelen + 1 bytes.
int Info_get(Info *info, const char *key, int valuelen, char *value, int *flag) {
  Call call(Fn::Info_get);
  if (is_null(info))
    return raise(abi::ERR_INFO);
  if (!key_fits(key))
    return raise(abi::ERR_INFO_KEY);
  if (valuelen < 0)
    return raise(abi::ERR_ARG);
  const char *found = info_value(info, key);
  *flag = found != nullptr;
  if (!found)
    return 0;
  std::size_t n = std::strlen(found);
  if (n > static_cast<std::size_t>(valuelen))
    n = static_cast<std::size_t>(valuelen);
  std::memcpy(value, found, n);
  value[n] = '\0';
  return 0;
}

int Info_get_valuelen(Info *info, const char *key, int *valuelen, int *flag) {
  Call call(Fn::Info_get_valuelen);
  if (is_null(info))
    return raise(abi::ERR_INFO);
  if (!key_fits(key))
    return raise(abi::ERR_INFO_KEY);
  const char *found = info_value(info, key);
  *flag = found != nullptr;
  if (found)
    *valuelen = static_cast<int>(std::strlen(found));
  return 0;
}

// *length: room in `value`, on return what the whole value takes; both with the terminating zero.
int Info_get_string(Info *info, const char *key, int *length, char *value, int *flag) {
  Call call(Fn::Info_get_string);
  if (is_null(info))
    return raise(abi::ERR_INFO);
  if (!key_fits(key))
    return raise(abi::ERR_INFO_KEY);
  const char *found = info_value(info, key);
  *flag = found != nullptr;
  if (!found)
    return 0;
  const int needed = static_cast<int>(std::strlen(found)) + 1;
  if (const int room = *length; room > 0) {
    const int kept = (needed < room ? needed : room) - 1;
    std::memcpy(value, found, static_cast<std::size_t>(kept));
    value[kept] = '\0';
  }
  *length = needed;
  return 0;
}

// As MPI_INFO_ENV, before MPI_Init: the program and its arguments.
int Info_create_env(int argc, char **argv, Info **info) {
  Call call(Fn::Info_create_env);
  *info = make<Info>();
  if (argc < 1 || !argv || !argv[0])
    return 0;
  std::size_t bytes = 0;
  for (int i = 0; i < argc; ++i)
    bytes += std::strlen(argv[i]) + 1;
  char *words = core_array<char>(bytes), *end = words;
  for (int i = 0; i < argc; ++i)
    end = std::strcpy(end, argv[i]) + std::strlen(argv[i]) + 1;
  set_command(*info, words, bytes);
  core_free(words);
  return 0;
}

int Info_get_nkeys(Info *info, int *nkeys) {
  Call call(Fn::Info_get_nkeys);
  if (is_null(info))
    return raise(abi::ERR_INFO);
  *nkeys = 0;
  for (InfoEntry *e = info->first; e; e = e->next)
    ++*nkeys;
  return 0;
}

int Info_get_nthkey(Info *info, int n, char *key) {
  Call call(Fn::Info_get_nthkey);
  if (is_null(info))
    return raise(abi::ERR_INFO);
  InfoEntry *entry = n < 0 ? nullptr : info->first;
  while (entry && n-- > 0)
    entry = entry->next;
  if (!entry)
    return raise(abi::ERR_ARG);
  std::strcpy(key, entry->key);
  return 0;
}

} // namespace api

} // namespace mana
