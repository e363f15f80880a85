"""Handles, errors, attributes and callbacks of MPI through mpi4py: what every handle is, what it refuses, what it keeps.

Left out because Open MPI 4.1.4 aborts or crashes on it natively: probing on a null communicator, receiving from a
null message, freeing MPI_INFO_ENV and MPI_GROUP_EMPTY, windows made of no memory on MPI_COMM_SELF.
"""
import array
import ctypes
import json
import marshal
import pickle
import weakref

import numpy
from mpi4py import MPI

from checks import RANK, SELF, SIZE, WORLD, check, raises, refused, run, same, true
from kept import Kept

kept = Kept()


# Null handles and wrong arguments.

PREDEFINED_TYPES = [getattr(MPI, name) for name in """BYTE PACKED CHAR WCHAR SIGNED_CHAR UNSIGNED_CHAR SHORT UNSIGNED_SHORT INT
    UNSIGNED LONG UNSIGNED_LONG LONG_LONG UNSIGNED_LONG_LONG FLOAT DOUBLE LONG_DOUBLE SHORT_INT INT_INT LONG_INT FLOAT_INT
    DOUBLE_INT LONG_DOUBLE_INT C_BOOL INT8_T INT16_T INT32_T INT64_T UINT8_T UINT16_T UINT32_T UINT64_T C_COMPLEX
    C_DOUBLE_COMPLEX C_LONG_DOUBLE_COMPLEX AINT OFFSET COUNT CXX_BOOL CXX_DOUBLE_COMPLEX INTEGER REAL DOUBLE_PRECISION COMPLEX
    DOUBLE_COMPLEX LOGICAL CHARACTER INTEGER1 INTEGER2 INTEGER4 INTEGER8 REAL4 REAL8 COMPLEX8 COMPLEX16""".split()]
PREDEFINED_OPS = [getattr(MPI, name) for name in
                  "MAX MIN SUM PROD LAND BAND LOR BOR LXOR BXOR MAXLOC MINLOC REPLACE NO_OP".split()]


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
    for method, *arguments in ((info.Dup,), (info.Free,), (info.Get, "k"), (info.Set, "k", "v"), (info.Delete, "k"),
                               (info.Get_nkeys,), (info.Get_nthkey, 0)):
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
    for method, *arguments in ((MPI.WIN_NULL.Free,), (MPI.WIN_NULL.Get_errhandler,),
                               (MPI.WIN_NULL.Set_errhandler, MPI.ERRORS_RETURN),
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
        for method in """Get_size Get_rank Is_inter Is_intra Get_group Get_topology Clone Dup Idup Free Disconnect Get_errhandler
                         Barrier Ibarrier Get_info""".split():
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
        same((error.error_code, error.error_class, error.error_string, str(error), int(error)), (code, code, text, text, code),
             name)
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
    same((window.Get_attr(MPI.WIN_SIZE), window.Get_attr(MPI.WIN_DISP_UNIT), window.flavor), (16, 4, MPI.WIN_FLAVOR_ALLOCATE),
         "window")
    true(window.Get_attr(MPI.WIN_BASE) and window.model in (MPI.WIN_UNIFIED, MPI.WIN_SEPARATE), "base and model")
    refused((MPI.ERR_KEYVAL, MPI.ERR_OTHER), window.Get_attr, MPI.KEYVAL_INVALID)
    refused((MPI.ERR_KEYVAL, MPI.ERR_OTHER), window.Set_attr, MPI.WIN_SIZE, 3)
    window.Set_name("w")
    same(window.Get_name(), "w", "name of the window")
    window.Free()


# Predefined types.


@check
def predefined_types_have_names_sizes_and_numbers():
    sizes = {"CHAR": 1, "SHORT": 2, "INT": 4, "LONG": 8, "FLOAT": 4, "DOUBLE": 8, "LONG_DOUBLE": 16, "SHORT_INT": 6,
             "DOUBLE_INT": 12, "LONG_INT": 12, "AINT": 8, "C_DOUBLE_COMPLEX": 16, "BYTE": 1, "PACKED": 1, "WCHAR": 4,
             "INTEGER": 4, "REAL8": 8}
    for name, size in sizes.items():
        datatype = getattr(MPI, name)
        same((datatype.Get_size(), datatype.Get_name(), datatype.Get_envelope()),
             (size, "MPI_" + name, (0, 0, 0, MPI.COMBINER_NAMED)), name)
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
                                          (MPI.Datatype.Create_f90_complex(6, 30), 8, (2, 0, 0, MPI.COMBINER_F90_COMPLEX),
                                           [6, 30])):
        same((made.Get_size(), made.Get_envelope(), made.Get_contents()[0]), (size, envelope, numbers), "F90")
        same(made.is_predefined, True, "F90")
        refused(MPI.ERR_TYPE, made.Free)
    refused(MPI.ERR_ARG, MPI.Datatype.Create_f90_integer, 40)
    refused(MPI.ERR_ARG, MPI.Datatype.Create_f90_real, 40, 10)


# Handles as Python objects and as numbers of Fortran and C.

NULLS = [MPI.DATATYPE_NULL, MPI.REQUEST_NULL, MPI.INFO_NULL, MPI.ERRHANDLER_NULL, MPI.GROUP_NULL, MPI.WIN_NULL, MPI.OP_NULL,
         MPI.FILE_NULL, MPI.MESSAGE_NULL, MPI.COMM_NULL]
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
    made = [MPI.BYTE.Dup(), MPI.Op.Create(lambda *_: None), SELF.Recv_init(bytearray(0), 0, 0), MPI.Info.Create(),
            SELF.Get_group(), SELF.Dup(),
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
    for x in (MPI.INT, MPI.SUM, MPI.ERRORS_RETURN, MPI.GROUP_EMPTY, SELF, MPI.COMM_NULL, MPI.INFO_NULL, MPI.WIN_NULL,
              MPI.REQUEST_NULL):
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


check(kept.look)
run()
