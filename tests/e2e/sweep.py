#!/usr/bin/python3
"""One program, checkpointed and stopped at one MPI call of one rank, then restarted: the unit of the sweep.

    tests/e2e/sweep.py PROGRAM --binary openmpi --start openmpi --restart mpich -n 4 --at 2:17

runs one case by hand and keeps its folder. `--at 2:all` takes every call of rank 2. `--again N` stops it a second time, N calls
of that rank after the restart.
"""
import argparse
import itertools
import os
import random
import re
import sys
import threading
import traceback
from dataclasses import dataclass

import count_calls
import harness
from harness import MPIS, STOPPED, Case, Failure, mpirun, other


def programs():
    """Names of all programs, sorted."""
    names = (path.stem for end in ("c", "f90") for path in harness.SOURCES.glob(f"*.{end}"))
    return sorted(name for name in names if binaries(name))


def polls(name):
    """Whether the number of calls differs from run to run."""
    return re.search(r"^(//|!) polls", harness.source(name).read_text(), re.MULTILINE) is not None


def binaries(name):
    """The MPIs that it is compiled for; what needs certain versions of them, as far as it has been."""
    text = harness.source(name).read_text()
    if "\n// needs " in text:
        return [mpi for mpi in MPIS if harness.program(name, mpi).exists()]
    return [mpi for mpi in MPIS if f"\n// {other(mpi)} only" not in text]


@dataclass(frozen=True)
class Point:
    """Where a program is checkpointed, and under what. `restart` None: it goes on without having been stopped. `again`: it is
    stopped a second time so many calls after the restart, and then restarted under `start`."""
    program: str
    binary: str
    start: str
    restart: str
    ranks: int
    rank: int
    call: int
    again: int = 0

    def command(self):
        restart = self.restart or "none"
        again = f" --again {self.again}" if self.again else ""
        return (f"/usr/bin/python3 tests/e2e/sweep.py {self.program} --binary {self.binary} --start {self.start} "
                f"--restart {restart} -n {self.ranks} --at {self.rank}:{self.call}{again}")


def counts(name, ranks, start):
    """MPI calls of each rank when it starts under that MPI: how often the program's own reductions are called, which call MPI
    themselves, is the MPI's affair."""
    return count_calls.calls(name, ranks, start if start in binaries(name) else other(start))


def may_be_missed(point):
    """Whether the run may end before the requested call is reached: at the last call (MPI_Finalize may be too late for a
    checkpoint), at the first (MPI may not be up yet), or when the number of calls is not fixed."""
    total = counts(point.program, point.ranks, point.start)[point.rank]
    return point.call <= 2 or point.call >= total - 1 or (polls(point.program) and point.call > total // 2)


def go_on(case, point, limit):
    """From the first checkpoint to the end; returns the standard output of all parts. The second may be too late for the run."""
    restart, out = point.restart, ""
    if point.again:
        at = ["--checkpoint-at", f"{point.rank}:{point.again}", "--stop-after"]
        second = case.restart(*at, "--", *mpirun(restart, point.ranks), expect=(0, STOPPED), limit=limit)
        if second.status == 0:
            return second.out
        restart, out = point.start, second.out
    return out + case.restart("--", *mpirun(restart, point.ranks), expect=0, limit=limit).out


def run(point, limit=60):
    """Runs the case; raises Failure. Returns whether a checkpoint was taken."""
    name = f"{point.program} ({point.binary} binary, {point.start} to {point.restart}, {point.ranks} ranks, call {point.call})"
    at = ["--checkpoint-at", f"{point.rank}:{point.call}"]
    with Case(name, point.ranks, repeat=point.command()) as case:
        binary = harness.program(point.program, point.binary)
        stop = ["--stop-after"] if point.restart else []
        expect = (0, STOPPED) if stop and may_be_missed(point) else STOPPED if stop else 0
        first = case.launch(*at, *stop, *mpirun(point.start, point.ranks), binary, expect=expect, limit=limit)
        out = first.out
        if first.status == STOPPED:
            if case.generations() != [1]:
                raise Failure(case.report(f"generations {case.generations()}, not [1]"))
            out += go_on(case, point, limit)
        elif not point.restart and not case.generations() and not may_be_missed(point):
            raise Failure(case.report("no checkpoint was taken"))
        if out.split() != ["ok"]:
            raise Failure(case.report(f"standard output of all parts is {out!r}, not one 'ok'"))
        return first.status == STOPPED or bool(case.generations())


def run_all(points, jobs):
    """Runs the cases, `jobs` at a time; returns the texts of the failures."""
    failures = []
    turn, points = threading.Lock(), iter(points)

    def work():
        while True:
            with turn:
                point = next(points, None)
            if point is None:
                return
            try:
                run(point)
            except Failure as failure:
                failures.append(str(failure))
            except Exception:
                failures.append(f"{point.command()}\n{traceback.format_exc()}")

    workers = [threading.Thread(target=work) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return failures


CROSSING = [(binary, start, other(start)) for binary, start in itertools.product(MPIS, MPIS)]
STAYING = [(binary, start, start) for binary, start in itertools.product(MPIS, MPIS)]
GOING_ON = [(binary, start, None) for binary, start in itertools.product(MPIS, MPIS)]


def compiled(name, combinations):
    """Those whose binary there is."""
    return [combination for combination in combinations if combination[0] in binaries(name)]


def every_point(name):
    """The complete sweep: all calls of one rank, in the four combinations of binary and direction, with 2 and 4 ranks;
    and with 2, at every fifth call, a restart under the same MPI and a run that goes on."""
    for ranks in (2, 4):
        for turn, (binary, start, restart) in enumerate(compiled(name, CROSSING)):
            rank = turn % ranks
            for call in range(1, counts(name, ranks, start)[rank] + 1):
                yield Point(name, binary, start, restart, ranks, rank, call)
    for turn, (binary, start, restart) in enumerate(compiled(name, STAYING + GOING_ON)):
        rank = (turn + 1) % 2
        for call in range(1 + turn % 5, counts(name, 2, start)[rank] + 1, 5):
            yield Point(name, binary, start, restart, 2, rank, call)


def some_points(name, seed):
    """An endless random sequence in which every four neighbours have all four combinations, then the others now and then. Half
    of those that cross are stopped again after the restart."""
    choose = random.Random(f"{name} {seed}")
    while True:
        crossing, staying, going_on = (compiled(name, some) for some in (CROSSING, STAYING, GOING_ON))
        combinations = choose.sample(crossing, len(crossing)) + [choose.choice(staying), choose.choice(going_on)]
        for turn, (binary, start, restart) in enumerate(combinations):
            ranks = 2 + 2 * ((turn + seed) % 2)
            rank = choose.randrange(ranks)
            calls = counts(name, ranks, start)[rank]
            again = choose.randrange(2, max(calls // 2, 3)) if start != restart and restart and choose.random() < 0.5 else 0
            yield Point(name, binary, start, restart, ranks, rank, choose.randrange(2, calls + 1), again)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="+", help="names in tests/programs, or 'all'")
    parser.add_argument("--binary", choices=MPIS, default="openmpi")
    parser.add_argument("--start", choices=MPIS, default="openmpi")
    parser.add_argument("--restart", choices=(*MPIS, "none"), default="mpich")
    parser.add_argument("-n", type=int, default=2, dest="ranks")
    parser.add_argument("--at", default="0:all", metavar="RANK:CALL")
    parser.add_argument("--again", type=int, default=0)
    parser.add_argument("--keep-going", action="store_true")
    args = parser.parse_args()
    rank, call = args.at.split(":")
    names = programs() if args.program == ["all"] else args.program
    failures = done = 0
    if call != "all":
        os.environ["MANA_TEST_KEEP"] = "1"
    for name in names:
        total = counts(name, args.ranks, args.start)[int(rank)]
        for number in range(1, total + 1) if call == "all" else [int(call)]:
            restart = None if args.restart == "none" else args.restart
            point = Point(name, args.binary, args.start, restart, args.ranks, int(rank), number, args.again)
            done += 1
            try:
                taken = run(point)
                print(f"{'passed' if taken else 'passed (not reached)'}: {name} {rank}:{number}/{total}", flush=True)
            except Failure as failure:
                failures += 1
                print(f"FAILED: {failure}\n", flush=True)
                if not args.keep_going:
                    return 1
    print(f"{done - failures} of {done} passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
