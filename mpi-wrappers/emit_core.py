"""core_generated.cpp: names of the functions, api::unsupported, and the bodies of all collective operations and of
all accesses to files (emit_files.py).

A collective is the same thing 44 times: pass the gate, make the natives, cross, leave. What differs follows from
the roles of the parameters.
"""
import emit_files
from emit_headers import BANNER, signature

HEAD = """//
// The collective operations of namespace mana::api: see core/collectives.h for what their steps mean.
#include <cstring>

#include "core/call.h"
#include "core/collectives.h"
#include "core/datatypes.h"
#include "core/errors.h"
#include "core/file_access.h"
#include "core/large_calls.h"
#include "core/lock.h"
#include "core/neighbors.h"
#include "core/ops.h"
#include "core/persistent_collectives.h"
#include "core/topology.h"
#include "core_api.h"
#include "lower_mpi.h"

namespace mana {

"""

UNSUPPORTED = """
const char *fn_name(Fn fn) { return kNames[static_cast<int>(fn)]; }

namespace api {

// Said once for each function: a program that looks whether something works asks again and again.
int unsupported(Fn fn, Comm *comm) {
  Call call(fn);
  static bool said[kFnCount];
  if (!said[static_cast<int>(fn)]) {
    said[static_cast<int>(fn)] = true;
    char text[160];
    std::strcpy(text, fn_name(fn));
    std::strcat(text, " is not supported yet; the call returns MPI_ERR_UNSUPPORTED_OPERATION (docs/coverage.md)");
    seam()->services->say(text);
  }
  return comm ? raise(comm, abi::ERR_UNSUPPORTED_OPERATION) : raise(abi::ERR_UNSUPPORTED_OPERATION);
}

int null_pointer(Fn fn, Object *object) {
  Call call(fn);
  if (object && object->kind == Kind::file) return raise(static_cast<File *>(object), abi::ERR_ARG);
  if (object && object->kind == Kind::win) return raise(static_cast<Win *>(object), abi::ERR_ARG);
  return raise(object ? static_cast<Comm *>(object) : world, abi::ERR_ARG);
}

"""


def is_w(f):
    return any(p.role == "type" and p.is_array for p in f.params)


def lower_argument(p):
    """What the stub hands to LowerMpi for this parameter."""
    if p.role == "type" and p.is_array:
        natives = "kept->send_natives" if p.name.startswith("send") else "kept->recv_natives"
        return f"{natives}, {counts(p)}"
    if p.role == "type":
        return f"native_{p.name}"
    if p.role == "op":
        return "op->native"
    if p.role == "comm":
        return "comm->native"
    if p.role == "request":
        return "&native"
    return p.name


def keep_expression(f):
    """Call that takes references until the request completes, and the natives of the alltoallw family."""
    types = [p for p in f.params if p.role == "type"]
    if is_w(f):
        send, recv = types
        return f"collective_call_w({counts(send)}, {send.name}, {counts(recv)}, {recv.name})"
    op = f.param("op")
    names = [t.name for t in types] + ["nullptr"] * (2 - len(types))
    return f"collective_call({'op' if op else 'nullptr'}, {names[0]}, {names[1]})"


def counts(p):
    return {"comm_size": "comm->peer_count", "local_size": "comm->size", "neighbors_out": "neighbor_count(comm).outdegree",
            "neighbors_in": "neighbor_count(comm).indegree"}[p.length]


def natives(f):
    return "".join(f"  const NativeDatatype native_{p.name} = native_of({p.name});\n"
                   for p in f.params if p.role == "type" and not p.is_array)


def blocking(f):
    body = natives(f)
    if is_w(f):
        body += f"  CollectiveCall *kept = {keep_expression(f)};\n"
    arguments = ", ".join(lower_argument(p) for p in f.params)
    body += f"""  int error;
  {{
    Unlocked unlocked;
    error = seam()->mpi->{f.name}({arguments});
  }}
  end_collective();
"""
    if is_w(f):
        body += "  drop_collective_call(kept);\n"
    return body + "  return error ? raise(comm, error) : 0;\n"


def nonblocking(f):
    arguments = ", ".join(lower_argument(p) for p in f.params)
    return natives(f) + f"""  CollectiveCall *kept = {keep_expression(f)};
  NativeRequest native;
  const int error = seam()->mpi->{f.name}({arguments});
  end_collective();
  if (error) {{
    drop_collective_call(kept);
    return raise(comm, error);
  }}
  return finish_icollective(comm, native, kept, request);
"""


def nonblocking_below(f, functions):
    """What stands before and behind the gate of a blocking collective that may be a nonblocking one below:
    core/collectives.h."""
    if f.behaviour != "collective" or is_w(f) or "I" + f.name.lower() not in functions:
        return "", ""
    again = []
    if f.param("op"):
        again.append("!is_user(op)")
    if f.param("op") or "lltoall" in f.name:
        again.append("!is_in_place(sendbuf)")
    arguments = ", ".join(lower_argument(p) for p in f.params)
    start = "".join(f"  {line}\n" for line in natives(f).splitlines())
    before = f"""  const auto start = [&](NativeRequest *native) {{
{start}    return seam()->mpi->I{f.name.lower()}({arguments}, native);
  }};
  const bool again = is_nonblocking_below(comm){"".join(" && " + condition for condition in again)};
  if (again && may_enter_uncounted()) {{
    const int outcome = uncounted_collective(comm, start);
    return outcome ? raise(comm, outcome) : 0;
  }}
"""
    behind = """  if (is_nonblocking_below(comm)) {
    const int outcome = counted_collective(comm, again, start);
    return outcome ? raise(comm, outcome) : 0;
  }
"""
    return before, behind


def refusal(f):
    if not f.param("op"):
        return ""
    return ("  if (is_refused(op, datatype)) [[unlikely]] return raise(comm, abi::ERR_OP);\n"
            "  datatype = operand(op, datatype);\n")


# Exchanges of neighbours: core/neighbors.h. All others of them are made of the first two.
IN_ORDER = {"Ineighbor_alltoallw", "Neighbor_alltoallw_init"}
EXCHANGES = {f"{start}eighbor_alltoall{kind}" for start in ("N", "In") for kind in ("", "v", "w")}


def start_of(f):
    """The first lines of a function, up to its Call."""
    call = f"  Call call(Fn::{f.name});\n"
    name = f.base if f.behaviour == "persistent" else f.name
    if name not in EXCHANGES:
        return f"int {f.name}({signature(f)}) {{\n{call}"
    names = [p.name for p in f.params]
    to, comm = names.index("recvbuf"), names.index("comm")
    request = ", request" if "request" in names else ""
    how = {"collective": "run", "icollective": "start", "persistent": "prepare"}[f.behaviour]
    lines = f"""  if (has_repeated_neighbors(comm)) [[unlikely]] {{
    Exchange exchange(comm);
    exchange.out.set({", ".join(names[1:to])});
    exchange.in.set({", ".join(names[to + 1:comm])});
    return exchange.{how}(sendbuf, recvbuf{request});
  }}
"""
    text = f"int {f.name}({signature(f)}) {{\n{lines}"
    if f.name not in IN_ORDER:
        return text + call
    parameters = [p for p in f.params if p.role != "info"]
    return (text + f"  return {f.name}_in_order({', '.join(p.name for p in parameters)});\n}}\n\n"
            f"int {f.name}_in_order({', '.join(p.core_type() for p in parameters)}) {{\n{call}")


def stub(f, functions):
    before, behind = nonblocking_below(f, functions)
    text = start_of(f) + refusal(f) + before
    text += "  if (const int refused = begin_collective(comm)) return raise(comm, refused);\n" + behind
    return text + (blocking(f) if f.behaviour == "collective" else nonblocking(f)) + "}\n\n"


# --- persistent collectives: core/persistent_collectives.h ---

def kept_parameters(f):
    return [p for p in f.params if p.role not in ("comm", "info", "request")]


def significant_length(p):
    """Elements of an array which this rank may look at."""
    if p.significant == "data":
        return f"is_in_place(sendbuf) ? 0 : {counts(p)}"
    return f"is_root(root, comm) ? {counts(p)} : 0" if p.significant == "root" else counts(p)


def keep_argument(p, f):
    if p.is_array:
        return f"plan->keep({p.name}, {significant_length(p)})"
    return f"plan->keep({p.name})" if p.role in ("type", "op") else p.name


def start_argument(p):
    if p.role in ("comm", "type", "op", "request"):
        argument = lower_argument(p)
        return {"op->native": "plan->op->native", "&native": "native"}.get(argument, argument)
    return f"plan->{p.name}"


def persistent(f, functions):
    base = functions[f.base]
    plan = f"{f.name}_plan"
    text = "namespace {\n\n" + f"struct {plan} : PersistentCollective {{\n"
    text += "".join(f"  {p.core_type()};\n" for p in kept_parameters(f) if p.role != "op") + "};\n\n"
    text += f"int start_{f.name}(PersistentCollective *arguments, NativeRequest *native, CollectiveCall **call) {{\n"
    text += f"  [[maybe_unused]] auto *plan = static_cast<{plan} *>(arguments);\n  Comm *comm = arguments->channel;\n"
    types = [p for p in base.params if p.role == "type"]
    text += "".join(f"  Datatype *{'const *' if p.is_array else ''}{p.name} = plan->{p.name};\n" for p in types)
    if f.param("op"):
        text += "  Op *op = plan->op;\n"
    text += natives(base) + f"  [[maybe_unused]] CollectiveCall *kept = *call = {keep_expression(base)};\n"
    text += f"  return seam()->mpi->{base.name}({', '.join(start_argument(p) for p in base.params)});\n}}\n\n}}  // namespace\n\n"
    text += start_of(f).replace("Info *info", "Info *") + refusal(f) + "  Comm *channel;\n"
    text += "  if (const int error = take_channel(comm, &channel)) return raise(comm, error);\n"
    text += f"  auto *plan = new_plan<{plan}>(start_{f.name}, channel);\n"
    text += "".join(f"  plan->{p.name} = {keep_argument(p, f)};\n" for p in kept_parameters(f))
    return text + "  return finish_collective_init(comm, plan, request);\n}\n\n"


# --- large counts: core/large_calls.h ---

# Element by element: more than an int counts is several calls of the function with ints.
IN_PIECES = {"Allreduce", "Exscan", "Iallreduce", "Iexscan", "Ireduce", "Iscan", "Reduce", "Reduce_local", "Scan"}


def is_wide(p):
    return p.core_type().startswith(("std::int64_t", "const std::int64_t"))


def counted_types(f, base):
    """Parameter of a count -> the datatype of what it counts, which a type of so many items can stand for."""
    pairs, count = {}, None
    for p, q in zip(f.params, base.params):
        if is_wide(p) and not is_wide(q) and not p.is_array and p.mode == "in":
            count = p
        elif p.role == "type" and not p.is_array and count:
            pairs[count.name], count = p.name, None
    return pairs


def large_in_pieces(f, base):
    count, kind = f.param("count"), "nonblocking" if f.param("request") else "blocking"
    buffers = [p.name for p in f.params if p.role in ("sendbuf", "recvbuf")]
    arguments = {buffers[0]: "from", buffers[1]: "to", count.name: "n"}
    text = f"  if (!fits_int({count.name}) && {count.name} > 0)\n    return in_pieces_{kind}({buffers[0]}, {buffers[1]}, {count.name}, datatype, "
    call = ", ".join(arguments.get(p.name, "part" if p.role == "request" else p.name) for p in f.params)
    request = ", Request **part" if kind == "nonblocking" else ""
    text += f"{'comm, request, ' if request else ''}[&](const void *from, void *to, int n{request}) {{ return {base.name}({call}); }});\n"
    narrowed = ", ".join(f"static_cast<int>({p.name})" if p is count else p.name for p in f.params)
    return text + f"  return {base.name}({narrowed});\n"


def large_arguments(f, base):
    """Lines before the call of the function with ints, its arguments, and the lines behind it."""
    before, arguments, after = [], [], []
    comm = "comm" if f.param("comm") else "nullptr"
    pairs = {} if f.param("op") and f.in_place else counted_types(f, base)
    for p, q in zip(f.params, base.params, strict=True):
        if p.name in pairs:
            before.append(f"const LargeItems {p.name}_items({p.name}, {pairs[p.name]});")
            arguments.append(f"{p.name}_items.count")
        elif p.name in pairs.values():
            arguments.append(next(f"{count}_items.type" for count, name in pairs.items() if name == p.name))
        elif is_wide(p) == is_wide(q):
            arguments.append(p.name)
        elif p.is_array:
            before += [f"NarrowInts {p.name}_ints({p.name}, {significant_length(p)});",
                       f"if (!{p.name}_ints.fit()) return too_large(Fn::{f.name}, {comm});"]
            arguments.append(f"{p.name}_ints.data()")
            if f.param("request") and functions_keep_arrays(base):
                after.append(f"{p.name}_ints.live_as_long_as(*request);")
        elif p.mode == "in":
            before.append(f"if (!fits_int({p.name})) return too_large(Fn::{f.name}, {comm});")
            arguments.append(f"static_cast<int>({p.name})")
        else:
            before.append(f"int {p.name}_int = 0;")
            arguments.append(f"&{p.name}_int")
            after.append(f"*{p.name} = {p.name}_int;")
    return before, arguments, after


def functions_keep_arrays(base):
    """A nonblocking collective reads its arrays until it completes; a persistent one has copied them."""
    return base.behaviour == "icollective"


def large(f, functions):
    base = functions[f.base]
    text = f"int {f.name}({signature(f)}) {{\n"
    if base.name in IN_PIECES:
        return text + large_in_pieces(f, base) + "}\n\n"
    before, arguments, after = large_arguments(f, base)
    call = f"{base.name}({', '.join(arguments)})"
    text += "".join(f"  {line}\n" for line in before)
    if not after:
        return text + f"  return {call};\n}}\n\n"
    text += f"  const int error = {call};\n  if (error == 0) {{\n" + "".join(f"    {line}\n" for line in after)
    return text + "  }\n  return error;\n}\n\n"


def core_generated(functions):
    text = BANNER + HEAD
    text += "namespace {\n\nconstexpr const char *kNames[kFnCount] = {\n"
    text += "".join(f'    "{f.c_name}",\n' for f in functions.values())
    text += "};\n\n}  // namespace\n" + UNSUPPORTED
    for f in functions.values():
        if f.behaviour in ("collective", "icollective"):
            text += stub(f, functions)
        if f.behaviour == "access":
            text += emit_files.stub(f, signature(f))
        elif f.behaviour == "persistent":
            text += persistent(f, functions)
        elif f.behaviour == "large":
            text += large(f, functions)
    return text + "}  // namespace api\n}  // namespace mana\n"
