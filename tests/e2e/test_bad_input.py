"""A user's mistake gets one clear sentence and its own exit status, and nothing is started."""
import os
import subprocess

import pytest

from harness import BUILD, STOPPED, Failure, mpirun, program


def refused(case, status, *words, says=(), **more):
    """The command fails with this status, at most three lines, without a stack, and its text has all of `says`."""
    result = case.run(*words, expect=status, limit=30, **more)
    text = result.err.strip()
    problems = [word for word in says if word not in text]
    if not text or len(text.splitlines()) > 3 or "Assertion" in text or "terminate called" in text or problems or result.out:
        raise Failure(case.report(f"the message of {result} is not one clear sentence{f', without {problems}' if problems else ''}"))
    return result


APP = program("counts_steps", "openmpi")


def test_usage(case):
    refused(case, 2, "mana_launch")
    refused(case, 2, "mana_launch", "--no-such-option", "mpirun", says=["--no-such-option"])
    refused(case, 2, "mana_launch", "--checkpoint-at", "zero", *mpirun("openmpi", 2), APP)
    refused(case, 2, "mana_restart", "--generation", "x")
    refused(case, 2, "mana_status", "--checkpoint", "--checkpoint-and-stop")
    for tool in ("mana_launch", "mana_restart", "mana_status"):
        assert "Exit status" in case.run(tool, "--help").out


def test_no_such_launcher(case):
    refused(case, 127, "mana_launch", "/nowhere/mpirun", "-n", 2, APP, says=["/nowhere/mpirun"])


def test_no_such_program(case):
    refused(case, 127, "mana_launch", *mpirun("openmpi", 2), "./no-such-program", says=["no-such-program"])


def test_a_file_that_is_not_executable(case):
    (case.folder / "text").write_text("hello\n")
    refused(case, 126, "mana_launch", *mpirun("openmpi", 2), "./text", says=["./text"])
    os.chmod(case.folder / "text", 0o700)
    refused(case, (126, 127), "mana_launch", *mpirun("openmpi", 2), "./text", says=["./text"])
    refused(case, 126, "mana_launch", *mpirun("openmpi", 2), "./", says=["./"])


def test_a_static_program(case):
    (case.folder / "static.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-static", "-o", "static", "static.c"], cwd=case.folder, check=True)
    refused(case, 78, "mana_launch", *mpirun("openmpi", 2), "./static", says=["static"])


def test_a_setuid_program(case):
    app = case.folder / "setuid"
    app.write_bytes(APP.read_bytes())
    app.chmod(0o4755)
    refused(case, 78, "mana_launch", *mpirun("openmpi", 2), "./setuid", says=["setuid"])


def test_a_program_of_another_machine(case):
    app = bytearray(APP.read_bytes())
    app[18] = 183  # e_machine: AArch64
    (case.folder / "foreign").write_bytes(app)
    os.chmod(case.folder / "foreign", 0o700)
    refused(case, (78, 126), "mana_launch", *mpirun("openmpi", 2), "./foreign", says=["foreign"])


def test_a_program_that_is_not_mpi(case):
    """Runs, once for each rank, or is refused with a sentence."""
    for mpi in ("openmpi", "mpich"):
        result = case.launch(*mpirun(mpi, 2), "/bin/echo", "hello", expect=None)
        if result.status == 0:
            assert result.out == "hello\n" * 2
        else:
            assert result.status == 78 and "echo" in result.err


def test_a_checkpoint_directory_that_cannot_be(case):
    (case.folder / "file").write_text("")
    start = [*mpirun("openmpi", 2), APP]
    refused(case, 73, "mana_launch", "--ckpt-dir", "file", *start, says=["file"])
    refused(case, 73, "mana_launch", "--ckpt-dir", "file/below", *start, says=["file"])
    refused(case, (73, 77), "mana_launch", "--ckpt-dir", "/proc/ckpt", *start, says=["/proc/ckpt"])
    shared = case.folder / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    refused(case, 77, "mana_launch", "--ckpt-dir", "shared", *start, says=["shared"])


@pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/usr/sbin/runuser"), reason="needs root to become somebody else")
def test_a_checkpoint_directory_of_somebody_else(case):
    case.folder.chmod(0o755)
    mine = case.folder / "mine"
    mine.mkdir(mode=0o700)
    theirs = case.folder / "run-theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    theirs.chmod(0o700)
    refused(case, 77, "runuser", "-u", "nobody", "--", "env", f"XDG_RUNTIME_DIR={theirs}", "mana_launch", "--ckpt-dir", mine,
            *mpirun("mpich", 2), APP, says=["mine"])


def test_no_checkpoint_there(case):
    refused(case, 66, "mana_restart", "nowhere", "--", *mpirun("openmpi", 2), says=["nowhere"])
    (case.folder / "empty").mkdir(mode=0o700)
    refused(case, 66, "mana_restart", "empty", "--", *mpirun("openmpi", 2), says=["empty"])
    refused(case, 66, "mana_status", "--list", "--ckpt-dir", "empty")


def test_the_wrong_number_of_ranks(case):
    case.launch("--checkpoint-at", "0:30", "--stop-after", *mpirun("openmpi", 2), APP, 50, 1000, expect=STOPPED)
    refused(case, 78, "mana_restart", "ckpt", "--", *mpirun("mpich", 3), says=["2", "3"])
    refused(case, 127, "mana_restart", "ckpt", "--", "/nowhere/mpirun", says=["/nowhere/mpirun"])
    refused(case, (66, 2), "mana_restart", "ckpt", "--generation", 9, says=["9"])
    result = case.restart("--", *mpirun("mpich"))  # none given: as many as there were
    assert result.out.endswith("step 50\nok\n")


def test_status_without_a_job(case):
    refused(case, 69, "mana_status")
    refused(case, 69, "mana_status", "--checkpoint")
    refused(case, 69, "mana_status", "--job", "none-of-ours", says=["none-of-ours"])


def test_a_directory_in_use(case):
    job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun("openmpi", 2), APP, 3000, 10000)
    job.wait_until(lambda: "step 3\n" in job.out())
    refused(case, 75, "mana_launch", "--ckpt-dir", "ckpt", *mpirun("openmpi", 2), APP, says=["pid"])
    case.checkpoint()
    refused(case, 75, "mana_restart", "ckpt", "--", *mpirun("openmpi", 2), says=["pid"])
    case.checkpoint(stop=True)
    assert job.wait().status == STOPPED


def test_a_front_without_us(case):
    """Loaded by a plain execve the front says what is wrong instead of crashing."""
    fronts = BUILD / "lib" / "mana" / "fronts"
    result = case.run(APP, expect=None, env={"LD_LIBRARY_PATH": str(fronts)}, limit=20)
    assert result.status not in (0, 134, 139), result
    assert "mana" in result.err
