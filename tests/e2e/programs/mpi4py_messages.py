"""Point to point through mpi4py: buffers and objects, probes, requests.

What is checked follows mpi4py's own tests.
"""
import itertools

import numpy as np
from mpi4py import MPI

from checks import WORLD, on_communicators, refused, run, same, true
from communication import EVERY_TYPE, OBJECTS, SOME, TYPES, counted, filled


# Point to point with buffers.


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


@on_communicators
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


# Errors.


@on_communicators
def errors_of_messages(comm):
    two = filled(0, "i", 2)
    for rank in comm.size, -100:
        refused(MPI.ERR_RANK, comm.Send, two, rank)
        refused(MPI.ERR_RANK, comm.Isend, two, rank)
        refused(MPI.ERR_RANK, comm.Recv, two, rank)
        refused(MPI.ERR_RANK, comm.Irecv, two, rank)
        refused(MPI.ERR_RANK, comm.Probe, rank)
        refused(MPI.ERR_RANK, comm.Improbe, rank)
        refused(MPI.ERR_RANK, comm.Sendrecv, two, rank, 0, two.copy(), comm.rank)
    refused(MPI.ERR_RANK, comm.Send, two, MPI.ANY_SOURCE)
    refused(MPI.ERR_TAG, comm.Send, two, comm.rank, -5)
    refused(MPI.ERR_TAG, comm.Isend, two, comm.rank, MPI.ANY_TAG)
    refused(MPI.ERR_TAG, comm.Recv, two, comm.rank, -100)
    bound = WORLD.Get_attr(MPI.TAG_UB)
    comm.Sendrecv(two, comm.rank, bound, two.copy(), comm.rank, bound)
    # What does not fit is an error of the receive; what fits of it may be there.
    status = MPI.Status()
    requests = [comm.Isend(counted(0, "i", 4), comm.rank, tag) for tag in range(3)]
    refused(MPI.ERR_TRUNCATE, comm.Recv, two, comm.rank, 0, status)
    refused(MPI.ERR_TRUNCATE, comm.Irecv(two, comm.rank, 1).Wait)
    refused(MPI.ERR_TRUNCATE, comm.Mprobe(comm.rank, 2).Recv, two)
    MPI.Request.Waitall(requests)
    # Waitall of such a receive gives no error in Open MPI 4.1.4, and a second buffer attached an unknown one.
    refused(MPI.ERR_REQUEST, MPI.Request(MPI.REQUEST_NULL).Free)
    refused(MPI.ERR_REQUEST, MPI.Request(MPI.REQUEST_NULL).Cancel)
    refused(MPI.ERR_REQUEST, MPI.Prequest(MPI.REQUEST_NULL).Start)
    MPI.Attach_buffer(bytearray(100 + MPI.BSEND_OVERHEAD))
    refused(MPI.ERR_BUFFER, comm.Bsend, bytes(100000), comm.rank)
    MPI.Detach_buffer()


run()
