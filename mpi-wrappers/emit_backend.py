"""backend_generated.inc: one function of the lower half for each `+lower` row, and the table of their addresses.

Included by lower-half/backends/backend.cpp, which is compiled once against each real mpi.h. A function makes one Crossing,
gives every parameter the live MPI's form by its role, makes the call and takes the results back:

    int lower_Iprobe(int source, int tag, NativeComm comm, int *flag, Status *status) {
      Crossing crossing;
      MPI_Status status_n;
      const int error = MPI_Iprobe(rank_to_native(source), tag_to_native(tag), unwrap<MPI_Comm>(comm), flag, &status_n);
      if (error != MPI_SUCCESS) return error_class_to_abi(error);
      if (*flag) status_from_native(status_n, 0, status);
      return 0;
    }
"""
from emit_headers import BANNER
from table import HANDLES, SCALARS, TRANSLATED


class Body:
    """What stands before the call, its arguments, what stands behind it always, and what only after success."""

    def __init__(self):
        self.before, self.arguments, self.always, self.after = [], [], [], []


def in_place_allowed(f):
    return f.behaviour in ("collective", "icollective")


def add_handle(f, p, b):
    _, native, handle, _ = HANDLES[p.role]
    if p.has_hidden_length:
        b.arguments.append(f"narrow<{handle}>({p.name}, {p.name}_count)")
    elif p.is_array:
        b.before.append(f"HandleArray<{handle}, {native}> {p.name}_n({p.name}, {p.length});")
        b.arguments.append(f"{p.name}_n.get()")
        if p.mode != "in":
            b.always.append(f"{p.name}_n.store({p.name});")
    elif p.mode == "in":
        b.arguments.append(f"unwrap<{handle}>({p.name})")
    else:
        initial = f" = unwrap<{handle}>(*{p.name})" if p.mode == "inout" else ""
        b.before.append(f"{handle} {p.name}_n{initial};")
        b.arguments.append(f"&{p.name}_n")
        (b.always if p.mode == "inout" else b.after).append(f"*{p.name} = wrap<{native}>({p.name}_n);")


def add_translated(p, b):
    if p.is_array and p.mode == "in":
        b.before.append(f"IntArray {p.name}_n({p.name}, {p.length}, {p.role}_to_native);")
        b.arguments.append(f"{p.name}_n.get()")
    elif p.is_array:
        b.arguments.append(p.name)
        b.after.append(f"for (int i = 0; i < {p.length}; ++i) {p.name}[i] = {p.role}_from_native({p.name}[i]);")
    elif p.mode == "in":
        b.arguments.append(f"{p.role}_to_native({p.name})")
    else:
        b.before.append(f"int {p.name}_n;")
        b.arguments.append(f"&{p.name}_n")
        b.after.append(f"*{p.name} = {p.role}_from_native({p.name}_n);")


# Called with MPI_Count where the binding with ints is wrong: NeighborCounts in backends/narrow.h.
NEIGHBOR_COUNTS = {"Neighbor_alltoallw", "Ineighbor_alltoallw"}
MENDED = {"Ibarrier", "Ibcast", "Ireduce", "Reduce"}  # backends/mended.h


def add(f, p, b):
    if p.is_handle:
        add_handle(f, p, b)
    elif p.role in TRANSLATED:
        add_translated(p, b)
    elif p.role == "status":
        b.before.append(f"MPI_Status {p.name}_n{{}};")  # probes leave MPICH's bit of cancellation alone
        b.arguments.append(f"&{p.name}_n")
        flag = any(q.name == "flag" for q in f.params)
        b.after.append(f"{'if (*flag) ' if flag else ''}status_from_native({p.name}_n, 0, {p.name});")
    elif p.role in ("sendbuf", "recvbuf") and in_place_allowed(f):
        b.arguments.append(f"buffer_to_native({p.name})")
    elif p.role == "weights":
        b.arguments.append(f"weights_to_native({p.name})")
    elif f.name in NEIGHBOR_COUNTS and p.name in ("sendcounts", "recvcounts"):
        b.arguments.append(f"NeighborCounts({p.name}, {p.name.replace('counts', 'types')}_count).get()")
    elif p.role in SCALARS and SCALARS[p.role][0] == "std::int64_t" and (p.is_array or p.mode != "in"):
        b.arguments.append(f"native_ints<{SCALARS[p.role][1]}>({p.name})")
    else:
        b.arguments.append(p.name)


def function(f):
    b = Body()
    for p in f.params:
        add(f, p, b)
    text = f"int lower_{f.name}({', '.join(p.lower_type() for p in f.params)}) {{\n  Crossing crossing;\n"
    text += "".join(f"  {line}\n" for line in b.before)
    name = f"mended_{f.name}" if f.name in MENDED else f"MPI_{f.name}"
    if f.name in NEIGHBOR_COUNTS:
        name = f"WITH_NEIGHBOR_COUNTS({name})"
    call = f"{name}({', '.join(b.arguments)})"
    if not b.after and not b.always:
        return text + f"  return error_from_native({call});\n}}\n\n"
    text += f"  const int error = {call};\n" + "".join(f"  {line}\n" for line in b.always)
    text += "  if (error != MPI_SUCCESS) return error_class_to_abi(error);\n"
    text += "".join(f"  {line}\n" for line in b.after)
    return text + "  return 0;\n}\n\n"


def backend_generated(functions):
    lower = [f for f in functions.values() if f.lower]
    text = BANNER + "".join(function(f) for f in lower)
    text += "constexpr LowerMpi kLowerMpi = {\n"
    for name in ("predefined", "protocol", "loopback", "world_attribute", "user_op"):
        text += f"    .{name} = lower_{name},\n"
    text += "    .user_op_slots = kOpSlots,\n    .Init_thread = lower_Init_thread,\n    .Finalize = lower_Finalize,\n"
    for name in ("open_file", "close_file", "identify_file", "absolute_path", "split_type_of_mpich"):
        text += f"    .{name} = lower_{name},\n"
    text += "".join(f"    .{f.name} = lower_{f.name},\n" for f in lower)
    return text + "};\n"


def ifdef(macro, text, otherwise=""):
    return f"#ifdef {macro}\n{text}" + (f"#else\n{otherwise}" if otherwise else "") + "#endif\n"


def predefined_cases(handles):
    """backend_predefined.inc: the switch over ABI values of predefined handles."""
    text = BANNER
    for h in handles:
        if h.fallback == "-":  # exists in no live MPI: the core says it by other types
            continue
        other = f"case {h.abi}: return widen(MPI_{h.fallback});\n" if h.fallback else ""
        text += ifdef(f"MPI_{h.name}", f"case {h.abi}: return widen(MPI_{h.name});\n", other)
    return text


def error_cases(constants):
    """backend_errors.inc: the switch over the live MPI's error classes."""
    names = [c.name for c in constants if c.name.startswith("ERR_") and c.name != "ERR_LASTCODE"]
    return BANNER + "".join(ifdef(f"MPI_{n}", f"case MPI_{n}: return abi::{n};\n") for n in names)
