// What the programs here share: start, comparison, end.
//
// Each program is one sentence about MPI across a checkpoint: its file's name. It checks its own results, ends
// the job with a message at the first difference, and rank 0 says "ok" once. It is valid MPI-3.1 that any MPI runs
// by itself with two ranks or more, and makes so few MPI calls that it can be checkpointed at every one of them.
// A program whose number of calls differs from run to run (it polls) says so by a line "// polls", one of what not every
// mpi.h declares by a line "// mpich only" or "// needs openmpi 5.0, mpich 4.2".
#pragma once
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kMaxRanks = 16 };

static int rank, size;
static int next, prev;  // neighbours in a ring of all ranks

static inline void fail(const char *file, int line, const char *what) {
  fprintf(stderr, "%s:%d: rank %d: %s\n", file, line, rank, what);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static inline void same(const char *file, int line, const char *what, long long actual, long long expected) {
  char text[400];
  if (actual == expected) return;
  snprintf(text, sizeof text, "%s is %lld, not %lld", what, actual, expected);
  fail(file, line, text);
}

#define CHECK(condition) \
  do { \
    if (!(condition)) fail(__FILE__, __LINE__, "not true: " #condition); \
  } while (0)

#define SAME(actual, expected) same(__FILE__, __LINE__, #actual, (long long)(actual), (long long)(expected))

static inline void begin(int *argc, char ***argv) {
  MPI_Init(argc, argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  next = (rank + 1) % size;
  prev = (rank + size - 1) % size;
  if (size < 2 || size > kMaxRanks) fail(__FILE__, __LINE__, "runs with 2 to 16 ranks");
}

// The even ranks, led by rank 0, and the odd ones, led by rank 1; `local` is the own group's.
static inline MPI_Comm join_even_and_odd(MPI_Comm *local) {
  MPI_Comm inter;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2 == 0, rank, local);
  MPI_Intercomm_create(*local, 0, MPI_COMM_WORLD, rank % 2 == 0, 1, &inter);
  return inter;
}

static inline int end(void) {
  if (rank == 0) puts("ok");
  MPI_Finalize();
  return 0;
}

// Fills and verifies `count` ints that depend on `seed`.
static inline void fill(int *data, int count, int seed) {
  for (int i = 0; i < count; ++i) data[i] = seed * 100003 + i;
}

static inline void verify(const char *file, int line, const int *data, int count, int seed) {
  for (int i = 0; i < count; ++i) {
    char text[100];
    if (data[i] == seed * 100003 + i) continue;
    snprintf(text, sizeof text, "element %d of message %d is %d", i, seed, data[i]);
    fail(file, line, text);
  }
}

#define VERIFY(data, count, seed) verify(__FILE__, __LINE__, data, count, seed)

static inline int count_of(const MPI_Status *status, MPI_Datatype type) {
  int count;
  MPI_Get_count(status, type, &count);
  return count;
}
