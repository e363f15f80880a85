"""How a job may be started: each form of the command line, what the program sees, and what the user gets back."""
import pytest

from harness import MPIS, STOPPED, mpirun, other, program


def words(*arguments):
    return "".join(a.encode().hex() + " " for a in arguments)


@pytest.mark.parametrize("mpi", MPIS)
def test_arguments_and_environment_arrive_byte_for_byte(case, mpi):
    arguments = ["a b", "", "--", "-x", "it's \"quoted\"", "line\nbreak", "tab\t\\ $HOME `date` *", "ü", "x" * 100_000]
    command = [*mpirun(mpi, 2), program("tells_its_arguments", mpi), *arguments]
    native = case.run(*command, env={"TELL": "the truth"})
    assert words("a b", "", "--", "-x") in native.out and "TELL=the truth" in native.out
    assert case.launch("--", *command, env={"TELL": "the truth"}).out == native.out


@pytest.mark.parametrize("mpi", MPIS)
def test_several_programs_in_one_job(case, mpi):
    """MPMD: programs separated by ':', with a migration."""
    first = program("counts_steps", mpi)
    # Two different files so that each rank must come back as its own program.
    second = case.folder / "counts_steps_too"
    second.write_bytes(first.read_bytes())
    second.chmod(0o700)
    job = case.launch("--checkpoint-at", "2:50", "--stop-after", *mpirun(mpi, 1), first, 30, 1000, ":", "-n", 2, second, 30, 1000,
                      expect=STOPPED)
    again = case.restart("--", *mpirun(other(mpi), 3))
    assert (job.out + again.out).splitlines() == [f"step {i}" for i in range(1, 31)] + ["ok"]


@pytest.mark.parametrize("mpi", MPIS)
def test_mana_launch_inside_the_launcher(case, mpi):
    """mpirun -n 2 mana_launch ./app"""
    job = case.start(*mpirun(mpi, 2), "mana_launch", "--ckpt-dir", "ckpt", program("counts_steps", mpi), 60, 20000)
    job.wait_until(lambda: "step 5\n" in job.out())
    case.checkpoint()
    case.checkpoint(stop=True)
    first = job.wait()
    assert first.status in (0, STOPPED)  # the launcher is not ours and gives what it makes of its ranks
    again = case.restart("--", *mpirun(other(mpi), 2))
    lines = [line for line in (first.out + again.out).splitlines() if line.startswith("step ") or line == "ok"]
    assert lines == [f"step {i}" for i in range(1, 61)] + ["ok"]


def test_a_program_without_a_launcher(case):
    """A singleton, or not MPI at all: runs as a single process, or is refused with a sentence."""
    result = case.launch("/bin/echo", "hello", expect=None)
    if result.status == 0:
        assert result.out == "hello\n"
    else:
        assert result.status == 78 and len(result.err.strip().splitlines()) >= 1


def test_ranks_that_never_call_mpi_init_are_told_of(case):
    result = case.launch("-i", "1", *mpirun("openmpi", 2), "sh", "-c", "sleep 12; true")
    assert result.err.splitlines() == ["mana_launch: the checkpoint waits: rank 0 has not called MPI_Init yet; "
                                       "MPI in a child process of it is not seen"]


@pytest.mark.parametrize("mpi", MPIS)
def test_the_jobs_own_status_comes_back(case, mpi):
    binary = program("ends_with_a_status", mpi)
    for arguments in (["0"], ["3"], ["7", "abort"]):
        native = case.run(*mpirun(mpi, 2), binary, *arguments, expect=None)
        case.launch(*mpirun(mpi, 2), binary, *arguments, expect=native.status)
    native = case.run(*mpirun(mpi, 2), binary, 9, "signal", expect=None)
    ours = case.launch(*mpirun(mpi, 2), binary, 9, "signal", expect=None)
    assert ours.status == native.status or ours.status == 128 + 9


@pytest.mark.parametrize("mpi", MPIS)
def test_the_program_sees_no_trace_of_us(case, mpi):
    result = case.launch(*mpirun(mpi, 2), program("sees_no_trace_of_us", mpi), env={"LD_LIBRARY_PATH": "/nonexistent/of-the-user"})
    assert result.out == "ok\n"


def test_the_installed_tree_works_from_any_prefix(case):
    """cmake --install: every part finds the others relative to itself."""
    from harness import BIN, BUILD
    if BIN != BUILD / "bin":
        pytest.skip("the commands under test are not those of the build")
    prefix = case.folder / "some prefix"
    case.run("cmake", "--install", BUILD, "--prefix", prefix)
    job = case.run(prefix / "bin" / "mana_launch", "--ckpt-dir", "ckpt", "--checkpoint-at", "1:20", "--stop-after",
                   *mpirun("openmpi", 2), program("counts_steps", "openmpi"), 20, 1000, expect=STOPPED)
    again = case.run(prefix / "bin" / "mana_restart", "ckpt", "--", *mpirun("mpich", 2))
    assert (job.out + again.out).splitlines() == [f"step {i}" for i in range(1, 21)] + ["ok"]
