#!/usr/bin/python3
"""A program that runs for a while, checkpointed and stopped at random instants and restarted under the other MPI each time.

    tests/e2e/migrate.py PROGRAM [ARGUMENT...] --binary openmpi --start openmpi -n 2 --runs 10

runs it by hand. On a failure the delays of the run are told; --seed repeats them.
"""
import argparse
import json
import os
import random
import sys
import time

import harness
from harness import MPIS, STOPPED, Case, Failure, mpirun, other


def await_start(case, job):
    """Until all ranks run, or the job has ended."""
    while job.running():
        told = case.run("mana_status", "--json", expect=None, limit=90)
        if told.status == 0:
            ranks = json.loads(told.out)["ranks"]
            if ranks and all(rank["state"] == "running" for rank in ranks):
                return
        time.sleep(0.02)


def ask_to_stop(case, job):
    """A checkpoint that stops the job; false when it ended before."""
    while job.running():
        asked = case.run("mana_status", "--checkpoint-and-stop", expect=None, limit=90)
        if asked.status == 0:
            return True
        if asked.status not in (69, 75):  # no coordinator (yet, or any more), or not all of MPI is up
            if job.running():
                raise Failure(case.report(f"mana_status ended with {asked.status}: {asked.err.strip()}"))
            return False
        time.sleep(0.05)
    return False


def migrate(program, binary, start, ranks, arguments=(), seed=0, within=0.5, most=1000, expected="ok", options=(), env=None,
            keep_mpi=False, compared=str.split):
    """Runs it to its end, with a migration at some instant of the first `within` seconds of each part; raises Failure. Returns how many there were.
    `compared` gives what of the output must be as expected."""
    choose = random.Random(seed)
    path = harness.program(program, binary) if "/" not in str(program) else program
    repeat = (f"/usr/bin/python3 tests/e2e/migrate.py {program} {' '.join(map(str, arguments))} --binary {binary} "
              f"--start {start} -n {ranks} --seed {seed} --within {within}")
    with Case(f"{program} ({binary} binary, {start} first, {ranks} ranks, seed {seed})", ranks, repeat=repeat) as case:
        mpi, out, delays = start, "", []
        words = ["mana_launch", "--ckpt-dir", "ckpt", *options, *mpirun(mpi, ranks), path, *arguments]
        while True:
            job = case.start(*words, env=env)
            delay = choose.random() * within
            await_start(case, job)
            time.sleep(delay)
            stopped = len(delays) < most and ask_to_stop(case, job)
            result = job.wait(120)
            out += result.out
            delays.append(round(delay, 3))
            case.name += f" {delay:.3f}"
            if result.status not in ((0, STOPPED) if stopped else (0,)):
                raise Failure(case.report(f"exit status {result.status}"))
            if result.status == 0:
                break
            mpi = mpi if keep_mpi else other(mpi)
            words = ["mana_restart", "ckpt", *options, "--", *mpirun(mpi, ranks)]
        if compared(out) != compared(expected):
            raise Failure(case.report(f"standard output of all parts is {out!r}, not {expected!r}"))
        return len(delays) - 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="a name in tests/programs, or a path")
    parser.add_argument("arguments", nargs="*")
    parser.add_argument("--binary", choices=MPIS, default="openmpi")
    parser.add_argument("--start", choices=MPIS, default="openmpi")
    parser.add_argument("-n", type=int, default=2, dest="ranks")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--within", type=float, default=0.5)
    parser.add_argument("--expected", default="ok")
    args = parser.parse_args()
    total = failures = 0
    for seed in range(args.seed, args.seed + args.runs):
        try:
            begun = time.monotonic()
            done = migrate(args.program, args.binary, args.start, args.ranks, args.arguments, seed, args.within,
                           expected=args.expected)
            total += done
            print(f"seed {seed}: {done} migrations, {time.monotonic() - begun:.1f} s", flush=True)
        except Failure as failure:
            failures += 1
            print(f"FAILED: {failure}\n", flush=True)
    print(f"{total} migrations, {failures} of {args.runs} runs failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
