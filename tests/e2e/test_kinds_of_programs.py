"""Programs as compilers make them: at a fixed address, in C++, with Fortran in them, with OpenMP, without debugging information."""
import shutil
from pathlib import Path

import pytest

from harness import MPIS, STOPPED, mpirun, other

HERE = Path(__file__).parent / "programs"


def check(case, mpi, call, expected="ok\n", arguments=()):
    """Checkpoints ./app at that call, goes on under the other MPI, and compares the output of both parts."""
    first = case.launch("--checkpoint-at", f"1:{call}", "--stop-after", *mpirun(mpi, 2), "./app", *arguments, expect=STOPPED)
    second = case.restart("--", *mpirun(other(mpi), 2))
    assert first.out + second.out == expected, case.report("the output of both parts")


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("flags", [["-no-pie"], ["-O3", "-s"], ["-Wl,-z,now"], ["-Wl,-z,lazy"], ["-fopenmp"]], ids=" ".join)
def test_c(case, mpi, flags):
    case.run(f"mpicc.{mpi}", "-O1", *flags, "-I", HERE.parents[1] / "programs", "-o", "app", HERE / "counts_steps.c")
    check(case, mpi, 17, "".join(f"step {i}\n" for i in range(1, 21)) + "ok\n", [20, 1000])


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("call", [7, 16, 25])
def test_cxx(case, mpi, call):
    case.run(f"mpicxx.{mpi}", "-O1", "-pthread", "-o", "app", HERE / "throws_and_catches.cpp")
    check(case, mpi, call)


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("call", [3, 6])
def test_unwinding_in_cxx(case, mpi, call):
    case.run(f"mpicxx.{mpi}", "-O1", "-fnon-call-exceptions", "-pthread", "-o", "app", HERE / "unwinds_from_where_it_waits.cpp")
    check(case, mpi, call)


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("call", [4, 10, 40])
def test_bindings_of_cxx(case, mpi, call):
    if case.run(f"mpicxx.{mpi}", "-w", "-o", "app", HERE / "uses_the_cxx_bindings.cpp", expect=None).status:
        pytest.skip("this MPI has no C++ bindings")
    check(case, mpi, call if mpi == "mpich" else min(call, 12))


def test_a_static_program_that_can_be_moved(case):
    """Without MPI, so it is one process."""
    case.run("gcc", "-O1", "-static-pie", "-pthread", "-o", "app", HERE / "ticks_by_itself.c")
    job = case.start("mana_launch", "--ckpt-dir", "ckpt", "./app")
    job.wait_until(lambda: job.out().count("tick") >= 3)
    case.checkpoint(stop=True)
    assert job.wait().status == STOPPED
    assert job.out() + case.restart().out == "".join(f"tick {i}\n" for i in range(20)) + "ok\n", case.report("both parts")


@pytest.mark.skipif(not shutil.which("gfortran"), reason="no Fortran compiler")
@pytest.mark.parametrize("mpi", MPIS)
def test_integers_of_eight_bytes_are_told(case, mpi):
    """Once, and not of programs without them; a program that heeds what its MPI library takes runs as natively."""
    for flags, times in ([], 0), (["-fdefault-integer-8"], 1):
        case.run(f"mpif90.{mpi}", *flags, "-ffree-line-length-none", "-o", "app", HERE / "passes_integers_of_four_bytes.f90")
        assert case.launch(*mpirun(other(mpi), 2), "./app").err.count("INTEGERs of 8 bytes") == times, case.report("what is told")
        check(case, mpi, 12)


@pytest.mark.skipif(not shutil.which("gfortran"), reason="no Fortran compiler")
def test_fortran_without_mpi(case):
    (case.folder / "main.c").write_text("""
#include <mpi.h>
#include <stdio.h>
void work(int n, char *text);
int main(int argc, char **argv) {
  char text[21] = {0};
  int rank, sum;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (int i = 0; i < 20; ++i) {
    MPI_Allreduce(&i, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    work(sum, text);
  }
  if (rank == 0) puts(text);
  MPI_Finalize();
}
""")
    case.run("gfortran", "-c", HERE / "computes_in_fortran.f90")
    case.run("mpicc.openmpi", "-o", "app", "main.c", "computes_in_fortran.o", "-lgfortran")
    check(case, "openmpi", 12, f"{741.0:12.2f}        \n")
