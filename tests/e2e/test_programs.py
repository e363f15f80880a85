"""The sweep: each program of tests/programs, checkpointed at its MPI calls and restarted under the other MPI."""
import itertools
import time

import pytest

import count_calls
import harness
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


# Rank 0 has left broadcasts that rank 1 has not come to; a signal of the restarted process to itself is waiting.
SECOND_STOPS = [("a_root_runs_far_ahead_of_its_broadcasts", 1, 5, 2), ("a_root_runs_far_ahead_of_its_broadcasts", 1, 5, 6),
                ("signal_handlers_stay_installed", 0, 4, 2)]


@pytest.mark.parametrize("name, rank, call, again", SECOND_STOPS)
@pytest.mark.parametrize("start", sweep.MPIS)
def test_a_restarted_job_is_stopped_again(start, name, rank, call, again):
    sweep.run(sweep.Point(name, start, start, sweep.other(start), 2, rank, call, again))


@pytest.mark.parametrize("name", ["a_barrier_between_two_groups_waits_for_every_member",
                                  "nonblocking_collectives_between_two_groups_are_completed",
                                  "what_is_written_beside_a_collective_write_stays",
                                  "who_has_no_part_in_a_rooted_collective_passes_nothing",
                                  "who_is_a_neighbour_twice_gets_each_block_in_its_place"])
@pytest.mark.parametrize("start", sweep.MPIS)
@pytest.mark.parametrize("binary", sweep.MPIS)
def test_faults_of_a_live_mpi_are_not_the_programs(case, binary, start, name):
    """What an MPI refuses, hangs in or does otherwise than the other, under both and across a migration."""
    words = [harness.program(name, binary), "all-ways"]
    case.launch("--checkpoint-at", "1:12", "--stop-after", *harness.mpirun(start, 4), *words, expect=harness.STOPPED)
    assert case.rest("--", *harness.mpirun(sweep.other(start), 4)) == "ok\n", case.report("the output of both parts")


def bytes_available():
    with open("/proc/meminfo") as lines:
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))


@pytest.mark.skipif(bytes_available() < 12 << 30, reason="needs 12 GiB of memory")
@pytest.mark.parametrize("state", ["unexpected", "posted"])
@pytest.mark.parametrize("start", sweep.MPIS)
def test_a_message_of_more_than_two_gibibytes(case, start, state):
    binary = start if state == "unexpected" else sweep.other(start)
    words = [harness.program("sends_more_than_two_gibibytes", binary), state]
    case.launch("--checkpoint-at", "0:9", "--stop-after", *harness.mpirun(start, 2), *words, expect=harness.STOPPED, limit=120)
    assert case.rest("--", *harness.mpirun(sweep.other(start), 2), limit=120) == "ok\n", case.report("the message")
