"""One job, stopped and restarted again and again, under the other MPI each time: nothing of it grows.

`--cycles 200` for the long run. What is compared is what a process hands on to the next through its image: the lower half
is a new one every time, so a descriptor, mapping or thread too many must be one of the upper half's, or made for one.
"""
import os
import time
from pathlib import Path
from statistics import mean, median

import pytest

from harness import MPIS, STOPPED, Case, mpirun, other, program

WINDOW = range(0x2000_0000_0000, 0x3000_0000_0000)
FIRST_OF_LOWER_HALF = 500  # descriptors: it keeps its own above


def figures(pid):
    """Of one process: descriptors of the application, mappings in the window, threads."""
    descriptors = [fd for fd in os.listdir(f"/proc/{pid}/fd") if int(fd) < FIRST_OF_LOWER_HALF]
    mappings = [line for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if int(line.split("-")[0], 16) in WINDOW]
    return {"descriptors": len(descriptors), "mappings": len(mappings), "threads": len(os.listdir(f"/proc/{pid}/task"))}


def measure(case):
    total = {}
    for rank in case.status()["ranks"]:
        for name, value in figures(rank["pid"]).items():
            total[name] = total.get(name, 0) + value
    return total


def runs_again(case):
    def look():
        status = case.run("mana_status", "--json", expect=None)
        return status.status == 0 and status.out.count('"running"') == case.ranks
    return look


def ends(values):
    """What the first and the last cycles of a long list have in common."""
    part = max(len(values) // 4, 1)
    return median(values[:part]), median(values[-part:])


ALLOWED = {"descriptors": 0, "mappings": 2, "threads": 2, "bytes": 1 << 18}


@pytest.mark.parametrize("start", MPIS)
def test_nothing_grows_with_the_number_of_cycles(start, cycles):
    with Case(f"{cycles} cycles", 2) as case:
        binary, mpi = program("holds_on_to_everything", start), start
        seen = {name: [] for name in MPIS}
        seconds = []
        job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun(mpi, 2), binary)
        for cycle in range(cycles):
            began = time.monotonic()
            job.wait_until(runs_again(case))
            time.sleep(0.3)
            now = measure(case)
            case.checkpoint(stop=True)
            assert job.wait().status == STOPPED, case.report(f"cycle {cycle}")
            newest = case.folder / "ckpt" / f"gen-{case.generations()[-1]}"
            now["bytes"] = sum(path.stat().st_blocks * 512 for path in newest.glob("rank-*.mana"))
            seen[mpi].append(now)
            mpi = other(mpi)
            job = case.start("mana_restart", "ckpt", "--", *mpirun(mpi, 2))
            seconds.append(time.monotonic() - began)
        (case.folder / "go").touch()
        result = job.wait()
        assert (result.status, result.out) == (0, "ok\n"), case.report("the end")
        for name, list_of in seen.items():
            for what, allowed in ALLOWED.items():
                values = [now[what] for now in list_of[1:]]
                print(f"{name}: {what} {values}")
                first, last = ends(values)
                assert last - first <= allowed, case.report(f"{name}: {what} grew from {first} to {last}: {values}")
        part = max(cycles // 4, 1)
        print(f"seconds for a cycle: {mean(seconds[:part]):.2f} at first, {mean(seconds[-part:]):.2f} at last")
        assert median(seconds[-part:]) < 3 * median(seconds[:part]) + 2, case.report(f"cycles take longer: {seconds}")
