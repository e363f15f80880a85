// A buffered send takes the buffer of its communicator, else that of the session which the communicator comes from, else that of
// the process; each is flushed and given back for itself, and an automatic one has room for all (MPI-4.1).
//
// needs mpich 4.2
#include "check.h"

enum { kCount = 500, kMessages = 3 };

static int out[kCount], in[kCount];

static int room_for(int messages) { return messages * (kCount * (int)sizeof(int) + MPI_BSEND_OVERHEAD); }

static int send(MPI_Comm comm, int seed) {
  fill(out, kCount, seed);
  const int error = MPI_Bsend(out, kCount, MPI_INT, next, 4, comm);
  memset(out, 0, sizeof out);
  return error;
}

static void receive(MPI_Comm comm, int seed) {
  MPI_Recv(in, kCount, MPI_INT, prev, 4, comm, MPI_STATUS_IGNORE);
  VERIFY(in, kCount, seed);
}

static void refused(int error) {
  int class;
  MPI_Error_class(error, &class);
  SAME(class, MPI_ERR_BUFFER);
}

int main(int argc, char **argv) {
  int bytes;
  MPI_Count long_bytes;
  void *address;
  MPI_Comm comm, derived, copy;
  MPI_Session session;
  MPI_Group all;
  MPI_Request flush[2];
  begin(&argc, &argv);
  char *of_process = malloc(room_for(1)), *of_comm = malloc(room_for(kMessages)), *of_session = malloc(room_for(1));
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session);
  MPI_Group_from_session_pset(session, "mpi://WORLD", &all);
  MPI_Comm_create_from_group(all, "buffers", MPI_INFO_NULL, MPI_ERRORS_RETURN, &derived);
  MPI_Comm_dup(derived, &copy);
  MPI_Group_free(&all);

  // Each has its own.
  MPI_Buffer_attach(of_process, room_for(1));
  MPI_Comm_attach_buffer(comm, of_comm, room_for(kMessages));
  MPI_Session_attach_buffer_c(session, of_session, room_for(1));
  for (int i = 0; i < kMessages; ++i) SAME(send(comm, 10 * rank + i), MPI_SUCCESS);
  SAME(send(copy, 10 * rank + 4), MPI_SUCCESS);
  SAME(send(MPI_COMM_WORLD, 10 * rank + 5), MPI_SUCCESS);
  MPI_Comm_iflush_buffer(comm, &flush[0]);
  MPI_Session_iflush_buffer(session, &flush[1]);
  for (int i = 0; i < kMessages; ++i) receive(comm, 10 * prev + i);
  receive(copy, 10 * prev + 4);
  receive(MPI_COMM_WORLD, 10 * prev + 5);
  MPI_Waitall(2, flush, MPI_STATUSES_IGNORE);

  // Room again, whoever waits for it.
  MPI_Buffer_flush();
  SAME(send(MPI_COMM_WORLD, rank), MPI_SUCCESS);
  MPI_Buffer_iflush(&flush[0]);
  receive(MPI_COMM_WORLD, prev);
  MPI_Wait(&flush[0], MPI_STATUS_IGNORE);
  MPI_Session_flush_buffer(session);
  SAME(send(derived, rank), MPI_SUCCESS);
  receive(derived, prev);
  MPI_Comm_flush_buffer(comm);
  SAME(send(comm, rank), MPI_SUCCESS);
  receive(comm, prev);
  MPI_Barrier(comm);

  MPI_Session_detach_buffer_c(session, &address, &long_bytes);
  CHECK(address == of_session);
  SAME(long_bytes, room_for(1));
  MPI_Comm_detach_buffer(comm, &address, &bytes);
  CHECK(address == of_comm);
  SAME(bytes, room_for(kMessages));
  MPI_Buffer_detach(&address, &bytes);
  CHECK(address == of_process);
  SAME(bytes, room_for(1));

  // None, one too many, and one that grows.
  MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
  refused(send(comm, 0));
  MPI_Comm_attach_buffer_c(comm, MPI_BUFFER_AUTOMATIC, 0);
  for (int i = 0; i < kMessages; ++i) SAME(send(comm, 20 * rank + i), MPI_SUCCESS);
  for (int i = 0; i < kMessages; ++i) receive(comm, 20 * prev + i);
  MPI_Comm_detach_buffer_c(comm, &address, &long_bytes);
  CHECK(address == MPI_BUFFER_AUTOMATIC);
  MPI_Session_attach_buffer(session, of_session, room_for(1));
  MPI_Session_detach_buffer(session, &address, &bytes);
  CHECK(address == of_session);

  MPI_Comm_free(&copy);
  MPI_Comm_free(&derived);
  MPI_Session_finalize(&session);
  MPI_Comm_free(&comm);
  free(of_process);
  free(of_comm);
  free(of_session);
  return end();
}
