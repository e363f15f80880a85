"""What of a process besides its MPI objects is checkpointed, how what cannot be is told, and the ways around interception."""
import shutil
import subprocess
import time
from pathlib import Path

import pytest

import migrate
from harness import BUILD, CORES, MPIS, STOPPED, Case, has_mpi4py, mpirun, other, program


def stopped_at(case, mpi, call, *words, options=(), **more):
    return case.launch(*options, "--checkpoint-at", f"0:{call}", "--stop-after", *mpirun(mpi, 2), *words, expect=STOPPED, **more)


def test_what_cannot_be_saved_is_named(case):
    told = stopped_at(case, "openmpi", 5, program("holds_what_cannot_be_saved", "openmpi")).err
    for what in ("the FIFO", "a listening socket", "a socket connected to 127.0.0.1"):
        assert what in told, case.report(f"no word about {what}")
    assert case.rest("--", *mpirun("mpich", 2)) == "ok\n"


def test_what_cannot_be_saved_forbids_a_checkpoint(case):
    result = case.launch("--on-unsaveable=fail", "--checkpoint-at", "0:5", *mpirun("mpich", 2),
                         program("holds_what_cannot_be_saved", "mpich"))
    assert result.out == "ok\n" and "the FIFO" in result.err and case.generations() == [], case.report("fail")


@pytest.mark.parametrize("seconds", ["1", "30"])
def test_a_child_is_waited_for_or_named(case, seconds):
    began = time.monotonic()
    result = case.launch("--child-timeout", "2", "--checkpoint-at", "0:5", *(["--stop-after"] if seconds == "30" else []),
                         *mpirun("openmpi", 2), program("holds_what_cannot_be_saved", "openmpi"), "child", seconds,
                         expect=STOPPED if seconds == "30" else 0)
    assert ("the child process" in result.err) == (seconds == "30"), case.report("children")
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


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("way", ["", "on", "off", "MANA_PATCH"])
def test_system_calls_of_every_shape(case, mpi, way):
    """They are not filtered by the kernel unless somebody wishes it."""
    words = program("system_calls_of_every_shape", mpi)
    natively = case.run(*mpirun(mpi, 2), words).out
    env = {"MANA_PATCH": "off"} if way == "MANA_PATCH" else {"MANA_NET": way}
    expected = "Seccomp:\t2\nok\n" if way in ("on", "MANA_PATCH") else natively
    stopped_at(case, mpi, 5, words, env=env)
    assert case.rest("--", *mpirun(other(mpi), 2), env=env) == natively + expected, case.report(way)


@pytest.mark.parametrize("mpi", MPIS)
def test_system_calls_that_are_jumped_to(case, mpi):
    stopped_at(case, mpi, 5, program("system_calls_are_jumped_to", mpi))
    assert case.rest("--", *mpirun(other(mpi), 2)) == "ok\n"


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("at", [5, 15])
def test_system_calls_that_a_program_compiles(case, mpi, at):
    stopped_at(case, mpi, at, program("system_calls_of_every_shape", mpi), "compiles")
    assert case.rest("--", *mpirun(other(mpi), 2)) == "Seccomp:\t2\nok\n", case.report(f"stopped at call {at}")


@pytest.mark.parametrize("off", ["MANA_NET", "MANA_PATCH", "MANA_FSGSBASE"])
@pytest.mark.parametrize("name", ["threads_go_on_where_they_were", "descriptors_keep_what_is_in_them"])
def test_each_way_of_interception_alone(case, off, name):
    env = {off: "off"}
    stopped_at(case, "mpich", 5, program(name, "openmpi"), env=env)
    assert case.rest("--", *mpirun("openmpi", 2), env=env) == "ok\n", case.report(off)


def test_several_programs_in_one_job(case):
    one, two = program("counts_steps", "openmpi"), case.folder / "another"
    shutil.copy(one, two)
    words = [*mpirun("openmpi", 1), one, "20", "1000", ":", "-n", "1", two, "20", "1000"]
    first = case.launch("--checkpoint-at", "1:9", "--stop-after", *words, expect=STOPPED)
    second = case.restart("--", *mpirun("mpich", 2))
    assert (first.out + second.out).splitlines() == [f"step {i}" for i in range(1, 21)] + ["ok"], case.report("both parts")


@pytest.mark.parametrize("mpi", MPIS)
def test_sixty_thousand_mappings(case, mpi):
    stopped_at(case, mpi, 5, program("maps_as_much_as_is_allowed", mpi), 60000)
    assert case.rest("--", *mpirun(other(mpi), 2)) == "ok\n"


def in_time_namespace(seconds):
    """What runs a command on a host that seems to have run for so much longer."""
    words = ["unshare", "--time", "--fork", f"--monotonic={seconds}", f"--boottime={seconds}"]
    if subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        pytest.skip("no time namespace can be made here")
    return words


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("host", ["same", "longer", "shorter"])
def test_clocks_go_on_where_they_were(case, mpi, host):
    uptime = int(time.clock_gettime(time.CLOCK_MONOTONIC))
    other_host = [] if host == "same" else in_time_namespace(5_000_000 if host == "longer" else 60 - uptime)
    stopped_at(case, mpi, 5, program("waits_until_some_time", mpi))
    second = case.start(*other_host, "mana_restart", "ckpt", "--", *mpirun(other(mpi), 2))
    migrate.await_start(case, second)
    case.checkpoint(stop=True)  # they still wait
    assert second.wait().status == STOPPED, case.report("the second part")
    assert second.out() + case.restart("--", *mpirun(mpi, 2)).out == "ok\n"


@pytest.mark.parametrize("mpi", MPIS)
def test_threads_count_their_processor_time(case, mpi):
    stopped_at(case, mpi, 5, program("threads_count_their_processor_time", mpi))
    assert case.rest("--", *mpirun(other(mpi), 2)) == "ok\n"


HUGE_PAGES = 256  # two ranks map 12; MPIs, of other jobs too, take some when there are any


@pytest.fixture
def huge_pages():
    """Some, beside those that are in use; taken back afterwards."""
    number = Path("/proc/sys/vm/nr_hugepages")
    before = number.read_text()
    try:
        number.write_text(str(int(before) + HUGE_PAGES))
    except OSError:
        pytest.skip("huge pages cannot be set aside here")
    try:
        if int(number.read_text()) < int(before) + HUGE_PAGES:
            pytest.skip("no memory for huge pages")
        yield number
    finally:
        number.write_text(before)


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("enough", [True, False], ids=["enough", "none left"])
def test_huge_pages(case, huge_pages, mpi, enough):
    stopped_at(case, mpi, 5, program("maps_huge_pages", mpi))
    if not enough:
        huge_pages.write_text("0")
    second = case.restart("--", *mpirun(other(mpi), 2))
    assert ("there are not enough huge pages" in second.err) != enough, case.report("what is told")
    if enough:
        assert sorted(second.out.split("\n")) == ["", "ok", "rank 0: 1", "rank 1: 1"], case.report("what is huge")
    assert second.out.count("ok\n") == 1


@pytest.mark.parametrize("affinity", ["launcher", "saved"])
def test_processors_of_threads(case, affinity):
    if CORES < 2:
        pytest.skip("one processor")
    first = stopped_at(case, "mpich", 5, program("binds_its_threads", "openmpi"))
    second = case.restart("--affinity", affinity, "--", *mpirun("mpich", 2))
    bound = ["main 1", "thread 1"]
    assert (first.out + second.out).splitlines() == bound + (bound if affinity == "saved" else [f"main {CORES}", f"thread {CORES}"])


WRAPPER = """
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
static int calls;
int MPI_Allreduce(const void *in, void *out, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
  ++calls;
  return PMPI_Allreduce(in, out, count, type, op, comm);
}
__attribute__((destructor)) static void tell(void) {
  char name[64];
  sprintf(name, "calls-%s", getenv("OMPI_COMM_WORLD_RANK") ? getenv("OMPI_COMM_WORLD_RANK") : getenv("PMI_RANK") ? getenv("PMI_RANK") : "none");
  FILE *file = fopen(name, "w");
  if (!file) return;
  fprintf(file, "%d\\n", calls);
  fclose(file);
}
"""


@pytest.mark.parametrize("mpi", MPIS)
def test_a_tool_that_the_user_preloads(case, mpi):
    """It wraps the calls of the program, and not those that the system makes below."""
    (case.folder / "wrapper.c").write_text(WRAPPER)
    case.run(f"mpicc.{mpi}", "-shared", "-fPIC", "-o", "wrapper.so", "wrapper.c")
    env = {"LD_PRELOAD": case.folder / "wrapper.so"}
    native = case.run(*mpirun(mpi, 2), program("counts_steps", mpi), 20, 1000, env=env)
    expected = [(case.folder / f"calls-{rank}").read_text() for rank in (0, 1)]
    assert int(expected[0]) >= 20
    first = stopped_at(case, mpi, 12, program("counts_steps", mpi), 20, 1000, env=env)
    for rank in (0, 1):
        (case.folder / f"calls-{rank}").unlink()
    second = case.restart("--", *mpirun(other(mpi), 2), env=env)
    assert first.out + second.out == native.out, case.report("the output of both parts")
    # The application's own environment is that of its start, so its destructor writes the same names.
    assert [(case.folder / f"calls-{rank}").read_text() for rank in (0, 1)] == expected


ALLOCATORS = [Path("/usr/lib/x86_64-linux-gnu") / name for name in ("libjemalloc.so.2", "libtcmalloc_minimal.so.4")]


@pytest.mark.parametrize("allocator", ALLOCATORS, ids=lambda path: path.name)
@pytest.mark.parametrize("name", ["memory_changes_all_the_time", "threads_lock_in_every_way"])
def test_another_malloc(allocator, name, seed):
    if not allocator.exists():
        pytest.skip(f"no {allocator.name}")
    mpi = MPIS[seed % 2]
    migrate.migrate(name, other(mpi), mpi, 2, ["60"], seed=seed, within=0.4, most=2, env={"LD_PRELOAD": str(allocator)})


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


@pytest.mark.skipif(not has_mpi4py(), reason="no mpi4py")
@pytest.mark.parametrize("mpi", MPIS)
def test_a_python_script(case, mpi):
    (case.folder / "script.py").write_text(SCRIPT)
    stopped_at(case, mpi, 70, "/usr/bin/python3", "script.py")
    assert case.rest("--", *mpirun(other(mpi), 2)) == "ok\n"


MANA_SCRIPT = """
from mpi4py import MPI
import mana
comm = MPI.COMM_WORLD
events = []
mana.on_event(*(lambda what=what: events.append(what) for what in ('before', 'resume', 'restart')))
result = mana.checkpoint() if comm.rank == 0 else None
comm.Barrier()
if comm.rank == 0:
    print(result, mana.is_restarted(), *events, flush=True)
"""


@pytest.mark.skipif(not has_mpi4py(), reason="no mpi4py")
@pytest.mark.parametrize("mpi", MPIS)
def test_the_python_module(case, mpi):
    (case.folder / "script.py").write_text(MANA_SCRIPT)
    env = {"PYTHONPATH": str(BUILD / "lib" / "mana" / "python")}
    if mpi == "openmpi":  # what Debian's mpi4py is built for
        assert case.run(*mpirun(mpi, 2), "/usr/bin/python3", "script.py", env=env).out == "-1 0\n"
    assert case.launch(*mpirun(mpi, 2), "/usr/bin/python3", "script.py", env=env).out == "0 0 before resume\n"
    assert case.restart("--", *mpirun(other(mpi), 2)).out == "1 1 before restart\n"


def start_script(case, text):
    script = case.folder / "start.sh"
    script.write_text("#!/bin/bash\n" + text)
    script.chmod(0o755)
    return script


EXEC_FORMS = {
    "script": ["./start.sh"],
    "env": ["env", "-u", "HOME", "nice", "-n", "1"],
    "bash": ["bash", "-c", 'exec -a other "$0" "$@"'],
    "itself": ["bash", "-c", 'exec /proc/self/exe -c "exec \\$0" "$0"'],
    "both": ["./start.sh", "env", "SOME=thing"],
}


@pytest.mark.parametrize("form", EXEC_FORMS)
@pytest.mark.parametrize("start", MPIS)
@pytest.mark.parametrize("binary", MPIS)
def test_what_a_rank_executes_takes_its_place(case, binary, start, form):
    start_script(case, 'ulimit -c 0\nls > /dev/null\nexec "$@"\n')
    stopped_at(case, start, 5, *EXEC_FORMS[form], program("duplicates_are_congruent", binary))
    assert case.rest("--", *mpirun(other(start), 2)) == "ok\n"


@pytest.mark.parametrize("mpi", MPIS)
def test_a_script_is_spawned(case, mpi):
    spawning = program("spawns_what_cannot_start", mpi)
    start_script(case, f"exec {spawning}\n")
    assert case.launch(*mpirun(mpi, 2), "bash", "-c", 'exec -a ./start.sh "$0"', spawning).out == "ok\n"


def test_a_script_hands_on_its_descriptors_and_environment(case):
    """Also its limits and arguments; nothing of ours is among them."""
    look = ('import os, resource, sys; from mpi4py import MPI; '
            'print(os.read(5, 9), os.path.realpath("/proc/self/fd/6") == os.path.realpath("kept"), os.environ["SOME"], '
            'resource.getrlimit(resource.RLIMIT_NOFILE)[0], sorted(v for v in os.environ if v.startswith("MANA")), "LD_PRELOAD" in os.environ, '
            'sys.argv[1:], MPI.COMM_WORLD.size == 2) if MPI.COMM_WORLD.rank == 0 else None')
    (case.folder / "look.py").write_text(look)
    script = start_script(case, "exec 5< <(printf 123456789) 6> kept\nulimit -n 600\nexport SOME=thing\n"
                                'exec /usr/bin/python3 look.py "$@"\n')
    if not has_mpi4py():
        pytest.skip("no mpi4py")
    result = case.launch(*mpirun("mpich", 2), script, "a b", "", "*")
    assert result.out == "b'123456789' True thing 600 [] False ['a b', '', '*'] True\n", case.report("what it found")


@pytest.mark.parametrize("form", ["nothing", "a_folder", "no_program"])
def test_what_cannot_be_executed_fails_as_it_should(case, form):
    (case.folder / "no_program").write_bytes(b"\0\1\2\3")
    (case.folder / "no_program").chmod(0o755)
    (case.folder / "a_folder").mkdir()
    script = start_script(case, f'shopt -s execfail\nexec ./{form} 2> /dev/null\nexec "$@"\n')
    stopped_at(case, "openmpi", 5, script, program("duplicates_are_congruent", "openmpi"))
    assert case.rest("--", *mpirun("mpich", 2)) == "ok\n"


def test_a_program_that_a_child_starts_is_told_of(case):
    script = start_script(case, '"$@"\nexit $?\n')
    result = case.launch(*mpirun("openmpi", 2), script, program("duplicates_are_congruent", "openmpi"))
    assert result.out == "ok\n" and result.err.count("runs without checkpoints: a child") == 2, case.report("a child")


@pytest.mark.parametrize("text", ['"$@"\nexit $?\n', 'exec "$@"\n'])
def test_a_launcher_that_a_script_starts_is_told_of(case, text):
    result = case.launch(start_script(case, text), *mpirun("mpich", 2), program("duplicates_are_congruent", "mpich"))
    assert result.out == "ok\n" and result.err.count("there is no mana_launch in front of it") == 1, case.report("a launcher")
