// Between two fences every rank writes into its neighbours' memory and reads it back, with plain and derived types; the
// memory is the program's own, on the heap and on the stack.
#include "check.h"

enum { kInts = 300 };

int main(int argc, char **argv) {
  MPI_Win heap, stack;
  MPI_Datatype column, pair;
  int on_stack[8] = {0}, got[kInts], sent[kInts];
  begin(&argc, &argv);
  int *memory = calloc(kInts, sizeof *memory);
  MPI_Win_create(memory, kInts * sizeof *memory, sizeof *memory, MPI_INFO_NULL, MPI_COMM_WORLD, &heap);
  MPI_Win_create(on_stack, sizeof on_stack, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &stack);
  MPI_Type_vector(10, 1, 10, MPI_INT, &column);
  MPI_Type_commit(&column);
  MPI_Type_contiguous(2, MPI_INT, &pair);
  MPI_Type_commit(&pair);

  for (int turn = 1; turn <= 4; ++turn) {
    fill(sent, kInts, 10 * turn + rank);
    MPI_Win_fence(MPI_MODE_NOPRECEDE, heap);
    MPI_Put(sent, 100, MPI_INT, next, 0, 100, MPI_INT, heap);
    MPI_Put(sent, 10, MPI_INT, prev, 100, 1, column, heap);  // spread out
    MPI_Put(sent, 1, column, prev, 250, 5, pair, heap);      // brought together
    MPI_Put(sent, 1, MPI_INT, MPI_PROC_NULL, 0, 1, MPI_INT, heap);
    MPI_Win_fence(0, heap);
    VERIFY(memory, 100, 10 * turn + prev);
    for (int i = 0; i < 10; ++i) SAME(memory[100 + 10 * i], (10 * turn + next) * 100003 + i);
    for (int i = 0; i < 10; ++i) SAME(memory[250 + i], (10 * turn + next) * 100003 + 10 * i);
    for (int i = 0; i < kInts; ++i) got[i] = -1;
    MPI_Get(got, 1, column, next, 100, 1, column, heap);
    MPI_Get(got + 200, 50, pair, next, 0, 100, MPI_INT, heap);
    MPI_Win_fence(MPI_MODE_NOSUCCEED, heap);
    for (int i = 0; i < 100; ++i) SAME(got[i], i % 10 ? -1 : (10 * turn + (next + 1) % size) * 100003 + i / 10);
    VERIFY(got + 200, 100, 10 * turn + rank);

    MPI_Win_fence(0, stack);
    MPI_Put(&turn, 1, MPI_INT, next, 4 * turn, 1, MPI_INT, stack);
    MPI_Win_fence(0, stack);
    SAME(on_stack[turn], turn);
  }
  MPI_Type_free(&column);
  MPI_Type_free(&pair);
  MPI_Win_free(&stack);
  MPI_Win_free(&heap);
  CHECK(heap == MPI_WIN_NULL);
  free(memory);
  return end();
}
