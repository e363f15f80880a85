"""fortran_openmpi.cpp: libmpi_mpifh.so.40, what `use mpi`, `use mpi_f08` and mpif.h of Open MPI call.

Each routine takes everything by reference, changes the form (integers to handles, blank-padded strings, LOGICAL, the
sentinels, which are common blocks known by their addresses) and calls the C function PMPI_X. Stock libmpi_usempif08 and
libmpi_usempi_ignore_tkr lie on top of it. Which routines exist, and under which spellings, is what the stock library exports.
What the roles of the table cannot say is written by hand in upper-half/fronts/openmpi_mpifh.h (namespace hand).
"""
from emit_front import if_found
from emit_headers import BANNER
from table import HANDLES, SCALARS, TRANSLATED

# LOGICAL in Fortran, int in C.
LOGICALS = {"flag", "commute", "reorder", "high", "weighted"}
# Written by hand: the parameters of the Fortran routine.
_ATTRIBUTE = "MPI_Fint *object, MPI_Fint *keyval, {} *value, "
_SET, _GET = _ATTRIBUTE + "MPI_Fint *ierr", _ATTRIBUTE + "MPI_Fint *flag, MPI_Fint *ierr"
_KEYVAL = "Callback copy, Callback remove, MPI_Fint *keyval, {} *extra_state, MPI_Fint *ierr"
HAND = {
    "Init": "MPI_Fint *ierr",
    "Init_thread": "MPI_Fint *required, MPI_Fint *provided, MPI_Fint *ierr",
    "Pcontrol": "MPI_Fint *level",
    "F_sync_reg": "void *buf",
    "Wtime": "", "Wtick": "",
    "Aint_add": "MPI_Aint *base, MPI_Aint *disp", "Aint_diff": "MPI_Aint *addr1, MPI_Aint *addr2",
    "Type_extent": "MPI_Fint *datatype, MPI_Fint *extent, MPI_Fint *ierr",
    "Type_lb": "MPI_Fint *datatype, MPI_Fint *displacement, MPI_Fint *ierr",
    "Type_ub": "MPI_Fint *datatype, MPI_Fint *displacement, MPI_Fint *ierr",
    "Buffer_detach": "void *buffer, MPI_Fint *size, MPI_Fint *ierr",
    "Info_get": "MPI_Fint *info, char *key, MPI_Fint *valuelen, char *value, MPI_Fint *flag, MPI_Fint *ierr, "
                "int key_len, int value_len",
    "Info_get_string": "MPI_Fint *info, char *key, MPI_Fint *buflen, char *value, MPI_Fint *flag, MPI_Fint *ierr, int key_len, "
                       "int value_len",
    "Info_create_env": "MPI_Fint *info, MPI_Fint *ierr",
    "Session_get_nth_pset": "MPI_Fint *session, MPI_Fint *info, MPI_Fint *n, MPI_Fint *pset_len, char *pset_name, MPI_Fint *ierr, "
                            "int name_len",
    "Status_f2f08": "MPI_Fint *f_status, MPI_Fint *f08_status, MPI_Fint *ierr",
    "Status_f082f": "MPI_Fint *f08_status, MPI_Fint *f_status, MPI_Fint *ierr",
    "Attr_put": _SET.format("MPI_Fint"), "Attr_get": _GET.format("MPI_Fint"),
    "Keyval_create": _KEYVAL.format("MPI_Fint"),
    **{f"{kind}_{name}": text.format("MPI_Aint") for kind in ("Comm", "Type", "Win")
       for name, text in (("set_attr", _SET), ("get_attr", _GET), ("create_keyval", _KEYVAL))},
    "Grequest_start": "Callback query, Callback free, Callback cancel, MPI_Aint *extra_state, MPI_Fint *request, MPI_Fint *ierr",
    "Register_datarep": "char *datarep, Callback read, Callback write, Callback extent, MPI_Aint *extra_state, MPI_Fint *ierr, "
                        "int datarep_len",
    "Comm_spawn": "char *command, char *argv, MPI_Fint *maxprocs, MPI_Fint *info, MPI_Fint *root, MPI_Fint *comm, "
                  "MPI_Fint *intercomm, MPI_Fint *errcodes, MPI_Fint *ierr, int command_len, int argv_len",
    "Comm_spawn_multiple": "MPI_Fint *count, char *commands, char *argvs, MPI_Fint *maxprocs, MPI_Fint *infos, MPI_Fint *root, "
                           "MPI_Fint *comm, MPI_Fint *intercomm, MPI_Fint *errcodes, MPI_Fint *ierr, int command_len, "
                           "int argv_len",
}
RETURNS = {"Wtime": "double", "Wtick": "double", "Aint_add": "MPI_Aint", "Aint_diff": "MPI_Aint"}
# MPI_SIZEOF: type -> bytes, for a scalar and for arrays of 1 to 15 dimensions.
SIZES = {"character": 1, "logical": 4, "int8": 1, "int16": 2, "int32": 4, "int64": 8, "real32": 4, "real64": 8,
         "real128": 16, "complex32": 8, "complex64": 16, "complex128": 32}
# MPI_COMM_DUP_FN and the like: the application passes them, so they are written in the form of a callback.
ATTRIBUTE_FUNCTIONS = [f"{kind}{what}_fn" for kind in ("", "comm_", "type_", "win_") for what in ("dup", "null_copy", "null_delete")]


class Routine:
    def __init__(self):
        self.params, self.lengths, self.before, self.arguments, self.always, self.success = [], [], [], [], [], []

    def text(self, call):
        lines = [*self.before, f"const int error = {call}({', '.join(self.arguments)});", *self.always]
        lines += [f"if (error == MPI_SUCCESS) {line}" for line in self.success]
        return "".join(f"  {line}\n" for line in [*lines, "finish(ierr, error);"])


def array_length(f, p):
    comm = f.param("comm", "in")
    if p.length == "comm_size":
        n = f"peers({comm.name}_c)"
    elif p.length in ("neighbors_out", "neighbors_in"):
        n = f"neighbors({comm.name}_c).{'out' if p.length == 'neighbors_out' else 'in'}"
    else:
        n = f"*{p.length}"
    if p.significant == "data":
        index = f.params.index(p)
        data = next(q.name for q in reversed(f.params[:index]) if q.role in ("sendbuf", "recvbuf"))
        n = f"buffer_in_c({data}) == MPI_IN_PLACE ? 0 : {n}"
    return n


def add_handle(f, p, r):
    r.params.append(f"MPI_Fint *{p.name}")
    c_type = HANDLES[p.role][2]
    to_c, to_f = (f"{c_type.replace('MPI_', 'PMPI_').replace('Datatype', 'Type')}_{way}" for way in ("f2c", "c2f"))
    if p.is_array and not p.length:  # of a function that is not supported and looks at nothing
        r.arguments.append("nullptr")
    elif p.is_array:
        r.before.append(f"Array<{c_type}> {p.name}_c({array_length(f, p)});")
        if p.mode != "out":
            r.before.append(f"for (int i = 0; i < {p.name}_c.size(); ++i) {p.name}_c[i] = {to_c}({p.name}[i]);")
        r.arguments.append(f"{p.name}_c")
        back = f"for (int i = 0; i < {p.name}_c.size(); ++i) "
        if p.mode == "inout":
            r.always.append(f"{back}{p.name}[i] = {to_f}({p.name}_c[i]);")
        elif p.mode == "out":
            r.before.append(f"for (int i = 0; i < {p.name}_c.size(); ++i) {p.name}_c[i] = nullptr;")
            r.success.append(f"{back}if ({p.name}_c[i]) {p.name}[i] = {to_f}({p.name}_c[i]);")
    elif p.mode == "in" and p.role == "comm" and any(q.has_hidden_length for q in f.params):
        r.before.insert(0, f"{c_type} {p.name}_c = {to_c}(*{p.name});")
        r.arguments.append(f"{p.name}_c")
    elif p.mode == "in":
        r.arguments.append(f"{to_c}(*{p.name})")
    else:
        # MPI_File_open gives MPI_FILE_NULL after an error.
        whatever_happened = p.mode == "inout" or p.role == "file"
        r.before.append(f"{c_type} {p.name}_c = {f'{to_c}(*{p.name})' if p.mode == 'inout' else 'nullptr'};")
        r.arguments.append(f"&{p.name}_c")
        (r.always if whatever_happened else r.success).append(f"{if_found(f) if p.mode == 'out' else ''}*{p.name} = {to_f}({p.name}_c);")


def add_string(p, r):
    r.params.append(f"char *{p.name}")
    r.lengths.append(f"int {p.name}_len")
    if p.mode == "in":
        r.before.append(f"CString {p.name}_c({p.name}, {p.name}_len);")
    else:
        r.before.append(f"OutString {p.name}_c;")
        found = "if (*flag) " if p.name == "value" else ""
        r.success.append(f"{found}{p.name}_c.copy_to({p.name}, {p.name}_len);")
    r.arguments.append(f"{p.name}_c")


def add_int(p, r):
    r.params.append(f"MPI_Fint *{p.name}")
    if p.is_array or p.mode == "inout":
        r.arguments.append(p.name)
    elif p.mode == "in":
        r.arguments.append(f"*{p.name} != 0" if p.name in LOGICALS else f"*{p.name}")
    else:
        r.arguments.append(p.name)
        if p.name in LOGICALS:
            r.success.append(f"*{p.name} = *{p.name} != 0;")
    if p.mode == "out" and p.name == "indx":
        r.always.append("if (*indx != MPI_UNDEFINED) ++*indx;")
        r.before.append("*indx = MPI_UNDEFINED;")
    if p.mode == "out" and p.name == "array_of_indices":
        r.always.append("if (has_indices(error)) for (int i = 0; i < *outcount; ++i) ++array_of_indices[i];")


def add_long(f, p, r):
    """Address, offset and count integers; in the functions of MPI-1 these are default integers."""
    c_type = SCALARS[p.role][1]
    narrow = f.chapter == "deprecated"
    r.params.append(f"{'MPI_Fint' if narrow else c_type} *{p.name}")
    if not narrow or p.mode == "in" and not p.is_array:
        r.arguments.append(f"*{p.name}" if p.mode == "in" and not p.is_array else p.name)
    elif p.is_array:
        r.before += [f"Array<{c_type}> {p.name}_c({array_length(f, p)});",
                     f"for (int i = 0; i < {p.name}_c.size(); ++i) {p.name}_c[i] = {p.name}[i];"]
        r.arguments.append(f"{p.name}_c")
    else:
        r.before.append(f"{c_type} {p.name}_c;")
        r.arguments.append(f"&{p.name}_c")
        r.success.append(f"*{p.name} = static_cast<MPI_Fint>({p.name}_c);")


def add(f, p, r):
    if p.is_handle:
        add_handle(f, p, r)
    elif p.role == "string":
        add_string(p, r)
    elif p.role == "status":
        r.params.append(f"MPI_Fint *{p.name}")
        r.arguments.append(f"{'statuses' if p.is_array else 'status'}_in_c({p.name})")
    elif p.role == "ranges":
        r.params.append(f"MPI_Fint {p.name}[][3]")
        r.arguments.append(p.name)
    elif p.role == "weights":
        r.params.append(f"MPI_Fint *{p.name}")
        r.arguments.append(f"weights_in_c({p.name})")
    elif p.role.startswith("callback<"):
        r.params.append(f"Callback {p.name}")
        r.arguments.append(f"reinterpret_cast<{p.role[9:-1]} *>(marked({p.name}))")
    elif p.role in ("sendbuf", "recvbuf", "pointer", "cpointer", "attachbuf"):
        r.params.append(f"void *{p.name}")
        r.arguments.append(f"buffer_in_c({p.name})")
    elif p.role == "int" or p.role in TRANSLATED:
        add_int(p, r)
    elif p.role in SCALARS:
        add_long(f, p, r)
    else:
        raise SystemExit(f"{f.name}: Fortran has no form for the role '{p.role}'")


def spellings(routine):
    """All names under which one routine is exported; the first is the definition."""
    lower = routine.lower()
    definition = f"o{lower}_f"
    other = [s for p, name in (("", routine), ("P", "P" + routine))
             for s in (name.upper(), name.lower(), name.lower() + "_", name.lower() + "__")
             + ((name + "_f",) if routine != "MPI_Info_create_env" else ())
             + ((name + "_f08",) if routine not in ("MPI_Buffer_detach", "MPI_Info_create_env") else ())]
    return [definition, *other]


def attribute_function_spellings(name):
    return [f"ompi_{name}_f", f"MPI_{name.upper()}", f"mpi_{name}", f"mpi_{name}_", f"mpi_{name}__"]


CONVERSION_NULL = ["mpi_conversion_fn_null_f", "MPI_CONVERSION_FN_NULL", "mpi_conversion_fn_null", "mpi_conversion_fn_null_",
                   "mpi_conversion_fn_null__"]


def sizeof_spellings(kind):
    ranks = ["scalar", *(f"r{i}" for i in range(1, 16))]
    return [f"{p}mpi_sizeof_{kind}_{rank}_" for p in ("", "p") for rank in ranks]


def exports(release):
    names = [s for routine in release.fortran() for s in spellings(routine)]
    names += [s for name in ATTRIBUTE_FUNCTIONS for s in attribute_function_spellings(name)]
    names += [s for kind in SIZES for s in sizeof_spellings(kind)]
    return names + CONVERSION_NULL


def defined(names, head, body):
    aliases = "".join(f"NAME({s}, {names[0]})\n" for s in names[1:])
    return f"EXPORT {head.format(names[0])} {{\n{body}}}\n{aliases}\n"


def routine_text(routine, functions):
    names = spellings(routine)
    base = routine.removeprefix("MPI_").removesuffix("_cptr")  # _cptr: the same, baseptr being a type(c_ptr)
    if base in HAND:
        params = HAND[base]
        arguments = ", ".join(p.split()[-1].lstrip("*") for p in params.split(", ") if p)
        returns = RETURNS.get(base, "void")
        return defined(names, f"{returns} {{}}({params})", f"  {'return ' if returns != 'void' else ''}hand::{base}({arguments});\n")
    f = functions[base]
    r = Routine()
    for p in f.params:
        add(f, p, r)
    # An old name has parameters of its own; one that only differs in its name is itself exported to C.
    target = functions[f.alias_of] if f.alias_of and f.params is not functions[f.alias_of].params else f
    params = ", ".join([*r.params, "MPI_Fint *ierr", *r.lengths])
    return defined(names, f"void {{}}({params})", r.text("P" + target.c_name))


def fortran_openmpi(release, functions):
    text = BANNER + '#include "fronts/openmpi_mpifh.h"\n\nusing namespace mana::mpifh;\n\nextern "C" {\n\n'
    text += "".join(routine_text(routine, functions) for routine in release.fortran())
    # mpi.h has macros of these names for the functions of C.
    names = [attribute_function_spellings(name)[1] for name in ATTRIBUTE_FUNCTIONS] + CONVERSION_NULL[1:2]
    text += "".join(f"#undef {name}\n" for name in names) + "\n"
    for name in ATTRIBUTE_FUNCTIONS:
        what, narrow = ("delete" if "delete" in name else "copy"), "_" not in name.removesuffix("_fn").replace("null_", "")
        form = "MPI_Fint" if narrow else "MPI_Aint"
        if what == "delete":
            params, body = f"MPI_Fint *, MPI_Fint *, {form} *, {form} *, MPI_Fint *ierr", "  *ierr = MPI_SUCCESS;\n"
        else:
            params = f"MPI_Fint *, MPI_Fint *, {form} *, {form} *in, {form} *out, MPI_Fint *flag, MPI_Fint *ierr"
            body = f"  hand::attribute_copy(in, out, flag, {'true' if 'dup' in name else 'false'});\n  *ierr = MPI_SUCCESS;\n"
        text += defined(attribute_function_spellings(name), f"void {{}}({params})", body)
    text += defined(CONVERSION_NULL, "void {}()", "")
    for kind, size in SIZES.items():
        text += defined(sizeof_spellings(kind), "void {}(void *, MPI_Fint *size, MPI_Fint *ierr)",
                        f"  *size = {size};\n  *ierr = MPI_SUCCESS;\n")
    return text + "}\n"
