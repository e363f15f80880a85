// Timing for the programs here: many short batches, of which a low percentile counts, because on a shared machine
// noise only ever adds.
#pragma once
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e9 * t.tv_sec + t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static inline double percentile(double *samples, int count, double fraction) {
  qsort(samples, count, sizeof *samples, by_value);
  return samples[(int)(fraction * (count - 1))];
}

enum { kBatches = 200 };

// Defines `result` as the nanoseconds of one `statement`: 10th percentile of kBatches batches of `times`.
#define TIME(result, times, statement) \
  double result; \
  do { \
    static double samples[kBatches]; \
    for (int warm = 0; warm < (times); ++warm) statement; \
    for (int batch = 0; batch < kBatches; ++batch) { \
      double start = now_ns(); \
      for (int i = 0; i < (times); ++i) statement; \
      samples[batch] = (now_ns() - start) / (times); \
    } \
    result = percentile(samples, kBatches, 0.1); \
  } while (0)
