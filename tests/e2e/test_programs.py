"""The sweep: each program of tests/programs, checkpointed at its MPI calls and restarted under the other MPI."""
import itertools
import time

import pytest

import count_calls
import sweep


@pytest.mark.parametrize("name", sweep.programs())
def test_native(name):
    """The program itself is right: it runs under both MPIs without us, and makes few calls."""
    for mpi, ranks in itertools.product(sweep.binaries(name), (2, 4)):
        assert max(count_calls.calls(name, ranks, mpi)) <= 120


@pytest.mark.parametrize("name", sweep.programs())
def test_at_its_calls(name, everything, budget, jobs, seed):
    points = sweep.every_point(name)
    if not everything:
        end = time.monotonic() + budget / len(sweep.programs())
        some = enumerate(sweep.some_points(name, seed))
        points = (point for _, point in itertools.takewhile(lambda one: one[0] < 2 or time.monotonic() < end, some))
    failures = sweep.run_all(points, jobs)
    assert not failures, "\n\n".join(failures)


@pytest.mark.parametrize("again", [2, 4, 6])
@pytest.mark.parametrize("start", sweep.MPIS)
def test_a_restarted_job_is_stopped_where_no_rank_is_ahead(start, again):
    """Rank 0 has left broadcasts that rank 1 has not come to: at the second checkpoint as at the first."""
    sweep.run(sweep.Point("a_root_runs_far_ahead_of_its_broadcasts", start, start, sweep.other(start), 2, 1, 5, again))
