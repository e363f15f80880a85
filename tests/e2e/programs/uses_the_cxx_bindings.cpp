// The C++ bindings of MPI-2, as far as each MPI's library has them: reductions of the program; over MPICH its error handlers,
// exceptions and attributes too.
#include <mpi.h>

#include <cstdio>

static int calls;

// Not commutative: the digits of both, one behind the other.
static void join(const void *in, void *inout, int len, const MPI::Datatype &type) {
  if (type.Get_size() != 4) MPI::COMM_WORLD.Abort(2);
  for (int i = 0; i < len; ++i) {
    int *to = static_cast<int *>(inout) + i, shift = 1;
    while (shift <= *to) shift *= 10;
    *to += static_cast<const int *>(in)[i] * shift;
  }
  ++calls;
}

static void check(bool right, const char *what) {
  if (right) return;
  std::fprintf(stderr, "rank %d: %s\n", MPI::COMM_WORLD.Get_rank(), what);
  MPI::COMM_WORLD.Abort(1);
}

#ifdef MPICH_VERSION
static int handled, copied, deleted;

static void handle(MPI::Comm &comm, int *code, ...) {
  check(comm.Get_size() == MPI::COMM_WORLD.Get_size(), "another communicator for the error handler");
  handled = MPI::Get_error_class(*code);
}
static int copy(const MPI::Comm &, int, void *extra, void *in, void *out, bool &flag) {
  *static_cast<void **>(out) = static_cast<char *>(in) + *static_cast<int *>(extra);
  flag = true;
  return ++copied, MPI::SUCCESS;
}
static int remove(MPI::Comm &, int, void *, void *) { return ++deleted, MPI::SUCCESS; }

static void errors_and_attributes() {
  static char value[10];
  int step = 3, buffer = 0;
  MPI::Intracomm dup = MPI::COMM_WORLD.Dup();
  MPI::Errhandler handler = MPI::Comm::Create_errhandler(handle);
  dup.Set_errhandler(handler);
  dup.Barrier();
  handled = 0;
  dup.Send(&buffer, 1, MPI::INT, 1000, 0);
  check(handled == MPI::ERR_RANK, "no call of the error handler");
  dup.Set_errhandler(MPI::ERRORS_THROW_EXCEPTIONS);
  dup.Barrier();
  bool thrown = false;
  try {
    dup.Send(&buffer, 1, MPI::INT, 1000, 0);
  } catch (MPI::Exception &error) {
    thrown = error.Get_error_class() == MPI::ERR_RANK;
  }
  check(thrown, "no exception");
  handler.Free();

  int keyval = MPI::Comm::Create_keyval(copy, remove, &step);
  copied = deleted = 0;
  dup.Set_attr(keyval, value);
  dup.Barrier();
  MPI::Intracomm second = dup.Dup();
  void *got = nullptr;
  check(second.Get_attr(keyval, &got) && got == value + 3 && copied == 1, "the copy of an attribute");
  second.Barrier();
  MPI::Intracomm third = second.Dup();
  check(third.Get_attr(keyval, &got) && got == value + 6 && copied == 2, "the copy of a copy");
  third.Free(), second.Free(), dup.Free();
  check(deleted == 3, "attributes that were not deleted");
  MPI::Comm::Free_keyval(keyval);
}
#else
static void errors_and_attributes() {}
#endif

int main(int argc, char **argv) {
  MPI::Init(argc, argv);
  const int rank = MPI::COMM_WORLD.Get_rank(), size = MPI::COMM_WORLD.Get_size();
  int expected = 0, mine = rank + 1, all = 0;
  for (int i = 1; i <= size; ++i) expected = expected * 10 + i;
  for (int round = 0; round < 3; ++round) {
    MPI::Op op;
    op.Init(join, false);
    for (int i = 0; i < 3; ++i) {
      calls = all = 0;
      MPI::COMM_WORLD.Allreduce(&mine, &all, 1, MPI::INT, op);
      check(all == expected && (calls > 0 || size == 1), "a reduction");
    }
    op.Free();
    errors_and_attributes();
  }
  if (rank == 0) std::puts("ok");
  MPI::Finalize();
}
