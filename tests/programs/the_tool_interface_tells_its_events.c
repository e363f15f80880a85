// Events and their sources that MPI_T lists can be looked up; what it does not list is an error, not a crash. (Null handles
// are an error under mana, and fatal in MPICH 4.0.2 by itself.)
//
// mpich only
#include "check.h"
#include "mana.h"

enum { kNowhere = 1000000, kLong = 200 };

static void on_event(MPI_T_event_instance event, MPI_T_event_registration registration, MPI_T_cb_safety safety, void *data) {
  (void)event, (void)registration, (void)safety, (void)data;
}

static void on_free(MPI_T_event_registration registration, MPI_T_cb_safety safety, void *data) {
  (void)registration, (void)safety, (void)data;
}

static void on_drop(MPI_Count count, MPI_T_event_registration registration, int source, MPI_T_cb_safety safety, void *data) {
  (void)count, (void)registration, (void)source, (void)safety, (void)data;
}

static int info_of_event(int event, char *name) {
  char text[kLong];
  int name_length = kLong, text_length = kLong, verbosity, elements = 1, bind;
  MPI_Datatype types[1];
  MPI_Aint places[1];
  MPI_T_enum values;
  return MPI_T_event_get_info(event, name, &name_length, &verbosity, types, places, &elements, &values, NULL, text,
                              &text_length, &bind);
}

static int info_of_source(int source) {
  char name[kLong], text[kLong];
  int name_length = kLong, text_length = kLong;
  MPI_T_source_order order;
  MPI_Count ticks, most;
  return MPI_T_source_get_info(source, name, &name_length, text, &text_length, &order, &ticks, &most, NULL);
}

static void try_sources(void) {
  int sources;
  MPI_Count first = 0, second = 0;
  CHECK(info_of_source(kNowhere) == MPI_T_ERR_INVALID_INDEX);
  CHECK(MPI_T_source_get_timestamp(kNowhere, &first) == MPI_T_ERR_INVALID_INDEX);
  CHECK(MPI_T_source_get_num(&sources) == MPI_SUCCESS && sources >= 0);
  if (sources == 0) return;
  CHECK(info_of_source(0) == MPI_SUCCESS);
  CHECK(MPI_T_source_get_timestamp(0, &first) == MPI_SUCCESS);
  CHECK(MPI_T_source_get_timestamp(0, &second) == MPI_SUCCESS && second >= first);
}

// An event that there is, with a function to be called.
static void try_event(int event) {
  char name[kLong];
  int index;
  MPI_Info info;
  MPI_T_event_registration registration;
  CHECK(info_of_event(event, name) == MPI_SUCCESS);
  CHECK(MPI_T_event_get_index(name, &index) == MPI_SUCCESS && index == event);
  CHECK(MPI_T_event_handle_alloc(event, NULL, MPI_INFO_NULL, &registration) == MPI_SUCCESS);
  CHECK(MPI_T_event_handle_get_info(registration, &info) == MPI_SUCCESS);
  CHECK(MPI_T_event_handle_set_info(registration, info) == MPI_SUCCESS);
  CHECK(MPI_T_event_register_callback(registration, MPI_T_CB_REQUIRE_NONE, MPI_INFO_NULL, NULL, on_event) == MPI_SUCCESS);
  CHECK(MPI_T_event_set_dropped_handler(registration, on_drop) == MPI_SUCCESS);
  CHECK(MPI_T_event_handle_free(registration, NULL, on_free) == MPI_SUCCESS);
}

// Without events nothing has been registered and none has happened.
static void try_none(void) {
  char data[kLong];
  int source;
  MPI_Count time;
  MPI_Info info;
  const MPI_T_event_registration none = NULL;
  const MPI_T_event_instance never = NULL;
  if (mana_is_restarted_impl == NULL) return;
  CHECK(MPI_T_event_handle_get_info(none, &info) == MPI_T_ERR_INVALID_HANDLE);
  CHECK(MPI_T_event_handle_set_info(none, MPI_INFO_NULL) == MPI_T_ERR_INVALID_HANDLE);
  CHECK(MPI_T_event_register_callback(none, MPI_T_CB_REQUIRE_NONE, MPI_INFO_NULL, NULL, on_event) ==
        MPI_T_ERR_INVALID_HANDLE);
  CHECK(MPI_T_event_callback_get_info(none, MPI_T_CB_REQUIRE_NONE, &info) == MPI_T_ERR_INVALID_HANDLE);
  CHECK(MPI_T_event_callback_set_info(none, MPI_T_CB_REQUIRE_NONE, MPI_INFO_NULL) == MPI_T_ERR_INVALID_HANDLE);
  CHECK(MPI_T_event_set_dropped_handler(none, on_drop) == MPI_T_ERR_INVALID_HANDLE);
  CHECK(MPI_T_event_handle_free(none, NULL, on_free) == MPI_T_ERR_INVALID_HANDLE);
  CHECK(MPI_T_event_read(never, 0, data) != MPI_SUCCESS);  // neither the event nor its element is valid
  CHECK(MPI_T_event_copy(never, data) == MPI_T_ERR_INVALID_HANDLE);
  CHECK(MPI_T_event_get_timestamp(never, &time) == MPI_T_ERR_INVALID_HANDLE);
  CHECK(MPI_T_event_get_source(never, &source) == MPI_T_ERR_INVALID_HANDLE);
}

int main(int argc, char **argv) {
  char name[kLong];
  int provided, events, categories, of_category, some[1], index;
  MPI_T_event_registration registration;
  begin(&argc, &argv);
  CHECK(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided) == MPI_SUCCESS);
  try_sources();
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(MPI_T_event_get_num(&events) == MPI_SUCCESS && events >= 0);
  CHECK(info_of_event(kNowhere, name) == MPI_T_ERR_INVALID_INDEX);
  CHECK(MPI_T_event_get_index("no such event", &index) == MPI_T_ERR_INVALID_NAME);
  CHECK(MPI_T_event_handle_alloc(kNowhere, NULL, MPI_INFO_NULL, &registration) == MPI_T_ERR_INVALID_INDEX);
  if (events > 0)
    try_event(0);
  else
    try_none();
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(MPI_T_category_get_num_events(kNowhere, &of_category) == MPI_T_ERR_INVALID_INDEX);
  CHECK(MPI_T_category_get_events(kNowhere, 1, some) == MPI_T_ERR_INVALID_INDEX);
  CHECK(MPI_T_category_get_num(&categories) == MPI_SUCCESS);
  if (categories > 0) {
    CHECK(MPI_T_category_get_num_events(0, &of_category) == MPI_SUCCESS && of_category >= 0);
    CHECK(MPI_T_category_get_events(0, 1, some) == MPI_SUCCESS);
  }
  CHECK(MPI_T_finalize() == MPI_SUCCESS);
  return end();
}
