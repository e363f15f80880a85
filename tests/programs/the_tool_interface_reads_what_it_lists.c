// Variables and categories that MPI_T lists can be looked up, read and written; what it does not list is an error, not a
// crash.
//
// Under mana it lists none, so nothing has a handle; null ones are errors there, and fatal in both MPIs by themselves, as in
// MPICH 4.0.2 is the handle of a performance variable that there is not.
#include "check.h"
#include "mana.h"

enum { kNowhere = 1000000 };

static char name[300], text[4000];
static int name_length, text_length;
static union {
  double number;
  char bytes[8192];
} value;

// Open MPI has only the general error for some of them.
static int is_bad_index(int error) { return error == MPI_T_ERR_INVALID_INDEX || error == MPI_T_ERR_INVALID; }

// The first control variable that belongs to no object: a handle, or null where there is none.
static MPI_T_cvar_handle first_cvar(void) {
  int variables, verbosity, bind, scope, count;
  MPI_Datatype type;
  MPI_T_enum values;
  MPI_T_cvar_handle handle = MPI_T_CVAR_HANDLE_NULL;
  CHECK(is_bad_index(MPI_T_cvar_handle_alloc(kNowhere, NULL, &handle, &count)));
  CHECK(MPI_T_cvar_get_num(&variables) == MPI_SUCCESS);
  for (int i = 0; i < variables; ++i) {
    name_length = sizeof name, text_length = sizeof text;
    if (MPI_T_cvar_get_info(i, name, &name_length, &verbosity, &type, &values, text, &text_length, &bind, &scope)) continue;
    if (bind != MPI_T_BIND_NO_OBJECT || type != MPI_INT) continue;
    CHECK(MPI_T_cvar_handle_alloc(i, NULL, &handle, &count) == MPI_SUCCESS);
    SAME(count, 1);
    break;
  }
  return handle;
}

// The first enumeration that is the type of a control variable, or null.
static MPI_T_enum first_enumeration(void) {
  int variables, verbosity, bind, scope;
  MPI_Datatype type;
  MPI_T_enum values = MPI_T_ENUM_NULL;
  CHECK(MPI_T_cvar_get_num(&variables) == MPI_SUCCESS);
  for (int i = 0; i < variables && values == MPI_T_ENUM_NULL; ++i) {
    name_length = sizeof name, text_length = sizeof text;
    if (MPI_T_cvar_get_info(i, name, &name_length, &verbosity, &type, &values, text, &text_length, &bind, &scope))
      values = MPI_T_ENUM_NULL;
  }
  return values;
}

// The first performance variable that belongs to no object.
static MPI_T_pvar_handle first_pvar(MPI_T_pvar_session session, int *readonly, int *continuous) {
  int variables, verbosity, class, bind, atomic, index, count;
  MPI_Datatype type;
  MPI_T_enum values;
  MPI_T_pvar_handle handle = MPI_T_PVAR_HANDLE_NULL;
  name_length = sizeof name, text_length = sizeof text;
  CHECK(is_bad_index(MPI_T_pvar_get_info(kNowhere, name, &name_length, &verbosity, &class, &type, &values, text,
                                         &text_length, &bind, readonly, continuous, &atomic)));
  if (mana_is_restarted_impl != NULL)
    CHECK(is_bad_index(MPI_T_pvar_handle_alloc(session, kNowhere, NULL, &handle, &count)));
  CHECK(MPI_T_pvar_get_index("no such variable", MPI_T_PVAR_CLASS_COUNTER, &index) == MPI_T_ERR_INVALID_NAME);
  CHECK(MPI_T_pvar_get_num(&variables) == MPI_SUCCESS);
  for (int i = 0; i < variables; ++i) {
    name_length = sizeof name, text_length = sizeof text;
    if (MPI_T_pvar_get_info(i, name, &name_length, &verbosity, &class, &type, &values, text, &text_length, &bind, readonly,
                            continuous, &atomic))
      continue;
    CHECK(MPI_T_pvar_get_index(name, class, &index) == MPI_SUCCESS && index == i);
    if (bind != MPI_T_BIND_NO_OBJECT) continue;
    CHECK(MPI_T_pvar_handle_alloc(session, i, NULL, &handle, &count) == MPI_SUCCESS);
    CHECK(count >= 1 && count * sizeof(double) <= sizeof value);
    break;
  }
  return handle;
}

static void try_categories(void) {
  int categories, variables, counters, subcategories, index, some[2];
  CHECK(MPI_T_category_get_index("no such category", &index) == MPI_T_ERR_INVALID_NAME);
  CHECK(is_bad_index(MPI_T_category_get_cvars(kNowhere, 2, some)));
  CHECK(is_bad_index(MPI_T_category_get_pvars(kNowhere, 2, some)));
  CHECK(is_bad_index(MPI_T_category_get_categories(kNowhere, 2, some)));
  name_length = sizeof name, text_length = sizeof text;
  CHECK(is_bad_index(MPI_T_category_get_info(kNowhere, name, &name_length, text, &text_length, &variables, &counters,
                                             &subcategories)));
  CHECK(MPI_T_category_get_num(&categories) == MPI_SUCCESS);
  if (categories == 0) return;
  name_length = sizeof name, text_length = sizeof text;
  CHECK(MPI_T_category_get_info(0, name, &name_length, text, &text_length, &variables, &counters, &subcategories) ==
        MPI_SUCCESS);
  CHECK(MPI_T_category_get_index(name, &index) == MPI_SUCCESS && index == 0);
  CHECK(MPI_T_category_get_cvars(0, 2, some) == MPI_SUCCESS);
  CHECK(MPI_T_category_get_pvars(0, 2, some) == MPI_SUCCESS);
  CHECK(MPI_T_category_get_categories(0, 2, some) == MPI_SUCCESS);
}

static void try_cvar(MPI_T_cvar_handle handle) {
  if (handle == MPI_T_CVAR_HANDLE_NULL) {
    if (mana_is_restarted_impl == NULL) return;
    CHECK(MPI_T_cvar_read(handle, &value) == MPI_T_ERR_INVALID_HANDLE);
    CHECK(MPI_T_cvar_write(handle, &value) == MPI_T_ERR_INVALID_HANDLE);
    CHECK(MPI_T_cvar_handle_free(&handle) == MPI_T_ERR_INVALID_HANDLE);
    return;
  }
  CHECK(MPI_T_cvar_read(handle, &value) == MPI_SUCCESS);
  const int error = MPI_T_cvar_write(handle, &value);
  CHECK(error == MPI_SUCCESS || error == MPI_T_ERR_CVAR_SET_NEVER || error == MPI_T_ERR_CVAR_SET_NOT_NOW);
  CHECK(MPI_T_cvar_handle_free(&handle) == MPI_SUCCESS);
  CHECK(handle == MPI_T_CVAR_HANDLE_NULL);
}

static void try_enumeration(MPI_T_enum values) {
  int items, item;
  name_length = sizeof name;
  if (values == MPI_T_ENUM_NULL) {
    if (mana_is_restarted_impl == NULL) return;
    CHECK(MPI_T_enum_get_info(values, &items, name, &name_length) == MPI_T_ERR_INVALID_HANDLE);
    CHECK(MPI_T_enum_get_item(values, 0, &item, name, &name_length) == MPI_T_ERR_INVALID_HANDLE);
    return;
  }
  CHECK(MPI_T_enum_get_info(values, &items, name, &name_length) == MPI_SUCCESS && items > 0);
  name_length = sizeof name;
  CHECK(MPI_T_enum_get_item(values, items - 1, &item, name, &name_length) == MPI_SUCCESS);
}

static void try_pvar(MPI_T_pvar_session session, MPI_T_pvar_handle handle, int readonly, int continuous) {
  if (handle == MPI_T_PVAR_HANDLE_NULL) {
    if (mana_is_restarted_impl == NULL) return;
    CHECK(MPI_T_pvar_start(session, handle) == MPI_T_ERR_INVALID_HANDLE);
    CHECK(MPI_T_pvar_read(session, handle, &value) == MPI_T_ERR_INVALID_HANDLE);
    CHECK(MPI_T_pvar_readreset(session, handle, &value) == MPI_T_ERR_INVALID_HANDLE);
    CHECK(MPI_T_pvar_reset(session, handle) == MPI_T_ERR_INVALID_HANDLE);
    CHECK(MPI_T_pvar_write(session, handle, &value) == MPI_T_ERR_INVALID_HANDLE);
    CHECK(MPI_T_pvar_stop(session, handle) == MPI_T_ERR_INVALID_HANDLE);
    CHECK(MPI_T_pvar_handle_free(session, &handle) == MPI_T_ERR_INVALID_HANDLE);
    return;
  }
  CHECK(continuous || MPI_T_pvar_start(session, handle) == MPI_SUCCESS);
  CHECK(MPI_T_pvar_read(session, handle, &value) == MPI_SUCCESS);
  if (!readonly) {
    CHECK(MPI_T_pvar_readreset(session, handle, &value) == MPI_SUCCESS);
    CHECK(MPI_T_pvar_reset(session, handle) == MPI_SUCCESS);
    CHECK(MPI_T_pvar_write(session, handle, &value) == MPI_SUCCESS);
  }
  CHECK(continuous || MPI_T_pvar_stop(session, handle) == MPI_SUCCESS);
  CHECK(MPI_T_pvar_handle_free(session, &handle) == MPI_SUCCESS);
  CHECK(handle == MPI_T_PVAR_HANDLE_NULL);
}

int main(int argc, char **argv) {
  int provided, readonly, continuous;
  MPI_T_pvar_session session;
  begin(&argc, &argv);
  CHECK(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided) == MPI_SUCCESS);
  CHECK(MPI_T_pvar_session_create(&session) == MPI_SUCCESS);
  try_categories();
  const MPI_T_cvar_handle control = first_cvar();
  const MPI_T_enum values = first_enumeration();
  const MPI_T_pvar_handle counter = first_pvar(session, &readonly, &continuous);
  MPI_Barrier(MPI_COMM_WORLD);
  try_cvar(control);
  MPI_Barrier(MPI_COMM_WORLD);
  try_enumeration(values);
  try_pvar(session, counter, readonly, continuous);
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(MPI_T_pvar_session_free(&session) == MPI_SUCCESS);
  CHECK(MPI_T_finalize() == MPI_SUCCESS);
  return end();
}
