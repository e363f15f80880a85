"""mpi4py's own tests, of the version that Debian's package has, under both live MPIs with 1, 2 and 4 ranks.

Their source is fetched when this runs, with `apt-get source` (a deb-src line, and an archive that has it). Where it cannot be, or
MANA_MPI4PY_SOURCE names no folder with it either, this is skipped: test_mpi4py.py has scripts of ours that check the same calls.
What does not pass by itself under Open MPI, which mpi4py is built for, need not pass here.
"""
import os
import subprocess
from pathlib import Path

import pytest

from harness import MPIS, Case, Failure, has_mpi4py, mpirun

RUNNER = Path(__file__).with_name("programs") / "suite_of_mpi4py.py"
LIMIT = 300  # seconds for one run

# Not run, and why.
LEFT_OUT = {
    "test_spawn": "forty spawns, each of which starts the job again with all processes so far: minutes. mpi4py_processes.py "
                  "has what it checks",
    "test_dl": "calls no MPI",
    "test_doc": "calls no MPI",
}


def fetched(folder):
    """The folder with the tests in the source of Debian's package, or None."""
    words = "apt-get -q -o Acquire::Retries=0 -o Acquire::http::Timeout=15 source --download-only mpi4py".split()
    try:
        subprocess.run(words, cwd=folder, capture_output=True, timeout=90)
    except (OSError, subprocess.TimeoutExpired):
        return None
    archives = list(folder.glob("mpi4py_*.orig.tar.*"))
    if not archives:
        return None
    subprocess.run(["tar", "-xf", archives[0]], cwd=folder, check=True)
    return next(folder.glob("*/test"), None)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    if not has_mpi4py():
        pytest.skip("no mpi4py")
    given = os.environ.get("MANA_MPI4PY_SOURCE")
    folder = Path(given) / "test" if given else fetched(tmp_path_factory.mktemp("mpi4py"))
    if folder is None or not folder.is_dir():
        pytest.skip("the source of Debian's mpi4py cannot be fetched here")
    return folder


def modules(folder):
    return sorted(path.stem for path in folder.glob("test_*.py") if path.stem not in LEFT_OUT)


def outcomes(run, case, folder, some, ranks, launcher):
    """test -> its outcomes on all ranks, of some modules in one run. What has hung or crashed is missing."""
    results = case.folder / "-".join(["results", *some])[:40]
    try:
        run(*launcher, "/usr/bin/python3", RUNNER, folder, results, *some, expect=None, limit=LIMIT)
    except Failure:
        pass
    found = {}
    for path in (Path(f"{results}.{rank}") for rank in range(ranks)):
        for line in path.read_text().splitlines() if path.exists() else []:
            outcome, name = line.split()[:2]
            found.setdefault(name, []).append(outcome)
    return found


@pytest.fixture(scope="module")
def native(source):
    """ranks -> what its tests give by themselves under Open MPI."""
    known = {}

    def of(ranks):
        if ranks not in known:
            with Case("mpi4py by itself", ranks) as case:
                # A module in a run of its own: some abort.
                runs = (outcomes(case.run, case, source, [one], ranks, mpirun("openmpi", ranks)) for one in modules(source))
                known[ranks] = {name: all for found in runs for name, all in found.items()}
        return known[ranks]

    return of


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("mpi", MPIS)
def test_its_own_tests_pass(case, source, native, mpi, ranks):
    found = outcomes(case.launch, case, source, modules(source), ranks, mpirun(mpi, ranks))
    good = {"ok", "skipped"}
    passing = {name for name, all in native(ranks).items() if set(all) <= good and len(all) == ranks}
    bad = {name for name, all in found.items() if not set(all) <= good} - (native(ranks).keys() - passing)
    missing = {name for name in passing if len(found.get(name, [])) < ranks}
    assert len(passing) > 500 and found.get("end") == ["ok"] * ranks and not bad and not missing, case.report(
        f"{len(passing)} pass natively; bad: {sorted(bad)}; missing: {sorted(missing)}")
