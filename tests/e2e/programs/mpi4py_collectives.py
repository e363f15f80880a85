"""Collectives through mpi4py: with buffers, vectors, derived types and objects, blocking and not.

What is checked follows mpi4py's own tests.
"""
import array
import itertools

import numpy as np
from mpi4py import MPI
from mpi4py.util import dtlib

from checks import on_communicators, refused, run, same, true
from communication import OBJECTS, PAIRS, SOME, TYPES, counted, filled, reductions, ways


# Collectives with buffers.


@on_communicators
def barriers(comm):
    comm.Barrier()
    comm.barrier()
    comm.Ibarrier().Wait()
    requests = [comm.Ibarrier() for _ in range(5)]
    MPI.Request.Waitall(requests)
    true(not any(requests))


@on_communicators
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


@on_communicators
def broadcasts_of_large_buffers(comm):
    for way in ways(comm, "Bcast"):
        buffer = np.arange(300000) if comm.rank == comm.size - 1 else np.zeros(300000, dtype=int)
        way(buffer, comm.size - 1)
        same(buffer, np.arange(300000))


@on_communicators
def gathers(comm):
    for way in ways(comm, "Gather"):
        for (code, kind), root, n in itertools.product(TYPES.items(), range(comm.size), (0, 1, 3)):
            received = filled(-1, code, (comm.size, n)) if comm.rank == root else None
            way([counted(comm.rank, code, n), kind], received, root)
            if comm.rank == root:
                same(received, [counted(source, code, n) for source in range(comm.size)] if n else received)


@on_communicators
def scatters(comm):
    for way in ways(comm, "Scatter"):
        for (code, kind), root, n in itertools.product(TYPES.items(), range(comm.size), (0, 1, 3)):
            sent = np.array([counted(to, code, n) for to in range(comm.size)]) if comm.rank == root else None
            received = filled(-1, code, n)
            way(sent if sent is None else [sent, kind], [received, kind], root)
            same(received, counted(comm.rank, code, n))


@on_communicators
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


@on_communicators
def all_to_all(comm):
    for way in ways(comm, "Alltoall"):
        for (code, kind), n in itertools.product(TYPES.items(), (0, 1, 3)):
            sent = np.array([counted(10 * comm.rank + to, code, n) for to in range(comm.size)])
            received = filled(-1, code, (comm.size, n))
            way([sent, kind], [received, n, kind])
            same(received, [counted(10 * source + comm.rank, code, n) for source in range(comm.size)])


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
def reduces_locally(comm):
    for code, kind, op, part, local in reductions():
        parts = [part(first, 3) for first in (1, 3)]
        buffer = parts[1].copy()
        op.Reduce_local([parts[0], kind], [buffer, kind])
        same(buffer, local(parts), code)


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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
        refused(MPI.ERR_ROOT, comm.reduce, None, MPI.NO_OP, root)


# Errors.


@on_communicators
def errors_of_collectives(comm):
    size = comm.size
    two = filled(0, "i", 2)
    many = filled(0, "i", (size, 2))
    for root in size, -size - 10:
        refused(MPI.ERR_ROOT, comm.Bcast, two, root)
        refused(MPI.ERR_ROOT, comm.Ibcast, two, root)
        refused(MPI.ERR_ROOT, comm.Reduce, two, two.copy(), MPI.SUM, root)
        refused(MPI.ERR_ROOT, comm.Gather, two, many, root)
        refused(MPI.ERR_ROOT, comm.Scatter, many, two, root)
        refused(MPI.ERR_ROOT, comm.Igather, two, many, root)
    refused(MPI.ERR_OP, comm.Allreduce, two, two.copy(), MPI.OP_NULL)
    refused(MPI.ERR_OP, comm.Reduce, two, two.copy(), MPI.OP_NULL)
    refused(MPI.ERR_OP, comm.Iallreduce, two, two.copy(), MPI.OP_NULL)
    refused(MPI.ERR_OP, comm.Scan, two, two.copy(), MPI.OP_NULL)
    for call in (lambda c: c.Barrier(), lambda c: c.Bcast(two), lambda c: c.Allreduce(two, two.copy()), lambda c: c.Ibarrier(),
                 lambda c: c.Send(two, 0), lambda c: c.Recv(two, 0),
                 lambda c: c.Isend(two, 0), lambda c: c.Send_init(two, 0)):
        refused(MPI.ERR_COMM, call, MPI.Intracomm(MPI.COMM_NULL))
    uncommitted = MPI.INT.Create_contiguous(2)
    for name in "Bcast", "Ibcast":
        refused(MPI.ERR_TYPE, getattr(comm, name), [two, 1, uncommitted])
    for name in "Gather", "Igather", "Allgather", "Alltoall", "Alltoallv":
        refused(MPI.ERR_TYPE, getattr(comm, name), [many, 1, uncommitted], [many.copy(), 1, uncommitted])
    refused(MPI.ERR_TYPE, comm.Recv, [two, 1, uncommitted], comm.rank)
    refused(MPI.ERR_TYPE, comm.Send_init, [two, 1, uncommitted], comm.rank)
    refused(MPI.ERR_TYPE, comm.Send, [two, 1, uncommitted], comm.rank)
    uncommitted.Free()


run()
