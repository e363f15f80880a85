// A job that holds one of everything that a checkpoint describes, makes and frees the same again and again, and goes on until
// a file "go" appears. Nothing of it grows by itself.
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

static atomic_int over;

static void hesitate(long ms) {
  const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static void *sleep_until_over(void *argument) {
  while (!atomic_load(&over)) hesitate(20);
  return argument;
}

static void add(void *in, void *inout, int *len, MPI_Datatype *type) {
  (void)type;
  for (int i = 0; i < *len; ++i) ((int *)inout)[i] += ((int *)in)[i];
}

static void make_and_free(MPI_Comm comm, int step) {
  MPI_Comm part, copy;
  MPI_Datatype pairs;
  MPI_Group group;
  MPI_Comm_split(comm, rank % 2, rank, &part);
  MPI_Comm_dup(part, &copy);
  MPI_Type_vector(4, 2, 3 + step % 5, MPI_INT, &pairs);
  MPI_Type_commit(&pairs);
  MPI_Comm_group(copy, &group);
  void *block = malloc(1000 + (size_t)(step % 7) * 50000);
  memset(block, step, 1000);
  free(block);
  MPI_Group_free(&group);
  MPI_Type_free(&pairs);
  MPI_Comm_free(&copy);
  MPI_Comm_free(&part);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  char name[64];
  int dims[1] = {size}, periods[1] = {1}, pipe_ends[2], *window_memory, late = 0, out[8], in[8], told = 0;
  MPI_Comm copy, ring;
  MPI_Datatype spread;
  MPI_Op sum_of_ours;
  MPI_Win window;
  MPI_File file;
  MPI_Request posted, persistent;
  pthread_t thread;

  MPI_Comm_dup(MPI_COMM_WORLD, &copy);
  MPI_Cart_create(MPI_COMM_WORLD, 1, dims, periods, 0, &ring);
  MPI_Type_vector(4, 1, 2, MPI_INT, &spread);
  MPI_Type_commit(&spread);
  MPI_Op_create(add, 1, &sum_of_ours);
  MPI_Win_allocate(64 * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &window_memory, &window);
  MPI_File_open(MPI_COMM_WORLD, "shared.data", MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file);
  snprintf(name, sizeof name, "own-%d.data", rank);
  const int own = open(name, O_RDWR | O_CREAT, 0600);
  CHECK(own >= 0 && pipe(pipe_ends) == 0 && write(pipe_ends[1], "held", 4) == 4);
  CHECK(pthread_create(&thread, NULL, sleep_until_over, NULL) == 0);
  MPI_Irecv(&late, 1, MPI_INT, prev, 99, copy, &posted);
  MPI_Send_init(out, 1, spread, next, 3, copy, &persistent);

  for (int step = 0; !told; ++step) {
    int value = rank + step % 1000, sum = 0;
    fill(out, 8, step % 1000);
    MPI_Start(&persistent);
    MPI_Recv(in, 4, MPI_INT, prev, 3, copy, MPI_STATUS_IGNORE);
    MPI_Wait(&persistent, MPI_STATUS_IGNORE);
    SAME(in[3], out[6]);
    MPI_Allreduce(&value, &sum, 1, MPI_INT, sum_of_ours, ring);
    SAME(sum, size * (size - 1) / 2 + size * (step % 1000));
    make_and_free(copy, step);
    CHECK(lseek(own, 0, SEEK_SET) == 0 && write(own, &step, sizeof step) == sizeof step);
    MPI_Win_fence(0, window);
    MPI_Put(&step, 1, MPI_INT, next, 5, 1, MPI_INT, window);
    MPI_Win_fence(0, window);
    SAME(window_memory[5], step);
    MPI_File_write_at_all(file, rank * (MPI_Offset)sizeof(int), &step, 1, MPI_INT, MPI_STATUS_IGNORE);
    if (rank == 0) told = access("go", F_OK) == 0;
    MPI_Bcast(&told, 1, MPI_INT, 0, copy);
    hesitate(2);
  }

  MPI_Send(&rank, 1, MPI_INT, next, 99, copy);
  MPI_Wait(&posted, MPI_STATUS_IGNORE);
  SAME(late, prev);
  CHECK(read(pipe_ends[0], name, 4) == 4 && memcmp(name, "held", 4) == 0);
  atomic_store(&over, 1);
  pthread_join(thread, NULL);
  MPI_Request_free(&persistent);
  MPI_File_close(&file);
  MPI_Win_free(&window);
  MPI_Op_free(&sum_of_ours);
  MPI_Type_free(&spread);
  MPI_Comm_free(&ring);
  MPI_Comm_free(&copy);
  return end();
}
