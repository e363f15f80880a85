"""Runs jobs under mana_launch and mana_restart for the end-to-end tests.

A `Case` is one folder with everything that belongs to one run: inputs, checkpoints, the output of every command. It
is removed when the test has passed and kept, and named, when it has failed.

Nothing may hang and nothing may be left behind. Every command has a time limit; it runs in a session of its own, and
every process that descends from it carries the case's name in its environment (TEST_CASE_OF_MANA), by which it is found even when
a launcher has put it into another session. Only such processes are ever killed. When a time limit is reached, the stacks of
all of them are written into the folder first.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("MANA_BUILD", TOP / "build"))
BIN = Path(os.environ.get("MANA_BIN", BUILD / "bin"))
PROGRAMS = Path(os.environ.get("MANA_PROGRAMS", BUILD / "tests" / "programs"))
SOURCES = TOP / "tests" / "programs"

MPIS = ("openmpi", "mpich")
STOPPED = 85  # exit status of mana_launch and mana_restart after a checkpoint that stops the job
CORES = len(os.sched_getaffinity(0))
MARK = "TEST_CASE_OF_MANA"  # not MANA_..., which the ranks take out of the environment


class Failure(AssertionError):
    """A run did not do what it should; the text says what, where and how to repeat it."""


def other(mpi):
    return "mpich" if mpi == "openmpi" else "openmpi"


def mpirun(mpi, ranks=None):
    """The launcher's words, as a user would type them."""
    words = [f"mpirun.{mpi}"]
    if mpi == "openmpi":
        words.append("--oversubscribe")
    return words + (["-n", str(ranks)] if ranks else [])


def has_mpi4py():
    """Whether /usr/bin/python3, Debian's, has what it is built for."""
    return subprocess.run(["/usr/bin/python3", "-c", "import mpi4py, numpy"], capture_output=True).returncode == 0


def program(name, mpi):
    """Path of a test program as compiled for `mpi`."""
    return PROGRAMS / mpi / name


def source(name):
    """Source file of a program of the sweep."""
    return next(path for path in (SOURCES / f"{name}.c", SOURCES / f"{name}.f90") if path.exists())


class Result:
    """What a finished command has left: exit status, the text of both streams, seconds."""

    def __init__(self, words, status, out, err, seconds):
        self.words, self.status, self.out, self.err, self.seconds = words, status, out, err, seconds

    def __repr__(self):
        return f"[{self.status}] {' '.join(map(str, self.words))}"


class Running:
    """A command under way in a case."""

    def __init__(self, case, words, label, env, cwd):
        self.case, self.words, self.label = case, [str(w) for w in words], label
        self.out_path, self.err_path = case.folder / f"{label}.out", case.folder / f"{label}.err"
        self.started = time.monotonic()
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                self.words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=case.environment(env),
                cwd=cwd or case.folder, start_new_session=True)

    def out(self):
        return self.out_path.read_text(errors="replace")

    def err(self):
        return self.err_path.read_text(errors="replace")

    def running(self):
        return self.process.poll() is None

    def wait(self, limit=60):
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.case.write_stacks(self.label)
            self.case.kill()
            raise Failure(self.case.report(f"not over after {limit} s: {' '.join(self.words)}")) from None
        if status < 0:
            status = 128 - status
        return Result(self.words, status, self.out(), self.err(), time.monotonic() - self.started)

    def wait_until(self, condition, limit=60):
        """Polls until `condition()` is true; a failure when the command ends or the time is over before."""
        end = time.monotonic() + limit
        while not condition():
            if not self.running():
                raise Failure(self.case.report(f"ended early with {self.process.returncode}: {' '.join(self.words)}"))
            if time.monotonic() > end:
                self.case.write_stacks(self.label)
                raise Failure(self.case.report(f"waited {limit} s in vain for: {' '.join(self.words)}"))
            time.sleep(0.01)


class Case:
    """One folder, one environment, any number of commands; a context manager."""

    def __init__(self, name, ranks=2, repeat=None):
        # Short, because a Unix socket's path, with the runtime directory in it, has 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="mana-test-", dir=os.environ.get("MANA_TEST_TMP", "/tmp")))
        self.name, self.ranks, self.repeat = name, ranks, repeat
        self.mark = self.folder.name
        self.results = []
        self.count = 0
        (self.folder / "run").mkdir(mode=0o700)
        self.shared_memory = Path("/dev/shm") / self.mark  # Open MPI's segments, so that we know whose they are
        self.shared_memory.mkdir(mode=0o700)

    def environment(self, extra=None):
        env = dict(os.environ)
        env[MARK] = self.mark
        env["XDG_RUNTIME_DIR"] = str(self.folder / "run")
        env["PATH"] = f"{BIN}:{env['PATH']}"
        env["OMP_NUM_THREADS"] = "1"
        env["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
        # The second name of each is Open MPI 5's.
        env["OMPI_MCA_btl_vader_backing_directory"] = env["OMPI_MCA_btl_sm_backing_directory"] = str(self.shared_memory)
        # Two mpirun that start at the same moment fail when both make the folder that all jobs of a user share.
        env["OMPI_MCA_orte_tmpdir_base"] = env["PRTE_MCA_prte_tmpdir_base"] = str(self.folder)
        if self.ranks > CORES:
            env["OMPI_MCA_mpi_yield_when_idle"] = "1"
        if os.geteuid() == 0:
            env["OMPI_ALLOW_RUN_AS_ROOT"] = env["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        env.update(extra or {})
        return env

    def start(self, *words, env=None, cwd=None, label=None):
        self.count += 1
        return Running(self, words, label or f"{self.count}-{Path(str(words[0])).name}", env, cwd)

    def run(self, *words, expect=0, limit=60, env=None, cwd=None):
        """Runs to the end; `expect` is a status, several, or None for any."""
        result = self.start(*words, env=env, cwd=cwd).wait(limit)
        self.results.append(result)
        if expect is not None and result.status not in (expect if isinstance(expect, (tuple, list)) else (expect,)):
            raise Failure(self.report(f"exit status {result.status}, not {expect}: {' '.join(result.words)}"))
        return result

    def launch(self, *words, **more):
        return self.run("mana_launch", "--ckpt-dir", "ckpt", *words, **more)

    def restart(self, *words, **more):
        return self.run("mana_restart", "ckpt", *words, **more)

    def rest(self, *words, **more):
        """Restarts the job to its end. The standard output of all its parts: a rank that waits at a call for its checkpoint is let go
        when nothing is heard of the others, and beside other work the checkpoint may so fall behind the last line."""
        self.restart(*words, **more)
        return "".join(result.out for result in self.results)

    def checkpoint(self, stop=False, **more):
        return self.run("mana_status", "--checkpoint-and-stop" if stop else "--checkpoint", **more)

    def status(self):
        return json.loads(self.run("mana_status", "--json").out)

    def generations(self):
        """Numbers of the complete generations, ascending."""
        found = (re.fullmatch(r"gen-(\d+)", path.name) for path in (self.folder / "ckpt").glob("gen-*"))
        return sorted(int(match[1]) for match in found if match)

    # --- what is left behind, and how it is found ---

    def processes(self):
        """Pids of living processes of this case."""
        wanted = f"{MARK}={self.mark}".encode()
        pids = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            try:
                if wanted in Path(f"/proc/{entry}/environ").read_bytes().split(b"\0"):
                    pids.append(int(entry))
            except OSError:
                pass
        return pids

    def kill(self):
        for _ in range(50):
            pids = self.processes()
            if not pids:
                return
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            time.sleep(0.05)

    def write_stacks(self, label):
        """What the coordinator waits for, if there is one, and the frames of all threads of all processes."""
        with open(self.folder / f"{label}.stacks", "w") as file:
            try:
                subprocess.run(["mana_status", "--json"], env=self.environment({MARK: ""}), stdout=file, stderr=file,
                               stdin=subprocess.DEVNULL, timeout=5)
            except (OSError, subprocess.TimeoutExpired):
                pass
            for pid in self.processes():
                try:
                    name = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    file.write(f"==== {pid} {name}\n")
                    file.flush()
                    # A rank publishes the application's auxv, so gdb places none of the lower half's files by itself.
                    place = [word for path, base in mapped_files(pid) for word in ("-ex", f"add-symbol-file {path} -o {base:#x}")]
                    subprocess.run(["gdb", "-p", str(pid), "-batch", "-nx", "-iex", "set confirm off", "-iex",
                                    "set exec-file-mismatch off", "-iex", "set auto-solib-add off", *place, "-ex",
                                    "thread apply all bt 30"],
                                   stdout=file, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=30)
                except (OSError, subprocess.TimeoutExpired):
                    pass

    def check_nothing_left(self):
        end = time.monotonic() + 10
        while pids := self.processes():
            if time.monotonic() > end:
                names = [Path(f"/proc/{pid}/comm").read_text().strip() for pid in pids if Path(f"/proc/{pid}").exists()]
                self.write_stacks("left-behind")
                raise Failure(self.report(f"processes left behind: {dict(zip(pids, names))}"))
            time.sleep(0.02)
        if segments := sorted(path.name for path in self.shared_memory.iterdir()):
            raise Failure(self.report(f"left behind in shared memory: {segments}"))

    def report(self, what):
        lines = [f"{self.name}: {what}", f"folder: {self.folder}"]
        if self.repeat:
            lines.append(f"repeat: {self.repeat}")
        for path in sorted(self.folder.glob("*.out")) + sorted(self.folder.glob("*.err")):
            text = path.read_text(errors="replace").strip()
            if text:
                lines += [f"--- {path.name}", *text.splitlines()[-25:]]
        return "\n".join(lines)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                self.check_nothing_left()
        except Failure:
            kind = Failure
            raise
        finally:
            self.kill()
            shutil.rmtree(self.shared_memory, ignore_errors=True)
            if kind is None and not os.environ.get("MANA_TEST_KEEP"):
                shutil.rmtree(self.folder, ignore_errors=True)
            elif kind is not None and not issubclass(kind, Failure):
                print(f"folder: {self.folder}")


def mapped_files(pid):
    """Libraries and programs mapped by a process, each with the address at which it begins; two of some: each half has a libc."""
    found = []
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        fields = line.split(None, 5)
        if len(fields) == 6 and fields[5].startswith("/") and fields[2] == "00000000" and "(deleted)" not in line:
            found.append((fields[5], int(line.split("-")[0], 16)))
    return [(path, base) for path, base in found if Path(path).is_file() and Path(path).open("rb").read(4) == b"\x7fELF"]


def shared_memory():
    """What lies in /dev/shm, but for cases' own folders: an MPI that was ended cleanly takes its segments away."""
    return {name for name in os.listdir("/dev/shm") if not name.startswith("mana-test-")}
