"""The sweep: each program of tests/programs, checkpointed at its MPI calls and restarted under the other MPI."""
import itertools
import time

import pytest

import count_calls
import sweep
from harness import MPIS


@pytest.mark.parametrize("name", sweep.programs())
def test_native(name):
    """The program itself is right: it runs under both MPIs without us, and makes few calls."""
    for mpi, ranks in itertools.product(MPIS, (2, 4)):
        assert max(count_calls.calls(name, ranks, mpi)) <= 120


@pytest.mark.parametrize("name", sweep.programs())
def test_at_its_calls(name, everything, budget, seed):
    if everything:
        for point in sweep.every_point(name):
            sweep.run(point)
        return
    end = time.monotonic() + budget / len(sweep.programs())
    for done, point in enumerate(sweep.some_points(name, seed)):
        if done >= 2 and time.monotonic() > end:
            break
        sweep.run(point)
