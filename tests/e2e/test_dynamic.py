"""Processes that are started while the job runs, and groups that find each other by ports."""
import random
import re

import pytest

from harness import MPIS, STOPPED, mpirun, other, program

GROWN = "goes on with the processes of MPI_Comm_spawn"


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("binary", MPIS)
def test_parents_and_children_move_to_the_other_mpi(case, binary, mpi):
    """Two ranks have spawned three processes twice; all eight go on under the other MPI."""
    job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun(mpi, 2), program("spawns_children", binary), "4")
    job.wait_until(lambda: job.err().count(GROWN) == 2)
    job.wait_until(lambda: sum(rank["state"] == "running" for rank in case.status()["ranks"]) == 8)
    case.checkpoint(stop=True)
    assert job.wait().status == STOPPED
    result = case.restart("--", *mpirun(other(mpi)), limit=120)
    assert result.out == "ok\n", case.report("after the restart")


def moved_at_random_call(case, turn, seed, calls, name, *words):
    """The output of a job that is stopped at one of `calls` of a parent, if it gets there, and goes on under the other MPI."""
    choose = random.Random(f"{seed} {turn}")
    binary, mpi = MPIS[turn % 2], MPIS[turn // 2]
    at = f"{choose.randrange(2)}:{choose.choice(calls)}"
    first = case.launch("--checkpoint-at", at, "--stop-after", *mpirun(mpi, 2), program(name, binary), *words,
                        expect=(0, STOPPED), limit=120)
    return first.out + (case.restart("--", *mpirun(other(mpi)), limit=120).out if first.status == STOPPED else "")


@pytest.mark.parametrize("turn", range(4))
def test_a_checkpoint_before_in_and_after_a_spawn(case, turn, seed):
    """Before the spawn, in it (the job starts again and spawns once more), or after it."""
    assert moved_at_random_call(case, turn, seed, range(2, 40), "spawns_children") == "ok\n", case.report("output")


@pytest.mark.parametrize("waits", ["barrier", "allreduce"])
@pytest.mark.parametrize("mpi", MPIS)
def test_who_was_let_into_a_collective_withdraws_for_a_spawn(case, mpi, waits):
    """The checkpoint that rank 1 asks for lets it into a collective; rank 0, which would have to come there, spawns instead."""
    first = case.launch("--checkpoint-at", "1:10", *mpirun(mpi, 2), program("spawns_while_others_wait", other(mpi)),
                        str(int(waits == "allreduce")), limit=50)
    assert first.out == "ok\n" and first.err.count(GROWN) == 2, case.report("spawning while another rank waits")


@pytest.mark.parametrize("mpi", MPIS)
def test_children_that_disconnect_hold_up_no_spawn(case, mpi):
    result = case.launch(*mpirun(mpi, 1), program("spawns_while_children_disconnect", other(mpi)), limit=50)
    assert result.out == "ok\n" and result.err.count(GROWN) == 4, case.report("spawning while children disconnect")


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("binary", MPIS)
def test_who_has_freed_a_communicator_holds_up_no_spawn(case, binary, mpi):
    result = case.launch(*mpirun(mpi, 2), program("spawns_while_others_have_freed", binary), limit=50)
    assert result.out == "ok\n" and result.err.count(GROWN) == 3, case.report("spawning while others have freed")


@pytest.mark.parametrize("how", ["exit", "_exit", "exec", "fexecve"])
@pytest.mark.parametrize("mpi", MPIS)
def test_who_has_disconnected_waits_for_nobody_in_finalize(case, mpi, how):
    words = [*mpirun(mpi, 2), program("children_end_before_parents", other(mpi)), how]
    result = case.launch(*words, limit=60)
    assert sorted(result.out.split()) == ["child"] * 5 + ["parent"] * 2, case.report("their last words")
    ranks = [int(n) for n in re.findall(r"committed: (\d+) ranks", result.err)]
    assert len(ranks) == 4 and (how in ("exec", "fexecve") or max(ranks) < 5), case.report("places of processes that have ended were not taken")


@pytest.mark.parametrize("turn", range(4))
def test_who_has_finalized_is_checkpointed(case, turn, seed):
    out = moved_at_random_call(case, turn, seed, range(4, 24), "children_end_before_parents", "exit")
    assert sorted(out.split()) == ["child"] * 5 + ["parent"] * 2, case.report("their last words")


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("binary", MPIS)
def test_who_has_ended_leaves_nothing_behind(case, binary, mpi):
    words = [*mpirun(mpi, 1), program("children_leave_nothing_behind", binary)]
    assert case.launch(*words, limit=60).out == "ok\n"
    first = case.launch("--checkpoint-at", "0:12", "--stop-after", *words, expect=STOPPED, limit=60)
    assert case.restart("--", *mpirun(other(mpi)), limit=60).out == "ok\n" and first.out == ""


@pytest.mark.parametrize("mpi", MPIS)
def test_an_open_session_does_not_hold_up_the_others_for_ever(case, mpi):
    result = case.launch(*mpirun(mpi, 2), program("session_is_open_in_finalize", "mpich"), limit=60)
    assert result.out == "done\n" * 3


@pytest.mark.parametrize("mpi", MPIS)
def test_what_cannot_be_spawned_is_an_error(case, mpi):
    script = case.folder / "ends-at-once"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    result = case.launch(*mpirun(mpi, 2), program("spawns_what_cannot_start", other(mpi)), "./no-such-program", script,
                         limit=120)
    assert result.out == "ok\n" and "./no-such-program is not there" in result.err, case.report("errors of spawns")


def test_nothing_is_spawned_where_the_launcher_is_not_ours(case):
    result = case.run(*mpirun("mpich", 2), "mana_launch", "--ckpt-dir", "ckpt", program("spawns_what_cannot_start", "mpich"),
                      expect=None)
    assert result.out != "ok\n" and "mana_launch mpirun" in result.err, case.report("a spawn inside of the launcher")


@pytest.mark.parametrize("mpi", MPIS)
def test_groups_are_connected_by_ports(case, mpi):
    """The checkpoint falls into an MPI_Comm_accept that nobody answers yet."""
    job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun(mpi, 4), program("connects_by_ports", other(mpi)), "3")
    job.wait_until(lambda: job.err().count("is not of this job") == 4)
    case.checkpoint(stop=True)
    assert job.wait().status == STOPPED
    assert case.restart("--", *mpirun(other(mpi), 4)).out == "ok\n", case.report("after the restart")
