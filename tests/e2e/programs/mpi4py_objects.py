"""Objects, errors and callbacks of MPI through mpi4py: what every handle is, what it refuses, what it keeps.

Every check runs on all ranks in the same order. A check that communicates goes on after a wrong value, so that no
rank waits for one that has given up. Some objects are made before the first check and looked at after the last,
so that a checkpoint anywhere between finds them alive. Rank 0 prints "ok" when nothing failed on any rank.

Left out because Open MPI 4.1.4 aborts or crashes on it natively: probing on a null communicator, receiving from a
null message, freeing MPI_INFO_ENV and MPI_GROUP_EMPTY, translating ranks that are not in the group,
windows made of no memory on MPI_COMM_SELF, callbacks of generalized requests that fail.
"""
import array
import ctypes
import json
import marshal
import pickle
import sys
import traceback
import weakref

import numpy
from mpi4py import MPI

WORLD, SELF = MPI.COMM_WORLD, MPI.COMM_SELF
RANK, SIZE = WORLD.rank, WORLD.size
checks = []
failures = 0
at = ""


def check(function):
    checks.append(function)
    return function


def failed(what):
    global failures
    failures += 1
    print(f"rank {RANK}: {at}: {what}", flush=True)


def same(got, wanted, what=""):
    if got != wanted:
        failed(f"{what} is {got!r} and not {wanted!r}\n{''.join(traceback.format_stack(limit=3)[:-1])}")


def true(value, what):
    if not value:
        failed(f"not true: {what}\n{''.join(traceback.format_stack(limit=3)[:-1])}")


def refused(classes, function, *arguments, **named):
    """function(...) raises an MPI exception of one of these error classes."""
    classes = classes if isinstance(classes, tuple) else (classes,)
    what = f"{getattr(function, '__qualname__', function)}{arguments}"
    try:
        function(*arguments, **named)
    except MPI.Exception as error:
        same(error.Get_error_class() in classes, True, f"{what}: class {error.Get_error_class()} among {classes}")
    else:
        failed(f"{what} was not refused\n{''.join(traceback.format_stack(limit=3)[:-1])}")


def raises(kind, function, *arguments):
    try:
        function(*arguments)
    except kind:
        return
    failed(f"{function} did not raise {kind.__name__}")


def triple(status):
    return status.source, status.tag, status.error


# What lives from the first check to the last.

class Kept:
    def __init__(self):
        self.deleted, self.copied, self.freed = [], [], []
        self.comm = WORLD.Dup()
        self.comm.Set_name("kept communicator")
        self.key = MPI.Comm.Create_keyval(lambda o, k, v: (self.copied.append(v), v + ["copy"])[1],
                                          lambda o, k, v: self.deleted.append(v))
        self.comm.Set_attr(self.key, ["value"])
        self.type_key = MPI.Datatype.Create_keyval(copy_fn=True, nopython=True)
        self.type = MPI.INT.Create_vector(3, 1, 2).Commit()
        self.type.Set_name("kept type")
        self.type.Set_attr(self.type_key, 4711)
        self.op = MPI.Op.Create(self.combine, commute=False)
        self.info = MPI.Info.Create()
        self.info["one"], self.info["two"] = "1", "zwei"
        self.group = WORLD.group.Incl(list(range(SIZE))[::-1])
        self.errclass = MPI.Add_error_class()
        MPI.Add_error_string(self.errclass, "kept class")
        self.errcode = MPI.Add_error_code(self.errclass)
        MPI.Add_error_string(self.errcode, "kept code")
        self.cart = WORLD.Create_cart(MPI.Compute_dims(SIZE, 2), [True, False])
        self.graph = WORLD.Create_dist_graph_adjacent([(RANK - 1) % SIZE], [(RANK + 1) % SIZE], [5], [6])
        self.buffer = array.array("i", [0] * 4)
        self.receive = self.comm.Recv_init(self.buffer, (RANK - 1) % SIZE, 77)
        self.send = self.comm.Ssend_init(array.array("i", [RANK, 1, 2, 3]), (RANK + 1) % SIZE, 77)
        self.generalized = MPI.Grequest.Start(self.query, lambda: self.freed.append(1), None)
        self.late = bytearray(5)
        self.pending = self.comm.Irecv(self.late, (RANK - 1) % SIZE, 78)
        SELF.Isend(b"matched message", 0, 79).Free()
        self.message = SELF.Mprobe(0, 79)
        self.fint = self.comm.py2f()
        self.handles = [MPI._handleof(x) for x in (self.comm, self.type, self.op, self.info, self.group)]

    @staticmethod
    def combine(a, b, datatype):
        # Associative, but not commutative: the first hundreds and the last rest.
        x, y = numpy.frombuffer(a, "i"), numpy.frombuffer(b, "i")
        y[:] = x // 100 * 100 + y % 100

    @staticmethod
    def query(status):
        status.Set_source(3)
        status.Set_tag(8)
        status.Set_elements(MPI.INT, 5)

    def look(self):
        same(self.comm.Get_name(), "kept communicator", "name")
        same(self.comm.Get_attr(self.key), ["value"], "attribute")
        dup = self.comm.Dup()
        same(dup.Get_attr(self.key), ["value", "copy"], "copied attribute")
        dup.Free()
        same(self.deleted, [["value", "copy"]], "deleted")
        same(self.copied, [["value"]], "copied")
        same(self.type.Get_name(), "kept type", "type name")
        same(self.type.Get_attr(self.type_key), 4711, "type attribute")
        same(self.type.Get_envelope(), (3, 0, 1, MPI.COMBINER_VECTOR), "envelope")
        same(self.type.Get_contents()[0], [3, 1, 2], "contents")
        result = array.array("i", [0])
        self.comm.Allreduce(array.array("i", [101 * (RANK + 1)]), result, self.op)
        same(result[0], 100 + SIZE, "reduction in Python")
        same(sorted(self.info.items()), [("one", "1"), ("two", "zwei")], "info")
        same(self.group.Get_rank(), SIZE - 1 - RANK, "rank in the reversed group")
        same(MPI.Group.Translate_ranks(self.group, [0], WORLD.group), [SIZE - 1], "translated")
        same(MPI.Get_error_class(self.errcode), self.errclass, "class of the code")
        same(MPI.Get_error_string(self.errcode), "kept code", "text")
        same(MPI.Get_error_string(self.errclass), "kept class", "text")
        same(self.cart.Get_topo()[0], MPI.Compute_dims(SIZE, 2), "dims")
        same(self.graph.Get_dist_neighbors(), ([(RANK - 1) % SIZE], [(RANK + 1) % SIZE], ([5], [6])), "neighbours")
        for turn in range(2):
            MPI.Prequest.Startall([self.receive, self.send])
            MPI.Request.Waitall([self.receive, self.send])
            same(list(self.buffer), [(RANK - 1) % SIZE, 1, 2, 3], "received")
            self.buffer[:] = array.array("i", [0] * 4)
        same(self.generalized.Test(), False, "generalized")
        self.generalized.Complete()
        status = MPI.Status()
        self.generalized.Wait(status)
        same(triple(status) + (status.Get_count(MPI.INT),), (3, 8, 0, 5), "status")
        same(self.freed, [1], "freed")
        self.comm.Send(b"late!", (RANK + 1) % SIZE, 78)
        status = MPI.Status()
        self.pending.Wait(status)
        same((bytes(self.late), status.source, status.tag, status.Get_count(MPI.BYTE)), (b"late!", (RANK - 1) % SIZE, 78, 5), "late")
        buffer = bytearray(20)
        self.message.Recv(buffer, status)
        same(bytes(buffer[:status.Get_count(MPI.BYTE)]), b"matched message", "matched")
        same(MPI.Comm.f2py(self.fint) == self.comm, True, "Fortran handle")
        same([MPI._handleof(x) for x in (self.comm, self.type, self.op, self.info, self.group)], self.handles, "handles")
        for x in (self.receive, self.send, self.op, self.info, self.group, self.cart, self.graph, self.type, self.comm):
            x.Free()
        same(self.deleted, [["value", "copy"], ["value"]], "deleted at the end")
        same(MPI.Comm.Free_keyval(self.key), MPI.KEYVAL_INVALID, "keyval")
        same(MPI.Datatype.Free_keyval(self.type_key), MPI.KEYVAL_INVALID, "keyval")


# Null handles and wrong arguments.

PREDEFINED_TYPES = [getattr(MPI, name) for name in """BYTE PACKED CHAR WCHAR SIGNED_CHAR UNSIGNED_CHAR SHORT UNSIGNED_SHORT INT
    UNSIGNED LONG UNSIGNED_LONG LONG_LONG UNSIGNED_LONG_LONG FLOAT DOUBLE LONG_DOUBLE SHORT_INT INT_INT LONG_INT FLOAT_INT
    DOUBLE_INT LONG_DOUBLE_INT C_BOOL INT8_T INT16_T INT32_T INT64_T UINT8_T UINT16_T UINT32_T UINT64_T C_COMPLEX
    C_DOUBLE_COMPLEX C_LONG_DOUBLE_COMPLEX AINT OFFSET COUNT CXX_BOOL CXX_DOUBLE_COMPLEX INTEGER REAL DOUBLE_PRECISION COMPLEX
    DOUBLE_COMPLEX LOGICAL CHARACTER INTEGER1 INTEGER2 INTEGER4 INTEGER8 REAL4 REAL8 COMPLEX8 COMPLEX16""".split()]
PREDEFINED_OPS = [getattr(MPI, name) for name in "MAX MIN SUM PROD LAND BAND LOR BOR LXOR BXOR MAXLOC MINLOC REPLACE NO_OP".split()]


@check
def null_types_are_refused():
    null = MPI.DATATYPE_NULL
    for method in (null.Dup, null.Commit, null.Free, null.Get_size, null.Get_extent, null.Get_true_extent, null.Get_envelope):
        refused(MPI.ERR_TYPE, method)
    refused(MPI.ERR_TYPE, null.Create_contiguous, 1)
    refused(MPI.ERR_TYPE, null.Create_vector, 1, 1, 1)
    refused(MPI.ERR_TYPE, null.Create_resized, 0, 1)
    refused(MPI.ERR_TYPE, MPI.Datatype.Create_struct, [1], [0], [null])
    refused(MPI.ERR_TYPE, null.Pack_size, 1, SELF)
    refused(MPI.ERR_TYPE, SELF.Send, [bytearray(1), 1, null], 0)
    refused(MPI.ERR_TYPE, SELF.Irecv, [bytearray(1), 1, null], 0)
    status = MPI.Status()
    refused(MPI.ERR_TYPE, status.Get_count, null)
    refused(MPI.ERR_TYPE, status.Get_elements, null)
    refused(MPI.ERR_TYPE, status.Set_elements, null, 0)


@check
def predefined_types_and_operations_cannot_be_freed():
    for datatype in PREDEFINED_TYPES:
        refused(MPI.ERR_TYPE, datatype.Free)
        true(datatype, "it is still there")
        refused((MPI.ERR_KEYVAL, MPI.ERR_OTHER), datatype.Get_attr, MPI.KEYVAL_INVALID)
        datatype.Commit()
    for op in PREDEFINED_OPS:
        refused((MPI.ERR_OP, MPI.ERR_ARG), op.Free)
        true(op and op.is_predefined, "it is still there")
    refused((MPI.ERR_OP, MPI.ERR_ARG), MPI.OP_NULL.Free)
    refused(MPI.ERR_OP, MPI.OP_NULL.Is_commutative)
    refused(MPI.ERR_OP, MPI.OP_NULL.Reduce_local, bytearray(1), bytearray(1))


@check
def null_requests_infos_groups_errhandlers_windows_and_files_are_refused():
    refused(MPI.ERR_REQUEST, MPI.REQUEST_NULL.Free)
    refused(MPI.ERR_REQUEST, MPI.REQUEST_NULL.Cancel)
    refused(MPI.ERR_REQUEST, MPI.Prequest().Start)
    refused(MPI.ERR_REQUEST, MPI.Prequest.Startall, [MPI.Prequest()])
    refused(MPI.ERR_REQUEST, MPI.Grequest().Complete)
    info = MPI.INFO_NULL
    for method, *arguments in ((info.Dup,), (info.Free,), (info.Get, "k"), (info.Set, "k", "v"), (info.Delete, "k"), (info.Get_nkeys,),
                               (info.Get_nthkey, 0)):
        refused((MPI.ERR_INFO, MPI.ERR_ARG), method, *arguments)
    null, empty = MPI.GROUP_NULL, MPI.GROUP_EMPTY
    for method in (null.Get_size, null.Get_rank, null.Free):
        refused(MPI.ERR_GROUP, method)
    for a, b in ((null, null), (null, empty), (empty, null)):
        for method in (MPI.Group.Compare, MPI.Group.Union, MPI.Group.Intersection, MPI.Group.Difference):
            refused(MPI.ERR_GROUP, method, a, b)
        refused(MPI.ERR_GROUP, MPI.Group.Translate_ranks, a, [], b)
    for method in (null.Incl, null.Excl, null.Range_incl, null.Range_excl):
        refused(MPI.ERR_GROUP, method, [])
    refused(MPI.ERR_ARG, MPI.ERRHANDLER_NULL.Free)
    refused(MPI.ERR_ARG, SELF.Set_errhandler, MPI.ERRHANDLER_NULL)
    refused(MPI.ERR_ARG, WORLD.Set_errhandler, MPI.ERRHANDLER_NULL)
    for method, *arguments in ((MPI.WIN_NULL.Free,), (MPI.WIN_NULL.Get_errhandler,), (MPI.WIN_NULL.Set_errhandler, MPI.ERRORS_RETURN),
                               (MPI.WIN_NULL.Call_errhandler, 0), (MPI.WIN_NULL.Get_group,), (MPI.WIN_NULL.Fence,)):
        refused((MPI.ERR_WIN, MPI.ERR_ARG), method, *arguments)
    refused(MPI.ERR_FILE, MPI.FILE_NULL.Get_size)


@check
def null_communicators_are_refused():
    null = MPI.COMM_NULL
    for a, b in ((null, null), (SELF, null), (WORLD, null), (null, SELF), (null, WORLD)):
        refused(MPI.ERR_COMM, MPI.Comm.Compare, a, b)
    for kind in (MPI.Comm, MPI.Intracomm, MPI.Intercomm, MPI.Cartcomm, MPI.Graphcomm, MPI.Distgraphcomm):
        comm = kind()
        same(comm == MPI.COMM_NULL and comm is not MPI.COMM_NULL, True, kind.__name__)
        for method in "Get_size Get_rank Is_inter Is_intra Get_group Get_topology Clone Dup Idup Free Disconnect Get_errhandler Barrier Ibarrier Get_info".split():
            refused(MPI.ERR_COMM, getattr(comm, method))
        for method, *arguments in ((comm.Get_attr, MPI.TAG_UB), (comm.Set_errhandler, MPI.ERRORS_RETURN), (comm.Split, 0, 0),
                                   (comm.Split_type, MPI.COMM_TYPE_SHARED), (comm.Call_errhandler, 0), (comm.Set_name, "x"),
                                   (comm.Send, bytearray(1), 0), (comm.Irecv, bytearray(1), 0), (comm.Bcast, bytearray(1)),
                                   (comm.Send_init, bytearray(1), 0), (comm.Create, MPI.GROUP_EMPTY),
                                   (comm.Dup_with_info, MPI.INFO_NULL)):
            refused(MPI.ERR_COMM, method, *arguments)
    inter = MPI.Intercomm()
    for method in (inter.Get_remote_group, inter.Get_remote_size, inter.Merge):
        refused(MPI.ERR_COMM, method)
    refused(MPI.ERR_COMM, MPI.Intracomm().Create_intercomm, 0, SELF, 0)
    refused((MPI.ERR_COMM, MPI.ERR_ARG), SELF.Free)
    refused((MPI.ERR_COMM, MPI.ERR_ARG), WORLD.Free)
    parent = MPI.Comm.Get_parent()
    same(parent == MPI.COMM_NULL, True, "no parent")
    refused(MPI.ERR_COMM, parent.Disconnect)


@check
def wrong_arguments_of_messages_are_refused():
    z = bytearray(4)
    for method in (SELF.Send, SELF.Isend, SELF.Ssend, SELF.Rsend, SELF.Send_init, SELF.Ssend_init):
        refused(MPI.ERR_RANK, method, z, 1)
        refused(MPI.ERR_RANK, method, z, -7)
        refused(MPI.ERR_RANK, method, z, MPI.ANY_SOURCE)
        refused(MPI.ERR_TAG, method, z, 0, -5)
        refused(MPI.ERR_TAG, method, z, 0, MPI.ANY_TAG)
    for method in (SELF.Recv, SELF.Irecv, SELF.Recv_init):
        refused(MPI.ERR_RANK, method, z, 1)
        refused(MPI.ERR_TAG, method, z, 0, -5)
    for method in (SELF.Probe, SELF.Iprobe, SELF.Mprobe, SELF.Improbe):
        refused(MPI.ERR_RANK, method, 1)
        refused(MPI.ERR_TAG, method, 0, -5)
    for root in (1, -9):
        refused(MPI.ERR_ROOT, SELF.Bcast, z, root)
        refused(MPI.ERR_ROOT, SELF.Reduce, z, bytearray(4), MPI.BOR, root)
        refused(MPI.ERR_ROOT, SELF.Gather, z, bytearray(4), root)
        refused(MPI.ERR_ROOT, SELF.Scatter, z, bytearray(4), root)
    refused(MPI.ERR_OP, SELF.Allreduce, z, bytearray(4), MPI.OP_NULL)
    refused(MPI.ERR_OP, SELF.Allreduce, [z, 1, MPI.FLOAT], [bytearray(4), 1, MPI.FLOAT], MPI.BOR)
    datatype = MPI.INT.Create_contiguous(2)
    refused(MPI.ERR_TYPE, SELF.Send, [z, 0, datatype], 0)
    datatype.Free()


@check
def logical_operations_on_floating_point_are_refused():
    # Live MPICH aborts the job here unless the system refuses first.
    for op in (MPI.LAND, MPI.LOR):
        refused(MPI.ERR_OP, op.Reduce_local, numpy.ones(1), numpy.ones(1))
        refused(MPI.ERR_OP, SELF.Allreduce, numpy.ones(1), numpy.ones(1), op)
    for op in (MPI.BAND, MPI.BOR, MPI.BXOR, MPI.MAXLOC):
        refused(MPI.ERR_OP, op.Reduce_local, numpy.ones(1), numpy.ones(1))


# Errors, their codes and handlers.

@check
def error_classes_have_themselves_as_class_and_a_text():
    classes = {name: code for name, code in vars(MPI).items() if name.startswith("ERR_") and name != "ERR_LASTCODE"}
    for name, code in classes.items():
        same(MPI.Get_error_class(code), code, name)
        true(0 < code <= MPI.ERR_LASTCODE, name)
        text = MPI.Get_error_string(code)
        true(text and f"MPI_{name}" in text, f"the text of {name} is {text}")
        error = MPI.Exception(code)
        same((error.error_code, error.error_class, error.error_string, str(error), int(error)), (code, code, text, text, code), name)
        true(error == code and error > MPI.SUCCESS and error, name)
    same((MPI.Get_error_class(0), bool(MPI.Exception(0))), (0, False), "success")
    same(MPI.Exception(-1).error_code, MPI.ERR_UNKNOWN, "a code below")


@check
def error_classes_codes_and_texts_can_be_added():
    last = WORLD.Get_attr(MPI.LASTUSEDCODE)
    new = MPI.Add_error_class()
    true(new > last and new >= MPI.ERR_LASTCODE, "a new class lies above the last")
    same(WORLD.Get_attr(MPI.LASTUSEDCODE), new, "last used")
    same(MPI.Get_error_string(new), "", "text")
    MPI.Add_error_string(new, "a class")
    codes = [MPI.Add_error_code(new), MPI.Add_error_code(new), MPI.Add_error_code(MPI.ERR_RANK)]
    same(WORLD.Get_attr(MPI.LASTUSEDCODE), codes[-1], "last used")
    same([MPI.Get_error_class(c) for c in codes], [new, new, MPI.ERR_RANK], "classes")
    for i, code in enumerate(codes):
        same(MPI.Get_error_string(code), "", "text")
        MPI.Add_error_string(code, f"code {i}")
        same(MPI.Get_error_string(code), f"code {i}", "text")
        same(str(MPI.Exception(code)), f"code {i}", "text")
    MPI.Add_error_string(codes[0], "another text")
    same(MPI.Get_error_string(codes[0]), "another text", "text")
    same(MPI.Get_error_string(new), "a class", "text")
    refused(MPI.ERR_ARG, MPI.Add_error_string, MPI.ERR_RANK, "x")
    SELF.Call_errhandler(MPI.SUCCESS)
    SELF.Call_errhandler(codes[0])


@check
def error_handlers_are_set_and_read():
    for comm in (SELF, WORLD):
        for handler in (MPI.ERRORS_ARE_FATAL, MPI.ERRORS_RETURN, MPI.ERRORS_ARE_FATAL, MPI.ERRORS_RETURN):
            old = comm.Get_errhandler()
            comm.Set_errhandler(handler)
            now = comm.Get_errhandler()
            same(now == handler, True, "handler")
            now.Free()
            same(now == MPI.ERRHANDLER_NULL, True, "freed")
            comm.Set_errhandler(old)
            old.Free()
    many = [WORLD.Get_errhandler() for _ in range(100)]
    for handler in many:
        handler.Free()
        true(not handler, "freed")
    dup = SELF.Dup()
    same(dup.Get_errhandler() == MPI.ERRORS_RETURN, True, "inherited")
    dup.Set_errhandler(MPI.ERRORS_ARE_FATAL)
    child = dup.Dup()
    child.Set_errhandler(MPI.ERRORS_RETURN)
    same(dup.Get_errhandler() == MPI.ERRORS_ARE_FATAL, True, "not changed by the child")
    child.Free()
    dup.Free()
    same(MPI.FILE_NULL.Get_errhandler() == MPI.ERRORS_RETURN, True, "default of files")


# Attributes.

def objects_with_attributes():
    yield WORLD.Dup()
    yield SELF.Dup()
    yield WORLD.Create_cart([SIZE])
    yield MPI.BYTE.Dup()
    yield MPI.INT.Create_contiguous(3)
    yield MPI.Win.Allocate(8, 1, MPI.INFO_NULL, WORLD)


def duplicate(x):
    return x.Dup() if hasattr(x, "Dup") else None


@check
def attributes_are_set_copied_and_deleted():
    for x in objects_with_attributes():
        kind = type(x)
        for copy in (None, False, True):
            key = kind.Create_keyval(copy, None)
            true(key != MPI.KEYVAL_INVALID, "a key")
            same(x.Get_attr(key), None, "not set")
            value = [1, 2, 3]
            x.Set_attr(key, value)
            true(x.Get_attr(key) is value, "the very object")
            dup = duplicate(x)
            if dup is not None:
                true(dup.Get_attr(key) is (value if copy else None), f"copied: {copy}")
                dup.Free()
            x.Delete_attr(key)
            same(x.Get_attr(key), None, "deleted")
            same(kind.Free_keyval(key), MPI.KEYVAL_INVALID, "key")
        x.Free()


@check
def callbacks_of_attributes_see_object_key_and_value():
    for x in objects_with_attributes():
        kind, log, value = type(x), [], object()
        base = MPI.Comm if isinstance(x, MPI.Comm) else kind

        def copy(o, k, v):
            log.append(("copy", isinstance(o, base), k, v is value))
            return NotImplemented if len(log) == 1 else ("copied", v)

        def delete(o, k, v):
            log.append(("delete", isinstance(o, base), k, v if v is not value else "value"))

        key = kind.Create_keyval(copy, delete)
        x.Set_attr(key, value)
        dups = [duplicate(x), duplicate(x)]
        wanted = []
        if dups[0] is not None:
            same(dups[0].Get_attr(key), None, "the callback declined")
            same(dups[1].Get_attr(key), ("copied", value), "the callback copied")
            wanted += [("copy", True, key, True)] * 2 + [("delete", True, key, ("copied", value))]
            dups[1].Free()
            dups[0].Free()
        x.Set_attr(key, "second")
        wanted.append(("delete", True, key, "value"))
        same(log, wanted, "log")
        number = key
        kind.Free_keyval(key)
        x.Free()
        same(log[len(wanted):], [("delete", True, number, "second")], "deleted with the object")


@check
def attributes_hold_handles_and_plain_numbers():
    for x in objects_with_attributes():
        kind = type(x)
        if hasattr(x, "Dup"):
            key = kind.Create_keyval(lambda o, k, v: v.Dup(), lambda o, k, v: v.Free())
            first = x.Dup()
            x.Set_attr(key, first)
            other = x.Dup()
            second = other.Get_attr(key)
            true(first and second and first != second, "a duplicate each")
            other.Free()
            true(not second and first, "freed by the callback")
            x.Delete_attr(key)
            true(not first, "freed by the callback")
            kind.Free_keyval(key)
        for number in (0, 123456789, 1 << 40):
            seen = []
            key = kind.Create_keyval(lambda o, k, v: (seen.append(v), v)[1], lambda o, k, v: seen.append(v), nopython=True)
            same(x.Get_attr(key), None, "not set")
            x.Set_attr(key, number)
            same(x.Get_attr(key), number, "plain number")
            dup = duplicate(x)
            if dup is not None:
                same(dup.Get_attr(key), number, "copied number")
                dup.Free()
            x.Delete_attr(key)
            same(x.Get_attr(key), None, "deleted")
            same(seen, [number] * (3 if dup is not None else 1), "callbacks")
            kind.Free_keyval(key)
        key = kind.Create_keyval(nopython=True)
        place = array.array("i", [42])
        x.Set_attr(key, place.buffer_info()[0])
        same(x.Get_attr(key), place.buffer_info()[0], "an address")
        x.Free()
        kind.Free_keyval(key)


@check
def predefined_attributes_are_there_and_fixed():
    true(WORLD.Get_attr(MPI.TAG_UB) >= 32767, "TAG_UB")
    true(WORLD.Get_attr(MPI.WTIME_IS_GLOBAL) in (True, False, 0, 1), "WTIME_IS_GLOBAL")
    same(WORLD.Get_attr(MPI.APPNUM), 0, "APPNUM")
    true(WORLD.Get_attr(MPI.HOST) is not None and WORLD.Get_attr(MPI.IO) is not None, "HOST and IO")
    true(WORLD.Get_attr(MPI.UNIVERSE_SIZE) is None or WORLD.Get_attr(MPI.UNIVERSE_SIZE) >= 1, "UNIVERSE_SIZE")
    for key in (MPI.TAG_UB, MPI.HOST, MPI.IO, MPI.WTIME_IS_GLOBAL, MPI.UNIVERSE_SIZE, MPI.APPNUM, MPI.LASTUSEDCODE):
        refused((MPI.ERR_KEYVAL, MPI.ERR_OTHER), WORLD.Set_attr, key, 1)
        refused((MPI.ERR_KEYVAL, MPI.ERR_OTHER), WORLD.Delete_attr, key)
        refused((MPI.ERR_KEYVAL, MPI.ERR_OTHER), MPI.Comm.Free_keyval, key)
    refused((MPI.ERR_KEYVAL, MPI.ERR_OTHER), WORLD.Get_attr, MPI.KEYVAL_INVALID)
    refused((MPI.ERR_KEYVAL, MPI.ERR_OTHER), MPI.Comm.Free_keyval, MPI.KEYVAL_INVALID)
    window = MPI.Win.Allocate(16, 4, MPI.INFO_NULL, WORLD)
    same((window.Get_attr(MPI.WIN_SIZE), window.Get_attr(MPI.WIN_DISP_UNIT), window.flavor), (16, 4, MPI.WIN_FLAVOR_ALLOCATE), "window")
    true(window.Get_attr(MPI.WIN_BASE) and window.model in (MPI.WIN_UNIFIED, MPI.WIN_SEPARATE), "base and model")
    refused((MPI.ERR_KEYVAL, MPI.ERR_OTHER), window.Get_attr, MPI.KEYVAL_INVALID)
    refused((MPI.ERR_KEYVAL, MPI.ERR_OTHER), window.Set_attr, MPI.WIN_SIZE, 3)
    window.Set_name("w")
    same(window.Get_name(), "w", "name of the window")
    window.Free()


# Infos, groups and communicators.

@check
def infos_hold_keys_and_values():
    info = MPI.Info.Create()
    same((info.Get_nkeys(), len(info), info.keys(), "key" in info, info.Get("key")), (0, 0, [], False, None), "empty")
    refused(MPI.ERR_INFO_NOKEY, info.Delete, "key")
    refused((MPI.ERR_ARG, MPI.ERR_INFO_KEY), info.Get_nthkey, 0)
    info.Set("key", "value")
    same((info.Get_nkeys(), info.Get_nthkey(0), info.Get("key"), info["key"]), (1, "key", "value", "value"), "one")
    dup = info.Dup()
    info["key"], info["other"] = "changed", "x y"
    same((dup.items(), info.items()), ([("key", "value")], [("key", "changed"), ("other", "x y")]), "items in order")
    dup.update(a="1", b="2")
    same((dup.pop("a"), sorted(dup), dup.get("c", "default")), ("1", ["b", "key"], "default"), "like a dictionary")
    dup.clear()
    same(len(dup), 0, "cleared")
    dup.Free()
    true(not dup and info, "freed")
    for length in (MPI.MAX_INFO_KEY - 1, 1):
        info.Set("k" * length, "v" * (MPI.MAX_INFO_VAL - 1))
        same(len(info.Get("k" * length)), MPI.MAX_INFO_VAL - 1, "long value")
    same(info.Get("k", 3), "vvv", "cut value")
    info[" with "] = " blanks "
    same((info[" with "], info.Get("with")), (" blanks ", None), "blanks are stripped in Fortran only")
    refused(MPI.ERR_INFO_KEY, info.Set, "k" * (MPI.MAX_INFO_KEY + 5), "v")
    refused(MPI.ERR_INFO_VALUE, info.Set, "k", "v" * (MPI.MAX_INFO_VAL + 5))
    refused(MPI.ERR_INFO_KEY, info.Set, "", "v")
    info.Free()
    null = MPI.INFO_NULL
    same((len(null), "k" in null, null.keys(), null.values(), null.items()), (0, False, [], [], []), "null as a dictionary")
    raises(KeyError, lambda: null["k"])
    raises(KeyError, lambda: MPI.Info.Create()["k"])


@check
def infos_of_communicators_and_windows_are_new_objects():
    info = MPI.Info.Create()
    info["hint_nobody_knows"] = "1"
    dup = WORLD.Dup_with_info(info)
    dup.Set_info(info)
    info.Free()
    got = dup.Get_info()
    true(got is not None and got != MPI.INFO_NULL, "an info")
    got["x"] = "y"
    again = dup.Get_info()
    true("x" not in again.keys(), "another info each time")
    got.Free()
    again.Free()
    dup.Free()


@check
def groups_are_compared_combined_and_translated():
    world = WORLD.Get_group()
    own = SELF.Get_group()
    empty = MPI.GROUP_EMPTY
    same((empty.size, empty.rank, own.size, own.rank, world.size, world.rank), (0, MPI.UNDEFINED, 1, 0, SIZE, RANK), "sizes")
    compare = MPI.Group.Compare
    for group in (world, own, empty):
        for new, wanted in ((MPI.Group.Union(empty, group), group), (MPI.Group.Union(group, empty), group), (MPI.Group.Union(group, group), group),
                            (MPI.Group.Difference(empty, group), empty), (MPI.Group.Difference(group, empty), group),
                            (MPI.Group.Difference(group, group), empty), (MPI.Group.Intersection(empty, group), empty),
                            (MPI.Group.Intersection(group, empty), empty), (MPI.Group.Intersection(group, group), group),
                            (group.Incl([]), empty), (group.Excl([]), group), (group.Range_incl([]), empty), (group.Range_excl([]), group),
                            (group.Dup(), group)):
            same(compare(new, wanted), MPI.IDENT, "combined")
            if wanted.size:
                new.Free()
                true(not new, "freed")
        if group.size:
            last = group.size - 1
            same(compare(group.Range_incl([(0, last, 1)]), group), MPI.IDENT, "all of it")
            same(compare(group.Range_incl([(last, 0, -1)]), group), MPI.IDENT if last == 0 else MPI.SIMILAR, "backwards")
            same(compare(group.Range_excl([(0, last, 1)]), empty), MPI.IDENT, "none of it")
            ranks = list(range(group.size)) * 3
            same(MPI.Group.Translate_ranks(group, ranks, group), ranks, "to itself")
            same(MPI.Group.Translate_ranks(group, ranks, empty), [MPI.UNDEFINED] * len(ranks), "to the empty one")
            same(MPI.Group.Translate_ranks(group, [MPI.PROC_NULL] * 3, group), [MPI.PROC_NULL] * 3, "PROC_NULL")
            refused(MPI.ERR_GROUP, compare, group, MPI.GROUP_NULL)
            refused(MPI.ERR_RANK, group.Incl, [group.size])
            refused(MPI.ERR_RANK, group.Incl, [-1])
            refused(MPI.ERR_RANK, group.Excl, [group.size])
            refused((MPI.ERR_RANK, MPI.ERR_ARG), group.Range_incl, [(0, group.size, 1)])
    same(compare(own, world), MPI.IDENT if SIZE == 1 else MPI.UNEQUAL, "own and world")
    same(MPI.Group.Translate_ranks(own, [0], world), [RANK], "own rank")
    even, odd = world.Incl(list(range(0, SIZE, 2))), world.Excl(list(range(0, SIZE, 2)))
    both = MPI.Group.Union(odd, even)
    same(MPI.Group.Translate_ranks(both, list(range(SIZE)), world), list(range(1, SIZE, 2)) + list(range(0, SIZE, 2)), "odd before even")
    same(even.rank, RANK // 2 if RANK % 2 == 0 else MPI.UNDEFINED, "rank among the even")
    same((MPI.Group() == MPI.GROUP_NULL, MPI.Group() is MPI.GROUP_NULL), (True, False), "null")


@check
def communicators_are_duplicated_split_named_and_compared():
    same((WORLD.Get_name(), SELF.Get_name()), ("MPI_COMM_WORLD", "MPI_COMM_SELF"), "names")
    for base in (WORLD, SELF):
        dup = base.Dup()
        for comm in (base, dup):
            group = comm.Get_group()
            same((comm.size, comm.rank, comm.is_intra, comm.is_inter, comm.topology), (group.size, group.rank, True, False, MPI.UNDEFINED), "basics")
            group.Free()
            name = comm.Get_name()
            comm.Set_name("comm")
            same(comm.Get_name(), "comm", "name")
            comm.Set_name(name)
            same(comm.Get_name(), name, "name")
            comm.Barrier()
        dup.Set_name("x" * 300)
        same(dup.Get_name(), "x" * (MPI.MAX_OBJECT_NAME - 1), "long name")
        same((MPI.Comm.Compare(base, base), MPI.Comm.Compare(base, dup)), (MPI.IDENT, MPI.CONGRUENT), "compared")
        refused(MPI.ERR_COMM, MPI.Comm.Compare, base, MPI.COMM_NULL)
        clone = dup.Clone()
        clone.Free()
        idup, request = dup.Idup()
        request.Wait()
        same(MPI.Comm.Compare(idup, dup), MPI.CONGRUENT, "idup")
        idup.Free()
        dup.Free()
        true(not clone and not dup, "freed")
    turned = WORLD.Split(0, -RANK)
    same((turned.rank, MPI.Comm.Compare(WORLD, turned)), (SIZE - 1 - RANK, MPI.SIMILAR if SIZE > 1 else MPI.CONGRUENT), "turned round")
    halves = WORLD.Split(RANK % 2 if RANK else MPI.UNDEFINED, 0)
    same(halves == MPI.COMM_NULL, RANK == 0, "null for UNDEFINED")
    shared = WORLD.Split_type(MPI.COMM_TYPE_SHARED, RANK)
    same(shared.size, SIZE, "all on one host")
    same(SELF.Split_type(MPI.UNDEFINED) == MPI.COMM_NULL, True, "null for UNDEFINED")
    group = WORLD.group.Incl([0])
    for new in (WORLD.Create(group), WORLD.Create_group(group) if RANK == 0 else MPI.COMM_NULL):
        same(new == MPI.COMM_NULL, RANK != 0, "only rank 0")
        if new:
            same(MPI.Comm.Compare(new, SELF), MPI.CONGRUENT, "only itself")
            new.Free()
    same(WORLD.Create(MPI.GROUP_EMPTY) == MPI.COMM_NULL, True, "of nobody")
    refused(MPI.ERR_GROUP, SELF.Create, MPI.GROUP_NULL)
    for comm in (turned, halves, shared):
        if comm:
            comm.Free()
    dup = WORLD.Dup()
    dup.Disconnect()
    true(not dup, "disconnected")


def two_halves(base):
    low = base.rank < base.size // 2
    local = base.Split(0 if low else 1)
    return low, local, local.Create_intercomm(0, base, base.size // 2 if low else 0, 5)


@check
def intercommunicators_have_two_groups():
    if SIZE < 2:
        return
    low, local, inter = two_halves(WORLD)
    other = inter.Dup()
    for comm in (inter, other):
        same((comm.is_inter, comm.is_intra, type(comm) is MPI.Intercomm), (True, False, True), "kind")
        again = MPI.Comm.f2py(comm.py2f())
        same((again == comm, type(again) is MPI.Intercomm), (True, True), "through Fortran")
        same((comm.size, comm.rank, comm.remote_size), (local.size, local.rank, SIZE - local.size), "sizes")
        group, remote = comm.Get_group(), comm.Get_remote_group()
        same((group.size, group.rank, remote.size, remote.rank), (comm.size, comm.rank, comm.remote_size, MPI.UNDEFINED), "groups")
        same(MPI.Group.Translate_ranks(remote, [0], WORLD.group), [SIZE // 2 if low else 0], "remote leader")
        group.Free()
        remote.Free()
        for high in (not low, low):
            merged = comm.Merge(high)
            if high != low:
                same((merged.size, merged.rank), (SIZE, RANK), "merged")
            same(type(merged) is MPI.Intracomm and merged.size == SIZE, True, "merged")
            merged.Free()
        same(comm.allreduce(RANK), sum(range(SIZE // 2, SIZE)) if low else sum(range(SIZE // 2)), "sum of the others")
        comm.Barrier()
        part = comm.Split(0, 0)
        same((part.is_inter, part.remote_size), (True, comm.remote_size), "split")
        part.Free()
    same(MPI.Comm.Compare(inter, other), MPI.CONGRUENT, "compared")
    created = inter.Create(inter.group)
    same((created.is_inter, created.size), (True, inter.size), "created")
    for comm in (created, other, inter, local):
        comm.Free()


@check
def neighbours_of_topologies_are_found():
    for base in (SELF, WORLD, WORLD.Dup()):
        size, rank = base.size, base.rank
        for ndim in (1, 2, 3, 5):
            dims = MPI.Compute_dims(size, ndim)
            same(int(numpy.prod(dims)), size, "dims")
            cart = base.Create_cart(dims, [True] * ndim)
            same((cart.topology, cart.is_topo, cart.dim, cart.dims, cart.periods), (MPI.CART, True, ndim, dims, [1] * ndim), "cartesian")
            coordinates = cart.Get_coords(cart.rank)
            same(cart.coords, coordinates, "coordinates")
            for i in range(ndim):
                for d in (-1, 1):
                    there = list(coordinates)
                    there[i] = (there[i] + d) % dims[i]
                    neighbour = cart.Get_cart_rank(there)
                    same(cart.Get_coords(neighbour), there, "there and back")
                    same(cart.Shift(i, d)[1], neighbour, "shift")
            if ndim > 1:
                for i in range(ndim):
                    sub = cart.Sub([j != i for j in range(ndim)])
                    same((sub.dim, sub.dims), (ndim - 1, dims[:i] + dims[i + 1:]), "sub")
                    sub.Free()
            cart.Free()
        line = base.Create_cart([size], [False])
        same(line.Shift(0, 1), (rank - 1 if rank else MPI.PROC_NULL, rank + 1 if rank < size - 1 else MPI.PROC_NULL), "ends of the line")
        refused((MPI.ERR_RANK, MPI.ERR_ARG), line.Get_cart_rank, [size])
        dup = line.Dup()
        same((type(dup) is MPI.Cartcomm, dup.dims), (True, [size]), "duplicate")
        dup.Free()
        line.Free()
        refused((MPI.ERR_DIMS, MPI.ERR_ARG), base.Create_cart, [size + 1])
        index = [2 * (i + 1) for i in range(size)]
        edges = [x % size for i in range(size) for x in (i - 1, i + 1)]
        graph = base.Create_graph(index, edges)
        same((graph.topology, graph.dims, graph.index, graph.edges, graph.nneighbors), (MPI.GRAPH, (size, 2 * size), index, edges, 2), "graph")
        same([graph.Get_neighbors(i) for i in range(size)], [edges[2 * i:2 * i + 2] for i in range(size)], "neighbours")
        graph.Free()
        come, go = [(rank - 2) % size, (rank - 1) % size], [(rank + 1) % size, (rank + 2) % size]
        for arguments, counts, wanted in (((None, None), (0, 0, False), ([], [], None)), ((come, go), (2, 2, False), (come, go, None)),
                                          ((come, go, [1, 2], [3, 4]), (2, 2, True), (come, go, ([1, 2], [3, 4]))),
                                          (([], [], MPI.WEIGHTS_EMPTY, MPI.WEIGHTS_EMPTY), (0, 0, True), ([], [], ([], [])))):
            graph = base.Create_dist_graph_adjacent(*arguments)
            same((graph.topology, graph.Get_dist_neighbors_count(), graph.Get_dist_neighbors()), (MPI.DIST_GRAPH, counts, wanted), "adjacent")
            graph.Free()
        for weights, weighted in ((MPI.UNWEIGHTED, False), ([1, 2, 3], True)):
            graph = base.Create_dist_graph([rank], [3], [(rank - 1) % size, rank, (rank + 1) % size], weights)
            same(graph.Get_dist_neighbors_count(), (3, 3, weighted), "distributed graph")
            got = graph.Get_dist_neighbors()
            same((sorted(got[0]), sorted(got[1])), (sorted([(rank - 1) % size, rank, (rank + 1) % size]),) * 2, "neighbours")
            graph.Free()
        true(base.Cart_map([size], [False]) in range(size), "map of a line")
        true(base.Graph_map(index, edges) in range(size), "map of a graph")
        if base not in (SELF, WORLD):
            base.Free()
    cart = SELF.Create_cart([])
    same((cart.dim, cart.dims, cart.periods, cart.coords, cart.Get_cart_rank([])), (0, [], [], [], 0), "no dimension")
    cart.Free()
    same((MPI.Compute_dims(6, [0, 3]), MPI.Compute_dims(12, 2), MPI.Compute_dims(7, [0, 0, 0])), ([2, 3], [4, 3], [7, 1, 1]), "dims")
    refused(MPI.ERR_DIMS, MPI.Compute_dims, 6, [4, 0])


# Datatypes, packing and operations.

def derived_types():
    """Each kind of derived type of int with its size, lower bound, extent, true lower bound, true extent, envelope, contents."""
    integer = MPI.INT
    yield integer.Create_dup(), (4, 0, 4, 0, 4), (0, 0, 1, MPI.COMBINER_DUP), ([], [])
    yield integer.Create_contiguous(3), (12, 0, 12, 0, 12), (1, 0, 1, MPI.COMBINER_CONTIGUOUS), ([3], [])
    yield integer.Create_contiguous(0), (0, 0, 0, 0, 0), (1, 0, 1, MPI.COMBINER_CONTIGUOUS), ([0], [])
    yield integer.Create_vector(2, 3, 5), (24, 0, 32, 0, 32), (3, 0, 1, MPI.COMBINER_VECTOR), ([2, 3, 5], [])
    yield integer.Create_vector(2, 3, -5), (24, -20, 32, -20, 32), (3, 0, 1, MPI.COMBINER_VECTOR), ([2, 3, -5], [])
    yield integer.Create_hvector(2, 3, 44), (24, 0, 56, 0, 56), (2, 1, 1, MPI.COMBINER_HVECTOR), ([2, 3], [44])
    yield integer.Create_indexed([1, 2], [3, 7]), (12, 12, 24, 12, 24), (5, 0, 1, MPI.COMBINER_INDEXED), ([2, 1, 2, 3, 7], [])
    yield integer.Create_hindexed([1, 2], [8, 40]), (12, 8, 40, 8, 40), (3, 2, 1, MPI.COMBINER_HINDEXED), ([2, 1, 2], [8, 40])
    yield integer.Create_indexed_block(2, [1, 7]), (16, 4, 32, 4, 32), (4, 0, 1, MPI.COMBINER_INDEXED_BLOCK), ([2, 2, 1, 7], [])
    yield integer.Create_hindexed_block(2, [4, 44]), (16, 4, 48, 4, 48), (2, 2, 1, MPI.COMBINER_HINDEXED_BLOCK), ([2, 2], [4, 44])
    yield (MPI.Datatype.Create_struct([1, 2], [0, 8], [MPI.CHAR, MPI.DOUBLE]), (17, 0, 24, 0, 24), (3, 2, 2, MPI.COMBINER_STRUCT),
           ([2, 1, 2], [0, 8]))
    yield (MPI.Datatype.Create_struct([1, 1], [0, 8], [MPI.DOUBLE, MPI.CHAR]), (9, 0, 16, 0, 9), (3, 2, 2, MPI.COMBINER_STRUCT),
           ([2, 1, 1], [0, 8]))
    yield (integer.Create_subarray([4, 5], [2, 3], [1, 1]), (24, 0, 80, 24, 32), (8, 0, 1, MPI.COMBINER_SUBARRAY),
           ([2, 4, 5, 2, 3, 1, 1, MPI.ORDER_C], []))
    yield (integer.Create_subarray([4, 5], [2, 3], [1, 1], MPI.ORDER_F), (24, 0, 80, 20, 40), (8, 0, 1, MPI.COMBINER_SUBARRAY),
           ([2, 4, 5, 2, 3, 1, 1, MPI.ORDER_F], []))
    yield integer.Create_resized(-4, 16), (4, -4, 16, 0, 4), (0, 2, 1, MPI.COMBINER_RESIZED), ([], [-4, 16])
    yield (integer.Create_darray(4, 2, [8], [MPI.DISTRIBUTE_BLOCK], [MPI.DISTRIBUTE_DFLT_DARG], [4]), (8, 0, 32, 16, 8),
           (8, 0, 1, MPI.COMBINER_DARRAY), ([4, 2, 1, 8, MPI.DISTRIBUTE_BLOCK, MPI.DISTRIBUTE_DFLT_DARG, 4, MPI.ORDER_C], []))


@check
def derived_types_know_their_making_and_bounds():
    for datatype, bounds, envelope, contents in derived_types():
        same((datatype.Get_size(),) + datatype.Get_extent() + datatype.Get_true_extent(), bounds, "bounds")
        same((datatype.size, datatype.lb, datatype.extent, datatype.true_lb, datatype.true_extent), bounds, "bounds")
        same(datatype.Get_envelope(), envelope, "envelope")
        integers, addresses, types = datatype.Get_contents()
        same((integers, addresses), contents, "contents")
        same(types[0] in (MPI.INT, MPI.CHAR, MPI.DOUBLE), True, "inner type")
        same((datatype.is_named, datatype.is_predefined), (False, False), "not predefined")
        datatype.Commit().Commit()
        datatype.Set_name("x" * 300)
        same(datatype.Get_name(), "x" * (MPI.MAX_OBJECT_NAME - 1), "long name")
        dup = datatype.Dup()
        same((dup.Get_size(),) + dup.Get_extent(), bounds[:3], "duplicate")
        fortran = MPI.Datatype.f2py(datatype.py2f())
        same(fortran == datatype, True, "through Fortran")
        status = MPI.Status()
        status.Set_elements(datatype, 7)
        if bounds[0] and bounds[0] % 4 == 0:
            same(status.Get_elements(datatype), 7, "elements")
        dup.Free()
        datatype.Free()
        true(not datatype and not dup, "freed")
    nested = MPI.Datatype.Create_struct([2], [4], [MPI.INT.Create_vector(2, 1, 3)])
    inner = nested.Get_contents()[2][0]
    same(inner.Get_contents()[0], [2, 1, 3], "the inner type lives on")
    inner.Free()
    nested.Free()


@check
def derived_types_carry_data():
    source = numpy.arange(64, dtype="i")
    for datatype, bounds, _, _ in derived_types():
        datatype.Commit()
        low = max(0, -bounds[3])
        target = numpy.full(64, -1, dtype="i")
        status = MPI.Status()
        SELF.Sendrecv([memoryview(source)[low // 4:], 1, datatype], 0, 0, [memoryview(target)[low // 4:], 1, datatype], 0, 0, status)
        same((status.Get_count(datatype), status.Get_count(MPI.BYTE)), (1 if bounds[0] else 0, bounds[0]), "counts")
        touched = sum(int(x) for x in (numpy.frombuffer(target.tobytes(), "B") != 255))
        true(touched <= bounds[0] and (bounds[0] == 0 or touched > 0), "no more than its size")
        keep = target != -1
        if bounds[0] % 4 == 0:
            true((target[keep] == source[keep]).all() and int(keep.sum()) == bounds[0] // 4, "the right places")
        datatype.Free()


@check
def predefined_types_have_names_sizes_and_numbers():
    sizes = {"CHAR": 1, "SHORT": 2, "INT": 4, "LONG": 8, "FLOAT": 4, "DOUBLE": 8, "LONG_DOUBLE": 16, "SHORT_INT": 6, "DOUBLE_INT": 12,
             "LONG_INT": 12, "AINT": 8, "C_DOUBLE_COMPLEX": 16, "BYTE": 1, "PACKED": 1, "WCHAR": 4, "INTEGER": 4, "REAL8": 8}
    for name, size in sizes.items():
        datatype = getattr(MPI, name)
        same((datatype.Get_size(), datatype.Get_name(), datatype.Get_envelope()), (size, "MPI_" + name, (0, 0, 0, MPI.COMBINER_NAMED)), name)
    for datatype in PREDEFINED_TYPES:
        name = datatype.Get_name()
        true(name.startswith("MPI_"), name)
        datatype.Set_name("renamed")
        same(datatype.Get_name(), "renamed", name)
        datatype.Set_name(name)
        same((datatype.is_named, datatype.is_predefined, datatype.combiner), (True, True, MPI.COMBINER_NAMED), name)
        same(MPI.Datatype.f2py(datatype.py2f()) == datatype, True, name)
    for wanted, kind, size in ((8, MPI.TYPECLASS_REAL, 8), (4, MPI.TYPECLASS_INTEGER, 4), (16, MPI.TYPECLASS_COMPLEX, 16)):
        same(MPI.Datatype.Match_size(kind, size).Get_size(), wanted, "matched")
    refused(MPI.ERR_ARG, MPI.Datatype.Match_size, MPI.TYPECLASS_INTEGER, 3)
    for made, size, envelope, numbers in ((MPI.Datatype.Create_f90_integer(9), 4, (1, 0, 0, MPI.COMBINER_F90_INTEGER), [9]),
                                          (MPI.Datatype.Create_f90_real(15, 300), 8, (2, 0, 0, MPI.COMBINER_F90_REAL), [15, 300]),
                                          (MPI.Datatype.Create_f90_complex(6, 30), 8, (2, 0, 0, MPI.COMBINER_F90_COMPLEX), [6, 30])):
        same((made.Get_size(), made.Get_envelope(), made.Get_contents()[0]), (size, envelope, numbers), "F90")
        same(made.is_predefined, True, "F90")
        refused(MPI.ERR_TYPE, made.Free)
    refused(MPI.ERR_ARG, MPI.Datatype.Create_f90_integer, 40)
    refused(MPI.ERR_ARG, MPI.Datatype.Create_f90_real, 40, 10)


@check
def wrong_arguments_of_type_constructors_are_refused():
    integer = MPI.INT
    refused((MPI.ERR_COUNT, MPI.ERR_ARG), integer.Create_contiguous, -1)
    refused((MPI.ERR_COUNT, MPI.ERR_ARG), integer.Create_vector, -1, 1, 1)
    refused((MPI.ERR_COUNT, MPI.ERR_ARG), integer.Create_vector, 1, -1, 1)
    refused((MPI.ERR_COUNT, MPI.ERR_ARG), integer.Create_hvector, 1, -1, 1)
    refused((MPI.ERR_COUNT, MPI.ERR_ARG), integer.Create_indexed, [-1], [0])
    refused((MPI.ERR_COUNT, MPI.ERR_ARG), integer.Create_hindexed, [-1], [0])
    refused((MPI.ERR_COUNT, MPI.ERR_ARG), integer.Create_indexed_block, -1, [0])
    refused((MPI.ERR_COUNT, MPI.ERR_ARG), MPI.Datatype.Create_struct, [-1], [0], [integer])
    refused(MPI.ERR_ARG, integer.Create_subarray, [4], [5], [0])
    refused(MPI.ERR_ARG, integer.Create_subarray, [4], [2], [3])
    refused(MPI.ERR_ARG, integer.Create_subarray, [4], [1], [0], 77)


@check
def packed_data_come_out_as_they_went_in():
    for comm in (SELF, WORLD):
        for code in "hilHILfd":
            datatype = MPI._typedict[code]
            for items in range(5):
                given = array.array(code, range(items))
                same(datatype.Pack_size(items, comm) - datatype.Pack_size(0, comm), items * given.itemsize, "pack size")
                buffer = bytearray(2 * datatype.Pack_size(items, comm))
                position = datatype.Pack(given, buffer, 0, comm)
                position = datatype.Pack(given, buffer, position, comm)
                first, second = array.array(code, [9] * items), array.array(code, [9] * items)
                position = datatype.Unpack(buffer, 0, first, comm)
                same(datatype.Unpack(buffer, position, second, comm), 2 * items * given.itemsize, "position")
                same((first, second), (given, given), "unpacked")
    refused(MPI.ERR_COMM, MPI.INT.Pack_size, 1, MPI.COMM_NULL)
    refused((MPI.ERR_TRUNCATE, MPI.ERR_ARG), MPI.INT.Pack, array.array("i", [1, 2, 3]), bytearray(8), 0, SELF)
    # Open MPI gives MPI_LONG eight bytes in external32 and the standard four: no check of it.
    for code in "hiIqfd":
        datatype = MPI._typedict[code]
        given = array.array(code, [1, 2, 5])
        size = datatype.Pack_external_size("external32", 3)
        buffer = bytearray(size)
        same(datatype.Pack_external("external32", given, buffer, 0), 3 * given.itemsize, "position")
        swapped = array.array(code, given)
        swapped.byteswap()
        same(bytes(buffer[:3 * given.itemsize]), swapped.tobytes(), "big end first")
        got = array.array(code, [0] * 3)
        datatype.Unpack_external("external32", buffer, 0, got)
        same(got, given, "unpacked")


@check
def operations_work_on_python_objects_and_on_buffers():
    same((MPI.MIN(2, 3), MPI.MAX(2, 3), MPI.SUM(2, 3), MPI.PROD(2, 3), MPI.REPLACE(2, 3), MPI.NO_OP(2, 3)), (2, 3, 5, 6, 3, 2), "called")
    for x in (0, 1):
        for y in (0, 1):
            same((MPI.LAND(x, y), MPI.LOR(x, y), MPI.LXOR(x, y), MPI.BAND(x, y), MPI.BOR(x, y), MPI.BXOR(x, y)),
                 (x and y, x or y, x ^ y, x & y, x | y, x ^ y), "called")
    for op, wanted in ((MPI.MAX, 9), (MPI.MIN, 4), (MPI.SUM, 13), (MPI.PROD, 36), (MPI.BAND, 0), (MPI.BOR, 13), (MPI.BXOR, 13), (MPI.LAND, 1),
                       (MPI.LOR, 1), (MPI.LXOR, 0)):
        inout = array.array("i", [9])
        op.Reduce_local(array.array("i", [4]), inout)
        same(inout[0], wanted, "reduced locally")
        same(op.Is_commutative(), True, "commutes")
    pair = numpy.dtype([("value", "d"), ("place", "i")], align=True)
    for op, wanted in ((MPI.MAXLOC, SIZE - 1), (MPI.MINLOC, 0)):
        a, b = numpy.array([(RANK, RANK)], pair), numpy.zeros(1, pair)
        WORLD.Allreduce([a, 1, MPI.DOUBLE_INT], [b, 1, MPI.DOUBLE_INT], op)
        same((b[0]["value"], b[0]["place"]), (wanted, wanted), "place")


@check
def many_operations_in_python_live_at_once():
    def make(k):
        def operation(a, b, datatype):
            x, y = numpy.frombuffer(a, "i"), numpy.frombuffer(b, "i")
            y[:] = x + y + k
            seen.append(datatype == MPI.INT)
        return operation
    seen = []
    ops = [MPI.Op.Create(make(k), k % 2 == 0) for k in range(8)]
    for k, op in enumerate(ops):
        same((op.Is_commutative(), op.is_predefined, bool(op)), (k % 2 == 0, False, True), "kind")
        result = array.array("i", [0, 0])
        WORLD.Allreduce(array.array("i", [1, 2]), result, op)
        same(list(result), [SIZE + k * (SIZE - 1), 2 * SIZE + k * (SIZE - 1)], "allreduce")
        place = array.array("i", [1, 2])
        WORLD.Allreduce(MPI.IN_PLACE, place, op)
        same(place, result, "in place")
        op.Reduce_local(array.array("i", [1, 1]), place)
        same(list(place), [result[0] + 1 + k, result[1] + 1 + k], "locally")
        WORLD.Scan(array.array("i", [1]), memoryview(result)[:1], op)
        same(result[0], RANK + 1 + k * RANK, "scan")
        given = array.array("i", [1])
        request = WORLD.Iallreduce(given, memoryview(result)[:1], op)
        request.Wait()
        same(result[0], SIZE + k * (SIZE - 1), "without blocking")
        same(MPI.Op.f2py(op.py2f()) == op, True, "through Fortran")
    true(all(seen), "the datatype given to the callback")
    same(WORLD.allreduce([RANK], MPI.SUM), list(range(SIZE)), "lists")
    for op in ops:
        op.Free()
        true(not op, "freed")


# Statuses, requests, messages.

@check
def statuses_hold_what_is_set():
    status = MPI.Status()
    same(triple(status) + (status.Get_count(MPI.BYTE), status.Get_elements(MPI.BYTE), status.Is_cancelled()),
         (MPI.ANY_SOURCE, MPI.ANY_TAG, MPI.SUCCESS, 0, 0, False), "new")
    status.Set_elements(MPI.BYTE, 7)
    same((status.Get_count(MPI.BYTE), status.Get_count(MPI.INT), status.Get_elements(MPI.INT)), (7, MPI.UNDEFINED, MPI.UNDEFINED), "seven bytes")
    pairs = MPI.INT.Create_contiguous(2).Commit()
    status.Set_elements(pairs, 3)
    same((status.Get_elements(pairs), status.Get_count(pairs), status.Get_count(MPI.INT)), (3, MPI.UNDEFINED, 3), "a pair and a half")
    status.source, status.tag, status.error = 1, 2, MPI.ERR_ARG
    status.Set_cancelled(True)
    same(triple(status) + (status.Is_cancelled(), status.cancelled), (1, 2, MPI.ERR_ARG, True, True), "set")
    fortran = status.py2f()
    other = MPI.Status.f2py(fortran)
    same(triple(other) + (other.Is_cancelled(), other.Get_elements(pairs), other == status), (1, 2, MPI.ERR_ARG, True, 3, True),
         "through Fortran")
    copy = MPI.Status(status)
    copy.source = 5
    same((copy == status, status.source), (False, 1), "a copy")
    status.Set_cancelled(False)
    same(status.Is_cancelled(), False, "not cancelled")
    pairs.Free()


@check
def requests_that_are_null_or_inactive_complete_at_once():
    inactive = SELF.Recv_init(bytearray(4), 0, 3)
    for request in (MPI.Request(), inactive):
        for call in (request.Wait, request.Test, request.Get_status):
            status = MPI.Status()
            status.source, status.tag = 5, 6
            same(call(status), True, "complete")
            same((status.source, status.tag, status.Get_count(MPI.BYTE), status.Is_cancelled()), (MPI.ANY_SOURCE, MPI.ANY_TAG, 0, False), "empty")
            same(call(), True, "complete")
    for requests in ([MPI.Request() for _ in range(5)], [MPI.Request(), inactive], []):
        kind = MPI.Request
        status = MPI.Status()
        same((kind.Waitany(requests), kind.Waitany(requests, status), kind.Testany(requests, status)), (MPI.UNDEFINED,) * 2 + ((MPI.UNDEFINED, True),), "any")
        statuses = [MPI.Status() for _ in requests]
        same((kind.Waitall(requests), kind.Waitall(requests, statuses), kind.Testall(requests, statuses)), (True,) * 3, "all")
        same([triple(s)[:2] for s in statuses], [(MPI.ANY_SOURCE, MPI.ANY_TAG)] * len(requests), "statuses")
        for call in (kind.Waitsome, kind.Testsome):
            same((call(requests), call(requests, statuses)), (None, None), "some")
    inactive.Free()
    true(not inactive, "freed")


@check
def requests_are_cancelled_freed_and_asked():
    request = SELF.Irecv(bytearray(4), 0, 99)
    request.Cancel()
    status = MPI.Status()
    request.Wait(status)
    same((status.Is_cancelled(), bool(request)), (True, False), "cancelled")
    receive = SELF.Irecv(bytearray(8), 0, 4)
    same((receive.Get_status(), receive.Test()), (False, False), "not yet")
    SELF.Send(bytearray(6), 0, 4)
    status = MPI.Status()
    while not receive.Get_status(status):
        pass
    same((status.source, status.tag, status.Get_count(MPI.BYTE), bool(receive)), (0, 4, 6, True), "asked, not freed")
    receive.Wait()
    true(not receive, "freed")
    for start, wanted in ((SELF.Isend, None), (SELF.Irecv, (MPI.PROC_NULL, MPI.ANY_TAG, 0))):
        request = start(bytearray(4), MPI.PROC_NULL)
        status = MPI.Status()
        request.Wait(status)
        if wanted:
            same((status.source, status.tag, status.Get_count(MPI.BYTE)), wanted, "nobody")
    request = SELF.Isend(bytearray(1), MPI.PROC_NULL)
    same(MPI.Request.f2py(request.py2f()) == request, True, "through Fortran")
    request.Free()
    refused(MPI.ERR_REQUEST, request.Free)
    requests = [SELF.Irecv(bytearray(4), 0, tag) for tag in range(4)]
    for tag in (2, 0):
        SELF.Send(bytearray(tag + 1), 0, tag)
    done, statuses = [], []
    while len(done) < 2:
        got = []
        done += MPI.Request.Waitsome(requests, got) or []
        statuses += [(s.tag, s.Get_count(MPI.BYTE)) for s in got]
    same((sorted(done), [bool(r) for r in requests]), ([0, 2], [False, True, False, True]), "some")
    same(sorted(statuses), [(0, 1), (2, 3)], "statuses of some")
    same(MPI.Request.Testall(requests), False, "not all")
    for tag in (1, 3):
        SELF.Send(bytearray(1), 0, tag)
    same(MPI.Request.Waitany(requests) in (1, 3), True, "any")
    MPI.Request.Waitall(requests)
    same([bool(r) for r in requests], [False] * 4, "all")


@check
def persistent_requests_start_again_and_again():
    out, into = array.array("i", [0, 0]), array.array("i", [0, 0])
    right, left = (RANK + 1) % SIZE, (RANK - 1) % SIZE
    receive = WORLD.Recv_init(into, left, 11)
    for make in (WORLD.Send_init, WORLD.Ssend_init):
        send = make(out, right, 11)
        same((type(send), MPI.Request.f2py(send.py2f()) == send), (MPI.Prequest, True), "kind")
        for turn in range(3):
            out[:] = array.array("i", [RANK, turn])
            receive.Start()
            send.Start()
            statuses = [MPI.Status(), MPI.Status()]
            MPI.Request.Waitall([receive, send], statuses)
            same((list(into), statuses[0].source, statuses[0].Get_count(MPI.INT), bool(receive)), ([left, turn], left, 2, True), "received")
        send.Free()
    receive.Start()
    receive.Cancel()
    status = MPI.Status()
    receive.Wait(status)
    same((status.Is_cancelled(), bool(receive)), (True, True), "cancelled, not freed")
    receive.Free()
    MPI.Attach_buffer(bytearray(5000))
    into = array.array("i", [0, 0])
    buffered = SELF.Bsend_init(array.array("i", [8, 9]), 0, 12)
    buffered.Start()
    SELF.Recv(into, 0, 12)
    buffered.Wait()
    buffered.Free()
    same((list(into), len(MPI.Detach_buffer())), ([8, 9], 5000), "buffered")


class Generalized:
    def __init__(self):
        self.calls = []

    def query(self, status):
        self.calls.append("query")
        status.Set_source(3)
        status.Set_tag(7)

    def free(self):
        self.calls.append("free")

    def cancel(self, completed):
        self.calls.append(("cancel", completed))


@check
def generalized_requests_call_their_callbacks():
    context = Generalized()
    request = MPI.Grequest.Start(context.query, context.free, context.cancel)
    for other in (MPI.Grequest(request), MPI.Request(request), MPI.Grequest.f2py(request.py2f())):
        same(other == request, True, "another name of it")
    same((request.Test(), context.calls), (False, []), "not complete")
    request.Cancel()
    same(context.calls, [("cancel", False)], "cancelled before")
    request.Complete()
    request.Cancel()
    same(context.calls[-1], ("cancel", True), "cancelled after")
    status = MPI.Status()
    same(request.Test(status), True, "complete")
    same(triple(status), (3, 7, MPI.SUCCESS), "status")
    same((context.calls[-1], bool(request), request.Wait()), ("free", False, True), "freed")
    same(context.calls.count("query") >= 1, True, "queried")
    request = MPI.Grequest.Start(None, None, None)
    same(request.Test(), False, "not complete")
    request.Cancel()
    request.Complete()
    status = MPI.Status()
    same((request.Test(status), triple(status), status.Is_cancelled()), (True, (MPI.ANY_SOURCE, MPI.ANY_TAG, 0), False), "without callbacks")
    contexts = [Generalized() for _ in range(4)]
    requests = [MPI.Grequest.Start(c.query, c.free, c.cancel) for c in contexts]
    requests[2].Complete()
    same(MPI.Request.Waitany(requests), 2, "any")
    for i in (0, 1, 3):
        requests[i].Complete()
    mixed = requests + [SELF.Irecv(bytearray(3), 0, 5)]
    SELF.Send(bytearray(3), 0, 5)
    statuses = [MPI.Status() for _ in mixed]
    MPI.Request.Waitall(mixed, statuses)
    same([(s.source, s.tag) for s in statuses], [(3, 7), (3, 7), (MPI.ANY_SOURCE, MPI.ANY_TAG), (3, 7), (0, 5)], "mixed with a receive")
    same([c.calls.count("free") for c in contexts], [1] * 4, "each freed once")


@check
def messages_are_matched_and_received():
    for probe in (SELF.Mprobe, SELF.Improbe):
        request = SELF.Isend(b"12345", 0, 6)
        status = MPI.Status()
        message = probe(0, 6, status)
        while message is None:
            message = probe(0, 6, status)
        same((status.source, status.tag, status.Get_count(MPI.BYTE)), (0, 6, 5), "probed")
        same(MPI.Message.f2py(message.py2f()) == message, True, "through Fortran")
        same(SELF.Iprobe(0, 6), False, "it is matched")
        buffer = bytearray(5)
        if probe == SELF.Mprobe:
            message.Recv(buffer, status)
        else:
            message.Irecv(buffer).Wait(status)
        same((bytes(buffer), bool(message), status.source, status.tag, status.Get_count(MPI.BYTE)), (b"12345", False, 0, 6, 5), "received")
        request.Wait()
    same(SELF.Improbe(0, 6), None, "nothing more")
    message = SELF.Mprobe(MPI.PROC_NULL)
    same(message == MPI.MESSAGE_NO_PROC, True, "from nobody")
    status = MPI.Status()
    message.Recv(bytearray(1), status)
    same((bool(message), status.source, status.tag, status.Get_count(MPI.BYTE)), (False, MPI.PROC_NULL, MPI.ANY_TAG, 0), "from nobody")
    right = WORLD.isend({"from": RANK}, (RANK + 1) % SIZE, 9)
    message = MPI.Message.probe(WORLD, MPI.ANY_SOURCE, 9)
    same(message.recv(), {"from": (RANK - 1) % SIZE}, "object")
    right.wait()
    first, second = SELF.isend("first", 0, 1), SELF.isend("second", 0, 1)
    messages = [SELF.mprobe(0, 1), SELF.mprobe(0, 1)]
    same([m.irecv().wait() for m in messages[::-1]][::-1], ["first", "second"], "in either order")
    MPI.Request.waitall([first, second])


@check
def buffers_are_given_in_every_form():
    for code in "hilHILfd":
        datatype = MPI._typedict[code]
        for n in (0, 1, 5):
            sent = numpy.arange(n).astype(code)
            for kind in (None, code, datatype):
                for form in (lambda b: b, lambda b: [b, kind], lambda b: [b, None, kind], lambda b: [b, n, kind], lambda b: [b, (n, 0), kind],
                             lambda b: [b, n, 0, kind]):
                    got = numpy.full(n, 7).astype(code)
                    SELF.Sendrecv(form(sent), 0, 0, form(got), 0, 0)
                    same(got.tolist(), sent.tolist(), "sent to itself")
            if n == 5:
                got = numpy.zeros(5, code)
                status = MPI.Status()
                SELF.Sendrecv([sent, 2, 1, datatype], 0, 0, [got, (3, 1), code], 0, 0, status)
                same((got.tolist(), status.Get_count(datatype)), ([0, 1, 2, 0, 0], 2), "with a displacement")
    SELF.Sendrecv([MPI.BOTTOM, 0, MPI.INT], 0, 0, [MPI.BOTTOM, 0, MPI.INT], 0, 0)
    place, value = array.array("i", [0]), array.array("i", [4])
    here = MPI.INT.Create_hindexed([1], [MPI.Get_address(place)])
    here.Commit()
    SELF.Sendrecv(value, 0, 0, [MPI.BOTTOM, 1, here], 0, 0)
    same(place[0], 4, "at an address")
    here.Free()
    text = bytearray(b"abc")
    SELF.Sendrecv_replace(text, 0, 3, 0, 3)
    same(text, b"abc", "replaced by itself")


# Handles as Python objects and as numbers of Fortran and C.

NULLS = [MPI.DATATYPE_NULL, MPI.REQUEST_NULL, MPI.INFO_NULL, MPI.ERRHANDLER_NULL, MPI.GROUP_NULL, MPI.WIN_NULL, MPI.OP_NULL, MPI.FILE_NULL,
         MPI.MESSAGE_NULL, MPI.COMM_NULL]
CONSTANTS = [MPI.GROUP_EMPTY, MPI.ERRORS_RETURN, MPI.ERRORS_ARE_FATAL, SELF, WORLD, MPI.MESSAGE_NO_PROC, MPI.INFO_ENV]


@check
def handles_are_compared_copied_and_referenced():
    everything = NULLS + [MPI.Status()]
    for i, x in enumerate(everything):
        true(x not in NULLS or not x, "null is false")
        for j, y in enumerate(everything):
            same((x == y, x != y), (i == j, i != j), f"{type(x).__name__} and {type(y).__name__}")
        true(x is not None and x != 12345 and x != "abc" and not x == [123], "not something else")
        raises(TypeError, lambda: x < x)
        raises(TypeError, lambda: x >= x)
        kind = type(x)
        same((kind() == x, kind(x) == x, kind(x) is x), (True, True, False), "made anew")
        raises(TypeError, kind, 1234)
        true(weakref.ref(x)() is x, "weak reference")
        same(MPI._sizeof(x), MPI._sizeof(kind), "size")
        true(MPI._addressof(x) != 0, "address")
    true(all(CONSTANTS), "constants are true")


@check
def handles_go_to_fortran_and_back():
    made = [MPI.BYTE.Dup(), MPI.Op.Create(lambda *_: None), SELF.Recv_init(bytearray(0), 0, 0), MPI.Info.Create(), SELF.Get_group(), SELF.Dup(),
            MPI.Win.Allocate(8, 1, MPI.INFO_NULL, WORLD), MPI.File.Open(SELF, "/dev/null", MPI.MODE_RDONLY)]
    for handle in NULLS + CONSTANTS + PREDEFINED_TYPES + PREDEFINED_OPS + made:
        number = handle.py2f()
        true(isinstance(number, int) and number >= 0, "a number")
        back = type(handle).f2py(number)
        same((back == handle, type(back) is type(handle)), (True, True), type(handle).__name__)
        same(MPI._handleof(back), MPI._handleof(handle), "the handle of C")
    same((WORLD.py2f(), SELF.py2f(), MPI.COMM_NULL.py2f()), (0, 1, 2), "numbers of mpif.h")
    numbers = [x.py2f() for x in made]
    same(len({(type(x), n) for x, n in zip(made, numbers)}), len(made), "one each")
    for x in made:
        x.Close() if isinstance(x, MPI.File) else x.Free()
    same(all(not x for x in made), True, "freed")
    same(type(MPI.Comm.f2py(WORLD.py2f())) is MPI.Intracomm, True, "the kind of communicator")
    cart = WORLD.Create_cart([SIZE])
    same((type(MPI.Comm.f2py(cart.py2f())) is MPI.Cartcomm, MPI.Comm.f2py(cart.py2f()) == cart), (True, True), "cartesian")
    cart.Free()


@check
def handles_are_taken_by_the_c_interface_of_mpi4py():
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    name_of = ctypes.pythonapi.PyCapsule_GetName
    pointer.argtypes, name_of.argtypes, name_of.restype = [ctypes.py_object, ctypes.c_char_p], [ctypes.py_object], ctypes.c_char_p
    for x in (MPI.INT, MPI.SUM, MPI.ERRORS_RETURN, MPI.GROUP_EMPTY, SELF, MPI.COMM_NULL, MPI.INFO_NULL, MPI.WIN_NULL, MPI.REQUEST_NULL):
        name = "Comm" if isinstance(x, MPI.Comm) else type(x).__name__
        capsules = [MPI.__pyx_capi__[f"PyMPI{name}_{way}"] for way in ("New", "Get")]
        pointer.restype = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p)
        new = pointer(capsules[0], name_of(capsules[0]))
        pointer.restype = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object)
        get = pointer(capsules[1], name_of(capsules[1]))
        address = get(x)
        same((address, ctypes.c_void_p.from_address(address).value or 0), (MPI._addressof(x), MPI._handleof(x)), name)
        same(new(MPI._handleof(x)) == x, True, name)


@check
def objects_are_sent_by_every_pickler():
    things = [None, True, 7, 1 << 32, 1 << 90, 3.14, 1 + 2j, "qwerty", (0, 1, 2), [0, 1, 2], {"a": 0, "b": 1}, b"bytes"]
    plain = [None, True, 7, 1 << 32, "qwerty", [0, 1, 2], {"a": 0, "b": 1}]
    ways = [((), protocol, things) for protocol in (0, 1, 2, 3, 4, -1, None)]
    ways += [((pickle.dumps, pickle.loads), 2, things), ((marshal.dumps, marshal.loads), 4, things),
             ((lambda o: json.dumps(o).encode(), lambda s: json.loads(memoryview(s).tobytes().decode())), None, plain)]
    try:
        for functions, protocol, values in ways:
            if functions and protocol is None:
                MPI.pickle.__init__(*functions)
            else:
                MPI.pickle.__init__(*functions, protocol=protocol)
            for value in values + [values]:
                same(SELF.sendrecv(value, 0, 0, None, 0, 0), value, "sent to itself")
            same(WORLD.allgather(values), [values] * SIZE, "gathered")
            same(WORLD.bcast(values if RANK == 0 else None), values, "broadcast")
    finally:
        MPI.pickle.__init__()


@check
def environment_answers():
    same(MPI.Get_version() >= (3, 1), True, "version")
    same(MPI.get_vendor(), ("Open MPI", (4, 1, 4)), "vendor")
    true(MPI.Get_library_version().startswith("Open MPI v4.1.4"), "library")
    same((MPI.Is_initialized(), MPI.Is_finalized(), MPI.Is_thread_main()), (True, False, True), "state")
    true(MPI.Query_thread() in range(4) and MPI.Get_processor_name(), "threads and host")
    time = MPI.Wtime()
    true(MPI.Wtime() >= time and 0 < MPI.Wtick() < 1, "time")
    same((MPI.Aint_add(5, -7), MPI.Aint_diff(3, 9)), (-2, -6), "addresses")
    place = array.array("i", range(10))
    same((MPI.Get_address(place), MPI.Get_address(MPI.BOTTOM)), (place.buffer_info()[0], 0), "address")
    memory = MPI.Alloc_mem(100)
    memory[:3] = b"abc"
    same((len(memory), bytes(memory[:3])), (100, b"abc"), "memory")
    MPI.Free_mem(memory)
    refused(MPI.ERR_NAME, MPI.Lookup_name, "a name that nobody has published")


def main():
    global at, failures
    at = "objects are made"
    kept = Kept()
    for function in checks:
        at = function.__name__
        try:
            function()
        except Exception:
            failures += 1
            print(f"rank {RANK}: {at}\n{traceback.format_exc()}", flush=True)
    at = "objects that were there all the time"
    kept.look()
    total = WORLD.allreduce(failures)
    if RANK == 0:
        print("ok" if total == 0 else f"{total} failures", flush=True)
    return total != 0


if __name__ == "__main__":
    sys.exit(main())
