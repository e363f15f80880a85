"""mpi4py.util: objects whose buffers are sent apart, types of numpy and of MPI.

What is checked follows mpi4py's own tests.
"""
import itertools

import numpy as np
from mpi4py import MPI
from mpi4py.util import dtlib, pkl5

from checks import between_groups, on_communicators, run, same, true
from communication import OBJECTS, PAIRS, TYPES, counted, filled


# Objects whose buffers are sent apart.


def apart(what):
    if isinstance(what, np.ndarray):
        return what.tolist()
    return [apart(part) for part in what] if isinstance(what, (list, tuple)) else what


@on_communicators
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
    comm.Barrier()  # nobody receives before all have looked
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


@on_communicators
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


@between_groups
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


run()
