// A thread that is cancelled while it waits in a system call, before and after a checkpoint, destroys what is on its stack; so does
// an exception that a handler throws out of a fault.
#include <mpi.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

enum { kWays = 9 };
static int destroyed;

static pthread_t main_thread;

struct Guard {
  ~Guard() { ++destroyed; }
};

static void wait_for_semaphore() {
  static sem_t never;
  sem_init(&never, 0, 0);
  sem_wait(&never);
}

static void wait_for_condition() {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
  struct Lock {
    Lock() { pthread_mutex_lock(&mutex); }
    ~Lock() { pthread_mutex_unlock(&mutex); }
  } lock;
  for (;;) pthread_cond_wait(&never, &mutex);
}

static void join_forever() { pthread_join(main_thread, nullptr); }

static void read_nothing() {
  static int ends[2];
  char byte;
  if (ends[1] == 0 && pipe(ends) != 0) return;
  if (read(ends[0], &byte, 1) < 0) return;
}

static void block(int way) {
  const Guard guard;
  const timespec long_time = {1000, 0};
  sigset_t none;
  sigemptyset(&none);
  switch (way) {
  case 0: nanosleep(&long_time, nullptr); break;
  case 1: poll(nullptr, 0, 1000000); break;
  case 2: ppoll(nullptr, 0, &long_time, &none); break;
  case 3: sigsuspend(&none); break;
  case 4: wait_for_semaphore(); break;
  case 5: wait_for_condition(); break;
  case 6: join_forever(); break;
  case 7: read_nothing(); break;
  default: pause();
  }
}

static sem_t started;

static void *run(void *way) {
  const Guard guard;
  sem_post(&started);
  block(*static_cast<int *>(way));
  return nullptr;
}

static int cancel_in_every_way() {
  destroyed = 0;
  for (int way = 0; way < kWays; ++way) {
    pthread_t thread;
    void *result;
    pthread_create(&thread, nullptr, run, &way);
    sem_wait(&started);
    usleep(5000);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    if (result != PTHREAD_CANCELED) return -1;
  }
  return destroyed;
}

static void throw_it(int) { throw std::runtime_error("fault"); }

static int faults_caught() {
  int caught = 0;
  volatile const char *forbidden = static_cast<volatile const char *>(mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  destroyed = 0;
  for (int i = 0; i < 3; ++i) {
    try {
      const Guard guard;
      (void)*forbidden;
    } catch (const std::runtime_error &) {
      ++caught;
    }
  }
  return caught * 10 + destroyed;
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank, failures = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  sem_init(&started, 0, 0);
  main_thread = pthread_self();
  struct sigaction action = {};
  action.sa_handler = throw_it;
  action.sa_flags = SA_NODEFER;
  sigaction(SIGSEGV, &action, nullptr);
  for (int round = 0; round < 3; ++round) {
    const int cancelled = cancel_in_every_way(), faults = faults_caught();
    if (cancelled != 2 * kWays || faults != 33) std::fprintf(stderr, "round %d: %d destroyed, faults %d\n", round, cancelled, faults), ++failures;
    MPI_Barrier(MPI_COMM_WORLD);
  }
  MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) std::puts(failures == 0 ? "ok" : "failed");
  MPI_Finalize();
}
