"""Environment, threads, memory, counters and mutexes, ports and spawned processes as Python programs use them.

The facts are those that the tests of mpi4py check, for mpi4py 3.1. Processes are started only with the argument "spawn";
with "native" that is left out which Open MPI 4.1.4 by itself does wrongly.
"""
import array
import os
import socket
import sys
import threading
import time
import traceback

import numpy
from mpi4py import MPI
from mpi4py.futures import MPICommExecutor

from checks import RANK, SELF, SIZE, WORLD, check, hinted, on_self_and_world, plain, refused, run, same, true

NATIVE = "native" in sys.argv


# Environment.


@check
def environment_answers():
    true(MPI.Is_initialized() is True and MPI.Is_finalized() is False)
    same(MPI.Get_version(), (3, 1))
    true(MPI.Get_library_version().startswith("Open MPI v4.1"), MPI.Get_library_version())
    same(MPI.Get_processor_name(), socket.gethostname())
    first, second = MPI.Wtime(), MPI.Wtime()
    true(type(first) is float and second >= first)
    true(0.0 < MPI.Wtick() < 1.0)
    for level in (2, 1, 0, 1):
        MPI.Pcontrol(level)
    true(MPI.Comm.Get_parent() == MPI.COMM_NULL)


@check
def attributes_of_the_world_answer():
    true(WORLD.Get_attr(MPI.WTIME_IS_GLOBAL) in (None, True, False))
    true(WORLD.Get_attr(MPI.HOST) in [None, MPI.PROC_NULL, *range(SIZE)])
    true(WORLD.Get_attr(MPI.IO) in [None, MPI.PROC_NULL, MPI.ANY_SOURCE, MPI.UNDEFINED, *range(SIZE)])
    same(WORLD.Get_attr(MPI.APPNUM), 0)
    universe = WORLD.Get_attr(MPI.UNIVERSE_SIZE)  # MPICH has none
    true(universe is None or universe >= 1)
    true(WORLD.Get_attr(MPI.LASTUSEDCODE) >= MPI.ERR_LASTCODE)
    true(WORLD.Get_attr(MPI.TAG_UB) >= 32767)
    copy = WORLD.Dup()
    same(copy.Get_attr(MPI.TAG_UB), WORLD.Get_attr(MPI.TAG_UB))
    copy.Free()
    for keyval in (MPI.TAG_UB, MPI.HOST, MPI.IO, MPI.WTIME_IS_GLOBAL):
        refused((MPI.ERR_KEYVAL, MPI.ERR_ARG, MPI.ERR_OTHER), WORLD.Set_attr, keyval, 1)


# Threads.


@check
def thread_levels_are_ordered_and_the_main_thread_is_known():
    levels = [MPI.THREAD_SINGLE, MPI.THREAD_FUNNELED, MPI.THREAD_SERIALIZED, MPI.THREAD_MULTIPLE]
    same(sorted(levels), levels)
    same(MPI.Query_thread(), MPI.THREAD_MULTIPLE)
    true(MPI.Is_thread_main())
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(MPI.Is_thread_main())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(answers, [False] * 5)


@check
def threads_use_messages_windows_and_files_at_once():
    wrong = []

    def one(number, comm, window, file):
        try:
            right, left = (RANK + 1) % SIZE, (RANK - 1) % SIZE
            for turn in range(4):
                if comm.sendrecv((RANK, number, turn), right, number, source=left, recvtag=number) != (left, number, turn):
                    wrong.append("message")
                put = numpy.full(4, 1000 * number + turn, "i")
                window.Lock(right)
                window.Put(put, right, 0)
                window.Flush(right)
                got = numpy.zeros(4, "i")
                window.Get(got, right, 0)
                window.Unlock(right)
                if got.tolist() != put.tolist():
                    wrong.append("window")
                file.Write_at(16 * RANK, put)
                got[:] = 0
                file.Read_at(16 * RANK, got)
                if got.tolist() != put.tolist():
                    wrong.append("file")
        except Exception:
            wrong.append(traceback.format_exc())

    comms = [WORLD.Dup() for _ in range(3)]
    windows = [MPI.Win.Allocate(16, 4, comm=comm) for comm in comms]
    files = [MPI.File.Open(comm, f"threads-{i}", MPI.MODE_RDWR | MPI.MODE_CREATE | MPI.MODE_DELETE_ON_CLOSE)
             for i, comm in enumerate(comms)]
    threads = [threading.Thread(target=one, args=(i, comms[i], windows[i], files[i])) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(wrong, [])
    for i in range(3):
        files[i].Close()
        windows[i].Free()
        comms[i].Free()


@check
def tasks_are_mapped_over_the_ranks():
    with MPICommExecutor(WORLD, root=0) as executor:
        if RANK == 0:
            same(list(executor.map(abs, range(-8, 0), chunksize=3)), list(range(8, 0, -1)))
            same(executor.submit(pow, 2, 10).result(), 1024)
            true(isinstance(executor.submit(divmod, 1, 0).exception(), ZeroDivisionError))
            same(sorted(executor.starmap(divmod, [(7, 2), (9, 4)], unordered=True)), [(2, 1), (3, 1)])
        else:
            true(executor is None)


# Memory and addresses.


@check
def memory_is_allocated_and_freed():
    info = hinted("mpi_minimum_memory_alignment", "64")
    for size in [*range(0, 2000, 100), 1 << 20]:
        for hints in (MPI.INFO_NULL, info):
            memory = MPI.Alloc_mem(size, hints)
            same(len(memory), size)
            if size:
                true(memory.address != 0)
                memory[0], memory[size - 1] = 7, 9
                same((memory[0], memory[size - 1]), (7 if size > 1 else 9, 9))
            MPI.Free_mem(memory)
            same((memory.address, memory.nbytes, memory.readonly), (0, 0, False))
    info.Free()


@check
def memory_is_a_sequence_of_bytes():
    memory = MPI.Alloc_mem(16)
    memory[:] = 255
    same(memory.tobytes(), b"\xff" * 16)
    memory[:8], memory[8:] = 1, 0
    memory[1:5] = b"abcd"
    same(memory.tobytes(), b"\1abcd\1\1\1" + bytes(8))
    same(WORLD.allreduce(len(memory)), 16 * SIZE)
    if SIZE > 1:
        WORLD.Bcast([memory, MPI.BYTE])
    MPI.Free_mem(memory)
    values = array.array("B", [1, 2, 3])
    view = MPI.memory.fromaddress(values.buffer_info()[0], 3)
    view[1:] = array.array("B", [7, 8])
    same(values, [1, 7, 8])
    view.release()
    same((view.address, view.nbytes), (0, 0))


@check
def addresses_are_those_of_python():
    values = array.array("i", range(10))
    numbers = numpy.arange(10)
    base = MPI.Get_address(values)
    same(base, values.buffer_info()[0])
    same(MPI.Get_address(numbers), numbers.ctypes.data)
    same(MPI.Aint_add(base, 4), base + 4)
    same(MPI.Aint_diff(base + 4, base + 8), -4)
    for nothing in (MPI.BOTTOM,):
        address = MPI.Get_address(nothing)
        same(address, 0)
        same((MPI.Aint_add(address, 0), MPI.Aint_diff(address, address)), (0, 0))


# What programs build of windows.


class Counter:
    """A number at rank 0 that every rank takes and raises."""

    def __init__(self, comm, code="i", start=0, step=1):
        self.type = MPI._typedict[code]
        size = self.type.Get_size()
        self.window = MPI.Win.Allocate(size if comm.rank == 0 else 0, size, MPI.INFO_NULL, comm)
        self.code, self.step = code, numpy.full(1, step).astype(code)
        if comm.rank == 0:
            self.window.Lock(0)
            self.window.Put(numpy.full(1, start).astype(code), 0)
            self.window.Unlock(0)
        comm.Barrier()

    def next(self):
        value = numpy.zeros(1, self.code)
        self.window.Lock(0, MPI.LOCK_SHARED)
        self.window.Fetch_and_op([self.step, self.type], [value, self.type], 0, 0, MPI.SUM)
        self.window.Unlock(0)
        return plain(value)[0]


@on_self_and_world
def counters_give_each_number_once(comm):
    for code in "hHiIlLqQfd":
        for start, step in ((0, 1), (7, 2)):
            counter = Counter(comm, code, start, step)
            taken = [counter.next() for _ in range(3)]
            true(taken == sorted(taken))
            same(sorted(comm.allreduce(taken)), [start + step * i for i in range(3 * comm.size)])
            counter.window.Free()


class Mutex:
    """A queue of ranks: each waits at a word of its own that its predecessor writes to."""

    NOBODY = -1

    def __init__(self, comm):
        self.comm = comm
        self.window = MPI.Win.Allocate(3 * 4, 4, MPI.INFO_NULL, comm)
        numpy.frombuffer(self.window, "i")[:] = self.NOBODY
        comm.Barrier()
        self.window.Lock_all()

    def one(self, value):
        return numpy.full(1, value, "i")

    def store(self, value, rank, place):
        self.window.Accumulate(self.one(value), rank, place, MPI.REPLACE)
        self.window.Flush(rank)

    def load(self, rank, place):
        got = self.one(0)
        self.window.Fetch_and_op(self.one(0), got, rank, place, MPI.NO_OP)
        self.window.Flush(rank)
        return int(got[0])

    def acquire(self):
        me = self.comm.rank
        self.store(self.NOBODY, me, 1)
        self.store(0, me, 2)
        last = self.one(0)
        self.window.Fetch_and_op(self.one(me), last, 0, 0, MPI.REPLACE)
        self.window.Flush(0)
        if last[0] != self.NOBODY:
            self.store(me, int(last[0]), 1)
            while self.load(me, 2) == 0:
                time.sleep(0.0005)

    def release(self):
        me, last = self.comm.rank, self.one(0)
        self.window.Compare_and_swap(self.one(self.NOBODY), self.one(me), last, 0, 0)
        self.window.Flush(0)
        if last[0] != me:
            follower = self.load(me, 1)
            while follower == self.NOBODY:
                time.sleep(0.0005)
                follower = self.load(me, 1)
            self.store(1, follower, 2)

    def free(self):
        self.window.Unlock_all()
        self.window.Free()


@on_self_and_world
def mutexes_exclude_the_others(comm):
    mutex, counter = Mutex(comm), Counter(comm)
    comm.Barrier()
    for _ in range(3):
        mutex.acquire()
        taken = [counter.next() for _ in range(4)]
        mutex.release()
        same(taken, list(range(taken[0], taken[0] + 4)))
        same(taken[0] % 4, 0)
    comm.Barrier()
    same(counter.next() >= 12 * comm.size, True)
    comm.Barrier()
    counter.window.Free()
    mutex.free()


@on_self_and_world
def ranks_take_turns(comm):
    counter = Counter(comm)
    if comm.rank > 0:
        comm.Recv([None, MPI.BYTE], comm.rank - 1, 3)
    value = counter.next()
    if comm.rank + 1 < comm.size:
        comm.Send([None, MPI.BYTE], comm.rank + 1, 3)
    same(comm.allgather(value), list(range(comm.size)))
    counter.window.Free()


# Ports and joined processes.

MESSAGE = [None, True, -7, 2**63 - 1, -2.17, 1 + 2j, "mpi4py", (1, 2, 3), [1, 2], {1: 2}]


@check
def names_of_ports_are_published():
    # Natively Open MPI 4.1.4 needs a server for this.
    if NATIVE:
        return
    service = f"python-{RANK}"
    port = MPI.Open_port()
    MPI.Publish_name(service, port)
    same(MPI.Lookup_name(service), port)
    MPI.Unpublish_name(service, port)
    refused(MPI.ERR_NAME, MPI.Lookup_name, service)
    MPI.Close_port(port)


def talk(between, one):
    """A message from the group of one to the other group."""
    got = between.bcast(MESSAGE if one else None, MPI.ROOT if one else 0)
    same(got, None if one else MESSAGE)


def connect(rank_0_accepts):
    if SIZE < 2:
        return
    members = WORLD.Get_group()
    rest = members.Excl([0])
    comm = WORLD.Create(rest)
    rest.Free()
    members.Free()
    true((comm == MPI.COMM_NULL) == (RANK == 0))
    opener = 0 if rank_0_accepts else 1
    port = None
    if RANK == opener:
        port = MPI.Open_port()
        WORLD.send(port, 1 - opener)
    elif RANK == 1 - opener:
        port = WORLD.recv(source=opener)
    group = SELF if RANK == 0 else comm
    between = group.Accept(port) if (RANK == 0) == rank_0_accepts else group.Connect(port)
    if RANK == opener:
        MPI.Close_port(port)
    same((between.Get_size(), between.Get_remote_size()), (1, SIZE - 1) if RANK == 0 else (SIZE - 1, 1))
    same(between.Get_rank(), group.Get_rank())
    true(between.Is_inter())
    talk(between, RANK == 0)
    between.Barrier()
    if rank_0_accepts:
        between.Disconnect()
        true(between == MPI.COMM_NULL)
    else:
        between.Free()
    if RANK > 0:
        comm.Free()


@check
def rank_0_accepts_the_others():
    connect(True)


@check
def rank_0_connects_to_the_others():
    connect(False)


@check
def two_ranks_join_over_a_socket():
    if SIZE < 2:
        return
    mine = None
    if RANK == 0:
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        WORLD.ssend(server.getsockname(), 1)
        mine = server.accept()[0]
        server.close()
    elif RANK == 1:
        mine = socket.create_connection(WORLD.recv(source=0))
    WORLD.Barrier()
    if mine is not None:
        between = MPI.Comm.Join(mine.fileno())
        mine.close()
        if between != MPI.COMM_NULL:
            same((between.Get_size(), between.Get_remote_size(), between.Get_rank()), (1, 1, 0))
            talk(between, RANK == 0)
            between.Free()
    WORLD.Barrier()


# Spawned processes.


def be_a_child():
    """A spawned process: what it must see is told by its parent."""
    parent = MPI.Comm.Get_parent()
    assert parent != MPI.COMM_NULL and parent.Is_inter()
    assert parent.Get_name() == "MPI_COMM_PARENT", parent.Get_name()
    told = parent.bcast(None, 0)
    assert MPI.COMM_WORLD.Get_size() == told["world"] == parent.Get_size()
    assert parent.Get_remote_size() == told["parents"]
    number = MPI.COMM_WORLD.Get_attr(MPI.APPNUM)
    merged = parent.Merge(True)
    assert merged.Get_size() == told["world"] + told["parents"]
    total = merged.allreduce(1)
    merged.Free()
    parent.send((sys.argv[2:], number, total, told["message"]), 0, 5)
    parent.Barrier()
    parent.Disconnect()
    assert parent == MPI.COMM_NULL
    assert MPI.Comm.Get_parent() == MPI.COMM_NULL


def children_of(comm, child, arguments, numbers):
    """What the children tell, in the order of their ranks."""
    world = len(numbers)
    same((child.Get_size(), child.Get_remote_size()), (comm.size, world))
    true(child.Is_inter())
    told = {"world": world, "parents": comm.size, "message": MESSAGE}
    child.bcast(told, MPI.ROOT if comm.rank == 0 else MPI.PROC_NULL)
    merged = child.Merge(False)
    same((merged.Get_rank(), merged.Get_size()), (comm.rank, comm.size + world))
    same(merged.allreduce(1), comm.size + world)
    merged.Free()
    if comm.rank == 0:
        for rank in range(world):
            same(child.recv(source=rank, tag=5), (arguments[rank], numbers[rank], comm.size + world, MESSAGE))
    child.Barrier()
    child.Disconnect()
    true(child == MPI.COMM_NULL)


THIS = os.path.abspath(__file__)


def when_asked_to_spawn(function):
    return check(function) if "spawn" in sys.argv else function


@when_asked_to_spawn
def all_ranks_spawn_a_child():
    codes = []
    mine = ["-B", THIS, "child", "one", "two words", ""]
    child = WORLD.Spawn(sys.executable, mine, 1, MPI.INFO_NULL, 0, codes)
    same(codes, [MPI.SUCCESS])
    children_of(WORLD, child, [mine[3:]], [0])


@when_asked_to_spawn
def only_the_root_tells_several_commands():
    codes = []
    root = SIZE - 1
    commands, arguments, counts = None, None, -1
    if RANK == root:
        commands, counts = [sys.executable] * 2, [1, 2]
        arguments = [[THIS, "child", "first"], [THIS, "child", "second"]]
        child = WORLD.Spawn_multiple(commands, arguments, counts, [MPI.INFO_NULL] * 2, root, codes)
        same(codes, [[MPI.SUCCESS], [MPI.SUCCESS] * 2])
    else:
        child = WORLD.Spawn_multiple(commands, arguments, counts, MPI.INFO_NULL, root)
    children_of(WORLD, child, [["first"], ["second"], ["second"]], [0, 1, 1])


@when_asked_to_spawn
def one_rank_spawns_for_itself():
    if RANK == 0:
        child = SELF.Spawn(sys.executable, [THIS, "child", "of", "one"])
        children_of(SELF, child, [["of", "one"]], [0])
    WORLD.Barrier()


if sys.argv[1:2] == ["child"]:
    be_a_child()
else:
    run()
