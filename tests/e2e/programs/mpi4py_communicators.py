"""Infos, groups, communicators and topologies through mpi4py, collectives between neighbours and between two groups.

Left out because Open MPI 4.1.4 aborts or crashes on it natively: translating ranks that are not in the group.
"""
import itertools

import numpy as np
from mpi4py import MPI

from checks import RANK, SELF, SIZE, WORLD, between_groups, check, on_communicators, raises, refused, run, same, true
from communication import OBJECTS, TYPES, counted, filled, reductions, ways
from kept import Kept

kept = Kept()


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
        for new, wanted in ((MPI.Group.Union(empty, group), group), (MPI.Group.Union(group, empty), group),
                            (MPI.Group.Union(group, group), group),
                            (MPI.Group.Difference(empty, group), empty), (MPI.Group.Difference(group, empty), group),
                            (MPI.Group.Difference(group, group), empty), (MPI.Group.Intersection(empty, group), empty),
                            (MPI.Group.Intersection(group, empty), empty), (MPI.Group.Intersection(group, group), group),
                            (group.Incl([]), empty), (group.Excl([]), group), (group.Range_incl([]), empty),
                            (group.Range_excl([]), group), (group.Dup(), group)):
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
    same(MPI.Group.Translate_ranks(both, list(range(SIZE)), world), list(range(1, SIZE, 2)) + list(range(0, SIZE, 2)),
         "odd before even")
    same(even.rank, RANK // 2 if RANK % 2 == 0 else MPI.UNDEFINED, "rank among the even")
    same((MPI.Group() == MPI.GROUP_NULL, MPI.Group() is MPI.GROUP_NULL), (True, False), "null")


@check
def communicators_are_duplicated_split_named_and_compared():
    same((WORLD.Get_name(), SELF.Get_name()), ("MPI_COMM_WORLD", "MPI_COMM_SELF"), "names")
    for base in (WORLD, SELF):
        dup = base.Dup()
        for comm in (base, dup):
            group = comm.Get_group()
            same((comm.size, comm.rank, comm.is_intra, comm.is_inter, comm.topology),
                 (group.size, group.rank, True, False, MPI.UNDEFINED), "basics")
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
    same((turned.rank, MPI.Comm.Compare(WORLD, turned)), (SIZE - 1 - RANK, MPI.SIMILAR if SIZE > 1 else MPI.CONGRUENT),
         "turned round")
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
        same((group.size, group.rank, remote.size, remote.rank), (comm.size, comm.rank, comm.remote_size, MPI.UNDEFINED),
             "groups")
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
            same(int(np.prod(dims)), size, "dims")
            cart = base.Create_cart(dims, [True] * ndim)
            same((cart.topology, cart.is_topo, cart.dim, cart.dims, cart.periods), (MPI.CART, True, ndim, dims, [1] * ndim),
                 "cartesian")
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
        same(line.Shift(0, 1), (rank - 1 if rank else MPI.PROC_NULL, rank + 1 if rank < size - 1 else MPI.PROC_NULL),
             "ends of the line")
        refused((MPI.ERR_RANK, MPI.ERR_ARG), line.Get_cart_rank, [size])
        dup = line.Dup()
        same((type(dup) is MPI.Cartcomm, dup.dims), (True, [size]), "duplicate")
        dup.Free()
        line.Free()
        refused((MPI.ERR_DIMS, MPI.ERR_ARG), base.Create_cart, [size + 1])
        index = [2 * (i + 1) for i in range(size)]
        edges = [x % size for i in range(size) for x in (i - 1, i + 1)]
        graph = base.Create_graph(index, edges)
        same((graph.topology, graph.dims, graph.index, graph.edges, graph.nneighbors),
             (MPI.GRAPH, (size, 2 * size), index, edges, 2), "graph")
        same([graph.Get_neighbors(i) for i in range(size)], [edges[2 * i:2 * i + 2] for i in range(size)], "neighbours")
        graph.Free()
        come, go = [(rank - 2) % size, (rank - 1) % size], [(rank + 1) % size, (rank + 2) % size]
        for arguments, counts, wanted in (((None, None), (0, 0, False), ([], [], None)),
                                          ((come, go), (2, 2, False), (come, go, None)),
                                          ((come, go, [1, 2], [3, 4]), (2, 2, True), (come, go, ([1, 2], [3, 4]))),
                                          (([], [], MPI.WEIGHTS_EMPTY, MPI.WEIGHTS_EMPTY), (0, 0, True), ([], [], ([], [])))):
            graph = base.Create_dist_graph_adjacent(*arguments)
            same((graph.topology, graph.Get_dist_neighbors_count(), graph.Get_dist_neighbors()), (MPI.DIST_GRAPH, counts, wanted),
                 "adjacent")
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
    same((MPI.Compute_dims(6, [0, 3]), MPI.Compute_dims(12, 2), MPI.Compute_dims(7, [0, 0, 0])), ([2, 3], [4, 3], [7, 1, 1]),
         "dims")
    refused(MPI.ERR_DIMS, MPI.Compute_dims, 6, [4, 0])


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


@on_communicators
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


@on_communicators
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


@on_communicators
def neighbors_exchange_objects(world):
    for comm in topologies(world):
        sources, destinations = neighbors(comm)
        if MPI.PROC_NULL not in sources:
            for what in OBJECTS:
                same(comm.neighbor_allgather(what), [what] * len(sources))
                same(comm.neighbor_alltoall([what] * len(destinations)), [what] * len(sources))
        comm.Free()


# Between two groups.


@between_groups
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


@between_groups
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


@between_groups
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


@between_groups
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
    refused(MPI.ERR_ROOT, comm.reduce, None, MPI.NO_OP, others)


@between_groups
def groups_send_to_each_other(comm, color):
    rank, others = comm.rank, comm.remote_size
    requests = [comm.isend((color, rank, to), to, 3) for to in range(others)]
    for source in range(others):
        status = MPI.Status()
        same(comm.recv(source=source, tag=3, status=status), (1 - color, source, rank))
        same((status.source, status.tag), (source, 3))
    MPI.Request.waitall(requests)
    refused(MPI.ERR_RANK, comm.Send, b"", others)
    merged = comm.Merge(bool(color))
    same(merged.allreduce(1), comm.size + others)
    merged.Free()
    copy = comm.Dup()
    same(copy.allgather(color), [1 - color] * others)
    copy.Free()


check(kept.look)
run()
