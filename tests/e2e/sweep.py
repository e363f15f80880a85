#!/usr/bin/python3
"""One program, checkpointed and stopped at one MPI call of one rank, then restarted: the unit of the sweep.

    tests/e2e/sweep.py PROGRAM --binary openmpi --start openmpi --restart mpich -n 4 --at 2:17

runs one case by hand and keeps its folder. `--at 2:all` takes every call of rank 2.
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
    return sorted(path.stem for end in ("c", "f90") for path in harness.SOURCES.glob(f"*.{end}"))


def polls(name):
    """Whether the number of calls differs from run to run."""
    return re.search(r"^(//|!) polls", harness.source(name).read_text(), re.MULTILINE) is not None


@dataclass(frozen=True)
class Point:
    """Where a program is checkpointed, and under what. `restart` None: it goes on without having been stopped."""
    program: str
    binary: str
    start: str
    restart: str
    ranks: int
    rank: int
    call: int

    def command(self):
        restart = self.restart or "none"
        return (f"/usr/bin/python3 tests/e2e/sweep.py {self.program} --binary {self.binary} --start {self.start} "
                f"--restart {restart} -n {self.ranks} --at {self.rank}:{self.call}")


def may_be_missed(point):
    """Whether the run may end before the requested call is reached: at the last call (MPI_Finalize may be too late for a
    checkpoint), at the first (MPI may not be up yet), or when the number of calls is not fixed."""
    total = count_calls.calls(point.program, point.ranks)[point.rank]
    return point.call <= 2 or point.call >= total - 1 or (polls(point.program) and point.call > total // 2)


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
            out += case.restart("--", *mpirun(point.restart, point.ranks), expect=0, limit=limit).out
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


def every_point(name):
    """The complete sweep: all calls of one rank, in the four combinations of binary and direction, with 2 and 4 ranks;
    and with 2, at every fifth call, a restart under the same MPI and a run that goes on."""
    for ranks in (2, 4):
        counts = count_calls.calls(name, ranks)
        for turn, (binary, start, restart) in enumerate(CROSSING):
            rank = turn % ranks
            for call in range(1, counts[rank] + 1):
                yield Point(name, binary, start, restart, ranks, rank, call)
    counts = count_calls.calls(name, 2)
    for turn, (binary, start, restart) in enumerate(STAYING + GOING_ON):
        rank = (turn + 1) % 2
        for call in range(1 + turn % 5, counts[rank] + 1, 5):
            yield Point(name, binary, start, restart, 2, rank, call)


def some_points(name, seed):
    """An endless random sequence in which every four neighbours have all four combinations, then the others now and then."""
    choose = random.Random(f"{name} {seed}")
    while True:
        combinations = choose.sample(CROSSING, 4) + [choose.choice(STAYING), choose.choice(GOING_ON)]
        for turn, (binary, start, restart) in enumerate(combinations):
            ranks = 2 + 2 * ((turn + seed) % 2)
            counts = count_calls.calls(name, ranks)
            rank = choose.randrange(ranks)
            yield Point(name, binary, start, restart, ranks, rank, choose.randrange(2, counts[rank] + 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="+", help="names in tests/programs, or 'all'")
    parser.add_argument("--binary", choices=MPIS, default="openmpi")
    parser.add_argument("--start", choices=MPIS, default="openmpi")
    parser.add_argument("--restart", choices=(*MPIS, "none"), default="mpich")
    parser.add_argument("-n", type=int, default=2, dest="ranks")
    parser.add_argument("--at", default="0:all", metavar="RANK:CALL")
    parser.add_argument("--keep-going", action="store_true")
    args = parser.parse_args()
    rank, call = args.at.split(":")
    names = programs() if args.program == ["all"] else args.program
    failures = done = 0
    if call != "all":
        os.environ["MANA_TEST_KEEP"] = "1"
    for name in names:
        total = count_calls.calls(name, args.ranks)[int(rank)]
        for number in range(1, total + 1) if call == "all" else [int(call)]:
            restart = None if args.restart == "none" else args.restart
            point = Point(name, args.binary, args.start, restart, args.ranks, int(rank), number)
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
