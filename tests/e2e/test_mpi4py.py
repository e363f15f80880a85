"""MPI through Debian's mpi4py: what its own test suite checks, by scripts of ours, under both live MPIs and across a migration.

mpi4py is built for Open MPI. Each script also runs by itself under mpirun.openmpi.
"""
import random
from pathlib import Path

import pytest

from harness import MPIS, STOPPED, has_mpi4py, mpirun, other

# Spawned processes are in test_dynamic.py.
ARGUMENTS = {"mpi4py_windows_files_processes": ["no-spawn"]}
SCRIPTS = sorted(Path(__file__).with_name("programs").glob("mpi4py_*.py"))
PYTHON = "/usr/bin/python3"
LIMIT = 120  # seconds


pytestmark = [pytest.mark.skipif(not has_mpi4py(), reason="no mpi4py"),
              pytest.mark.parametrize("mpi", MPIS), pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)]


def words(script):
    return [PYTHON, script, *ARGUMENTS.get(script.stem, [])]


def check(case, output):
    assert output == "ok\n", case.report("standard output")


@pytest.mark.parametrize("ranks", [1, 4])
def test_stays(case, script, mpi, ranks):
    check(case, case.launch(*mpirun(mpi, ranks), *words(script), limit=LIMIT).out)


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_migrates(case, script, mpi, ranks):
    call = random.Random(f"{script.stem} {mpi} {ranks}").randrange(1, 900)
    case.name += f" call {call}"
    first = case.launch("--checkpoint-at", f"0:{call}", "--stop-after", *mpirun(mpi, ranks), *words(script), expect=STOPPED, limit=LIMIT)
    check(case, first.out + case.restart("--", *mpirun(other(mpi), ranks), limit=LIMIT).out)
