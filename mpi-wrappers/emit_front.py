"""front_openmpi.cpp, front_mpich.cpp: the functions that an application calls.

Each is `PMPI_X` with `MPI_X` as a weak alias, in the prototype of that MPI's mpi.h, which is included: a prototype
that differs does not compile. Which ones exist is what the real library of that release exports (release.py).
"""
from emit_headers import BANNER
from table import HANDLES, SCALARS, TRANSLATED

EXPORT = '__attribute__((visibility("default")))'
# Legal before MPI_Init, so they must work without a lower half, too: fronts/without_mana.h says how.
EARLY = {"Init", "Init_thread", "Session_init", "Initialized", "Finalized", "Get_version", "Get_library_version", "Abort", "Query_thread",
         "Is_thread_main"}
CONTENTS = {"Type_get_contents", "Type_get_contents_c"}
TOOL_RESULTS = {
    "T_init_thread": "++own::tool_uses, *provided = threadlevel_out(abi::THREAD_MULTIPLE)", "T_finalize": "--own::tool_uses",
    "T_cvar_get_num": "*num_cvar = 0",
    "T_pvar_get_num": "*num_pvar = 0", "T_category_get_num": "*num_cat = 0", "T_event_get_num": "*num_events = 0",
    "T_source_get_num": "*num_sources = 0", "T_category_changed": "*update_number = 0",
    "T_pvar_session_create": "*session = MPI_T_PVAR_SESSION_NULL", "T_pvar_session_free": "*session = MPI_T_PVAR_SESSION_NULL",
}


class Body:
    def __init__(self):
        self.before, self.arguments, self.always, self.success = [], [], [], []

    def text(self, call):
        lines = self.before[:]
        if not self.always and not self.success:
            lines.append(f"return error_out({call});")
        else:
            lines += [f"const int error = {call};", *self.always]
            lines += [f"if (error == 0) {line}" for line in self.success]
            lines.append("return error_out(error);")
        return "".join(f"  {line}\n" for line in lines)


def prototype(f, release, prefix=""):
    return f"{f.returns} {prefix}{f.c_name}({', '.join(p.c_type(release) for p in f.params) or 'void'})"


# --- handles ---

def array_length(f, p):
    return {"comm_size": "comm_r->peer_count", "local_size": "comm_r->size", "neighbors_out": "neighbor_count(comm_r).outdegree",
            "neighbors_in": "neighbor_count(comm_r).indegree"}.get(p.length, f"at_least_0({p.length})")


def buffer_before(f, p):
    """The buffer that a datatype parameter describes."""
    index = f.params.index(p)
    return next(q.name for q in reversed(f.params[:index]) if q.role in ("sendbuf", "recvbuf"))


def add_handle_array(f, p, b):
    record, n = HANDLES[p.role][0], array_length(f, p)
    convert = f"for (int i = 0; i < {p.name}_n; ++i)"
    if p.significant == "data":
        n = f"is_in_place({buffer_before(f, p)}) ? 0 : {n}"
    elif p.significant == "root":
        n = f"is_root(root, comm_r) ? {n} : 0"
    b.before += [f"const int {p.name}_n = {n};", f"Scratch<{record} *> {p.name}_r({p.name}_n);"]
    if p.mode == "out":
        b.before.append(f"{convert} {p.name}_r[i] = nullptr;")
        b.success.append(f"{convert} if ({p.name}_r[i]) {p.name}[i] = {p.role}_out({p.name}_r[i]);")
    else:
        b.before.append(f"{convert} {p.name}_r[i] = {p.role}_in({p.name}[i]);")
    if p.mode == "inout":
        b.always.append(f"{convert} {p.name}[i] = {p.role}_out({p.name}_r[i]);")
    if p.significant == "data":
        b.arguments.append(f"is_in_place({buffer_before(f, p)}) ? nullptr : static_cast<{record} **>({p.name}_r)")
    else:
        b.arguments.append(f"{p.name}_r")


def if_found(f):
    """Before what the call writes: MPI_Improbe that finds no message leaves the handle alone."""
    return "if (*flag) " if any(q.name == "flag" and q.mode == "out" for q in f.params) else ""


def add_handle(f, p, b):
    record, _, _, kind = HANDLES[p.role]
    if p.is_array:
        return add_handle_array(f, p, b)
    if p.mode == "out":
        b.before.append(f"{record} *{p.name}_r;")
        # Both MPIs give MPI_COMM_NULL with an error; libmpichfort converts the file of MPI_File_open whatever the outcome.
        if p.role == "comm":
            b.always.append(f"*{p.name} = error == 0 ? comm_out({p.name}_r) : MPI_COMM_NULL;")
        # A datatype that could not be duplicated is MPI_DATATYPE_NULL.
        elif p.role == "type":
            b.before[-1] = f"{record} *{p.name}_r = nullptr;"
            b.always.append(f"if ({p.name}_r) *{p.name} = type_out({p.name}_r);")
        elif p.role == "file":
            b.always.append(f"*{p.name} = file_out({p.name}_r);")
        else:
            b.success.append(f"{if_found(f)}*{p.name} = {p.role}_out({p.name}_r);")
        b.arguments.append(f"&{p.name}_r")
    elif p.mode == "inout":
        b.before.append(f"{record} *{p.name}_r = {p.role}_in(*{p.name});")
        b.always.append(f"*{p.name} = {p.role}_out({p.name}_r);")
        b.arguments.append(f"&{p.name}_r")
    elif p.significant:
        ignored = "!is_root(root, comm_r)"
        if p.significant == "data":
            beside = " || is_beside(root, comm_r)" if f.param("rank") else ""
            ignored = f"is_in_place({buffer_before(f, p)}){beside}"
        b.arguments.append(f"{ignored} ? null_record<{record}>(Kind::{kind}) : {p.role}_in({p.name})")
    elif p.role == "comm" and needs_comm_record(f) or p.role == "type" and f.name in CONTENTS:
        b.before.insert(0, f"{record} *{p.name}_r = {p.role}_in({p.name});")
        b.arguments.append(f"{p.name}_r")
    else:
        b.arguments.append(f"{p.role}_in({p.name})")


def needs_comm_record(f):
    return any(p.is_handle and (p.significant == "root" or p.has_hidden_length) for p in f.params)


# --- statuses ---

def statuses_written(f, p):
    """How many entries of a status array the call has set."""
    if any(q.name == "outcount" for q in f.params):
        return "at_least_0(*outcount)"
    if any(q.name == "flag" for q in f.params):
        return f"*flag ? {p.length} : 0"
    return p.length


def add_status(f, p, b):
    if p.is_array:
        b.before += [f"const bool wanted = {p.name} != MPI_STATUSES_IGNORE;",
                     f"Scratch<Status> {p.name}_s(wanted ? at_least_0({p.length}) : 0);"]
        b.arguments.append(f"wanted ? static_cast<Status *>({p.name}_s) : nullptr")
        b.always.append(f"if (wanted) statuses_out({p.name}_s, {statuses_written(f, p)}, error, {p.name});")
    elif p.mode == "in":
        b.before.append(f"const Status {p.name}_s = status_in({p.name});")
        b.arguments.append(f"&{p.name}_s")
    elif p.mode == "inout":
        b.before.append(f"Status {p.name}_s = status_in({p.name});")
        b.arguments.append(f"&{p.name}_s")
        b.success.append(f"status_out({p.name}_s, {p.name});")
    else:
        flag = "*flag && " if any(q.name == "flag" for q in f.params) else ""
        b.before.append(f"Status {p.name}_s;")
        b.arguments.append(f"{p.name} == MPI_STATUS_IGNORE ? nullptr : &{p.name}_s")
        b.always.append(f"if ({p.name} != MPI_STATUS_IGNORE && has_status(error)) "
                        f"{'if (*flag) ' if flag else ''}status_out({p.name}_s, {p.name});")


# --- the rest ---

def add_translated(p, b):
    if p.is_array and p.mode == "in":
        b.before += [f"Scratch<int> {p.name}_t(at_least_0({p.length}));",
                     f"for (int i = 0; i < {p.length}; ++i) {p.name}_t[i] = {p.role}_in({p.name}[i]);"]
        b.arguments.append(f"{p.name}_t")
    elif p.is_array:
        b.arguments.append(p.name)
        b.success.append(f"for (int i = 0; i < {p.length}; ++i) {p.name}[i] = {p.role}_out({p.name}[i]);")
    elif p.mode == "in":
        b.arguments.append(f"{p.role}_in({p.name})")
    else:
        initial = f" = {p.role}_in(*{p.name})" if p.mode == "inout" else ""
        b.before.append(f"int {p.name}_t{initial};")
        b.arguments.append(f"&{p.name}_t")
        b.success.append(f"*{p.name} = {p.role}_out({p.name}_t);")


def add(f, p, b):
    if p.is_handle:
        add_handle(f, p, b)
    elif p.role == "status":
        add_status(f, p, b)
    elif p.role in TRANSLATED:
        add_translated(p, b)
    elif p.role in ("sendbuf", "recvbuf") and f.in_place:
        b.arguments.append(f"buffer_in({p.name})")
    elif p.role == "weights" and p.mode == "in":
        b.arguments.append(f"weights_in({p.name})")
    elif p.role == "weights":
        b.arguments.append(f"const_cast<int *>(weights_in({p.name}))")
    elif p.role == "attachbuf" and p.mode == "in":
        b.arguments.append(f"attached_in({p.name})")
    elif p.role == "attachbuf":
        b.arguments.append(f"static_cast<void **>({p.name})")
        b.success.append(f"attached_out(static_cast<void **>({p.name}));")
    elif p.role == "disp":
        b.arguments.append(f"disp_in({p.name})")
    elif p.role.startswith("callback<"):
        b.arguments.append(f"reinterpret_cast<void (*)()>({p.name})")
    elif p.role in SCALARS and SCALARS[p.role][0] == "std::int64_t" and (p.is_array or p.mode != "in"):
        b.arguments.append(f"{'as_int64' if p.mode != 'in' else 'as_const_int64'}({p.name})")
    else:
        b.arguments.append(p.name)


def null_check(f):
    """Both MPIs give an error where a call is to write through a null pointer, or to read an array there."""
    if f.name in EARLY:
        return []
    plain = [p for p in f.params if p.is_handle or p.role in TRANSLATED or p.role in SCALARS or p.role == "ranges"]
    missing = [f"!{p.name}" for p in plain if p.mode != "in" and not p.is_array]
    missing += [f"(!{p.name} && {p.length} > 0)" for p in plain
                if p.is_array and p.length and not p.has_hidden_length and not p.significant]
    if not missing:
        return []
    owner = next((p for p in f.params if p.role in ("comm", "win", "file") and p.mode == "in" and not p.is_array), None)
    return [f"if ({' || '.join(missing)}) [[unlikely]]",
            f"  return error_out(api::null_pointer(Fn::{f.name}, {f'{owner.role}_in({owner.name})' if owner else 'nullptr'}));"]


def supported_body(f, target):
    b = Body()
    b.before += null_check(f)
    for p in f.params:
        add(f, p, b)
    if target.name in CONTENTS:
        b.success.append("contents_out(datatype_r, array_of_integers);")
    body = b.text(f"api::{target.name}({', '.join(b.arguments)})")
    if f.name in EARLY:
        names = ", ".join(p.name for p in f.params)
        body = f"  if (!under_mana) return without_mana::{f.name}({names});\n" + body
    return body


def unsupported_body(f):
    comm = f.param("comm", "in")
    return f"  return error_out(api::unsupported(Fn::{f.name}, {f'comm_in({comm.name})' if comm else 'nullptr'}));\n"


def tool_body(f):
    text = "" if f.name == "T_init_thread" else "  if (own::tool_uses == 0) return MPI_T_ERR_NOT_INITIALIZED;\n"
    if f.name in TOOL_RESULTS:
        return text + f"  {TOOL_RESULTS[f.name]};\n  return MPI_SUCCESS;\n"
    if f.name.endswith("_get_index"):
        return text + "  return MPI_T_ERR_INVALID_NAME;\n"
    if any(p.name.endswith("_index") and p.name != "element_index" and p.mode == "in" for p in f.params):
        return text + "  return MPI_T_ERR_INVALID_INDEX;\n"
    return text + "  return MPI_T_ERR_INVALID_HANDLE;\n"


def body(f, functions):
    if f.behaviour == "unsupported":
        return unsupported_body(f)
    if f.behaviour == "tool":
        return tool_body(f)
    if f.behaviour == "front":
        check = "".join(f"  {line}\n" for line in null_check(f))
        return f"{check}  return own::{f.name.removeprefix('MPIX_')}({', '.join(p.name for p in f.params if p.name)});\n"
    target = functions[f.alias_of] if f.alias_of else f
    return supported_body(target if f.params is target.params else f, target)


def definition(f, functions, release, exported):
    """The function under each of its exported names."""
    main = "P" if "P" + f.c_name in exported else ""
    text = f"{EXPORT} {prototype(f, release, main)} {{\n{body(f, functions)}}}\n"
    if "P" + f.c_name in exported and f.c_name in exported:
        text += f'{EXPORT} {prototype(f, release)} __attribute__((weak, alias("P{f.c_name}")));\n'
    return text + "\n"


def bindings(release, handles):
    """bind_predefined(): record <-> handle for everything that both the core and this mpi.h have."""
    text = "namespace mana::front_side {\n\nvoid bind_predefined() {\n  for (Kind kind : kBoundKinds) fill_null(kind);\n"
    for h in handles:
        if release.mpi == "openmpi":
            objects = exported_objects(h, release)
            text += "".join(f"  bind({h.abi}, &{s});\n" for s in reversed(objects))
            if h.openmpi_fortran and (objects or not h.openmpi_symbols):
                text += f"  bind_fortran({h.abi}, {h.openmpi_fortran});\n"
        else:
            text += f"#ifdef MPI_{h.name}\n  bind_{h.role}({h.abi}, MPI_{h.name});\n#endif\n"
    return text + "}\n\n}  // namespace mana::front_side\n"


def exported_objects(handle, release):
    """Those of a predefined handle that this Open MPI has."""
    return [s for s in handle.openmpi_symbols if s in release.data()]


def objects(handles, release):
    """Definitions of Open MPI's exported objects."""
    names = {"comm": "communicator", "type": "datatype", "session": "instance"}
    text = 'extern "C" {\n'
    for role in HANDLES:
        symbols = [s for h in handles if h.role == role for s in exported_objects(h, release)]
        if not symbols:
            continue
        text += f"struct ompi_predefined_{names.get(role, role)}_t {{\n  mana::Object *record;\n"
        text += f"  char rest[{release.data()[symbols[0]]} - sizeof(void *)];\n}};\n"
        text += "".join(f"{EXPORT} ompi_predefined_{names.get(role, role)}_t {s};\n" for s in symbols)
    return text + "}\n\n"


def front(release, functions, handles):
    exported = release.functions()
    text = BANNER + f'#include "fronts/{release.mpi}_head.h"\n\n'
    if release.mpi == "openmpi":
        text += objects(handles, release)
    text += bindings(release, handles) + "\nusing namespace mana;\nusing namespace mana::front_side;\n\nextern \"C\" {\n\n"
    for f in functions.values():
        if f.c_name in exported or "P" + f.c_name in exported:
            text += definition(f, functions, release, exported)
    return text + "}\n"


def error_cases(constants, into_front):
    """front_errors_in.inc, front_errors_out.inc."""
    text = BANNER + ("case MPI_SUCCESS: return 0;\n" if not into_front else "case 0: return MPI_SUCCESS;\n")
    for c in constants:
        if c.name.startswith(("ERR_", "T_ERR_")):
            pair = f"case abi::{c.name}: return MPI_{c.name};" if into_front else f"case MPI_{c.name}: return abi::{c.name};"
            text += f"#ifdef MPI_{c.name}\n{pair}\n#endif\n"
    return text


def error_texts(constants, texts):
    """front_error_texts.inc: what MPI_Error_string says of a class."""
    numbers = {c.name: f"abi::{c.name}" for c in constants} | {"SUCCESS": "0"}

    def cases(column):
        return "".join(f'case {numbers[name]}: return "{row[column]}";\n' for name, *row in texts)

    return BANNER + f"#ifdef OPEN_MPI\n{cases(0)}#else\n{cases(1)}#endif\n"


def combiner_cases(constants):
    return BANNER + "".join(f"case abi::{c.name}: return MPI_{c.name};\n" for c in constants
                            if c.name.startswith("COMBINER_") and c.openmpi and c.mpich)
