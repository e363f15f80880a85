"""Objects that a script makes before its first check and looks at after its last.

A checkpoint anywhere between finds them alive.
"""
import array

import numpy
from mpi4py import MPI

from checks import RANK, SELF, SIZE, WORLD, same


def triple(status):
    return status.source, status.tag, status.error


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
        same((bytes(self.late), status.source, status.tag, status.Get_count(MPI.BYTE)), (b"late!", (RANK - 1) % SIZE, 78, 5),
             "late")
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
