"""What of a process besides its MPI objects is checkpointed, how what cannot be is told, and the ways around interception."""
import shutil
import subprocess
import time

import pytest

import migrate
from harness import MPIS, STOPPED, Case, mpirun, other, program


def stopped_at(case, mpi, call, *words, options=(), **more):
    return case.launch(*options, "--checkpoint-at", f"0:{call}", "--stop-after", *mpirun(mpi, 2), *words, expect=STOPPED, **more)


def test_what_cannot_be_saved_is_named(case):
    told = stopped_at(case, "openmpi", 4, program("holds_what_cannot_be_saved", "openmpi")).err
    for what in ("the FIFO", "a listening socket", "a socket connected to 127.0.0.1"):
        assert what in told, case.report(f"no word about {what}")
    assert case.restart("--", *mpirun("mpich", 2)).out == "ok\n"


def test_what_cannot_be_saved_forbids_a_checkpoint(case):
    result = case.launch("--on-unsaveable=fail", "--checkpoint-at", "0:4", *mpirun("mpich", 2),
                         program("holds_what_cannot_be_saved", "mpich"))
    assert result.out == "ok\n" and "the FIFO" in result.err and case.generations() == [], case.report("fail")


@pytest.mark.parametrize("seconds", ["1", "30"])
def test_a_child_is_waited_for_or_named(case, seconds):
    began = time.monotonic()
    result = case.launch("--child-timeout", "2", "--checkpoint-at", "0:4", *(["--stop-after"] if seconds == "30" else []),
                         *mpirun("openmpi", 2), program("holds_what_cannot_be_saved", "openmpi"), "child", seconds,
                         expect=STOPPED if seconds == "30" else 0)
    assert "the child process" in result.err, case.report("children")
    assert ("its exit status is lost" in result.err) == (seconds == "1"), case.report("children")
    assert case.generations() == [1] and time.monotonic() - began < 25
    case.kill()  # the child goes on


@pytest.mark.parametrize("files", ["truncate", "keep"])
def test_files_written_after_the_checkpoint(case, files):
    """A run that goes on for a while after its checkpoint, then is lost."""
    words = program("writes_lines", "openmpi")
    case.launch("--checkpoint-at", "0:7", *mpirun("openmpi", 2), words)
    expected = "".join(f"line {i}\n" for i in range(10))
    assert (case.folder / "lines-1.txt").read_text() == expected
    assert case.restart("--files", files, "--", *mpirun("mpich", 2)).out == "ok\n"
    text = (case.folder / "lines-1.txt").read_text()
    assert (text == expected) == (files == "truncate"), case.report(f"{files}: {text!r}")


def test_files_have_moved(case):
    (case.folder / "here").mkdir()
    stopped_at(case, "mpich", 7, program("writes_lines", "mpich"), case.folder / "here")
    (case.folder / "here").rename(case.folder / "there")
    refused = case.restart("--", *mpirun("openmpi", 2), expect=None)
    assert refused.status not in (0, STOPPED) and "lines-" in refused.err
    moved = case.restart("--map-path", f"{case.folder}/here={case.folder}/there", "--", *mpirun("openmpi", 2))
    assert moved.out == "ok\n"
    assert (case.folder / "there" / "lines-0.txt").read_text().count("line") == 10


@pytest.mark.parametrize("off", ["MANA_NET", "MANA_PATCH", "MANA_FSGSBASE"])
@pytest.mark.parametrize("name", ["threads_go_on_where_they_were", "descriptors_keep_what_is_in_them"])
def test_each_way_of_interception_alone(case, off, name):
    env = {off: "off"}
    stopped_at(case, "mpich", 5, program(name, "openmpi"), env=env)
    assert case.restart("--", *mpirun("openmpi", 2), env=env).out == "ok\n", case.report(off)


def test_several_programs_in_one_job(case):
    one, two = program("counts_steps", "openmpi"), case.folder / "another"
    shutil.copy(one, two)
    words = [*mpirun("openmpi", 1), one, "20", "1000", ":", "-n", "1", two, "20", "1000"]
    first = case.launch("--checkpoint-at", "1:9", "--stop-after", *words, expect=STOPPED)
    second = case.restart("--", *mpirun("mpich", 2))
    assert (first.out + second.out).splitlines() == [f"step {i}" for i in range(1, 21)] + ["ok"], case.report("both parts")


@pytest.mark.parametrize("mpi", MPIS)
def test_threads_inside_mpi_at_random_instants(mpi, seed):
    migrate.migrate("threads_talk_at_once", other(mpi), mpi, 2, ["150"], seed=seed, within=0.6, most=2)


@pytest.mark.parametrize("mpi", MPIS)
def test_threads_paired_by_tags_at_random_instants(mpi, seed):
    migrate.migrate("threads_pair_up_by_tag", mpi, mpi, 2, ["50"], seed=seed, within=0.6, most=3)


@pytest.mark.parametrize("mpi", MPIS)
def test_openmp_at_random_instants(mpi, seed):
    migrate.migrate("computes_with_openmp", other(mpi), mpi, 2, ["1500"], seed=seed, within=0.6, most=3)


SCRIPT = """
from mpi4py import MPI
import numpy as np
comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
total = np.zeros(1000)
for step in range(60):
    part = np.full(1000, rank + step, dtype='d')
    comm.Allreduce(part, total, op=MPI.SUM)
    assert (total == size * step + size * (size - 1) / 2).all()
    told = comm.sendrecv({'step': step, 'from': rank}, dest=(rank + 1) % size, source=(rank - 1) % size)
    assert told == {'step': step, 'from': (rank - 1) % size}
if rank == 0:
    print('ok', flush=True)
"""


def has_mpi4py():
    return subprocess.run(["/usr/bin/python3", "-c", "import mpi4py, numpy"], capture_output=True).returncode == 0


@pytest.mark.skipif(not has_mpi4py(), reason="no mpi4py")
@pytest.mark.parametrize("mpi", MPIS)
def test_a_python_script(case, mpi):
    (case.folder / "script.py").write_text(SCRIPT)
    stopped_at(case, mpi, 70, "/usr/bin/python3", "script.py")
    assert case.restart("--", *mpirun(other(mpi), 2)).out == "ok\n"


def test_a_shell_script_that_ends_in_the_program(case):
    script = case.folder / "start.sh"
    script.write_text(f"#!/bin/bash\nulimit -c 0\nexec {program('duplicates_are_congruent', 'openmpi')} \"$@\"\n")
    script.chmod(0o755)
    result = case.launch("--checkpoint-at", "0:5", "--stop-after", *mpirun("openmpi", 2), script, expect=None)
    if result.status == STOPPED:
        result = case.restart("--", *mpirun("mpich", 2))
    assert (result.status, result.out) == (0, "ok\n"), case.report("a script that execs")
