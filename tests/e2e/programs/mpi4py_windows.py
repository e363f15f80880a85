"""Windows and one-sided communication through mpi4py. The facts are those that the tests of mpi4py check, for mpi4py 3.1.

With the argument "native" that is left out which Open MPI 4.1.4 by itself does wrongly.
"""
import sys

import numpy
from mpi4py import MPI

from checks import RANK, WORLD, check, hinted, on_self_and_world, refused, run, same, true

NATIVE = "native" in sys.argv


# Windows as objects.

BYTES = 64


def make_window(kind, comm, info=MPI.INFO_NULL, size=BYTES, unit=1):
    """A window of that kind and the memory it exposes here."""
    if kind == "create":
        memory = MPI.Alloc_mem(size)
        window = MPI.Win.Create(memory, unit, info, comm)
    elif kind == "numpy":
        memory = numpy.zeros(size, "B")
        window = MPI.Win.Create(memory, unit, info, comm)
    elif kind == "allocate":
        window = MPI.Win.Allocate(size, unit, info, comm)
        memory = window.tomemory()
    else:
        window = MPI.Win.Allocate_shared(size, unit, info, comm)
        memory = window.tomemory()
    memory[:] = 0
    comm.Barrier()
    return window, memory


def free_window(kind, window, memory):
    window.Free()
    true(window == MPI.WIN_NULL)
    if kind == "create":
        MPI.Free_mem(memory)


# Natively Open MPI 4.1.4 makes no windows of the first two kinds on one rank.
FLAVORS = {
    "create": MPI.WIN_FLAVOR_CREATE,
    "numpy": MPI.WIN_FLAVOR_CREATE,
    "allocate": MPI.WIN_FLAVOR_ALLOCATE,
    "shared": MPI.WIN_FLAVOR_SHARED,
}


def kinds_on(comm, *kinds):
    """Those kinds of windows, or all."""
    return [kind for kind in kinds or FLAVORS if not (NATIVE and comm.size == 1 and kind in ("create", "numpy"))]


def look_at_window(window, comm, flavor):
    """What all kinds of windows answer."""
    same(window.Get_attr(MPI.WIN_CREATE_FLAVOR), flavor)
    same(window.flavor, flavor)
    same(window.Get_attr(MPI.WIN_MODEL), MPI.WIN_UNIFIED)
    same(window.model, MPI.WIN_UNIFIED)
    ours, theirs = window.Get_group(), comm.Get_group()
    same(MPI.Group.Compare(ours, theirs), MPI.IDENT)
    same(window.group_size if hasattr(window, "group_size") else ours.size, comm.size)
    ours.Free()
    theirs.Free()
    hints = hinted("no_locks", "false")
    window.Set_info(hints)
    hints.Free()
    hints = window.Get_info()
    window.Set_info(hints)
    hints.Free()
    name = window.Get_name()
    for text in ("mywin", "", "n" * (MPI.MAX_OBJECT_NAME - 1)):
        window.Set_name(text)
        same(window.Get_name(), text)
    window.name = name
    same(window.name, name)
    for handler in (MPI.ERRORS_ARE_FATAL, MPI.ERRORS_RETURN, MPI.ERRORS_ARE_FATAL, MPI.ERRORS_RETURN):
        before = window.Get_errhandler()
        true(before != MPI.ERRHANDLER_NULL)
        window.Set_errhandler(handler)
        now = window.Get_errhandler()
        true(now == handler)
        now.Free()
        true(now == MPI.ERRHANDLER_NULL)
        window.Set_errhandler(before)
        before.Free()
    again = MPI.Win.f2py(window.py2f())
    true(again == window)
    true(bool(window))
    window.Call_errhandler(MPI.ERR_RMA_RANGE)  # the handler has returned, so this is no error


@on_self_and_world
def windows_of_every_kind_answer(comm):
    for kind in kinds_on(comm):
        for unit in (1, 8):
            window, memory = make_window(kind, comm, unit=unit)
            base = MPI.Get_address(memory)
            same(window.Get_attr(MPI.WIN_BASE), base)
            same(window.Get_attr(MPI.WIN_SIZE), BYTES)
            same(window.Get_attr(MPI.WIN_DISP_UNIT), unit)
            same(window.attrs, (base, BYTES, unit))
            seen = window.tomemory()
            same((MPI.Get_address(seen), len(seen)), (base, BYTES))
            same(MPI.Get_address(memoryview(window)), base)
            look_at_window(window, comm, FLAVORS[kind])
            free_window(kind, window, memory)


@on_self_and_world
def windows_of_nothing_answer(comm):
    for nothing in (None, MPI.BOTTOM, bytearray()) if kinds_on(comm, "create") else ():
        window = MPI.Win.Create(nothing, 1, MPI.INFO_NULL, comm)
        same(window.Get_attr(MPI.WIN_SIZE), 0)
        window.Fence()
        window.Put([None, 0, MPI.BYTE], 0)
        window.Fence()
        window.Free()
    for make in (MPI.Win.Allocate, MPI.Win.Allocate_shared):
        window = make(0, 1, MPI.INFO_NULL, comm)
        same(window.Get_attr(MPI.WIN_SIZE), 0)
        same(len(window.tomemory()), 0)
        window.Free()


@on_self_and_world
def dynamic_windows_answer(comm):
    if not kinds_on(comm, "create"):
        return
    window = MPI.Win.Create_dynamic(MPI.INFO_NULL, comm)
    same((window.Get_attr(MPI.WIN_BASE), window.Get_attr(MPI.WIN_SIZE)), (0, 0))
    same(window.attrs[:2], (0, 0))
    memory = window.tomemory()
    same((MPI.Get_address(memory), len(memory)), (0, 0))
    look_at_window(window, comm, MPI.WIN_FLAVOR_DYNAMIC)
    parts = [MPI.Alloc_mem(size) for size in (8, 16, 32)]
    for part in parts:
        window.Attach(part)
        window.Detach(part)
    for order in (parts, parts[::-1]):
        for part in parts:
            window.Attach(part)
        same(window.attrs[:2], (0, 0))
        for part in order:
            window.Detach(part)
    # Each part is reached at its address in the target.
    for part in parts:
        part[:] = 0
        window.Attach(part)
    places = comm.allgather([MPI.Get_address(part) for part in parts])
    right, left = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
    window.Fence()
    for number in range(3):
        window.Put(numpy.full(4, comm.rank + 10 * number, "B"), right, [places[right][number] + number, 4, MPI.BYTE])
    window.Fence()
    for number, part in enumerate(parts):
        same(part.tobytes()[number : number + 4], bytes([left + 10 * number]) * 4)
    got = numpy.zeros(1, "i")
    window.Fetch_and_op(numpy.ones(1, "i"), got, right, places[right][2] + 16)
    window.Fence()
    same(got, [0])
    same(numpy.frombuffer(parts[2], "i")[4], 1)
    for part in parts:
        window.Detach(part)
    window.Free()
    for part in parts:
        MPI.Free_mem(part)


@on_self_and_world
def shared_windows_are_seen_by_all(comm):
    size = 8 * (comm.rank + 1)
    window = MPI.Win.Allocate_shared(size, 8, MPI.INFO_NULL, comm)
    mine = numpy.frombuffer(window, "d")
    same(len(mine), comm.rank + 1)
    mine[:] = comm.rank + 0.5
    window.Fence()
    for rank in range(comm.size):
        memory, unit = window.Shared_query(rank)
        same((len(memory), unit), (8 * (rank + 1), 8))
        same(numpy.frombuffer(memory, "d"), [rank + 0.5] * (rank + 1))
    first, unit = window.Shared_query(MPI.PROC_NULL)
    same((len(first), unit), (8, 8))
    same(MPI.Get_address(first), MPI.Get_address(window.Shared_query(0)[0]))
    window.Fence()
    if comm.rank == 0:
        # Contiguous by default: the next rank's part begins where mine ends.
        everything = MPI.memory.fromaddress(mine.ctypes.data, 4 * comm.size * (comm.size + 1))
        same(numpy.frombuffer(everything, "d"), [r + 0.5 for r in range(comm.size) for _ in range(r + 1)])
        numpy.frombuffer(everything, "d")[:] += 1
    window.Fence()
    same(mine, [comm.rank + 1.5] * (comm.rank + 1))
    window.Fence()
    del mine, memory, first
    window.Free()
    apart = hinted("alloc_shared_noncontig", "true")
    window = MPI.Win.Allocate_shared(100, 1, apart, comm)
    apart.Free()
    window.tomemory()[:] = comm.rank + 1
    window.Fence()
    for rank in range(comm.size):
        same(window.Shared_query(rank)[0].tobytes()[:100], bytes([rank + 1]) * 100)
    window.Fence()
    window.Free()


@on_self_and_world
def attributes_of_windows_are_copied_and_deleted(comm):
    deleted = []

    def forget(window, keyval, value):
        deleted.append((keyval, value))

    plain_keyval = MPI.Win.Create_keyval()
    keyval = MPI.Win.Create_keyval(delete_fn=forget)
    window = MPI.Win.Allocate(8, 1, MPI.INFO_NULL, comm)
    true(window.Get_attr(keyval) is None)
    window.Set_attr(keyval, "first")
    same(window.Get_attr(keyval), "first")
    window.Set_attr(keyval, [2])
    same(deleted, [(keyval, "first")])
    window.Set_attr(plain_keyval, 12)
    same(window.Get_attr(plain_keyval), 12)
    window.Delete_attr(plain_keyval)
    true(window.Get_attr(plain_keyval) is None)
    old = keyval
    same(MPI.Win.Free_keyval(keyval), MPI.KEYVAL_INVALID)
    window.Free()
    same(deleted, [(old, "first"), (old, [2])])
    MPI.Win.Free_keyval(plain_keyval)
    refused((MPI.ERR_KEYVAL, MPI.ERR_ARG, MPI.ERR_OTHER), MPI.Win.Free_keyval, MPI.KEYVAL_INVALID)


@check
def null_windows_are_errors():
    null = MPI.WIN_NULL
    true(not null)
    true(MPI.Win.f2py(null.py2f()) == null)
    true(MPI.Win() == null)
    for call, *arguments in [
        (null.Free,),
        (null.Get_errhandler,),
        (null.Set_errhandler, MPI.ERRORS_RETURN),
        (null.Call_errhandler, MPI.ERR_OTHER),
        (null.Get_name,),
        (null.Set_name, "no"),
        (null.Get_group,),
        (null.Get_info,),
        (null.Set_info, MPI.INFO_NULL),
        (null.Get_attr, MPI.WIN_SIZE),
        (null.Fence,),
        (null.Lock, 0),
        (null.Unlock, 0),
        (null.Lock_all,),
        (null.Unlock_all,),
        (null.Sync,),
        (null.Flush, 0),
        (null.Flush_all,),
        (null.Flush_local, 0),
        (null.Flush_local_all,),
        (null.Start, MPI.GROUP_EMPTY),
        (null.Complete,),
        (null.Post, MPI.GROUP_EMPTY),
        (null.Wait,),
        (null.Test,),
        (null.Put, [None, 0, MPI.BYTE], 0),
        (null.Get, [None, 0, MPI.BYTE], 0),
        (null.Accumulate, [None, 0, MPI.BYTE], 0),
        (null.Attach, bytearray(8)),
        (null.Detach, bytearray(8)),
        (null.Shared_query, 0),
    ]:
        refused(MPI.ERR_WIN, call, *arguments)


@on_self_and_world
def wrong_arguments_of_windows_are_errors(comm):
    window = MPI.Win.Allocate(BYTES, 1, MPI.INFO_NULL, comm)
    window.Set_errhandler(MPI.ERRORS_RETURN)
    data = numpy.zeros(4, "B")
    window.Lock(comm.rank)
    refused(MPI.ERR_RANK, window.Put, data, comm.size)
    refused(MPI.ERR_RANK, window.Get, data, -100)
    refused(MPI.ERR_TYPE, window.Put, [data, 1, MPI.DATATYPE_NULL], comm.rank)
    refused(MPI.ERR_OP, window.Accumulate, data, comm.rank, None, MPI.OP_NULL)
    window.Unlock(comm.rank)
    refused(MPI.ERR_ARG, window.Set_errhandler, MPI.ERRHANDLER_NULL)
    window.Free()
    null = MPI.Intracomm()
    refused(MPI.ERR_COMM, MPI.Win.Allocate, 8, 1, MPI.INFO_NULL, null)
    refused(MPI.ERR_COMM, MPI.Win.Create, None, 1, MPI.INFO_NULL, null)
    refused(MPI.ERR_COMM, MPI.Win.Create_dynamic, MPI.INFO_NULL, null)
    refused(MPI.ERR_COMM, MPI.Win.Allocate_shared, 8, 1, MPI.INFO_NULL, null)


# One-sided communication.

CODES = "bBhHiIlLqQfdg"
COMPLEX_CODES = "FDG"
ACCUMULATED_CODES = CODES + ("" if NATIVE else COMPLEX_CODES)  # natively sums of complex numbers are wrong
REDUCTIONS = (MPI.SUM, MPI.PROD, MPI.MAX, MPI.MIN)
SLOT = 12 * 32  # bytes of a target for each origin


def slots(kind, comm):
    return make_window(kind, comm, size=SLOT * comm.size)


def reduced(op, mine, theirs):
    """What an accumulate leaves at the target."""
    if op == MPI.REPLACE:
        return mine
    if op == MPI.NO_OP:
        return theirs
    results = (theirs + mine, theirs * mine, max(theirs, mine), min(theirs, mine))
    return results[REDUCTIONS.index(op)]


@on_self_and_world
def what_is_put_is_got(comm):
    for kind in kinds_on(comm):
        window, memory = slots(kind, comm)
        for code in CODES + COMPLEX_CODES:
            for count in (0, 1, 9):
                sent = numpy.arange(count).astype(code) + comm.rank
                item = sent.itemsize
                place = SLOT * comm.rank
                targets = [place, (place + item, count), (place + item, count, MPI._typedict[code])]
                for target in targets[:: 1 if code in "ibd" else 2]:
                    rank = (comm.rank + 1) % comm.size
                    got = numpy.full(count + 1, 99).astype(code)
                    part = [got, count, MPI._typedict[code]]
                    window.Fence()
                    window.Put(sent, rank, target)
                    window.Fence()
                    window.Get(part, rank, target)
                    window.Fence()
                    same(got[:-1], sent)
                    same(got[-1], numpy.full(1, 99).astype(code)[0])
        free_window(kind, window, memory)


@on_self_and_world
def derived_types_are_put_and_got(comm):
    window, memory = slots("allocate", comm)
    rank, place = (comm.rank + 1) % comm.size, SLOT * comm.rank
    strided = MPI.INT.Create_vector(3, 1, 2).Commit()
    mixed = MPI.Datatype.Create_struct([1, 1], [0, 8], [MPI.INT, MPI.DOUBLE]).Commit()
    sent = numpy.arange(6, dtype="i") + 1
    got = numpy.zeros(6, "i")
    window.Fence()
    window.Put([sent, 3, MPI.INT], rank, [place, 1, strided])
    window.Fence()
    window.Get([got, 5, MPI.INT], rank, [place, 5, MPI.INT])
    window.Fence()
    same(got, [1, 0, 2, 0, 3, 0])
    window.Accumulate([sent, 1, strided], rank, [place, 3, MPI.INT], MPI.SUM)
    window.Fence()
    window.Get([got, 5, MPI.INT], rank, [place, 5, MPI.INT])
    window.Fence()
    same(got, [2, 3, 7, 0, 3, 0])
    got[:] = 0
    window.Get([got, 1, strided], rank, [place, 3, MPI.INT])
    window.Fence()
    same(got, [2, 0, 3, 0, 7, 0])
    record = numpy.array([(5, 2.5)], numpy.dtype([("a", "i"), ("b", "d")], align=True))
    back = numpy.zeros_like(record)
    window.Put([record, 1, mixed], rank, [place + 64, 1, mixed])
    window.Fence()
    window.Get([back, 1, mixed], rank, [place + 64, 1, mixed])
    window.Fence()
    same(back.tolist(), [(5, 2.5)])
    strided.Free()
    mixed.Free()
    free_window("allocate", window, memory)


@on_self_and_world
def accumulates_reduce_at_the_target(comm):
    for kind in kinds_on(comm, "create", "allocate", "shared"):
        window, memory = slots(kind, comm)
        for code in ACCUMULATED_CODES:
            for op in REDUCTIONS + (MPI.REPLACE,):
                if code in COMPLEX_CODES and op in (MPI.MAX, MPI.MIN):
                    continue
                for count in (0, 5):
                    rank, place = (comm.rank + 1) % comm.size, SLOT * comm.rank
                    start = numpy.full(count, 2).astype(code)
                    sent = numpy.arange(count).astype(code)
                    got = numpy.full(count + 1, 99).astype(code)
                    part = [got, count, MPI._typedict[code]]
                    window.Lock(rank)
                    window.Put(start, rank, place)
                    window.Flush(rank)
                    window.Accumulate(sent, rank, place, op)
                    window.Flush(rank)
                    window.Get(part, rank, place)
                    window.Unlock(rank)
                    same(got[:-1], [reduced(op, i, 2) for i in range(count)])
                    same(got[-1], numpy.full(1, 99).astype(code)[0])
        free_window(kind, window, memory)


@on_self_and_world
def accumulates_of_all_ranks_add_up(comm):
    window = MPI.Win.Allocate(80, 8, MPI.INFO_NULL, comm)
    mine = numpy.frombuffer(window, "d")
    mine[:] = 0
    comm.Barrier()
    window.Fence()
    for rank in range(comm.size):
        for _ in range(3):
            window.Accumulate(numpy.arange(10.0), rank)
    window.Fence()
    same(mine, [3.0 * comm.size * i for i in range(10)])
    window.Fence()
    del mine
    window.Free()


def fetched_accumulates(comm, get_accumulate):
    for kind in kinds_on(comm, "create", "allocate"):
        window, memory = slots(kind, comm)
        for code in ACCUMULATED_CODES:
            for op in REDUCTIONS + (MPI.REPLACE, MPI.NO_OP):
                if code in COMPLEX_CODES and op in (MPI.MAX, MPI.MIN):
                    continue
                for count in (0, 4):
                    rank, place = (comm.rank + 1) % comm.size, SLOT * comm.rank
                    start = numpy.full(count, 2).astype(code)
                    sent = numpy.arange(count).astype(code)
                    before = numpy.full(count + 1, 99).astype(code)
                    after = before.copy()
                    window.Lock(rank)
                    window.Put(start, rank, place)
                    window.Flush(rank)
                    get_accumulate(window, sent, [before, count, MPI._typedict[code]], rank, place, op)
                    window.Flush(rank)
                    window.Get([after, count, MPI._typedict[code]], rank, place)
                    window.Unlock(rank)
                    same(before[:-1], start)
                    same(after[:-1], [reduced(op, i, 2) for i in range(count)])
                    same((before[-1], after[-1]), (numpy.full(1, 99).astype(code)[0],) * 2)
        free_window(kind, window, memory)


@on_self_and_world
def get_accumulate_gives_what_was_there(comm):
    fetched_accumulates(comm, lambda w, sent, got, rank, place, op: w.Get_accumulate(sent, got, rank, place, op))


@on_self_and_world
def rget_accumulate_gives_what_was_there(comm):
    def get(w, sent, got, rank, place, op):
        status = MPI.Status()
        request = w.Rget_accumulate(sent, got, rank, place, op)
        request.Wait(status)
        true(request == MPI.REQUEST_NULL)
        true(not status.Is_cancelled())

    fetched_accumulates(comm, get)


@on_self_and_world
def requests_of_windows_complete(comm):
    window, memory = slots(kinds_on(comm, "create", "allocate")[0], comm)
    for code in ACCUMULATED_CODES:
        for count in (0, 1, 9):
            for rank in range(comm.size):
                place = SLOT * comm.rank
                sent = numpy.full(count, rank + 1).astype(code)
                got = numpy.full(count + 1, 99).astype(code)
                part = [got, count, MPI._typedict[code]]
                window.Lock(rank, MPI.LOCK_SHARED)
                window.Rput(sent, rank, place).Wait()
                window.Flush(rank)
                window.Raccumulate(sent, rank, place, MPI.SUM).Wait()
                window.Flush(rank)
                request = window.Rget(part, rank, place)
                while not request.Test():
                    pass
                window.Unlock(rank)
                same(got[:-1], 2 * sent)
                same(got[-1], numpy.full(1, 99).astype(code)[0])
    window.Lock_all()
    parts = [numpy.full(4, comm.rank + rank, "i") for rank in range(comm.size)]
    MPI.Request.Waitall([window.Rput(part, rank, SLOT * comm.rank) for rank, part in enumerate(parts)])
    window.Flush_all()
    got = [numpy.zeros(4, "i") for _ in parts]
    pending = [window.Rget(part, rank, SLOT * comm.rank) for rank, part in enumerate(got)]
    done = sorted(MPI.Request.Waitany(pending) for _ in pending)
    same(done, list(range(comm.size)))
    same([part.tolist() for part in got], [part.tolist() for part in parts])
    window.Unlock_all()
    free_window("create" if comm.size > 1 or not NATIVE else "allocate", window, memory)


@on_self_and_world
def fetch_and_op_takes_one_element(comm):
    for kind in kinds_on(comm, "create", "allocate", "shared"):
        window, memory = slots(kind, comm)
        for code in CODES:
            for op in REDUCTIONS + (MPI.REPLACE, MPI.NO_OP):
                rank, place = (comm.rank + 1) % comm.size, SLOT * comm.rank
                three, five = numpy.full(1, 3).astype(code), numpy.full(1, 5).astype(code)
                got = numpy.full(2, 99).astype(code)
                window.Lock(rank)
                window.Put(three, rank, place + 16)
                window.Flush(rank)
                window.Fetch_and_op(five, [got, 1, MPI._typedict[code]], rank, place + 16, op)
                window.Flush(rank)
                same(got, [3, 99])
                window.Get([got, 1, MPI._typedict[code]], rank, place + 16)
                window.Unlock(rank)
                same(got, [reduced(op, 5, 3), 99])
        free_window(kind, window, memory)


@on_self_and_world
def compare_and_swap_swaps_if_equal(comm):
    # Natively Open MPI 4.1.4 crashes in it.
    if NATIVE:
        return
    for kind in kinds_on(comm):
        window, memory = slots(kind, comm)
        for code in "bBhHiIlLqQ":
            rank, place = (comm.rank + 1) % comm.size, SLOT * comm.rank
            one, two, zero = (numpy.full(1, value).astype(code) for value in (1, 2, 0))
            got = numpy.full(2, 99).astype(code)
            kind_of = MPI._typedict[code]
            window.Lock(rank)
            window.Put(zero, rank, place)
            window.Flush(rank)
            for compared, expected in ((zero, 0), (zero, 1), (one, 1)):
                new = one if expected == 0 else two
                window.Compare_and_swap(new, compared, [got, 1, kind_of], rank, place)
                window.Flush(rank)
                same(got, [expected, 99])
            window.Get([got, 1, kind_of], rank, place)
            window.Unlock(rank)
            same(got, [2, 99])
        free_window(kind, window, memory)


@on_self_and_world
def nothing_is_done_at_no_rank(comm):
    window, memory = slots(kinds_on(comm, "create", "allocate")[0], comm)
    zeros = bytearray(8)
    window.Fence()
    for _ in range(2):
        window.Put(None, MPI.PROC_NULL, None)
        window.Get(None, MPI.PROC_NULL, None)
        window.Accumulate([zeros, MPI.INT], MPI.PROC_NULL, None, MPI.REPLACE)
        window.Accumulate([None, MPI.INT], MPI.PROC_NULL, None, MPI.SUM)
        window.Get_accumulate([zeros, MPI.INT], [zeros, MPI.INT], MPI.PROC_NULL, None, MPI.SUM)
        window.Fence()
    window.Lock_all()
    for make in (
        lambda: window.Rput(None, MPI.PROC_NULL, None),
        lambda: window.Rget(None, MPI.PROC_NULL, None),
        lambda: window.Raccumulate([zeros, MPI.INT], MPI.PROC_NULL, None, MPI.REPLACE),
        lambda: window.Raccumulate([None, MPI.INT], MPI.PROC_NULL, None, MPI.SUM),
        lambda: window.Rget_accumulate([zeros, MPI.INT], [zeros, MPI.INT], MPI.PROC_NULL, None, MPI.SUM),
    ):
        request = make()
        request.Wait()
        true(request == MPI.REQUEST_NULL)
    window.Unlock_all()
    same(bytes(memory), bytes(len(memory)))
    free_window("create" if comm.size > 1 or not NATIVE else "allocate", window, memory)


@on_self_and_world
def fences_take_every_assertion(comm):
    window, memory = slots(kinds_on(comm, "create", "allocate")[0], comm)
    window.Fence()
    for local in (0, MPI.MODE_NOSTORE, MPI.MODE_NOPUT, MPI.MODE_NOSTORE | MPI.MODE_NOPUT):
        for all_ranks in (0, MPI.MODE_NOPRECEDE, MPI.MODE_NOSUCCEED, MPI.MODE_NOPRECEDE | MPI.MODE_NOSUCCEED):
            window.Fence(local | all_ranks)
    window.Fence(MPI.MODE_NOSUCCEED)
    free_window("create" if comm.size > 1 or not NATIVE else "allocate", window, memory)


@on_self_and_world
def epochs_between_groups_start_and_end(comm):
    window, memory = slots(kinds_on(comm, "create", "allocate")[0], comm)
    window.Start(MPI.GROUP_EMPTY)
    window.Complete()
    window.Post(MPI.GROUP_EMPTY)
    window.Wait()
    window.Post(MPI.GROUP_EMPTY)
    same(window.Test(), True)
    if comm.size > 1:
        members = window.Get_group()
        others = members.Excl([0]) if comm.rank == 0 else members.Incl([0])
        for turn in range(2):
            if comm.rank == 0:
                window.Start(others)
                for rank in range(1, comm.size):
                    window.Put(numpy.full(4, rank + turn, "B"), rank)
                window.Complete()
                window.Post(others)
                window.Wait()
                same([memory[SLOT * rank] for rank in range(1, comm.size)], [rank + turn for rank in range(1, comm.size)])
            else:
                window.Post(others)
                window.Wait()
                same(bytes(memory[:4]), bytes([comm.rank + turn]) * 4)
                window.Start(others)
                window.Put(numpy.full(1, comm.rank + turn, "B"), 0, SLOT * comm.rank)
                window.Complete()
        if comm.rank == 0:
            window.Start(others)
            comm.Barrier()
            window.Complete()
            comm.Barrier()
        else:
            window.Post(others)
            same(window.Test(), False)
            comm.Barrier()
            comm.Barrier()
            same(window.Test(), True)
        others.Free()
        members.Free()
    free_window("create" if comm.size > 1 or not NATIVE else "allocate", window, memory)


@on_self_and_world
def locks_and_flushes_follow_each_other(comm):
    for kind in kinds_on(comm, "create", "allocate", "shared"):
        window, memory = slots(kind, comm)
        window.Lock(comm.rank)
        window.Sync()
        window.Unlock(comm.rank)
        for lock in (MPI.LOCK_EXCLUSIVE, MPI.LOCK_SHARED):
            for rank in range(comm.size):
                window.Lock(rank, lock)
                window.Flush(rank)
                window.Flush_local(rank)
                window.Unlock(rank)
        window.Lock(comm.rank, MPI.LOCK_SHARED, MPI.MODE_NOCHECK)
        window.Unlock(comm.rank)
        comm.Barrier()
        window.Lock_all()
        window.Flush_all()
        window.Flush_local_all()
        window.Sync()
        window.Unlock_all()
        window.Lock_all(MPI.MODE_NOCHECK)
        window.Unlock_all()
        free_window(kind, window, memory)


@check
def wrong_synchronisation_is_an_error():
    if NATIVE:
        return  # several of these are not noticed
    window = MPI.Win.Allocate(8, 1, MPI.INFO_NULL, WORLD)
    window.Set_errhandler(MPI.ERRORS_RETURN)
    data = numpy.zeros(1, "B")
    refused(MPI.ERR_RMA_SYNC, window.Put, data, RANK)
    refused(MPI.ERR_RMA_SYNC, window.Unlock, RANK)
    refused(MPI.ERR_RMA_SYNC, window.Unlock_all)
    refused(MPI.ERR_RMA_SYNC, window.Complete)
    refused(MPI.ERR_RMA_SYNC, window.Wait)
    refused(MPI.ERR_RMA_SYNC, window.Test)
    refused(MPI.ERR_RMA_SYNC, window.Flush, RANK)
    window.Lock(RANK)
    refused(MPI.ERR_RMA_SYNC, window.Fence)
    refused(MPI.ERR_RMA_SYNC, window.Lock, RANK)
    window.Unlock(RANK)
    WORLD.Barrier()
    window.Free()


run()
