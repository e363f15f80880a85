"""Checks that all ranks of a script make in the same order, through mpi4py.

A value that is wrong is noted and the check goes on, so that no rank waits for one that has given up; after an exception
of Python the check is over. What is noted goes to stderr, at most four times for each check on each rank. At the end
rank 0 prints "ok", or how many failures there were on all ranks. Arguments that are names of checks choose these alone.
"""
import array
import collections
import functools
import sys
import traceback

import numpy
from mpi4py import MPI

WORLD, SELF = MPI.COMM_WORLD, MPI.COMM_SELF
RANK, SIZE = WORLD.rank, WORLD.size

checks = []
noted = collections.Counter()  # failures of each check
current = ""


def check(function):
    checks.append(function)
    return function


def on_self_and_world(function):
    """A check that is made on both communicators."""
    for comm, name in (SELF, "_on_self"), (WORLD, "_on_world"):
        made = functools.partial(function, comm)
        made.__name__ = function.__name__ + name
        check(made)
    return function


def of_its_own(number):
    """A communicator of all ranks for that check: every other has them in reversed order."""
    return WORLD.Split(0, -RANK) if number % 2 else WORLD.Dup()


def on_communicators(function):
    """A check with a communicator of all ranks, then with one of each rank alone."""
    number = len(checks)

    @functools.wraps(function)
    def made():
        comm = of_its_own(number)
        try:
            function(comm)
            alone = SELF.Dup()
            function(alone)
            alone.Free()
        finally:
            comm.Free()
    check(made)
    return function


def between_groups(function):
    """A check with an inter-communicator, every other time a duplicate, and the own side's number; on two ranks at least."""
    number = len(checks)

    @functools.wraps(function)
    def made():
        comm = of_its_own(number)
        try:
            if comm.size > 1:
                first = (comm.size + 2) // 4
                color = int(comm.rank >= first)
                local = comm.Split(color)
                inter = local.Create_intercomm(0, comm, 0 if color else first)
                copy = inter.Dup() if number % 2 else inter
                if number % 2:
                    inter.Free()
                function(copy, color)
                copy.Free()
                local.Free()
        finally:
            comm.Free()
    check(made)
    return function


def note(what):
    """A failure, with the lines that led to it from the check on."""
    noted[current] += 1
    if noted[current] > 4:
        return
    lines = []
    for frame, line in traceback.walk_stack(sys._getframe(1)):
        if frame.f_code is run.__code__:
            break
        if frame.f_globals is not globals():
            lines.insert(0, f"line {line}")
    sys.stderr.write(f"rank {RANK}: {', '.join([current, *lines])}: {what}\n")


def plain(value):
    return value.tolist() if isinstance(value, (numpy.ndarray, array.array, numpy.generic)) else value


def same(found, expected, what="the value"):
    if isinstance(found, numpy.ndarray) or isinstance(expected, numpy.ndarray):
        equal = numpy.array_equal(found, expected)
    else:
        equal = plain(found) == plain(expected)
    if not equal:
        note(f"{what} is {plain(found)!r:.200}, not {plain(expected)!r:.200}")


def true(condition, what="the condition"):
    if not condition:
        note(f"not true: {what}")


def refused(errors, call, *arguments, **named):
    """The call raises an exception of MPI with this error class, or with one of these."""
    errors = errors if isinstance(errors, tuple) else (errors,)
    what = f"{getattr(call, '__qualname__', call)}{arguments!r:.200}"
    try:
        call(*arguments, **named)
    except MPI.Exception as error:
        if error.Get_error_class() not in errors:
            note(f"{what}: error class {error.Get_error_class()} ({error}), not {errors}")
    else:
        note(f"{what}: no error, not {errors}")


def raises(kind, call, *arguments):
    """The call raises an exception of Python."""
    try:
        call(*arguments)
    except kind:
        return
    note(f"{call} did not raise {kind.__name__}")


def hinted(key, value):
    """An info with one hint."""
    info = MPI.Info.Create()
    info.Set(key, value)
    return info


def run():
    global current
    chosen = {function.__name__ for function in checks} & set(sys.argv[1:])
    for function in checks:
        current = function.__name__
        if chosen and current not in chosen:
            continue
        try:
            function()
        except Exception:
            note(traceback.format_exc())
        WORLD.Barrier()
    failures = WORLD.allreduce(sum(noted.values()))
    if RANK == 0:
        print("ok" if failures == 0 else f"{failures} failures", flush=True)
