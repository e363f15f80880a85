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
#include "core/lock.h"
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
    return {"comm_size": "comm->peer_count", "neighbors_out": "neighbor_count(comm).outdegree",
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


def stub(f):
    text = f"int {f.name}({signature(f)}) {{\n  Call call(Fn::{f.name});\n"
    text += "  if (const int refused = begin_collective(comm)) return raise(comm, refused);\n"
    return text + (blocking(f) if f.behaviour == "collective" else nonblocking(f)) + "}\n\n"


def core_generated(functions):
    text = BANNER + HEAD
    text += "namespace {\n\nconstexpr const char *kNames[kFnCount] = {\n"
    text += "".join(f'    "{f.c_name}",\n' for f in functions.values())
    text += "};\n\n}  // namespace\n" + UNSUPPORTED
    for f in functions.values():
        if f.behaviour in ("collective", "icollective"):
            text += stub(f)
        if f.behaviour == "access":
            text += emit_files.stub(f, signature(f))
    return text + "}  // namespace api\n}  // namespace mana\n"
