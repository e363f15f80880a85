# Communication through mpi4py: collectives with buffers, vectors, objects, neighbours and between groups, point to
# point with buffers and objects, matched probes, mpi4py.util. What is checked follows mpi4py's own tests.
#
# Every check runs on all ranks in the same order, on a communicator of its own. A value that is wrong is noted and the
# check goes on, so that the ranks stay together. Rank 0 prints "ok" at the end if nothing was wrong on any rank.

import array
import itertools
import sys
import traceback

import numpy as np
from mpi4py import MPI
from mpi4py.util import dtlib, pkl5

WORLD = MPI.COMM_WORLD
INTEGERS = dict(b=MPI.SIGNED_CHAR, h=MPI.SHORT, i=MPI.INT, l=MPI.LONG, q=MPI.LONG_LONG, B=MPI.UNSIGNED_CHAR,
                H=MPI.UNSIGNED_SHORT, I=MPI.UNSIGNED, L=MPI.UNSIGNED_LONG, Q=MPI.UNSIGNED_LONG_LONG)
REALS = dict(f=MPI.FLOAT, d=MPI.DOUBLE, g=MPI.LONG_DOUBLE)
COMPLEX = dict(F=MPI.C_FLOAT_COMPLEX, D=MPI.C_DOUBLE_COMPLEX, G=MPI.C_LONG_DOUBLE_COMPLEX)
TYPES = {**INTEGERS, **REALS, **COMPLEX, "?": MPI.C_BOOL}
EVERY_TYPE = TYPES
if WORLD.size > 2:  # Ranks that share processors take long for all of them.
    TYPES = {code: TYPES[code] for code in "biLdG?"}
SOME = {code: TYPES[code] for code in "bidG"}
PLAIN = [None, True, -7, 2**63 - 1, -2.17, 1 + 2j, "mpi4py", b"\0\1"]
OBJECTS = [*PLAIN, list(PLAIN), tuple(PLAIN), {f"k{i}": v for i, v in enumerate(PLAIN)}, frozenset(PLAIN), "x" * 70000]

failures = 0
noted = {}
checks = []


def check(function):
    """Runs the function with a communicator of all ranks."""
    checks.append((function, False))
    return function


def check_between_groups(function):
    """Runs the function with an inter-communicator, when there are two ranks at least."""
    checks.append((function, True))
    return function


def note(what):
    global failures
    failures += 1
    noted[current] = noted.get(current, 0) + 1
    if noted[current] <= 4:
        print(f"rank {WORLD.rank}: {current}: {what}", file=sys.stderr, flush=True)


def same(got, expected, what=""):
    equal = type(got) == type(expected) and got == expected
    if not isinstance(equal, bool) or not equal:
        equal = np.array_equal(got, expected)
    if not equal:
        line = sys._getframe(1).f_lineno
        note(f"line {line}: {what} is {str(got)[:200]}, not {str(expected)[:200]}")


def true(condition, what=""):
    if not condition:
        note(f"line {sys._getframe(1).f_lineno}: {what} is not true")


def raises(error, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except MPI.Exception as e:
        if e.Get_error_class() != error:
            name = MPI.Get_error_string(e.Get_error_class())
            note(f"line {sys._getframe(1).f_lineno}: error class {e.Get_error_class()} ({name}), not {error}")
    else:
        note(f"line {sys._getframe(1).f_lineno}: no error, not even {error}")


def filled(value, code, shape=()):
    return np.full(shape, np.asarray(value).astype(code))


def counted(first, code, n):
    return np.arange(first, first + n).astype(code)


def ways(comm, name):
    """The blocking call and the non-blocking one with its completion."""
    yield getattr(comm, name)
    # Between groups of several ranks the non-blocking ones hang in Open MPI 4.1.4 itself.
    if comm.Is_inter() and WORLD.size > 2:
        return
    start = getattr(comm, "I" + name.lower())
    yield lambda *args, **kwargs: start(*args, **kwargs).Wait()

    def by_tests(*args, **kwargs):
        request = start(*args, **kwargs)
        while not request.Test():
            pass
        true(request == MPI.REQUEST_NULL, "request")
    if WORLD.size <= 2:
        yield by_tests


# Collectives with buffers.


@check
def barriers(comm):
    comm.Barrier()
    comm.barrier()
    comm.Ibarrier().Wait()
    requests = [comm.Ibarrier() for _ in range(5)]
    MPI.Request.Waitall(requests)
    true(not any(requests))


@check
def broadcasts(comm):
    for way in ways(comm, "Bcast"):
        for (code, kind), root, n in itertools.product(TYPES.items(), range(comm.size), (0, 1, 7)):
            buffer = counted(root, code, n) if comm.rank == root else filled(-1, code, n)
            way([buffer, kind], root=root)
            same(buffer, counted(root, code, n))
        for code, root in itertools.product("bhilqfd", range(comm.size)):
            buffer = array.array(code, [root] * 3 if comm.rank == root else [-1] * 3)
            way((buffer, 3, code), root)
            same(buffer, array.array(code, [root] * 3))


@check
def broadcasts_of_large_buffers(comm):
    for way in ways(comm, "Bcast"):
        buffer = np.arange(300000) if comm.rank == comm.size - 1 else np.zeros(300000, dtype=int)
        way(buffer, comm.size - 1)
        same(buffer, np.arange(300000))


@check
def gathers(comm):
    for way in ways(comm, "Gather"):
        for (code, kind), root, n in itertools.product(TYPES.items(), range(comm.size), (0, 1, 3)):
            received = filled(-1, code, (comm.size, n)) if comm.rank == root else None
            way([counted(comm.rank, code, n), kind], received, root)
            if comm.rank == root:
                same(received, [counted(source, code, n) for source in range(comm.size)] if n else received)


@check
def scatters(comm):
    for way in ways(comm, "Scatter"):
        for (code, kind), root, n in itertools.product(TYPES.items(), range(comm.size), (0, 1, 3)):
            sent = np.array([counted(to, code, n) for to in range(comm.size)]) if comm.rank == root else None
            received = filled(-1, code, n)
            way(sent if sent is None else [sent, kind], [received, kind], root)
            same(received, counted(comm.rank, code, n))


@check
def all_gather(comm):
    for way in ways(comm, "Allgather"):
        for (code, kind), n in itertools.product(TYPES.items(), (0, 1, 3)):
            received = filled(-1, code, (comm.size, n))
            way([counted(comm.rank, code, n), n, kind], [received, n, kind])
            same(received, [counted(source, code, n) for source in range(comm.size)])
    # The type and count of the sender may differ from the receiver's where the signature is the same.
    pair = MPI.INT.Create_contiguous(2).Commit()
    received = filled(-1, "i", (comm.size, 4))
    comm.Allgather([counted(comm.rank, "i", 4), 2, pair], [received, 4, MPI.INT])
    same(received, [counted(source, "i", 4) for source in range(comm.size)])
    pair.Free()


@check
def all_to_all(comm):
    for way in ways(comm, "Alltoall"):
        for (code, kind), n in itertools.product(TYPES.items(), (0, 1, 3)):
            sent = np.array([counted(10 * comm.rank + to, code, n) for to in range(comm.size)])
            received = filled(-1, code, (comm.size, n))
            way([sent, kind], [received, n, kind])
            same(received, [counted(10 * source + comm.rank, code, n) for source in range(comm.size)])


ARITHMETIC = [(MPI.SUM, lambda a: a.sum(0)), (MPI.PROD, lambda a: a.prod(0))]
ORDER = [(MPI.MAX, lambda a: a.max(0)), (MPI.MIN, lambda a: a.min(0))]
LOGICAL = [(MPI.LAND, lambda a: a.astype(bool).all(0)), (MPI.LOR, lambda a: a.astype(bool).any(0)),
           (MPI.LXOR, lambda a: a.astype(bool).sum(0) % 2)]
BITWISE = [(MPI.BAND, np.bitwise_and.reduce), (MPI.BOR, np.bitwise_or.reduce), (MPI.BXOR, np.bitwise_xor.reduce)]


def reductions():
    for code, kind in TYPES.items():
        which = ARITHMETIC * (code != "?") + ORDER * (code in INTEGERS or code in REALS)
        which += LOGICAL * (code in INTEGERS or code == "?") + BITWISE * (code in INTEGERS)
        for op, local in which:
            logical = any(op == other for other, _ in LOGICAL)

            def part(source, n, code=code, logical=logical):
                return counted(source, code, n) if not logical else (np.arange(source, source + n) % 2).astype(code)
            yield code, kind, op, part, lambda parts, local=local, code=code: local(np.array(parts)).astype(code)


@check
def reduces(comm):
    for way in ways(comm, "Reduce"):
        for code, kind, op, part, local in reductions():
            root = (comm.size + ord(code)) % comm.size
            parts = [part(source, 3) for source in range(comm.size)]
            received = filled(1, code, 3)
            way([parts[comm.rank], kind], [received, kind] if comm.rank == root else None, op, root)
            same(received, local(parts) if comm.rank == root else filled(1, code, 3), (code, op == MPI.SUM))
            buffer = parts[comm.rank].copy()
            way(MPI.IN_PLACE if comm.rank == root else buffer, buffer if comm.rank == root else None, op, root)
            same(buffer, local(parts) if comm.rank == root else parts[comm.rank])


@check
def all_reduces(comm):
    for way in ways(comm, "Allreduce"):
        for code, kind, op, part, local in reductions():
            parts = [part(source, 3) for source in range(comm.size)]
            received = filled(1, code, 3)
            way([parts[comm.rank], kind], [received, kind], op)
            same(received, local(parts), code)
            buffer = parts[comm.rank].copy()
            way(MPI.IN_PLACE, [buffer, kind], op)
            same(buffer, local(parts), code)


@check
def scans(comm):
    for name, last in ("Scan", 1), ("Exscan", 0):
        for way in ways(comm, name):
            for code, kind, op, part, local in reductions():
                parts = [part(source, 3) for source in range(comm.size)]
                received = filled(1, code, 3)
                way([parts[comm.rank], kind], [received, kind], op)
                before = parts[:comm.rank + last]
                if before:
                    same(received, local(before), (code, name))
                buffer = parts[comm.rank].copy()
                way(MPI.IN_PLACE, [buffer, kind], op)
                if before:
                    same(buffer, received)


@check
def reduces_and_scatters(comm):
    for code, kind, op, part, local in reductions():
        for way in ways(comm, "Reduce_scatter_block"):
            for n in (0, 2):
                parts = [part(source, n * comm.size) for source in range(comm.size)]
                received = filled(1, code, n)
                way([parts[comm.rank], kind], [received, n, kind], op)
                same(received, local(parts)[n * comm.rank:n * (comm.rank + 1)], code)
                if n:
                    buffer = parts[comm.rank].copy()
                    way(MPI.IN_PLACE, [buffer, kind], op)
                    same(buffer[:n], received)
        for way in ways(comm, "Reduce_scatter"):
            counts = list(range(comm.size))
            first = sum(counts[:comm.rank])
            parts = [part(source, sum(counts)) for source in range(comm.size)]
            received = filled(1, code, comm.rank)
            way([parts[comm.rank], kind], [received, kind], counts, op)
            same(received, local(parts)[first:first + comm.rank], code)
            received = filled(1, code, comm.rank)
            way([parts[comm.rank], kind], [received, kind], None, op)
            same(received, local(parts)[first:first + comm.rank], code)
            buffer = parts[comm.rank].copy()
            way(MPI.IN_PLACE, [buffer, kind], counts, op)
            same(buffer[:comm.rank], received)


@check
def reduces_locally(comm):
    for code, kind, op, part, local in reductions():
        parts = [part(first, 3) for first in (1, 3)]
        buffer = parts[1].copy()
        op.Reduce_local([parts[0], kind], [buffer, kind])
        same(buffer, local(parts), code)


PAIRS = [(MPI.INT_INT, "i"), (MPI.FLOAT_INT, "f"), (MPI.DOUBLE_INT, "d"), (MPI.LONG_INT, "l"), (MPI.SHORT_INT, "h"),
         (MPI.LONG_DOUBLE_INT, "g")]


@check
def reduces_with_places(comm):
    for kind, code in PAIRS:
        layout = np.dtype([("value", code), ("place", "i")], align=True)
        same(layout.itemsize, kind.extent)
        for op, best in (MPI.MAXLOC, comm.size - 1), (MPI.MINLOC, 0):
            for name in "Reduce", "Allreduce", "Scan":
                for way in ways(comm, name):
                    mine = np.array([(comm.rank, comm.rank), (5, comm.rank)], dtype=layout)
                    got = np.zeros(2, dtype=layout)
                    way([mine, 2, kind], [got, 2, kind], op)
                    if name == "Scan" and op == MPI.MAXLOC:
                        best_here = comm.rank
                    else:
                        best_here = best
                    if name != "Reduce" or comm.rank == 0:
                        same(got["value"].astype("d"), np.array([best_here, 5], dtype="d"))
                        same(got["place"].tolist(), [best_here, 0])


@check
def reduces_with_operations_of_its_own(comm):
    calls = []

    def multiply(a, b, kind):
        # Two by two matrices, from the left.
        calls.append(kind.Get_size())
        left, right = (np.frombuffer(m, dtype="d").reshape(-1, 2, 2) for m in (a, b))
        right[...] = [l @ r for l, r in zip(left, right)]

    matrix = MPI.DOUBLE.Create_contiguous(4).Commit()
    op = MPI.Op.Create(multiply, commute=False)
    true(not op.Is_commutative() and not op.is_predefined)
    parts = [np.array([[1, source], [1, source + 1]], dtype="d") for source in range(comm.size)]
    product = np.linalg.multi_dot(parts) if comm.size > 1 else parts[0]
    for name in "Allreduce", "Reduce", "Scan", "Exscan":
        for way in ways(comm, name):
            got = np.zeros((2, 2))
            way([parts[comm.rank], 1, matrix], [got, 1, matrix], op)
            if name == "Allreduce" or (name == "Reduce" and comm.rank == 0):
                same(got, product, name)
            last = comm.rank + (name == "Scan")
            if name in ("Scan", "Exscan") and last:
                same(got, np.linalg.multi_dot(parts[:last]) if last > 1 else parts[0], name)
    for way in ways(comm, "Reduce_scatter_block"):
        got = np.zeros((2, 2))
        way([np.array([parts[comm.rank]] * comm.size), matrix], [got, 1, matrix], op)
        same(got, product)
    buffer = parts[-1].copy()
    op.Reduce_local([parts[0], 1, matrix], [buffer, 1, matrix])
    same(buffer, parts[0] @ parts[-1])
    true(calls and set(calls) == {32}, "size of the type in the operation")
    request = comm.Iallreduce([parts[comm.rank], 1, matrix], [got, 1, matrix], op)
    matrix.Free()
    request.Wait()
    op.Free()
    same(got, product)
    true(op == MPI.OP_NULL)


@check
def many_operations_of_its_own(comm):
    def maker(factor):
        def add(a, b, kind):
            left, right = np.frombuffer(a, dtype="i"), np.frombuffer(b, dtype="i")
            right += left + factor
        return add
    ops = [MPI.Op.Create(maker(factor), commute=True) for factor in range(12)]
    for factor, op in enumerate(ops):
        got = np.zeros(3, dtype="i")
        comm.Allreduce(np.full(3, 2, dtype="i"), got, op)
        same(got, filled(2 * comm.size + factor * (comm.size - 1), "i", 3))
    for op in ops:
        op.Free()


@check
def collectives_in_place(comm):
    for (code, kind), root, n in itertools.product(SOME.items(), range(comm.size), (1, 3)):
        everything = np.array([counted(source, code, n) for source in range(comm.size)])
        mine = slice(comm.rank, comm.rank + 1)
        here = filled(-1, code, everything.shape)
        for way in ways(comm, "Gather"):
            buffer = here.copy()
            buffer[mine] = everything[mine]
            way(MPI.IN_PLACE if comm.rank == root else [buffer[mine], kind], buffer if comm.rank == root else None, root)
            if comm.rank == root:
                same(buffer, everything)
        for way in ways(comm, "Scatter"):
            buffer = everything.copy() if comm.rank == root else filled(-1, code, n)
            way(buffer if comm.rank == root else None, MPI.IN_PLACE if comm.rank == root else buffer, root)
            same(buffer, everything if comm.rank == root else everything[comm.rank])
        for name in "Allgather", "Allgatherv":
            for way in ways(comm, name):
                buffer = here.copy()
                buffer[mine] = everything[mine]
                way(MPI.IN_PLACE, [buffer, kind])
                same(buffer, everything)
        for way in ways(comm, "Gatherv"):
            buffer = here.copy()
            buffer[mine] = everything[mine]
            way(MPI.IN_PLACE if comm.rank == root else [buffer[mine], kind],
                [buffer, ([n] * comm.size, None), kind] if comm.rank == root else None, root)
            if comm.rank == root:
                same(buffer, everything)
        for way in ways(comm, "Scatterv"):
            buffer = everything.copy() if comm.rank == root else filled(-1, code, n)
            way([buffer, ([n] * comm.size, None), kind] if comm.rank == root else None,
                MPI.IN_PLACE if comm.rank == root else buffer, root)
            same(buffer, everything if comm.rank == root else everything[comm.rank])
        sent = np.array([counted(10 * comm.rank + to, code, n) for to in range(comm.size)])
        expected = np.array([counted(10 * source + comm.rank, code, n) for source in range(comm.size)])
        for name in "Alltoall", "Alltoallv":
            for way in ways(comm, name):
                buffer = sent.copy()
                way(MPI.IN_PLACE, [buffer, kind])
                same(buffer, expected, name)
        bytes_apart = [n * kind.extent * i for i in range(comm.size)]
        for way in ways(comm, "Alltoallw"):
            buffer = sent.copy()
            way(MPI.IN_PLACE, [buffer, ([n] * comm.size, bytes_apart), [kind] * comm.size])
            same(buffer, expected)


# Collectives with a count and a place for each rank.


@check
def gathers_vectors(comm):
    counts = list(range(comm.size))
    for (code, kind), root in itertools.product(TYPES.items(), range(comm.size)):
        places = [10 * (comm.size - 1 - source) for source in range(comm.size)]
        expected = filled(-1, code, 10 * comm.size)
        for source, place in enumerate(places):
            expected[place:place + counts[source]] = counted(source, code, counts[source])
        mine = counted(comm.rank, code, comm.rank)
        for way in ways(comm, "Gatherv"):
            received = filled(-1, code, 10 * comm.size)
            way([mine, kind], [received, counts, places, kind] if comm.rank == root else None, root)
            same(received, expected if comm.rank == root else filled(-1, code, 10 * comm.size))
        for way in ways(comm, "Allgatherv"):
            received = filled(-1, code, 10 * comm.size)
            way([mine, kind], [received, (counts, places), kind])
            same(received, expected)
        for way in ways(comm, "Scatterv"):
            received = filled(-1, code, comm.rank + 1)
            way([expected, (counts, places), kind] if comm.rank == root else None, [received, comm.rank, kind], root)
            same(received[:-1], mine)
            same(received[-1:], filled(-1, code, 1))


@check
def vectors_of_one_count(comm):
    size = comm.size
    for (code, kind), n in itertools.product(SOME.items(), range(size + 1)):
        mine = counted(comm.rank, code, size + 1)
        expected = filled(-1, code, (size, size + 1))
        for source in range(size):
            expected[source, :n] = counted(source, code, n)
        for way in ways(comm, "Allgatherv"):
            received = filled(-1, code, (size, size + 1))
            way([mine, n, kind], [received, (n, size + 1), kind])
            same(received, expected)
        for way in ways(comm, "Alltoallv"):
            received = filled(-1, code, (size, size + 1))
            sent = np.array([mine] * size)
            way([sent, (n, size + 1), kind], [received, (n, size + 1), kind])
            same(received, expected)
        for way in ways(comm, "Gatherv"):
            received = filled(-1, code, size * n)
            way([mine, n, kind], received if comm.rank == 0 else None)
            if comm.rank == 0:
                same(received, expected[:, :n].reshape(-1))


@check
def all_to_all_vectors(comm):
    size, rank = comm.size, comm.rank
    for code, kind in TYPES.items():
        sent = np.concatenate([counted(10 * rank + to, code, to + rank) for to in range(size)])
        counts = [to + rank for to in range(size)]
        expected = np.concatenate([counted(10 * source + rank, code, source + rank) for source in range(size)])
        for way in ways(comm, "Alltoallv"):
            received = filled(-1, code, len(expected) + 1)
            way([sent, counts, kind], [received, counts, kind])
            same(received[:-1], expected)
            same(received[-1:], filled(-1, code, 1))


@check
def all_to_all_with_types(comm):
    size, rank = comm.size, comm.rank
    # An int goes to even ranks, two doubles go to odd ones, each sixteen bytes apart.
    sent, received = np.zeros((size, 16), dtype="B"), np.zeros((size, 16), dtype="B")
    kinds = [(MPI.DOUBLE, 2) if to % 2 else (MPI.INT, 1) for to in range(size)]
    for to in range(size):
        sent[to].view("d" if to % 2 else "i")[:2 if to % 2 else 1] = 10 * rank + to
    mine = kinds[rank]
    for way in ways(comm, "Alltoallw"):
        received[:] = 0
        way([sent, ([n for _, n in kinds], [16 * to for to in range(size)]), [kind for kind, _ in kinds]],
            [received, ([mine[1]] * size, [16 * source for source in range(size)]), [mine[0]] * size])
        for source in range(size):
            same(received[source].view("d" if rank % 2 else "i")[:mine[1]],
                 filled(10 * source + rank, "d" if rank % 2 else "i", mine[1]))
    for code, kind in TYPES.items():
        for way in ways(comm, "Alltoallw"):
            out, back = filled(3, code, (size, 2)), filled(1, code, (size, 2))
            apart = [2 * kind.extent * to for to in range(size)]
            way([out, ([2] * size, apart), [kind] * size], [back, ([2] * size, apart), [kind] * size])
            same(back, out)


@check
def all_to_all_with_types_from_the_bottom(comm):
    size, rank = comm.size, comm.rank
    for code, kind in SOME.items():
        sent = np.array([counted(10 * rank + to, code, 2) for to in range(size)])
        expected = np.array([counted(10 * source + rank, code, 2) for source in range(size)])
        received = filled(-1, code, (size, 2))
        apart = 2 * kind.extent
        types = [[MPI.Datatype.Create_struct([2], [MPI.Get_address(a) + to * apart], [kind]).Commit() for to in range(size)]
                 for a in (sent, received)]
        messages = [[MPI.BOTTOM, ([1] * size, [0] * size), t] for t in types]
        comm.Alltoallw(*messages)
        same(received, expected)
        for t in types[0] + types[1]:
            t.Free()


# Derived types in collectives.


@check
def collectives_of_derived_types(comm):
    size, rank = comm.size, comm.rank
    for (code, kind), root, start in itertools.product(TYPES.items(), range(size), (0, 1)):
        for way in ways(comm, "Bcast"):
            buffer = counted(0, code, 10) if rank == root else filled(1, code, 10)
            every_other = kind.Create_indexed_block(1, list(range(start, 10, 2))).Commit()
            way([buffer, 1, every_other], root)
            every_other.Free()
            expected = counted(0, code, 10) if rank == root else filled(1, code, 10)
            expected[start::2] = counted(0, code, 10)[start::2]
            same(buffer, expected)
    # Columns of a matrix, one to each rank, come back as rows.
    column = MPI.INT.Create_vector(3, 1, size)
    one = column.Create_resized(0, MPI.INT.extent).Commit()
    matrix = (np.arange(3 * size, dtype="i") + 100 * rank).reshape(3, size)
    for way in ways(comm, "Alltoall"):
        rows = filled(-1, "i", (size, 3))
        way([matrix, 1, one], [rows, 3, MPI.INT])
        same(rows, [np.arange(3) * size + rank + 100 * source for source in range(size)])
        back = filled(-1, "i", (3, size))
        way([rows, 3, MPI.INT], [back, 1, one])
        same(back, matrix)
    for way in ways(comm, "Gather"):
        got = filled(-1, "i", (3, size))
        way([counted(10 * rank, "i", 3), 3, MPI.INT], [got, 1, one] if rank == 0 else None)
        if rank == 0:
            same(got, np.array([counted(10 * source, "i", 3) for source in range(size)]).T)
    for way in ways(comm, "Scatter"):
        got = filled(-1, "i", 3)
        way([matrix, 1, one] if rank == 0 else None, got)
        same(got, np.arange(3) * size + rank)
    column.Free()
    one.Free()
    # A part of a cube, a type freed while the broadcast is under way, one of an absolute address.
    cube = np.arange(60, dtype="d").reshape(3, 4, 5) if rank == 0 else np.zeros((3, 4, 5))
    part = MPI.DOUBLE.Create_subarray([3, 4, 5], [2, 2, 3], [1, 1, 2]).Commit()
    request = comm.Ibcast([cube, 1, part])
    part.Free()
    request.Wait()
    expected = np.zeros((3, 4, 5))
    expected[1:, 1:3, 2:] = np.arange(60).reshape(3, 4, 5)[1:, 1:3, 2:]
    same(cube if rank else cube * (expected != 0), expected)
    a, b = counted(rank + 1, "i", 3), counted(rank + 1, "d", 2)
    both = MPI.Datatype.Create_struct([3, 2], [MPI.Get_address(a), MPI.Get_address(b)], [MPI.INT, MPI.DOUBLE]).Commit()
    for way in ways(comm, "Bcast"):
        a[:], b[:] = counted(rank + 1, "i", 3), counted(rank + 1, "d", 2)
        way([MPI.BOTTOM, 1, both])
        same(a, counted(1, "i", 3))
        same(b, counted(1, "d", 2))
    both.Free()


@check
def collectives_of_packed_structures(comm):
    layout = np.dtype([("a", "b"), ("b", "d"), ("c", "i", 3)], align=True)
    kind = dtlib.from_numpy_dtype(layout).Commit()
    same(kind.extent, layout.itemsize)
    mine = np.zeros(2, dtype=layout)
    mine["a"], mine["b"], mine["c"] = comm.rank, comm.rank / 2, comm.rank + 5
    for way in ways(comm, "Allgather"):
        got = np.zeros(2 * comm.size, dtype=layout)
        way([mine, 2, kind], [got, 2, kind])
        same(got["a"].tolist(), [source for source in range(comm.size) for _ in range(2)])
        same(got["c"][:, 1].tolist(), [source + 5 for source in range(comm.size) for _ in range(2)])
    kind.Free()


@check
def messages_of_nothing(comm):
    nothing, nothings = [None, MPI.INT], [None, (0, None), MPI.INT]
    for one in nothing, [MPI.BOTTOM, 0, MPI.INT]:
        comm.Sendrecv(one, comm.rank, 0, one, comm.rank)
        MPI.Request.Waitall([comm.Irecv(one, comm.rank), comm.Isend(one, comm.rank)])
    for name in "Gather", "Scatter", "Allgather", "Alltoall", "Reduce", "Allreduce", "Reduce_scatter_block", "Scan", "Exscan":
        for way in ways(comm, name):
            way(nothing, nothing)
    for way in ways(comm, "Bcast"):
        way(nothing)
    for way in ways(comm, "Reduce_scatter"):
        way(nothing, nothing, [0] * comm.size)
    for name, (sent, received) in dict(Gatherv=(nothing, nothings), Scatterv=(nothings, nothing), Allgatherv=(nothing, nothings),
                                       Alltoallv=(nothings, nothings)).items():
        for way in ways(comm, name):
            way(sent, received)
    empty = MPI.INT.Create_contiguous(0).Commit()
    comm.Bcast([bytearray(1), 1, empty])
    comm.Sendrecv([bytearray(1), 1, empty], comm.rank, 0, [bytearray(1), 1, empty], comm.rank)
    empty.Free()


# Many collectives at once, completed in another order.


@check
def many_collectives_under_way(comm):
    size, rank = comm.size, comm.rank
    sums, all_of, from_root = np.zeros(1000), np.zeros((size, 10), dtype="i"), np.zeros(5)
    if rank == size - 1:
        from_root[:] = 7
    mine = np.full(1000, rank, dtype="d"), filled(rank, "i", 10)
    requests = [comm.Iallreduce(mine[0], sums), comm.Iallgather(mine[1], all_of),
                comm.Ibarrier(), comm.Ibcast(from_root, size - 1)]
    done = set()
    while len(done) < len(requests):
        indices = MPI.Request.Waitsome(requests)
        done.update(indices)
    same(done, {0, 1, 2, 3})
    same(MPI.Request.Waitsome(requests), None)
    same(sums, np.full(1000, size * (size - 1) / 2))
    same(all_of, np.repeat(np.arange(size), 10).reshape(size, 10))
    same(from_root, np.full(5, 7.0))
    mine = np.arange(20.0)
    requests = [comm.Iallreduce(mine[step:step + 1], sums[step:step + 1]) for step in range(20)]
    statuses = [MPI.Status() for _ in requests]
    MPI.Request.Waitall(requests, statuses)
    same(sums[:20], np.arange(20.0) * size)


# Objects.


@check
def objects_in_collectives(comm):
    size, rank = comm.size, comm.rank
    for what in OBJECTS:
        same(comm.allgather(what), [what] * size)
        same(comm.alltoall([what] * size), [what] * size)
        for root in range(size):
            same(comm.bcast(what if rank == root else None, root), what)
            same(comm.gather(what, root), [what] * size if rank == root else None)
            same(comm.scatter([what] * size if rank == root else None, root), what)
    same(comm.alltoall([(rank, to) for to in range(size)]), [(source, rank) for source in range(size)])


@check
def objects_reduced(comm):
    size, rank = comm.size, comm.rank
    everyone = range(size)
    results = [(MPI.SUM, sum), (MPI.PROD, lambda values: int(np.prod(list(values)))), (MPI.MAX, max), (MPI.MIN, min),
               (MPI.REPLACE, lambda values: list(values)[-1]), (MPI.NO_OP, lambda values: list(values)[0])]
    for op, local in results:
        same(comm.allreduce(rank, op), local(everyone))
        for root in everyone:
            same(comm.reduce(rank, op, root), local(everyone) if rank == root else None)
        same(comm.scan(rank, op), local(range(rank + 1)))
        same(comm.exscan(rank, op), local(range(rank)) if rank else None)
    for op, best in (MPI.MAXLOC, size - 1), (MPI.MINLOC, 0):
        same(comm.allreduce((rank, rank), op), (best, best))
        same(comm.allreduce((3, rank), op), (3, 0))
    same(comm.allreduce([rank]), list(everyone))
    op = MPI.Op.Create(lambda a, b, kind: None)
    op.Free()
    for root in (-size - 5, size):
        raises(MPI.ERR_ROOT, comm.reduce, None, MPI.NO_OP, root)


# Neighbours.


def topologies(comm):
    size, rank = comm.size, comm.rank
    dims = [2, 2] if size == 4 else [size]
    yield comm.Create_cart(dims, [True] * len(dims))
    yield comm.Create_cart(dims, [False] * len(dims))
    index = [2 * (node + 1) for node in range(size)]
    edges = [(node + step) % size for node in range(size) for step in (-1, 1)]
    yield comm.Create_graph(index, edges)
    yield comm.Create_dist_graph_adjacent([(rank - 2) % size, (rank - 1) % size], [(rank + 1) % size, (rank + 2) % size])
    yield comm.Create_dist_graph([rank], [1], [(rank + 1) % size])
    yield comm.Create_dist_graph_adjacent([], [])


def neighbors(comm):
    """Where messages come from and where they go, in order."""
    if comm.Get_topology() == MPI.CART:
        both = [rank for direction in range(comm.dim) for rank in comm.Shift(direction, 1)]
        return both, both
    return comm.inoutedges


@check
def neighbors_gather(world):
    for comm in topologies(world):
        sources, _ = neighbors(comm)
        for code, kind in TYPES.items():
            def expected(empty):
                return np.array([filled(empty, code, 3) if source < 0 else counted(source, code, 3) for source in sources])
            mine = counted(comm.rank, code, 3)
            for name, count in ("Neighbor_allgather", None), ("Neighbor_allgatherv", 3):
                for way in ways(comm, name):
                    received = filled(5, code, (len(sources), 3))
                    way([mine, 3, kind], [received, kind] if count is None else [received, count, kind])
                    same(received, expected(5) if len(sources) else received)
            places = [4 * i for i in reversed(range(len(sources)))]
            for way in ways(comm, "Neighbor_allgatherv"):
                received = filled(5, code, (len(sources), 4))
                way([mine, 3, kind], [received, ([3] * len(sources), places), kind])
                if len(sources):
                    same(received[::-1, :3], expected(5))
        comm.Free()


@check
def neighbors_exchange(world):
    for comm in topologies(world):
        sources, destinations = neighbors(comm)
        s, d = len(sources), len(destinations)
        # Each sends its rank alone, so that two messages between the same two are the same.
        for code, kind in TYPES.items():
            sent = np.array([counted(comm.rank, code, 2)] * d).reshape(d, 2)
            expected = np.array([filled(5, code, 2) if r < 0 else counted(r, code, 2) for r in sources]).reshape(s, 2)
            for name in "Neighbor_alltoall", "Neighbor_alltoallv":
                for way in ways(comm, name):
                    received = filled(5, code, (s, 2))
                    way([sent, 2, kind], [received, 2, kind])
                    same(received, expected, name)
            apart = 2 * kind.extent
            for way in ways(comm, "Neighbor_alltoallw"):
                received = filled(5, code, (s, 2))
                way([sent, ([2] * d, [apart * i for i in range(d)]), [kind] * d],
                    [received, ([2] * s, [apart * i for i in range(s)]), [kind] * s])
                same(received, expected)
                received = filled(5, code, (s, 2))
                # The whole address is in the displacements.
                way([MPI.BOTTOM, ([2] * d, [MPI.Get_address(sent) + apart * i for i in range(d)] if d else []), [kind] * d],
                    [MPI.BOTTOM, ([2] * s, [MPI.Get_address(received) + apart * i for i in range(s)] if s else []), [kind] * s])
                same(received, expected)
        comm.Free()


@check
def neighbors_exchange_objects(world):
    for comm in topologies(world):
        sources, destinations = neighbors(comm)
        if MPI.PROC_NULL not in sources:
            for what in OBJECTS:
                same(comm.neighbor_allgather(what), [what] * len(sources))
                same(comm.neighbor_alltoall([what] * len(destinations)), [what] * len(sources))
        comm.Free()


# Between two groups.


@check_between_groups
def groups_broadcast_gather_and_scatter(comm, color):
    rank, size, others = comm.rank, comm.size, comm.remote_size
    true(comm.Is_inter())
    comm.Barrier()
    comm.Ibarrier().Wait()
    for (code, kind), side in itertools.product(TYPES.items(), (0, 1)):
        for root in range(size if color == side else others):
            n = root + side
            place = (MPI.ROOT if root == rank else MPI.PROC_NULL) if color == side else root
            mine = color == side and root == rank
            for way in ways(comm, "Bcast"):
                buffer = counted(root, code, n) if mine else filled(-1, code, n)
                way([buffer, kind] if mine or color != side else None, place)
                if color != side:
                    same(buffer, counted(root, code, n))
            for name in "Gather", "Gatherv":
                for way in ways(comm, name):
                    received = filled(-1, code, (others, n))
                    way([counted(rank, code, n), kind] if color != side else None, [received, kind] if mine else None, place)
                    if mine:
                        same(received, np.array([counted(source, code, n) for source in range(others)]))
            for name in "Scatter", "Scatterv":
                for way in ways(comm, name):
                    sent = np.array([counted(to, code, n) for to in range(others)])
                    received = filled(-1, code, n)
                    way([sent, kind] if mine else None, [received, kind] if color != side else None, place)
                    if color != side:
                        same(received, counted(rank, code, n))


@check_between_groups
def groups_exchange(comm, color):
    rank, others = comm.rank, comm.remote_size
    for code, kind in TYPES.items():
        for n in range(3):
            # The two directions carry different amounts.
            out, back = (n, n + 2) if color else (n + 2, n)
            for name in "Allgather", "Allgatherv":
                for way in ways(comm, name):
                    received = filled(-1, code, (others, back))
                    way([counted(rank, code, out), kind], [received, kind])
                    same(received, np.array([counted(source, code, back) for source in range(others)]))
            for name in "Alltoall", "Alltoallv":
                for way in ways(comm, name):
                    received = filled(-1, code, (others, back))
                    way([np.array([counted(10 * rank + to, code, out) for to in range(others)]), kind], [received, kind])
                    same(received, np.array([counted(10 * source + rank, code, back) for source in range(others)]))
            for way in ways(comm, "Alltoallw"):
                sent = np.array([counted(10 * rank + to, code, 2) for to in range(others)])
                received = filled(-1, code, (others, 2))
                apart = [2 * kind.extent * i for i in range(others)]
                way([sent, ([2] * others, apart), [kind] * others], [received, ([2] * others, apart), [kind] * others])
                same(received, [counted(10 * source + rank, code, 2) for source in range(others)])


@check_between_groups
def groups_reduce(comm, color):
    rank, size, others = comm.rank, comm.size, comm.remote_size
    for code, kind, op, part, local in reductions():
        parts = [part(source, 3) for source in range(others)]
        mine = part(rank, 3)
        for way in ways(comm, "Allreduce"):
            received = filled(1, code, 3)
            way([mine, kind], [received, kind], op)
            same(received, local(parts), code)
        for side in (0, 1):
            for root in range(size if color == side else others):
                at_root = color == side and root == rank
                place = (MPI.ROOT if root == rank else MPI.PROC_NULL) if color == side else root
                for way in ways(comm, "Reduce"):
                    received = filled(1, code, 3)
                    # MPICH 4.0 itself wants a buffer to send at the root: the standard does not look at it.
                    way([mine, kind] if color != side else None, [received, kind] if at_root else None, op, place)
                    if at_root:
                        same(received, local(parts))
    if size == others:
        for name in "Reduce_scatter_block", "Reduce_scatter":
            for way in ways(comm, name):
                received = np.zeros(2, dtype="i")
                way(counted(10 * rank, "i", 2 * size), received, *([[2] * size] if name == "Reduce_scatter" else []))
                same(received, sum(counted(10 * source, "i", 2 * size) for source in range(others))[2 * rank:2 * rank + 2])


@check_between_groups
def groups_exchange_objects(comm, color):
    rank, size, others = comm.rank, comm.size, comm.remote_size
    comm.barrier()
    for what in OBJECTS:
        same(comm.allgather(what), [what] * others)
        same(comm.alltoall([what] * others), [what] * others)
        for side in (0, 1):
            for root in range(size if color == side else others):
                if color == side:
                    place = MPI.ROOT if root == rank else MPI.PROC_NULL
                    same(comm.bcast(what if root == rank else None, place), None)
                    same(comm.gather(None, place), [what] * others if root == rank else None)
                    same(comm.scatter([what] * others if root == rank else None, place), None)
                else:
                    same(comm.bcast(None, root), what)
                    same(comm.gather(what, root), None)
                    same(comm.scatter(None, root), what)
    for op, local in (MPI.SUM, sum), (MPI.MAX, max), (MPI.MIN, min):
        same(comm.allreduce(rank, op), local(range(others)))
        for side in (0, 1):
            for root in range(size if color == side else others):
                if color == side:
                    got = comm.reduce(None, op, MPI.ROOT if root == rank else MPI.PROC_NULL)
                    same(got, local(range(others)) if root == rank else None)
                else:
                    same(comm.reduce(rank, op, root), None)
    raises(MPI.ERR_ROOT, comm.reduce, None, MPI.NO_OP, others)


@check_between_groups
def groups_send_to_each_other(comm, color):
    rank, others = comm.rank, comm.remote_size
    requests = [comm.isend((color, rank, to), to, 3) for to in range(others)]
    for source in range(others):
        status = MPI.Status()
        same(comm.recv(source=source, tag=3, status=status), (1 - color, source, rank))
        same((status.source, status.tag), (source, 3))
    MPI.Request.waitall(requests)
    raises(MPI.ERR_RANK, comm.Send, b"", others)
    merged = comm.Merge(bool(color))
    same(merged.allreduce(1), comm.size + others)
    merged.Free()
    copy = comm.Dup()
    same(copy.allgather(color), [1 - color] * others)
    copy.Free()


# Point to point with buffers.


@check
def rings(comm):
    size, rank = comm.size, comm.rank
    to, source = (rank + 1) % size, (rank - 1) % size
    for (code, kind), n in itertools.product(TYPES.items(), (0, 1, 5)):
        received, status = filled(1, code, n + 1), MPI.Status()
        comm.Sendrecv([counted(rank, code, n), kind], to, 0, [received, kind], source, 0, status)
        same(received[:-1], counted(source, code, n))
        same(received[-1:], filled(1, code, 1))
        same((status.source, status.tag, status.error, status.Get_count(kind), status.Get_elements(kind)),
             (source, 0, MPI.SUCCESS, n, n))
        true(not status.Is_cancelled())
        buffer = counted(rank, code, n)
        comm.Sendrecv_replace([buffer, kind], to, 1, source, 1, status)
        same(buffer, counted(source, code, n))
        same(status.count, n * kind.size)


@check
def every_way_to_send(comm):
    size, rank = comm.size, comm.rank
    to, source = (rank + 1) % size, (rank - 1) % size
    for code, kind in TYPES.items():
        for n in (0, 4):
            room = bytearray(8 * (n * kind.size + MPI.BSEND_OVERHEAD + 64))
            message = [counted(rank, code, n), kind]
            for name in "Send", "Bsend", "Ssend", "Isend", "Ibsend", "Issend", "Irsend", "Rsend":
                received = filled(1, code, n)
                request = comm.Irecv([received, kind], source, 4)
                if "r" in name.lower()[:2]:
                    comm.Barrier()
                if "b" in name[:2].lower():
                    MPI.Attach_buffer(room)
                sending = getattr(comm, name)(message, to, 4)
                if sending is not None:
                    sending.Wait()
                    true(not sending)
                if "b" in name[:2].lower():
                    detached = MPI.Detach_buffer()
                    same(len(detached), len(room))
                    true(MPI.Get_address(detached) == MPI.Get_address(room), "the buffer that is given back")
                status = MPI.Status()
                request.Wait(status)
                same(received, counted(source, code, n), name)
                same((status.source, status.tag, status.Get_count(kind)), (source, 4, n))


@check
def persistent_requests(comm):
    size, rank = comm.size, comm.rank
    to, source = (rank + 1) % size, (rank - 1) % size
    for code, kind in SOME.items():
        for name, n in itertools.product(("Send_init", "Ssend_init", "Bsend_init", "Rsend_init"), (0, 3)):
            MPI.Attach_buffer(bytearray(4 * (n * kind.size + MPI.BSEND_OVERHEAD + 64)))
            sent, received = filled(0, code, n), filled(0, code, n + 2)
            sending = getattr(comm, name)([sent, kind], to, 0)
            receiving = comm.Recv_init([received, kind], source, 0)
            # A request that is not started is complete, with an empty status.
            status = MPI.Status()
            true(sending.Test(status))
            same((status.source, status.tag, status.Get_count(kind)), (MPI.ANY_SOURCE, MPI.ANY_TAG, 0))
            for turn in range(3):
                sent[:] = turn + rank
                received[:] = 1
                receiving.Start()
                comm.Barrier()
                sending.Start()
                sending.Wait()
                receiving.Wait(status)
                same(status.Get_count(kind), n)
                same(received, np.concatenate([filled(turn + source, code, n), filled(1, code, 2)]))
                true(sending and receiving)
            both = [receiving, sending]
            MPI.Prequest.Startall(both[:1])
            comm.Barrier()
            MPI.Prequest.Startall(both[1:])
            same({MPI.Prequest.Waitany(both) for _ in range(2)}, {0, 1})
            same(MPI.Prequest.Waitany(both), MPI.UNDEFINED)
            true(MPI.Request.Testall(both))
            same(MPI.Request.Waitsome(both), None)
            for request in both:
                request.Free()
                true(request == MPI.REQUEST_NULL)
            MPI.Detach_buffer()


@check
def processes_that_are_null(comm):
    status = MPI.Status()
    received = filled(1, "i", 3)
    comm.Send(received, MPI.PROC_NULL)
    comm.Recv(received, MPI.PROC_NULL, 5, status)
    same((status.source, status.tag, status.Get_count(MPI.INT)), (MPI.PROC_NULL, MPI.ANY_TAG, 0))
    comm.Sendrecv(received, MPI.PROC_NULL, 0, received, MPI.PROC_NULL, 0, status)
    same(status.source, MPI.PROC_NULL)
    status = MPI.Status()
    request = comm.Irecv(received, MPI.PROC_NULL)
    true(request != MPI.REQUEST_NULL)
    request.Wait(status)
    same((status.source, status.tag), (MPI.PROC_NULL, MPI.ANY_TAG))
    comm.Probe(MPI.PROC_NULL, 3, status)
    same((status.source, status.tag), (MPI.PROC_NULL, MPI.ANY_TAG))
    true(comm.Iprobe(MPI.PROC_NULL))
    same(received, filled(1, "i", 3))
    same(comm.recv(source=MPI.PROC_NULL), None)
    same(comm.sendrecv(1, MPI.PROC_NULL, 0, None, MPI.PROC_NULL, 0), None)


@check
def probes(comm):
    nothing = [None, 0, MPI.BYTE]
    status = MPI.Status()
    true(not comm.Iprobe())
    true(not comm.Iprobe(MPI.ANY_SOURCE, MPI.ANY_TAG, status))
    same((status.source, status.tag, status.error), (MPI.ANY_SOURCE, MPI.ANY_TAG, MPI.SUCCESS))
    request = comm.Issend(nothing, comm.rank, 123)
    true(request)
    comm.Probe(MPI.ANY_SOURCE, MPI.ANY_TAG, status)
    same((status.source, status.tag, status.Get_count()), (comm.rank, 123, 0))
    true(not request.Test() and request)
    true(not comm.Iprobe(comm.rank, 124))
    true(comm.Iprobe(comm.rank, 123))
    comm.Recv(nothing, comm.rank, 123)
    true(request.Test() and not request)
    request = comm.Isend(np.arange(10), comm.rank, 7)
    comm.Probe(status=status)
    same((status.Get_count(MPI.LONG), status.Get_count(MPI.BYTE)), (10, 80))
    received = np.zeros(status.count // 8, dtype=int)
    comm.Recv(received, status.source, status.tag)
    request.Wait()
    same(received, np.arange(10))


@check
def cancelled_requests(comm):
    # A send may be cancelled or not. A receive without a message is.
    request = comm.Issend([None, 0, MPI.BYTE], comm.rank, 123)
    status = MPI.Status()
    comm.Probe(MPI.ANY_SOURCE, MPI.ANY_TAG, status)
    request.Cancel()
    true(request)
    request.Get_status(status)
    if status.Is_cancelled():
        request.Free()
    else:
        comm.Recv([None, 0, MPI.BYTE], comm.rank, 123)
        request.Wait(status)
        true(not status.Is_cancelled())
    request = comm.Irecv(bytearray(8), comm.rank, 9)
    request.Cancel()
    status = MPI.Status()
    request.Wait(status)
    true(status.Is_cancelled())
    true(not request)
    request = comm.Recv_init(bytearray(8), comm.rank, 9)
    for _ in range(2):
        request.Start()
        request.Cancel()
        status = MPI.Status()
        request.Wait(status)
        true(status.Is_cancelled())
    request.Free()


@check
def requests_in_lists(comm):
    size, rank = comm.size, comm.rank
    to, source = (rank + 1) % size, (rank - 1) % size
    received = filled(-1, "i", (6, 2))
    requests = [comm.Irecv(received[i], source, i) for i in range(6)]
    statuses = [MPI.Status() for _ in range(6)]
    true(not MPI.Request.Testall(requests))
    same(MPI.Request.Testany(requests), (MPI.UNDEFINED, False))
    same(MPI.Request.Testsome(requests), [])
    comm.Barrier()
    comm.Send(counted(10 * rank, "i", 2), to, 3)
    status = MPI.Status()
    same(MPI.Request.Waitany(requests, status), 3)
    same((status.source, status.tag, status.Get_count(MPI.INT)), (source, 3, 2))
    true(requests[3] == MPI.REQUEST_NULL)
    comm.Barrier()
    for tag in (0, 5):
        comm.Send(counted(10 * rank, "i", 1 + (tag == 5)), to, tag)
    done = {}
    while len(done) < 2:
        for index, status in zip(MPI.Request.Waitsome(requests, statuses), statuses):
            done[index] = (status.source, status.tag, status.Get_count(MPI.INT))
    same(done, {0: (source, 0, 1), 5: (source, 5, 2)})
    comm.Barrier()
    for tag in (1, 2, 4):
        comm.Send(counted(10 * rank, "i", 2), to, tag)
    statuses = [MPI.Status() for _ in range(6)]
    MPI.Request.Waitall(requests, statuses)
    same([(s.source, s.tag, s.Get_count(MPI.INT)) for s in statuses],
         [(source, tag, 2) if tag in (1, 2, 4) else (MPI.ANY_SOURCE, MPI.ANY_TAG, 0) for tag in range(6)])
    same(MPI.Request.Waitany(requests), MPI.UNDEFINED)
    same(MPI.Request.Testany(requests), (MPI.UNDEFINED, True))
    same(MPI.Request.Testsome(requests), None)
    true(MPI.Request.Testall(requests))
    same(received[1:5], np.array([counted(10 * source, "i", 2)] * 4))
    same(received[0], np.array([10 * source, -1]))


@check
def statuses_that_are_asked_for(comm):
    received = filled(0, "i", 4)
    request = comm.Irecv(received, comm.rank, 2)
    status = MPI.Status()
    true(not request.Get_status(status))
    comm.Send(counted(0, "i", 4), comm.rank, 2)
    while not request.Get_status(status):
        pass
    true(request)
    same((status.source, status.tag, status.Get_count(MPI.INT)), (comm.rank, 2, 4))
    pair = MPI.INT.Create_contiguous(3).Commit()
    same((status.Get_count(pair), status.Get_elements(pair)), (MPI.UNDEFINED, 4))
    pair.Free()
    true(request.Test())
    true(MPI.REQUEST_NULL.Get_status(status))
    same((status.source, status.tag, status.Get_count()), (MPI.ANY_SOURCE, MPI.ANY_TAG, 0))


@check
def messages_that_are_spelled_differently(comm):
    def exchange(sent, received):
        status = MPI.Status()
        comm.Sendrecv(sent, comm.rank, 0, received, comm.rank, 0, status)
        return status
    for code in "bhilBHILfd":
        for count, place in itertools.product(range(5), range(5)):
            sent, received = counted(1, code, 10), filled(0, code, 10)
            exchange([sent, (count, place), code], [received, (count, place), EVERY_TYPE[code]])
            same(received[place:place + count], sent[place:place + count])
            same(np.count_nonzero(received), count)
            exchange([sent, None, place, code], [received, 10 - place, place, code])
            same(received[place:], sent[place:])
    # Displacements count in extents of the type.
    kind = MPI.INT.Create_resized(0, 8).Commit()
    sent, received = counted(1, "i", 10), filled(0, "i", 10)
    exchange([sent, 2, 1, kind], [received, 2, 2, kind])
    same(received, np.array([0, 0, 0, 0, 3, 0, 5, 0, 0, 0]))
    kind.Free()
    backwards = MPI.INT.Create_resized(0, -4).Commit()
    same(backwards.Get_extent(), (0, -4))
    backwards.Free()
    sent, received = b"abc", bytearray(3)
    exchange([sent, "c"], [received, MPI.CHAR])
    same(bytes(received), sent)
    exchange([memoryview(b"xyz"), MPI.BYTE], [received, MPI.PACKED])
    same(bytes(received), b"xyz")
    memory = MPI.Alloc_mem(16)
    memory[:] = bytes(range(16))
    other = MPI.Alloc_mem(16)
    exchange([memory, MPI.BYTE], [other, MPI.BYTE])
    same(bytes(other), bytes(range(16)))
    MPI.Free_mem(memory)
    MPI.Free_mem(other)
    sent = np.ones((3, 2)).T
    received = np.zeros((3, 2)).T
    exchange(sent, received)
    same(received, sent)


@check
def derived_types_point_to_point(comm):
    size, rank = comm.size, comm.rank
    to, source = (rank + 1) % size, (rank - 1) % size
    for code, kind in TYPES.items():
        n = kind.extent
        makers = [lambda: kind.Create_vector(3, 2, 4), lambda: kind.Create_hvector(3, 2, 4 * n),
                  lambda: kind.Create_indexed([2, 2, 2], [0, 4, 8]), lambda: kind.Create_hindexed([2, 2, 2], [0, 4 * n, 8 * n]),
                  lambda: kind.Create_indexed_block(2, [0, 4, 8]), lambda: kind.Create_hindexed_block(2, [0, 4 * n, 8 * n]),
                  lambda: MPI.Datatype.Create_struct([2, 2, 2], [0, 4 * n, 8 * n], [kind] * 3),
                  lambda: kind.Create_subarray([3, 4], [3, 2], [0, 0]),
                  lambda: kind.Create_subarray([4, 3], [2, 3], [0, 0], MPI.ORDER_FORTRAN)]
        for maker in makers:
            derived = maker().Commit()
            status = MPI.Status()
            received = filled(1, code, 12)
            comm.Sendrecv([counted(rank, code, 12), 1, derived], to, 0, [received, 1, derived], source, 0, status)
            whole = counted(source, code, 12).reshape(3, 4)
            expected = filled(1, code, (3, 4))
            expected[:, :2] = whole[:, :2]
            same(received.reshape(3, 4), expected)
            same((status.Get_count(derived), status.Get_elements(derived), status.Get_count(kind)), (1, 6, 6))
            derived.Free()


# Matched probes.


@check
def messages_that_are_null(comm):
    true(not MPI.MESSAGE_NULL and MPI.Message() == MPI.MESSAGE_NULL)
    true(MPI.MESSAGE_NO_PROC and MPI.MESSAGE_NO_PROC != MPI.MESSAGE_NULL)
    MPI.MESSAGE_NO_PROC.Recv(None)
    MPI.MESSAGE_NO_PROC.Irecv(None).Wait()
    true(MPI.MESSAGE_NO_PROC)
    for call in "Recv", "recv":
        message = MPI.Message(MPI.MESSAGE_NO_PROC)
        getattr(message, call)(*([None] if call == "Recv" else []))
        true(message == MPI.MESSAGE_NULL)
    message = MPI.Message(MPI.MESSAGE_NO_PROC)
    request = message.Irecv(None)
    true(message == MPI.MESSAGE_NULL and request != MPI.REQUEST_NULL)
    status = MPI.Status()
    request.Wait(status)
    same((status.source, status.tag), (MPI.PROC_NULL, MPI.ANY_TAG))
    true(comm.Mprobe(MPI.PROC_NULL, 0, status) == MPI.MESSAGE_NO_PROC)
    same((status.source, status.tag), (MPI.PROC_NULL, MPI.ANY_TAG))
    true(comm.Improbe(MPI.PROC_NULL) == MPI.MESSAGE_NO_PROC)
    true(comm.mprobe(MPI.PROC_NULL) == MPI.MESSAGE_NO_PROC)
    handle = MPI.MESSAGE_NO_PROC.py2f()
    true(MPI.Message.f2py(handle) == MPI.MESSAGE_NO_PROC)


@check
def matched_probes(comm):
    size, rank = comm.size, comm.rank
    to, source = (rank + 1) % size, (rank - 1) % size
    status = MPI.Status()
    true(comm.Improbe() is None and comm.Improbe(MPI.ANY_SOURCE, MPI.ANY_TAG, status) is None)
    true(MPI.Message.Iprobe(comm) is None)
    comm.Barrier()
    for (code, kind), n in itertools.product(TYPES.items(), (0, 3)):
        requests = [comm.Isend([counted(rank + tag, code, n), kind], to, tag) for tag in range(4)]
        for tag in (2, 0, 3, 1):
            received = filled(1, code, n)
            if tag == 0:
                message = None
                while not message:
                    message = comm.Improbe(source, tag, status)
            elif tag == 1:
                message = MPI.Message.Probe(comm, source, tag, status)
            else:
                message = comm.Mprobe(MPI.ANY_SOURCE, tag, status)
            true(message)
            same((status.source, status.tag, status.Get_count(kind)), (source, tag, n))
            # The message is taken: it is not found again.
            true(comm.Improbe(source, tag) is None)
            true(not comm.Iprobe(source, tag))
            status = MPI.Status()
            if tag % 2:
                message.Recv([received, kind], status)
            else:
                request = message.Irecv([received, kind])
                true(request)
                request.Wait(status)
            true(message == MPI.MESSAGE_NULL)
            same((status.source, status.tag, status.Get_count(kind)), (source, tag, n))
            same(received, counted(source + tag, code, n))
        MPI.Request.Waitall(requests)
        comm.Barrier()


@check
def matched_messages_are_kept(comm):
    # Held over other calls, received in another order.
    size, rank = comm.size, comm.rank
    to, source = (rank + 1) % size, (rank - 1) % size
    requests = [comm.issend((rank, i), to, 5) for i in range(4)] + [comm.Issend(np.full(20000, rank), to, 6)]
    messages = [comm.mprobe(source, 5) for _ in range(4)]
    large = comm.Mprobe(source, 6)
    true(large.py2f() != MPI.MESSAGE_NULL.py2f())
    true(MPI.Message.f2py(large.py2f()) == large)
    comm.Barrier()
    same(comm.allreduce(rank), size * (size - 1) // 2)
    for i in (3, 1, 0, 2):
        got = messages[i].recv() if i % 2 else messages[i].irecv().wait()
        same(got, (source, i))
    received = np.zeros(20000, dtype=int)
    large.Recv(received)
    same(received, np.full(20000, source))
    MPI.Request.Waitall(requests)


@check
def matched_objects(comm):
    size, rank = comm.size, comm.rank
    to, source = (rank + 1) % size, (rank - 1) % size
    status = MPI.Status()
    true(comm.improbe() is None)
    true(comm.improbe(MPI.ANY_SOURCE, MPI.ANY_TAG, status) is None)
    same((status.source, status.tag, status.error), (MPI.ANY_SOURCE, MPI.ANY_TAG, MPI.SUCCESS))
    comm.Barrier()
    for what in OBJECTS:
        request = comm.isend(what, to, 1)
        same(MPI.Message.probe(comm, source, 1).recv(), what)
        request.wait()
        request = comm.isend(what, to, 1)
        message = None
        while not message:
            message = MPI.Message.iprobe(comm, source, 1)
        receiving = message.irecv()
        true(receiving and not message)
        same(MPI.Request.waitall([request, receiving]), [None, what])


# Point to point with objects.


@check
def objects_sent_and_received(comm):
    size, rank = comm.size, comm.rank
    to, source = (rank + 1) % size, (rank - 1) % size
    MPI.Attach_buffer(bytearray(1 << 20))
    for what in OBJECTS:
        for name in "isend", "issend", "ibsend":
            request = getattr(comm, name)(what, to, 0)
            status = MPI.Status()
            same(comm.recv(None, source, 0, status), what)
            same((status.source, status.tag), (source, 0))
            true(request)
            request.Wait()
            true(not request)
            request = getattr(comm, name)(what, MPI.PROC_NULL)
            true(request)
            request.wait()
            true(not request)
        for name in "send", "ssend", "bsend":
            receiving = comm.irecv(1 << 17, source, 0)
            true(receiving)
            getattr(comm, name)(what, to, 0)
            same(receiving.wait(), what)
            true(not receiving)
        same(comm.sendrecv(what, to, 42, None, source, 42), what)
    MPI.Detach_buffer()
    for what in OBJECTS[:-1]:
        receiving = comm.irecv(None, rank, 0)
        same(receiving.test(), (False, None))
        comm.send(what, rank, 0)
        flag, got = receiving.test()
        while not flag:
            flag, got = receiving.test()
        same(got, what)
        true(not receiving)


@check
def objects_in_lists_of_requests(comm):
    rank = comm.rank
    for what in OBJECTS[:-1]:
        requests = [comm.irecv(None, rank, tag) for tag in range(3)]
        same(MPI.Request.testany(requests), (MPI.UNDEFINED, False, None))
        same(MPI.Request.testall(requests), (False, None))
        for tag in range(3):
            comm.send(what, rank, tag)
            if tag % 2:
                flag = False
                while not flag:
                    index, flag, got = MPI.Request.testany(requests)
            else:
                index, got = MPI.Request.waitany(requests)
            same(index, tag)
            same(got, what)
            true(not requests[tag])
        same(MPI.Request.waitany(requests), (MPI.UNDEFINED, None))
        same(MPI.Request.testany(requests), (MPI.UNDEFINED, True, None))
        requests = [comm.irecv(None, rank, tag) for tag in range(3)]
        indices, objects = MPI.Request.testsome(requests)
        same(indices, [])
        for tag in (2, 0):
            comm.send((tag, what), rank, tag)
        found = {}
        while len(found) < 2:
            indices, objects = MPI.Request.waitsome(requests)
            found.update(zip(indices, objects))
        same(found, {0: (0, what), 2: (2, what)})
        comm.send(what, rank, 1)
        statuses = [MPI.Status() for _ in range(3)]
        same(MPI.Request.waitall(requests, statuses), [None, what, None])
        same([s.tag for s in statuses], [MPI.ANY_TAG, 1, MPI.ANY_TAG])


@check
def synchronous_objects_wait_for_their_receiver(comm):
    for what in OBJECTS:
        requests = [comm.issend(what, comm.rank, 0) for _ in range(6)]
        true(not MPI.Request.Testall(requests))
        for _ in range(3):
            same(comm.recv(None, comm.rank, 0), what)
        true(not MPI.Request.Testall(requests))
        done = set()
        while len(done) < 3:
            done.update(MPI.Request.Waitsome(requests))
        same(done, {0, 1, 2})
        true(not any(requests[:3]) and all(requests[3:]))
        same(MPI.Request.Testsome(requests), [])
        for _ in range(3):
            true(not MPI.Request.Testall(requests))
            same(comm.recv(None, comm.rank, 0), what)
        MPI.Request.Waitall(requests)
        true(not any(requests))


@check
def objects_cancelled(comm):
    status = MPI.Status()
    for what in OBJECTS[:4]:
        request = comm.issend(what, comm.rank)
        request.cancel()
        flag = request.get_status(status)
        if status.Is_cancelled():
            true(flag)
            request.Free()
        else:
            same(comm.recv(None, comm.rank, 0), what)
            while not request.get_status():
                pass
            true(request)
            same(request.test(), (True, None))
        true(request == MPI.REQUEST_NULL)


@check
def objects_probed(comm):
    status = MPI.Status()
    true(not comm.iprobe(MPI.ANY_SOURCE, MPI.ANY_TAG, status))
    same((status.source, status.tag, status.error), (MPI.ANY_SOURCE, MPI.ANY_TAG, MPI.SUCCESS))
    for what in OBJECTS:
        request = comm.issend(what, comm.rank, 123)
        comm.probe(MPI.ANY_SOURCE, MPI.ANY_TAG, status)
        same((status.source, status.tag), (comm.rank, 123))
        true(status.count > 0)
        true(not request.test()[0])
        same(comm.recv(None, comm.rank, 123), what)
        request.wait()


@check
def statuses_of_objects(comm):
    size, rank = comm.size, comm.rank
    to, source = (rank + 1) % size, (rank - 1) % size
    count = len(MPI.pickle.dumps(["x"] * 10))
    requests = [comm.isend(["x"] * 10, to, tag) for tag in range(3)]
    receiving = [comm.irecv(4096, source, tag) for tag in range(3)]
    statuses = [MPI.Status() for _ in receiving]
    same(MPI.Request.waitall(receiving, statuses), [["x"] * 10] * 3)
    same([(s.source, s.tag, s.count) for s in statuses], [(source, tag, count) for tag in range(3)])
    MPI.Request.waitall(requests)


# Objects whose buffers are sent apart.


def apart(what):
    if isinstance(what, np.ndarray):
        return what.tolist()
    return [apart(part) for part in what] if isinstance(what, (list, tuple)) else what


@check
def objects_with_buffers_apart(plain):
    comm = pkl5.Intracomm(plain)
    size, rank = comm.size, comm.rank
    to, source = (rank + 1) % size, (rank - 1) % size
    one, two = np.arange(5, dtype="i"), np.arange(20000, dtype="f")
    everything = OBJECTS + [one, two, [one, one], (one, two)]
    memory = MPI.Alloc_mem(1 << 20)
    MPI.Attach_buffer(memory)
    for what in everything:
        expected = apart(what)
        comm.send(what, MPI.PROC_NULL)
        same(comm.recv(None, MPI.PROC_NULL, 0), None)
        for name in "isend", "issend", "ibsend":
            request = getattr(comm, name)(what, to, 0)
            true(isinstance(request, pkl5.Request) and request)
            same(apart(comm.recv(None, source, 0)), expected)
            request.wait()
            true(not request)
        request = comm.issend(what, rank, 3)
        same(request.test(), (False, None))
        status = MPI.Status()
        comm.probe(MPI.ANY_SOURCE, 3, status)
        same((status.source, status.tag), (rank, 3))
        same(apart(comm.mprobe(rank, 3).recv()), expected)
        request.wait()
        request = comm.isend(what, rank, 3)
        same(apart(comm.mprobe(rank, 3).irecv().wait()), expected)
        request.wait()
        status = MPI.Status()
        same(apart(comm.sendrecv(what, to, 42, None, source, 42, status)), expected)
        same((status.source, status.tag, status.error), (source, 42, 0))
        for root in range(size):
            same(apart(comm.bcast(what if rank == root else None, root)), expected)
            same(apart(comm.gather(what, root)), [expected] * size if rank == root else None)
            same(apart(comm.scatter([what] * size if rank == root else None, root)), expected)
        same(apart(comm.allgather(what)), [expected] * size)
        same(apart(comm.alltoall([what] * size)), [expected] * size)
    MPI.Detach_buffer()
    MPI.Free_mem(memory)
    requests = [comm.issend(what, to) for what in everything]
    true(not pkl5.Request.testall(requests)[0])
    receiving = [comm.mprobe(source).irecv() for _ in everything]
    statuses = [MPI.Status()]
    got = pkl5.Request.waitall(receiving, statuses)
    same([apart(what) for what in got] == [apart(what) for what in everything], True)
    same(len(statuses), len(receiving))
    same({(s.source, s.tag) for s in statuses}, {(source, 0)})
    same(pkl5.Request.waitall(requests), [None] * len(requests))
    true(comm.mprobe(MPI.PROC_NULL) == MPI.MESSAGE_NO_PROC)
    true(comm.improbe(MPI.ANY_SOURCE) is None)
    comm.Barrier()


@check
def large_messages_in_pieces(plain):
    # With a small block size pkl5 makes types of blocks, as for messages beyond 2 GB.
    comm = pkl5.Intracomm(plain)
    before, pkl5._bigmpi = pkl5._bigmpi, pkl5._BigMPI()
    pkl5._bigmpi.blocksize = 7
    what = np.arange(1000, dtype="h")
    request = comm.isend(what, (comm.rank + 1) % comm.size, 0)
    same(comm.recv(None, (comm.rank - 1) % comm.size, 0), what)
    request.wait()
    for root in range(comm.size):
        same(comm.bcast(what if comm.rank == root else None, root), what)
        got = comm.gather(what + comm.rank, root)
        if comm.rank == root:
            same(np.array(got), np.array([what + source for source in range(comm.size)]))
        same(comm.scatter([what + to for to in range(comm.size)] if comm.rank == root else None, root), what + comm.rank)
    same(np.array(comm.allgather(what + comm.rank)), np.array([what + source for source in range(comm.size)]))
    same(np.array(comm.alltoall([what] * comm.size)), np.array([what] * comm.size))
    pkl5._bigmpi.cache.clear() if hasattr(pkl5._bigmpi, "cache") else None
    pkl5._bigmpi = before


@check_between_groups
def groups_exchange_buffers_apart(plain, color):
    comm = pkl5.Intercomm(plain)
    what = [np.arange(5), "text"]
    for root in range(comm.size if color else comm.remote_size):
        place = (MPI.ROOT if root == comm.rank else MPI.PROC_NULL) if color else root
        got = comm.bcast(what if place == MPI.ROOT else None, place)
        same(apart(got), None if color else apart(what))
        got = comm.gather(None if color else what, place)
        same(apart(got), [apart(what)] * comm.remote_size if place == MPI.ROOT else None)
        got = comm.scatter([what] * comm.remote_size if place == MPI.ROOT else None, place)
        same(apart(got), None if color else apart(what))
    same(apart(comm.allgather(what)), [apart(what)] * comm.remote_size)
    same(apart(comm.alltoall([what] * comm.remote_size)), [apart(what)] * comm.remote_size)


# Types of numpy and of MPI.


def there_and_back(kind):
    if not isinstance(kind, MPI.Datatype):
        layout = np.dtype(kind)
        made = dtlib.from_numpy_dtype(layout)
        same(made.extent, layout.itemsize, str(layout))
        same(dtlib.to_numpy_dtype(made), layout)
        made.Free()
        return
    copy = kind.Dup()
    layout = dtlib.to_numpy_dtype(copy)
    again = dtlib.from_numpy_dtype(layout)
    same(dtlib.to_numpy_dtype(again), layout)
    same(again.extent, layout.itemsize)
    copy.Free()
    again.Free()


@check
def types_of_numpy(comm):
    codes = [*"?cbhilqpBHILQPfdgFDG", "i1", "i8", "u4", "f8", "c16"]
    for code in codes:
        there_and_back(code)
        for shape in (1,), (3, 4), (2, 3, 4):
            there_and_back(f"{shape}{code}")
    for one, two, align in itertools.product(codes, codes, (False, True)):
        there_and_back(np.dtype(f"{one},(3,){two}", align=align))
    nested = np.dtype("c,d,i,c", align=True)
    for _ in range(3):
        nested = np.dtype([("", nested)] * 2, align=True)
        there_and_back(nested)


@check
def types_of_mpi_as_types_of_numpy(comm):
    kinds = [*TYPES.values(), MPI.BYTE, MPI.AINT, MPI.OFFSET, MPI.COUNT, MPI.CHAR, MPI.INT8_T, MPI.UINT64_T]
    for kind in kinds:
        there_and_back(kind)
        n = kind.extent
        derived = [kind.Create_vector(3, 4, 6), kind.Create_hvector(3, 4, 6 * n), kind.Create_hvector(3, 4, 6 * n + 1),
                   kind.Create_indexed([4] * 3, [1, 6, 12]), kind.Create_indexed_block(4, [1, 6, 12]),
                   kind.Create_hindexed([4] * 3, [1, 6 * n + 1, 12 * n + 1]), kind.Create_contiguous(3),
                   kind.Create_hindexed_block(4, [1, 6 * n + 1, 12 * n + 1]),
                   MPI.Datatype.Create_struct([1, 2], [0, 32], [kind, kind])]
        for shape, order in itertools.product(((3,), (3, 4)), (MPI.ORDER_C, MPI.ORDER_FORTRAN)):
            derived.append(kind.Create_subarray(shape, shape, (0,) * len(shape), order))
        for made in derived:
            there_and_back(made)
            made.Free()
    same(dtlib.to_numpy_dtype(MPI.DOUBLE), np.dtype("d"))
    for kind, _ in PAIRS:
        true(not kind.is_named or kind.is_predefined)
    fortran = [MPI.CHARACTER, MPI.INTEGER, MPI.REAL, MPI.DOUBLE_PRECISION, MPI.COMPLEX, MPI.DOUBLE_COMPLEX,
               MPI.INTEGER1, MPI.INTEGER2, MPI.INTEGER4, MPI.INTEGER8, MPI.REAL4, MPI.REAL8, MPI.COMPLEX8, MPI.COMPLEX16]
    for kind in fortran:
        if kind != MPI.DATATYPE_NULL and kind.Get_size():
            same(dtlib.to_numpy_dtype(kind).itemsize, kind.extent)
    for maker, arguments, letter in ((MPI.Datatype.Create_f90_integer, [(r,) for r in range(1, 19)], "i"),
                                     (MPI.Datatype.Create_f90_real, [(p, MPI.UNDEFINED) for p in (6, 7, 14, 15)], "f"),
                                     (MPI.Datatype.Create_f90_complex, [(p, MPI.UNDEFINED) for p in (6, 7, 14, 15)], "c")):
        for values in arguments:
            layout = dtlib.to_numpy_dtype(maker(*values))
            same((layout.kind, layout.itemsize), (letter, maker(*values).extent))


@check
def fortran_types_travel(comm):
    size, rank = comm.size, comm.rank
    for kind, code in ((MPI.INTEGER, "i"), (MPI.REAL, "f"), (MPI.DOUBLE_PRECISION, "d"), (MPI.COMPLEX, "F"),
                       (MPI.DOUBLE_COMPLEX, "D"), (MPI.INTEGER8, "l"), (MPI.REAL8, "d"), (MPI.LOGICAL, "i"), (MPI.INT64_T, "l"),
                       (MPI.AINT, "l"), (MPI.OFFSET, "l"), (MPI.COUNT, "l"), (MPI.Datatype.Create_f90_real(15, 300), "d")):
        got = filled(0, code, (size, 2))
        comm.Allgather([counted(rank, code, 2), kind], [got, kind])
        same(got, [counted(source, code, 2) for source in range(size)])
        if kind != MPI.LOGICAL:
            total = filled(0, code, 2)
            comm.Allreduce([counted(rank, code, 2), kind], [total, kind])
            same(total, sum(counted(source, code, 2) for source in range(size)), kind.Get_name())


# Errors.


@check
def errors_of_collectives(comm):
    size = comm.size
    two = filled(0, "i", 2)
    many = filled(0, "i", (size, 2))
    for root in size, -size - 10:
        raises(MPI.ERR_ROOT, comm.Bcast, two, root)
        raises(MPI.ERR_ROOT, comm.Ibcast, two, root)
        raises(MPI.ERR_ROOT, comm.Reduce, two, two.copy(), MPI.SUM, root)
        raises(MPI.ERR_ROOT, comm.Gather, two, many, root)
        raises(MPI.ERR_ROOT, comm.Scatter, many, two, root)
        raises(MPI.ERR_ROOT, comm.Igather, two, many, root)
    raises(MPI.ERR_OP, comm.Allreduce, two, two.copy(), MPI.OP_NULL)
    raises(MPI.ERR_OP, comm.Reduce, two, two.copy(), MPI.OP_NULL)
    raises(MPI.ERR_OP, comm.Iallreduce, two, two.copy(), MPI.OP_NULL)
    raises(MPI.ERR_OP, comm.Scan, two, two.copy(), MPI.OP_NULL)
    for call in (lambda c: c.Barrier(), lambda c: c.Bcast(two), lambda c: c.Allreduce(two, two.copy()), lambda c: c.Ibarrier(),
                 lambda c: c.Send(two, 0), lambda c: c.Recv(two, 0),
                 lambda c: c.Isend(two, 0), lambda c: c.Send_init(two, 0)):
        raises(MPI.ERR_COMM, call, MPI.Intracomm(MPI.COMM_NULL))
    uncommitted = MPI.INT.Create_contiguous(2)
    for name in "Bcast", "Ibcast":
        raises(MPI.ERR_TYPE, getattr(comm, name), [two, 1, uncommitted])
    for name in "Gather", "Igather", "Allgather", "Alltoall", "Alltoallv":
        raises(MPI.ERR_TYPE, getattr(comm, name), [many, 1, uncommitted], [many.copy(), 1, uncommitted])
    raises(MPI.ERR_TYPE, comm.Recv, [two, 1, uncommitted], comm.rank)
    raises(MPI.ERR_TYPE, comm.Send_init, [two, 1, uncommitted], comm.rank)
    raises(MPI.ERR_TYPE, comm.Send, [two, 1, uncommitted], comm.rank)
    uncommitted.Free()


@check
def errors_of_messages(comm):
    two = filled(0, "i", 2)
    for rank in comm.size, -100:
        raises(MPI.ERR_RANK, comm.Send, two, rank)
        raises(MPI.ERR_RANK, comm.Isend, two, rank)
        raises(MPI.ERR_RANK, comm.Recv, two, rank)
        raises(MPI.ERR_RANK, comm.Irecv, two, rank)
        raises(MPI.ERR_RANK, comm.Probe, rank)
        raises(MPI.ERR_RANK, comm.Improbe, rank)
        raises(MPI.ERR_RANK, comm.Sendrecv, two, rank, 0, two.copy(), comm.rank)
    raises(MPI.ERR_RANK, comm.Send, two, MPI.ANY_SOURCE)
    raises(MPI.ERR_TAG, comm.Send, two, comm.rank, -5)
    raises(MPI.ERR_TAG, comm.Isend, two, comm.rank, MPI.ANY_TAG)
    raises(MPI.ERR_TAG, comm.Recv, two, comm.rank, -100)
    bound = WORLD.Get_attr(MPI.TAG_UB)
    comm.Sendrecv(two, comm.rank, bound, two.copy(), comm.rank, bound)
    # What does not fit is an error of the receive; what fits of it may be there.
    status = MPI.Status()
    requests = [comm.Isend(counted(0, "i", 4), comm.rank, tag) for tag in range(3)]
    raises(MPI.ERR_TRUNCATE, comm.Recv, two, comm.rank, 0, status)
    raises(MPI.ERR_TRUNCATE, comm.Irecv(two, comm.rank, 1).Wait)
    raises(MPI.ERR_TRUNCATE, comm.Mprobe(comm.rank, 2).Recv, two)
    MPI.Request.Waitall(requests)
    # Waitall of such a receive gives no error in Open MPI 4.1.4, and a second buffer attached an unknown one.
    raises(MPI.ERR_REQUEST, MPI.Request(MPI.REQUEST_NULL).Free)
    raises(MPI.ERR_REQUEST, MPI.Request(MPI.REQUEST_NULL).Cancel)
    raises(MPI.ERR_REQUEST, MPI.Prequest(MPI.REQUEST_NULL).Start)
    MPI.Attach_buffer(bytearray(100 + MPI.BSEND_OVERHEAD))
    raises(MPI.ERR_BUFFER, comm.Bsend, bytes(100000), comm.rank)
    MPI.Detach_buffer()


def run():
    global current, failures
    only = sys.argv[1:]
    for number, (function, between) in enumerate(checks):
        current = function.__name__
        if only and current not in only:
            continue
        # Every other check has the ranks in reversed order, or a duplicate of the inter-communicator.
        changed = number % 2
        comm = WORLD.Split(0, -WORLD.rank) if changed else WORLD.Dup()
        try:
            if not between:
                function(comm)
                alone = MPI.COMM_SELF.Dup()
                function(alone)
                alone.Free()
            elif comm.size > 1:
                first = (comm.size + 2) // 4
                color = int(comm.rank >= first)
                local = comm.Split(color)
                inter = local.Create_intercomm(0, comm, 0 if color else first)
                copy = inter.Dup() if changed else inter
                if changed:
                    inter.Free()
                function(copy, color)
                copy.Free()
                local.Free()
        except Exception:
            note(traceback.format_exc())
        comm.Free()
    total = WORLD.allreduce(failures)
    if WORLD.rank == 0:
        print("ok" if total == 0 else f"{total} failures", flush=True)


run()
