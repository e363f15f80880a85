// Nanoseconds of what a process does besides MPI, as one line of JSON: memory, signals, clocks, and a system call that does not concern
// us. The difference between this program under mana and without is what interception costs.
#define _GNU_SOURCE
#include "timing.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kMapped = 16 * 4096 };

int main(int argc, char **argv) {
  struct timespec time;
  sigset_t some, before;
  void *volatile kept;
  MPI_Init(&argc, &argv);
  sigemptyset(&some);
  sigaddset(&some, SIGUSR1);

  TIME(small, 2000, {
    kept = malloc(64);
    free(kept);
  });
  TIME(large, 50, {
    kept = malloc(8 << 20);
    memset(kept, 1, 65536);
    free(kept);
  });
  TIME(map, 50, {
    char *pages = mmap(NULL, kMapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(pages, 1, kMapped);
    munmap(pages, kMapped);
  });
  TIME(mask, 500, {
    pthread_sigmask(SIG_BLOCK, &some, &before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  });
  TIME(clock, 2000, clock_gettime(CLOCK_MONOTONIC, &time));
  TIME(unconcerned, 500, syscall(SYS_getppid));
  printf("{\"malloc+free 64 B\": %.2f, \"malloc+free 8 MiB\": %.2f, \"mmap+touch+munmap\": %.2f, \"sigmask twice\": %.2f, "
         "\"clock_gettime\": %.2f, \"getppid\": %.2f}\n",
         small, large, map, mask, clock, unconcerned);
  MPI_Finalize();
  return 0;
}
