"""Windows at random moments, and from Fortran. At their calls: tests/programs."""
import random
import shutil
import signal
import time

import pytest

from harness import MPIS, STOPPED, TOP, Case, Failure, mpirun, other, program
from migrate import await_start

ROUNDS = {2: 600, 4: 60}


@pytest.mark.parametrize("ranks", ROUNDS)
@pytest.mark.parametrize("binary", MPIS)
def test_windows_move_at_random_moments(binary, ranks, seed):
    """The job is stopped after a random time, wherever its ranks are, and goes on under the other MPI, until it ends."""
    choose = random.Random(f"{binary} {ranks} {seed}")
    with Case(f"windows {binary} {ranks}", ranks) as case:
        mpi, out, hops = choose.choice(MPIS), "", 0
        words = ["mana_launch", "--ckpt-dir", "ckpt", *mpirun(mpi, ranks), program("shares_memory_all_the_time", binary), ROUNDS[ranks]]
        while True:
            running = case.start(*words)
            if hops == 0:
                await_start(case, running)
            time.sleep(0.4 + choose.random())
            if running.process.poll() is None:
                running.process.send_signal(signal.SIGTERM)
            result = running.wait(limit=100)
            out += result.out
            if result.status not in (0, STOPPED):
                raise Failure(case.report(f"status {result.status} after {hops} migrations"))
            if result.status == 0:
                break
            mpi, hops = other(mpi), hops + 1
            words = ["mana_restart", "ckpt", "--", *mpirun(mpi, ranks)]
        if out.split() != ["ok"]:
            raise Failure(case.report(f"standard output of all parts is {out!r} after {hops} migrations"))


@pytest.mark.skipif(not shutil.which("gfortran"), reason="no Fortran compiler")
@pytest.mark.parametrize("binary", MPIS)
@pytest.mark.parametrize("mpi", MPIS)
def test_windows_from_fortran(binary, mpi):
    source = TOP / "tests/e2e/programs/puts_and_fetches_in_fortran.f90"
    with Case("windows from Fortran", 2) as case:
        case.run(f"mpif90.{binary}", "-o", "app", source)
        case.launch("--checkpoint-at", "1:9", "--stop-after", *mpirun(mpi, 2), "./app", expect=STOPPED)
        assert case.rest("--", *mpirun(other(mpi), 2)).split() == ["ok"]
