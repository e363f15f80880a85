"""Looking into ranks with gdb, by the commands that the README names."""
import re

import pytest

from harness import MPIS, STOPPED, mpirun, other, program


def gdb(case, *words, **more):
    return case.run("gdb", "-nx", "-batch", "-iex", "set exec-file-mismatch off", *words, **more).out


@pytest.mark.parametrize("mpi", MPIS)
def test_a_rank_waits_for_gdb_at_its_restart(case, mpi):
    """The same generation twice: nothing is consumed."""
    binary = program("counts_steps", mpi)
    case.launch("--checkpoint-at", "0:20", "--stop-after", *mpirun(mpi, 2), binary, 20, 1000, expect=STOPPED)
    for _ in range(2):
        job = case.start("mana_restart", "ckpt", "--stop-for-gdb", "0", "--", *mpirun(other(mpi), 2))
        job.wait_until(lambda: "waits for a debugger" in job.err())
        path, pid = re.search(r"waits for a debugger: gdb -iex 'set exec-file-mismatch off' (\S+) (\d+)", job.err()).groups()
        assert path == str(binary)
        shown = gdb(case, path, pid, "-ex", "break puts", "-ex", "continue", "-ex", "backtrace", "-ex", "delete", "-ex", "detach")
        assert re.search(r"#\d+ .*\bmain \(", shown), case.report(f"no frame of main: {shown}")
        assert job.wait().status == 0 and job.out().endswith("ok\n")


@pytest.mark.parametrize("mpi", MPIS)
def test_gdb_attaches_to_a_rank(case, mpi):
    binary = program("counts_steps", mpi)
    job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun(other(mpi), 2), binary, 100, 20000)
    job.wait_until(lambda: "step 5" in job.out())
    pid = case.status()["ranks"][0]["pid"]
    shown = gdb(case, binary, pid, "-ex", "break usleep", "-ex", "continue", "-ex", "backtrace", "-ex", "delete", "-ex", "detach")
    assert re.search(r"#\d+ .*\bmain \(argc=", shown), case.report(f"no frame of main: {shown}")
    assert job.wait().status == 0
