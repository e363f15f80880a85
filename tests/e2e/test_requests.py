"""The ways to ask for a checkpoint, and what may not hold one up."""
import json
import os
import re
import signal
import time

import pytest

from harness import MPIS, STOPPED, TOP, Case, has_mpi4py, mpirun, other, program, shared_memory

STEPS = 120


def steps(case, mpi="openmpi", *options, count=STEPS, pause=20000, ranks=2):
    """Starts a job that writes one line for each of `count` steps."""
    return case.start("mana_launch", "--ckpt-dir", "ckpt", *options, *mpirun(mpi, ranks), program("counts_steps", mpi), count, pause)


def reached(job, number):
    return lambda: f"step {number}\n" in job.out()


def check_steps(case, *parts, count=STEPS):
    """Every line once, in order, over all parts."""
    lines = "".join(parts).splitlines()
    assert lines == [f"step {i}" for i in range(1, count + 1)] + ["ok"], case.report("lines are missing, doubled or out of order")


@pytest.mark.parametrize("mpi", MPIS)
def test_a_long_computation_and_a_blocked_receive_hold_nothing_up(mpi):
    with Case("compute", 4) as case:
        job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun(mpi, 4), program("computes_until_told", mpi))
        job.wait_until(lambda: "computing" in job.out())
        time.sleep(0.3)  # all others are blocked by now
        for stop in (False, True):
            taken = case.checkpoint(stop=stop, limit=30)
            assert taken.seconds < 15, case.report(f"the checkpoint took {taken.seconds:.1f} s")
        assert job.wait().status == STOPPED
        restarted = case.start("mana_restart", "ckpt", "--", *mpirun(other(mpi), 4))
        time.sleep(0.5)
        (case.folder / "go").touch()
        result = restarted.wait(60)
        assert (result.status, result.out) == (0, "ok\n"), case.report("after the restart")


def test_a_checkpoint_on_request_and_the_run_goes_on(case):
    job = steps(case)
    job.wait_until(reached(job, 10))
    told = case.checkpoint()
    assert re.search(r"/ckpt/gen-1$", told.out.strip()), told.out
    case.checkpoint()
    assert case.generations() == [1, 2]
    assert job.wait().status == 0
    check_steps(case, job.out())


def test_only_the_newest_generations_are_kept(case):
    job = steps(case, "mpich", "--keep", "1")
    job.wait_until(reached(job, 5))
    for number in (1, 2, 3):
        case.checkpoint()
        assert case.generations() == [number]
    assert job.wait().status == 0


def test_status_tells_about_the_job(case):
    job = steps(case)
    job.wait_until(reached(job, 5))
    status = case.status()
    assert len(status["ranks"]) == 2 and {rank["mpi"] for rank in status["ranks"]} == {"openmpi"}
    assert status["checkpoint_directory"] == str(case.folder / "ckpt")
    assert "counts_steps" in case.run("mana_status").out
    taken = json.loads(case.run("mana_status", "--checkpoint-and-stop", "--json").out)
    assert taken["generation"] == 1
    assert job.wait().status == STOPPED
    listed = case.run("mana_status", "--list", "--ckpt-dir", "ckpt").out
    assert "gen-1" in listed and "2 ranks" in listed
    array = json.loads(case.run("mana_status", "--list", "--json", "--ckpt-dir", "ckpt").out)
    assert array[0]["ranks"] == 2 and array[0]["mpi"] == "openmpi" and array[0]["bytes"] > 0
    case.run("mana_status", expect=69)


def test_an_interval(case):
    job = steps(case, "mpich", "-i", "0.5", "--keep", "100", count=150)
    result = job.wait()
    assert result.status == 0
    check_steps(case, result.out, count=150)
    assert len(case.generations()) >= 2
    # Any of them can be gone back to: then its part of the output comes again.
    again = case.run("mana_restart", "ckpt", "--generation", case.generations()[0], "--", *mpirun("openmpi", 2))
    lines = again.out.splitlines()
    assert lines[-2:] == ["step 150", "ok"] and lines == [f"step {i}" for i in range(151 - len(lines) + 1, 151)] + ["ok"]


def test_signals_to_mana_launch(case):
    job = steps(case, count=200)
    job.wait_until(reached(job, 5))
    job.process.send_signal(signal.SIGUSR1)
    job.wait_until(lambda: case.generations() == [1])
    job.process.send_signal(signal.SIGTERM)
    first = job.wait()
    assert first.status == STOPPED, case.report(f"exit status {first.status} after SIGTERM")
    check_steps(case, first.out, case.restart("--", *mpirun("mpich", 2)).out, count=200)


@pytest.mark.parametrize("mpi", MPIS)
def test_a_restart_that_is_ended_while_it_starts_loses_nothing(case, mpi):
    """Hydra that is told to end early leaves its processes in MPI_Init and waits for them, or ends with 0."""
    before = shared_memory()
    words = [*mpirun(other(mpi), 2), program("shares_memory_all_the_time", other(mpi)), "60"]
    case.launch("--checkpoint-at", "1:60", "--stop-after", *words, expect=STOPPED)
    for instant in range(1, 26):
        job = case.start("mana_restart", "ckpt", "--", *mpirun(mpi, 2))
        time.sleep(0.008 * instant)
        job.process.send_signal(signal.SIGTERM)
        ended = job.wait(30)
        if ended.status == 0:  # it was fast
            assert ended.out == "ok\n"
            break
        # Open MPI makes an empty file for an instant to see whether it can: who is ended just then, mpirun above all, leaves it.
        for name in shared_memory() - before:
            if re.fullmatch(r"open_mpi\.\d{4}", name) and os.path.getsize(f"/dev/shm/{name}") == 0:
                os.unlink(f"/dev/shm/{name}")
        before_main = ended.status == 128 + signal.SIGTERM and not ended.err
        assert ended.status == STOPPED or before_main, case.report(f"exit status {ended.status} at instant {instant}")
    else:
        assert case.restart("--", *mpirun(mpi, 2)).out == "ok\n"


@pytest.mark.skipif(not has_mpi4py(), reason="no mpi4py")
def test_a_job_that_has_left_mpi_has_time_to_end(case):
    script = "from mpi4py import MPI; import time; MPI.Finalize(); print('out'); time.sleep(3); print('over')"
    job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun("openmpi", 2), "/usr/bin/python3", "-u", "-c", script)
    job.wait_until(lambda: job.out().count("out") == 2)
    job.process.send_signal(signal.SIGTERM)
    ended = job.wait(30)
    assert (ended.status, ended.out.count("over")) == (0, 2) and "has called MPI_Finalize" in ended.err, case.report("the end")


@pytest.mark.parametrize("mpi", MPIS)
def test_a_rank_that_waits_in_mpi_init_can_be_ended(case, mpi):
    script = f'[ "${{OMPI_COMM_WORLD_RANK:-$PMI_RANK}}" = 1 ] && exec sleep 100; exec {program("counts_steps", mpi)}'
    job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun(mpi, 2), "sh", "-c", script)
    job.wait_until(lambda: "entering or leaving MPI" in case.run("mana_status", "--json", expect=None).out)
    time.sleep(0.5)
    for _ in range(2):
        job.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
    assert job.wait(20).status not in (0, STOPPED)


def test_a_job_that_was_cut_off_has_not_succeeded(case):
    """Whatever the launcher says: Hydra ends with 0 when it is told to end at a moment of its start."""
    launcher = case.folder / "mpirun.mpich"
    launcher.write_text('#!/bin/sh\ntrap "kill $!; wait; exit 0" TERM\nmpirun.mpich "$@" &\nwait\n')
    launcher.chmod(0o755)
    ranks = f'[ "$PMI_RANK" = 1 ] && exec sleep 100; exec {program("counts_steps", "mpich")}'
    job = case.start("mana_launch", "--ckpt-dir", "ckpt", launcher, "-n", 2, "sh", "-c", ranks)
    job.wait_until(lambda: "entering or leaving MPI" in case.run("mana_status", "--json", expect=None).out)
    for _ in range(2):
        job.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
    assert job.wait(20).status == 128 + signal.SIGTERM


def test_interrupt_ends_the_job(case):
    job = steps(case, count=2000)
    job.wait_until(reached(job, 5))
    job.process.send_signal(signal.SIGINT)
    assert job.wait(20).status not in (0, STOPPED)


@pytest.mark.parametrize("mpi", MPIS)
def test_the_program_asks_for_a_checkpoint(case, mpi):
    """mana.h: the call, and the callbacks before, after resume and after restart."""
    binary = program("asks_for_checkpoints", mpi)
    assert case.run(*mpirun(mpi, 2), binary).out == "not under mana\nok\n"
    first = case.launch(*mpirun(mpi, 2), binary)
    assert first.out.splitlines() == ["before", "resumed", "taken", "ok"], case.report("the run that goes on")
    assert case.generations() == [1]
    second = case.restart("--", *mpirun(other(mpi), 2))
    assert second.out.splitlines() == ["restarted", "back", "ok"], case.report("the run that comes back")


@pytest.mark.parametrize("start", MPIS)
def test_many_checkpoints_in_a_row(case, start):
    """Ten of them in one run, then a chain of restarts with a new checkpoint in each."""
    job = steps(case, start, count=400)
    job.wait_until(reached(job, 3))
    for _ in range(10):
        case.checkpoint()
    case.checkpoint(stop=True)
    parts = [job.wait().out]
    mpi = start
    for _ in range(3):
        mpi = other(mpi)
        job = case.start("mana_restart", "ckpt", "--", *mpirun(mpi, 2))
        job.wait_until(lambda: job.out() != "")
        case.checkpoint(stop=True)
        parts.append(job.wait().out)
    parts.append(case.restart("--", *mpirun(other(mpi), 2)).out)
    check_steps(case, *parts, count=400)


def test_images_do_not_grow(case, everything):
    """Checkpoint after checkpoint, restart after restart: same size."""
    sizes = []
    count = 12 if everything else 4
    job = steps(case, count=100000, pause=1000)
    for turn in range(count):
        job.wait_until(lambda: job.out() != "")
        case.checkpoint(stop=True)
        job.wait()
        newest = case.folder / "ckpt" / f"gen-{case.generations()[-1]}"
        sizes.append(sum(os.stat(path).st_blocks * 512 for path in newest.glob("*")))
        job = case.start("mana_restart", "ckpt", "--", *mpirun("openmpi" if turn % 2 else "mpich", 2))
    job.process.send_signal(signal.SIGINT)
    job.wait(20)
    assert max(sizes[1:]) < 1.1 * sizes[0] + (1 << 20), f"sizes of the images: {sizes}"


def test_generations_are_private(case):
    old = os.umask(0)
    try:
        steps(case, "openmpi", "--checkpoint-at", "0:20", "--stop-after").wait()
    finally:
        os.umask(old)
    assert (case.folder / "ckpt").stat().st_mode & 0o077 == 0
    for path in (case.folder / "ckpt").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("mpi", MPIS)
def test_synchronous_sends_of_several_threads_with_one_tag(case, mpi):
    case.run(f"mpicc.{mpi}", "-O1", "-pthread", "-o", "app", TOP / "tests" / "e2e" / "programs" / "threads_send_synchronously.c")
    job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun(mpi, 2), "./app")
    job.wait_until(lambda: "go" in job.out())
    time.sleep(0.2)  # all threads are sending
    case.checkpoint(stop=True)
    assert job.wait().status == STOPPED, case.report("the first part")
    assert job.out() + case.restart("--", *mpirun(other(mpi), 2)).out == "go\nok\n", case.report("both parts")


@pytest.mark.parametrize("mpi", MPIS)
def test_a_receive_that_the_checkpoint_has_completed_comes_after_a_send(case, mpi):
    case.run(f"mpicc.{mpi}", "-o", "app", TOP / "tests" / "e2e" / "programs" / "asks_for_any_of_a_receive_and_a_send.c")
    job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun(mpi, 2), "./app")
    job.wait_until(lambda: "go" in job.out())
    case.checkpoint(stop=True)
    assert job.wait().status == STOPPED, case.report("the first part")
    (case.folder / "go-on").touch()
    assert job.out() + case.restart("--", *mpirun(other(mpi), 2)).out == "go\nok\n", case.report("both parts")
