// MPI_T before, between and after MPI: what it says it has can be asked for, what it has not is an error, not a crash.
#include "check.h"

int main(int argc, char **argv) {
  int provided, variables, counters, categories, name_length, description_length, verbosity, bind, scope, stamp, index;
  char name[200], description[200];
  MPI_Datatype type;
  MPI_T_enum values;
  MPI_T_pvar_session session;
  CHECK(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided) == MPI_SUCCESS);
  begin(&argc, &argv);
  CHECK(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided) == MPI_SUCCESS);
  CHECK(MPI_T_cvar_get_num(&variables) == MPI_SUCCESS && variables >= 0);
  CHECK(MPI_T_pvar_get_num(&counters) == MPI_SUCCESS && counters >= 0);
  CHECK(MPI_T_category_get_num(&categories) == MPI_SUCCESS && categories >= 0);
  CHECK(MPI_T_category_changed(&stamp) == MPI_SUCCESS);
  MPI_Barrier(MPI_COMM_WORLD);
  for (int i = 0; i < variables && i < 5; ++i) {
    name_length = description_length = 200;
    CHECK(MPI_T_cvar_get_info(i, name, &name_length, &verbosity, &type, &values, description, &description_length, &bind,
                              &scope) == MPI_SUCCESS);
    CHECK(MPI_T_cvar_get_index(name, &index) == MPI_SUCCESS && index == i);
  }
  name_length = description_length = 200;
  CHECK(MPI_T_cvar_get_info(variables + 100000, name, &name_length, &verbosity, &type, &values, description, &description_length,
                            &bind, &scope) != MPI_SUCCESS);
  CHECK(MPI_T_cvar_get_index("no such variable", &index) != MPI_SUCCESS);
  CHECK(MPI_T_pvar_session_create(&session) == MPI_SUCCESS);
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(MPI_T_pvar_session_free(&session) == MPI_SUCCESS);
  CHECK(session == MPI_T_PVAR_SESSION_NULL);
  CHECK(MPI_T_finalize() == MPI_SUCCESS);
  CHECK(MPI_T_cvar_get_num(&variables) == MPI_SUCCESS);
  CHECK(MPI_T_finalize() == MPI_SUCCESS);
  CHECK(MPI_T_cvar_get_num(&variables) == MPI_T_ERR_NOT_INITIALIZED);
  return end();
}
