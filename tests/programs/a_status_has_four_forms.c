// A status goes from C to both forms of Fortran and back with everything in it; a session takes more hints; the classes of failures
// have texts, and nothing survives one (Open MPI 5).
//
// needs openmpi 5.0
#include "check.h"

static void is_as_sent(const MPI_Status *status) {
  SAME(status->MPI_SOURCE, prev);
  SAME(status->MPI_TAG, 3);
  SAME(count_of(status, MPI_INT), 2);
}

int main(int argc, char **argv) {
  int out[2], in[2], flag;
  char text[8];
  MPI_Status status, again;
  MPI_F08_status f08, f08_again;
  MPI_Fint f[MPI_F_STATUS_SIZE], f_again[MPI_F_STATUS_SIZE];
  MPI_Session session;
  MPI_Info info;
  begin(&argc, &argv);
  fill(out, 2, rank);
  MPI_Sendrecv(out, 2, MPI_INT, next, 3, in, 2, MPI_INT, prev, 3, MPI_COMM_WORLD, &status);
  VERIFY(in, 2, prev);
  MPI_Status_c2f08(&status, &f08);
  SAME(f08.MPI_SOURCE, prev);
  SAME(f08.MPI_TAG, 3);
  MPI_Status_f082f(&f08, f);
  SAME(f[MPI_F_SOURCE], prev);
  SAME(f[MPI_F_TAG], 3);
  MPI_Status_f2f08(f, &f08_again);
  MPI_Status_f082c(&f08_again, &again);
  is_as_sent(&again);
  MPI_Status_c2f(&again, f_again);
  memset(&again, 0, sizeof again);
  MPI_Status_f2c(f_again, &again);
  is_as_sent(&again);

  const int failures[] = {MPI_ERR_PROC_FAILED, MPI_ERR_PROC_FAILED_PENDING, MPI_ERR_REVOKED};
  for (int i = 0; i < 3; ++i) {
    char reason[MPI_MAX_ERROR_STRING];
    int class, length, *tolerant;
    MPI_Error_class(failures[i], &class);
    SAME(class, failures[i]);
    SAME(MPI_Error_string(failures[i], reason, &length), MPI_SUCCESS);
    SAME(strlen(reason), length);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_FT, &tolerant, &flag);
    CHECK(flag && *tolerant == 0);
  }

  MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session);
  CHECK(MPI_Session_f2c(MPI_Session_c2f(session)) == session && MPI_SESSION_NULL != session);
  MPI_Info_create(&info);
  MPI_Info_set(info, "hint", "yes");
  SAME(MPI_Session_set_info(session, info), MPI_SUCCESS);
  MPI_Info_free(&info);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Session_get_info(session, &info);
  MPI_Info_get(info, "hint", 7, text, &flag);
  if (flag) CHECK(strcmp(text, "yes") == 0);  // hints that mean nothing to an MPI need not be kept
  MPI_Info_free(&info);
  MPI_Session_finalize(&session);
  return end();
}
