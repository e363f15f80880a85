"""The table of all MPI functions: functions/*.txt, handles.csv and constants.csv, read and checked.

One line of functions/*.txt is one function (functions/README.md explains the columns):

    Waitany   hand   1.0   int count, request &array_of_requests[count], int *indx, status *status
    name      class  since parameters

A parameter is `role name`. `*name` is written by the call, `&name` read and written, `name[len]` an array of that length
(another parameter, or comm_size, neighbors_in, neighbors_out). `name@root` is significant only at the root, `name@data`
unless the buffer before it is MPI_IN_PLACE: elsewhere programs pass anything, so it is not looked at. The role says what the value means, so that
every layer knows how to carry it across: see Role below.
"""
import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Kinds of handles: role -> (record of objects.h, native type of native.h, C type of mpi.h, Kind enumerator)
HANDLES = {
    "comm": ("Comm", "NativeComm", "MPI_Comm", "comm"),
    "group": ("Group", "NativeGroup", "MPI_Group", "group"),
    "type": ("Datatype", "NativeDatatype", "MPI_Datatype", "datatype"),
    "op": ("Op", "NativeOp", "MPI_Op", "op"),
    "request": ("Request", "NativeRequest", "MPI_Request", "request"),
    "info": ("Info", "NativeInfo", "MPI_Info", "info"),
    "errhandler": ("Errhandler", "NativeErrhandler", "MPI_Errhandler", "errhandler"),
    "message": ("Message", "NativeMessage", "MPI_Message", "message"),
    "win": ("Win", "NativeWin", "MPI_Win", "win"),
    "file": ("File", "NativeFile", "MPI_File", "file"),
    "session": ("Session", "NativeSession", "MPI_Session", "session"),
}
# Ints whose values differ between MPIs: a front translates them with <role>_to_abi / <role>_from_abi,
# a backend with <role>_to_native / <role>_from_native.
TRANSLATED = {
    "rank", "tag", "keyval", "errcode", "threadlevel", "combiner", "order", "distribution", "darg",
    "comparison", "topology", "splittype", "typeclass", "amode", "whence", "locktype", "rmaassert",
}
SCALARS = {"int": ("int", "int"), "aint": ("std::int64_t", "MPI_Aint"), "count": ("std::int64_t", "MPI_Count"),
           "offset": ("std::int64_t", "MPI_Offset"), "disp": ("std::int64_t", "MPI_Offset"), "fint": ("int", "MPI_Fint"), "cfint": ("int", "MPI_Fint")}
CLASSES = {"local", "hand", "collective", "icollective", "access", "persistent", "large", "unsupported", "front", "tool"}


@dataclass
class Param:
    role: str
    name: str
    mode: str = "in"          # in, out, inout
    length: str | None = None  # not None: an array; "" of a length that no layer needs
    mutable: str = ""          # releases whose prototypes do not declare an input const, or "all"
    significant: str = ""      # "root": only at the root; "data": unless the buffer before it is MPI_IN_PLACE

    @property
    def is_array(self):
        return self.length is not None

    @property
    def has_hidden_length(self):
        """An array whose length is no parameter of the function, but a property of the communicator."""
        return self.length in ("comm_size", "local_size", "neighbors_in", "neighbors_out")

    @property
    def is_handle(self):
        return self.role in HANDLES

    def core_type(self):
        """C++ declaration of this parameter in namespace mana::api."""
        n, out = self.name, self.mode != "in"
        if self.is_handle:
            record = HANDLES[self.role][0]
            if self.is_array and not out:
                return f"{record} *const *{n}"
            return f"{record} **{n}" if out else f"{record} *{n}"
        return self._plain("Status *", "const Status *", "void (*%s)()")

    def lower_type(self):
        """The same in struct LowerMpi."""
        n, out = self.name, self.mode != "in"
        if self.is_handle:
            native = HANDLES[self.role][1]
            if self.has_hidden_length:
                return f"{native} *{n}, int {n}_count"  # narrowed in place
            if self.is_array and not out:
                return f"const {native} *{n}"
            return f"{native} *{n}" if out else f"{native} {n}"
        return self._plain("Status *", "const Status *", "void (*%s)()")

    def c_type(self, release):
        """Declaration in mpi.h."""
        n, out = self.name, self.mode != "in"
        if self.is_handle:
            t = HANDLES[self.role][2]
        elif self.role == "status":
            if self.is_array:
                return f"MPI_Status {n}[]"
            return f"MPI_Status *{n}" if out else f"const MPI_Status *{n}"
        elif self.role in SCALARS:
            t = SCALARS[self.role][1]
        elif self.role in TRANSLATED:
            t = "int"
        elif self.role == "weights":
            return f"int {n}[]" if out else f"const int {n}[]"
        elif self.role.startswith("c<"):
            return f"{self.role[2:-1]} {n}"
        elif self.role.startswith("callback<"):
            t = self.role[9:-1]
            return f"{t[:-1]} {n}" if t.endswith("!") else f"{t} *{n}"
        else:
            return {
                "sendbuf": f"const void *{n}", "recvbuf": f"void *{n}", "pointer": f"void *{n}", "attachbuf": f"void *{n}",
                "cpointer": f"const void *{n}", "string": f"char *{n}" if out else f"const char *{n}",
                "ranges": f"int {n}[][3]", "argc": f"int *{n}", "argv": f"char ***{n}",
                "argvector": f"char *{n}[]", "argvectors": f"char **{n}[]", "...": "...",
            }[self.role]
        if self.role == "cfint":
            return f"const MPI_Fint *{n}"
        if self.is_array:
            mutable = self.mutable == "all" or release.name in self.mutable.split(",")
            return f"{'' if out or mutable else 'const '}{t} {n}[]"
        return f"{t} *{n}" if out else f"{t} {n}"

    def _plain(self, status_out, status_in, callback):
        n, out = self.name, self.mode != "in"
        if self.role == "status":
            return (status_out if out else status_in) + n
        if self.role in SCALARS or self.role in TRANSLATED:
            t = SCALARS[self.role][0] if self.role in SCALARS else "int"
            if self.is_array:
                return f"{t} *{n}" if out else f"const {t} *{n}"
            return f"{t} *{n}" if out else f"{t} {n}"
        if self.role.startswith("callback<"):
            return callback % n
        return {
            "sendbuf": f"const void *{n}", "recvbuf": f"void *{n}", "pointer": f"void *{n}",
            "attachbuf": f"void **{n}" if out else f"void *{n}",
            "cpointer": f"const void *{n}", "string": f"char *{n}" if out else f"const char *{n}",
            "weights": f"int *{n}" if out else f"const int *{n}", "ranges": f"const int (*{n})[3]",
            "argvector": f"char **{n}", "argvectors": f"char ***{n}", "argc": f"int *{n}", "argv": f"char ***{n}",
        }[self.role]


@dataclass
class Function:
    name: str
    behaviour: str            # one of CLASSES
    lower: bool               # has an entry in struct LowerMpi
    since: str                # MPI version, or "ext"
    chapter: str
    params: list[Param] = field(default_factory=list)
    returns: str = "int"      # C type
    alias_of: str | None = None
    base: str | None = None   # persistent: the nonblocking collective that each start is; large: the one with int counts
    in_place: bool = False    # its buffers may be MPI_IN_PLACE

    @property
    def c_name(self):
        return self.name if self.name.startswith("MPIX_") else "MPI_" + self.name

    @property
    def enumerator(self):
        return self.name

    @property
    def supported(self):
        return self.behaviour != "unsupported"

    def param(self, role, mode=None):
        return next((p for p in self.params if p.role == role and mode in (None, p.mode)), None)


def parse_param(text):
    m = re.fullmatch(r"([^\s<]+(?:<[^>]*>)?) (?:mutable(?:\((\S+)\))?( ))?([*&]?)(\w+)(?:\[(\w*)\])?(?:@(\w+))?", text)
    if not m:
        raise SystemExit(f"cannot read parameter '{text}'")
    mode = {"": "in", "*": "out", "&": "inout"}[m[4]]
    return Param(m[1], m[5], mode, m[6], m[2] or ("all" if m[3] else ""), m[7] or "")


def parse_line(line, chapter):
    columns = re.split(r"  +", line.strip(), maxsplit=3)
    name, behaviour, since = columns[:3]
    f = Function(name, behaviour, False, since, chapter)
    if behaviour.startswith("alias "):
        f.behaviour, f.alias_of = "alias", behaviour[6:]
    elif behaviour.startswith("like "):
        f.behaviour, f.alias_of = "like", behaviour[5:]
    elif behaviour.startswith("persistent "):
        f.behaviour, f.base = "persistent", behaviour[11:]
    elif behaviour == "large":
        f.behaviour, f.base = "large", name.removesuffix("_c")
    else:
        f.behaviour, _, suffix = behaviour.partition("+")
        f.lower = (suffix == "lower" or f.behaviour in ("collective", "icollective")
                   or f.behaviour == "access" and not name.endswith("_c"))
        if f.behaviour not in CLASSES or suffix not in ("", "lower"):
            raise SystemExit(f"{chapter}: {name}: unknown class '{behaviour}'")
    for text in columns[3].split(", ") if len(columns) > 3 else []:
        if text == "...":
            f.params.append(Param("...", ""))
        elif text.startswith("returns handle "):
            f.returns = HANDLES[text[15:]][2]
        elif text.startswith("returns "):
            f.returns = text[8:]
        else:
            f.params.append(parse_param(text))
    return f


def load_functions():
    functions = {}
    for path in sorted((HERE / "functions").glob("*.txt")):
        for line in path.read_text().splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            f = parse_line(line, path.stem)
            if f.name in functions:
                raise SystemExit(f"{path.name}: {f.name} stands in the table twice")
            functions[f.name] = f
    resolve(functions)
    return dict(sorted(functions.items()))


def resolve(functions):
    """What functions say of each other."""
    for f in functions.values():
        for other in (f.alias_of, f.base):
            if other and other not in functions:
                raise SystemExit(f"{f.name}: no function {other}")
        if f.behaviour == "persistent":
            *rest, request = functions[f.base].params
            f.params = [*rest, Param("info", "info"), request]
    for f in functions.values():
        if f.behaviour == "large":
            take_from_base(f, functions[f.base])
        if f.behaviour == "alias" and not f.params:
            f.params = functions[f.alias_of].params
        if f.behaviour == "like":
            target = functions[f.alias_of]
            f.params, f.behaviour, f.alias_of = target.params, target.behaviour, None
    for f in functions.values():
        kind = functions[f.base].behaviour if f.behaviour == "large" else f.behaviour
        f.in_place = kind in ("collective", "icollective", "persistent")


def take_from_base(f, base):
    """A function with large counts has its own types of parameters; the rest is that of the one with ints."""
    if base.behaviour == "unsupported":
        f.behaviour = "unsupported"
    for own, other in zip(f.params, base.params, strict=True):
        own.mode, own.length, own.significant = other.mode, other.length, other.significant
        if other.role in TRANSLATED:
            own.role = other.role


@dataclass
class Constant:
    name: str   # without MPI_
    abi: int
    openmpi: str
    mpich: str


def load_constants():
    with open(HERE / "constants.csv", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return [Constant(r[0].removeprefix("MPI_"), int(r[1]), r[2], r[3]) for r in rows if not r[0].endswith("_FN")
                and not r[0].startswith("MPI_CONVERSION")]


@dataclass
class Handle:
    """A predefined handle: its number, Open MPI's exported objects, what stands in for it where an MPI lacks it ("-":
    it is never made below)."""
    name: str
    abi: int
    openmpi_symbols: list[str]
    openmpi_fortran: str   # its integer in mpif.h, or empty
    fallback: str

    KINDS = [(32, "op"), (256, "comm"), (264, "group"), (272, "win"), (280, "file"), (288, "session"), (296, "message"),
             (304, "info"), (320, "errhandler"), (384, "request"), (512, "type")]

    @property
    def role(self):
        """Key of HANDLES."""
        return [role for first, role in self.KINDS if first <= self.abi][-1]


def load_handles():
    with open(HERE / "handles.csv", newline="") as file:
        return [Handle(r["name"], int(r["abi"]), r["openmpi_symbol"].split(), r["openmpi_fortran"],
                       r["fallback"])
                for r in csv.DictReader(file)]


def load_error_texts():
    """Rows of class, Open MPI's text, MPICH's text; what a library does not have is spelled like the others of its."""
    with open(HERE / "error-texts.csv", newline="") as file:
        return list(csv.reader(file))[1:]

