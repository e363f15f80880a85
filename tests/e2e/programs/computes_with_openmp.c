// computes_with_openmp STEPS: MPI and OpenMP in one program, as usual: MPI_THREAD_FUNNELED, parallel regions that compute, and
// the main thread's reductions between them, on whose result the next step depends. All in integers, so that the end is exact; it
// is computed once more by one thread.
//
// compiled with -fopenmp
#include "check.h"

#include <omp.h>
#include <stdint.h>

enum { kItems = 20000, kThreads = 3 };

static uint64_t item[kItems];

static uint64_t mixed(uint64_t value, uint64_t with) { return value * 6364136223846793005u + 1442695040888963407u + with; }
static uint64_t first(int of, int i) { return (uint64_t)of << 32 | (uint64_t)i; }

static uint64_t step_in_parallel(uint64_t with) {
  uint64_t sum = 0;
#pragma omp parallel for reduction(+ : sum) schedule(dynamic, 500)
  for (int i = 0; i < kItems; ++i) sum += (item[i] = mixed(item[i], with)) >> 7;
  return sum;
}

// Every thread of a team has its part of the array, and they meet in between.
static uint64_t largest_difference(void) {
  uint64_t part[kThreads] = {0}, largest = 0;
#pragma omp parallel num_threads(kThreads)
  {
    const int thread = omp_get_thread_num();
    for (int i = thread; i < kItems - 1; i += kThreads) {
      const uint64_t difference = item[i] ^ item[i + 1];
      if (difference > part[thread]) part[thread] = difference;
    }
#pragma omp barrier
#pragma omp master
    for (int t = 0; t < kThreads; ++t)
      if (part[t] > largest) largest = part[t];
  }
  return largest;
}

static uint64_t alone(int steps, uint64_t *largest) {
  uint64_t *all = malloc(sizeof(uint64_t) * kItems * (size_t)size), with = 0;
  for (int r = 0; r < size; ++r)
    for (int i = 0; i < kItems; ++i) all[r * kItems + i] = first(r, i);
  for (int step = 0; step < steps; ++step) {
    uint64_t sum = 0;
    for (int i = 0; i < kItems * size; ++i) sum += (all[i] = mixed(all[i], with)) >> 7;
    with = sum;
  }
  *largest = 0;
  for (int i = 0; i < kItems - 1; ++i) {
    const uint64_t difference = all[rank * kItems + i] ^ all[rank * kItems + i + 1];
    if (difference > *largest) *largest = difference;
  }
  free(all);
  return with;
}

int main(int argc, char **argv) {
  int level;
  uint64_t with = 0, expected_largest;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  CHECK(level >= MPI_THREAD_FUNNELED);
  const int steps = argc > 1 ? atoi(argv[1]) : 50;
  omp_set_dynamic(0);
  omp_set_num_threads(kThreads);
  for (int i = 0; i < kItems; ++i) item[i] = first(rank, i);
  for (int step = 0; step < steps; ++step) {
    const uint64_t sum = step_in_parallel(with);
    MPI_Allreduce(&sum, &with, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
  }
  const uint64_t largest = largest_difference();
  CHECK(with == alone(steps, &expected_largest));
  CHECK(largest == expected_largest);
  return end();
}
