"""MPI through Debian's mpi4py: what its own test suite checks, by scripts of ours, under both live MPIs and across a migration.

mpi4py is built for Open MPI. Each script also runs by itself under mpirun.openmpi; those that know the
argument "native" need it there.
"""
import random
from pathlib import Path

import pytest

from harness import MPIS, STOPPED, has_mpi4py, mpirun, other

SCRIPTS = sorted(Path(__file__).with_name("programs").glob("mpi4py_*.py"))
PYTHON = "/usr/bin/python3"
CALLS = 900  # of MPI, that each script makes at least
LIMIT = 120  # seconds


pytestmark = [pytest.mark.skipif(not has_mpi4py(), reason="no mpi4py"), pytest.mark.parametrize("mpi", MPIS)]
each_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)


def check(case, output):
    assert output == "ok\n", case.report("standard output")


@each_script
@pytest.mark.parametrize("ranks", [1, 4])
def test_stays(case, script, mpi, ranks):
    check(case, case.launch(*mpirun(mpi, ranks), PYTHON, script, limit=LIMIT).out)


@each_script
@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_migrates(case, script, mpi, ranks):
    call = random.Random(f"{script.stem} {mpi} {ranks}").randrange(1, CALLS)
    case.name += f" call {call}"
    first = case.launch("--checkpoint-at", f"0:{call}", "--stop-after", *mpirun(mpi, ranks), PYTHON, script, expect=STOPPED,
                        limit=LIMIT)
    check(case, first.out + case.restart("--", *mpirun(other(mpi), ranks), limit=LIMIT).out)


def test_spawned_processes_are_of_python_too(case, mpi):
    script = next(path for path in SCRIPTS if path.stem == "mpi4py_processes")
    check(case, case.launch(*mpirun(mpi, 2), PYTHON, script, "spawn", limit=LIMIT).out)
