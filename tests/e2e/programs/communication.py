"""Values and types that are sent, ways to call a collective, reductions: what the scripts about communication share."""
import numpy as np
from mpi4py import MPI

from checks import WORLD, true

INTEGERS = dict(b=MPI.SIGNED_CHAR, h=MPI.SHORT, i=MPI.INT, l=MPI.LONG, q=MPI.LONG_LONG, B=MPI.UNSIGNED_CHAR,
                H=MPI.UNSIGNED_SHORT, I=MPI.UNSIGNED, L=MPI.UNSIGNED_LONG, Q=MPI.UNSIGNED_LONG_LONG)
REALS = dict(f=MPI.FLOAT, d=MPI.DOUBLE, g=MPI.LONG_DOUBLE)
COMPLEX = dict(F=MPI.C_FLOAT_COMPLEX, D=MPI.C_DOUBLE_COMPLEX, G=MPI.C_LONG_DOUBLE_COMPLEX)
TYPES = {**INTEGERS, **REALS, **COMPLEX, "?": MPI.C_BOOL}
EVERY_TYPE = TYPES
if WORLD.size > 2:  # Ranks that share processors take long for all of them.
    TYPES = {code: TYPES[code] for code in "biLdG?"}
SOME = {code: TYPES[code] for code in "bidG"}
PLAIN = [None, True, -7, 2**63 - 1, -2.17, 1 + 2j, "mpi4py", b"\0\1"]
OBJECTS = [*PLAIN, list(PLAIN), tuple(PLAIN), {f"k{i}": v for i, v in enumerate(PLAIN)}, frozenset(PLAIN), "x" * 70000]
PAIRS = [(MPI.INT_INT, "i"), (MPI.FLOAT_INT, "f"), (MPI.DOUBLE_INT, "d"), (MPI.LONG_INT, "l"), (MPI.SHORT_INT, "h"),
         (MPI.LONG_DOUBLE_INT, "g")]


def filled(value, code, shape=()):
    return np.full(shape, np.asarray(value).astype(code))


def counted(first, code, n):
    return np.arange(first, first + n).astype(code)


def ways(comm, name):
    """The blocking call and the non-blocking one with its completion."""
    yield getattr(comm, name)
    # Between groups of several ranks the non-blocking ones hang in Open MPI 4.1.4 itself.
    if comm.Is_inter() and WORLD.size > 2:
        return
    start = getattr(comm, "I" + name.lower())
    yield lambda *args, **kwargs: start(*args, **kwargs).Wait()

    def by_tests(*args, **kwargs):
        request = start(*args, **kwargs)
        while not request.Test():
            pass
        true(request == MPI.REQUEST_NULL, "request")
    if WORLD.size <= 2:
        yield by_tests


ARITHMETIC = [(MPI.SUM, lambda a: a.sum(0)), (MPI.PROD, lambda a: a.prod(0))]
ORDER = [(MPI.MAX, lambda a: a.max(0)), (MPI.MIN, lambda a: a.min(0))]
LOGICAL = [(MPI.LAND, lambda a: a.astype(bool).all(0)), (MPI.LOR, lambda a: a.astype(bool).any(0)),
           (MPI.LXOR, lambda a: a.astype(bool).sum(0) % 2)]
BITWISE = [(MPI.BAND, np.bitwise_and.reduce), (MPI.BOR, np.bitwise_or.reduce), (MPI.BXOR, np.bitwise_xor.reduce)]


def reductions():
    for code, kind in TYPES.items():
        which = ARITHMETIC * (code != "?") + ORDER * (code in INTEGERS or code in REALS)
        which += LOGICAL * (code in INTEGERS or code == "?") + BITWISE * (code in INTEGERS)
        for op, local in which:
            logical = any(op == other for other, _ in LOGICAL)

            def part(source, n, code=code, logical=logical):
                return counted(source, code, n) if not logical else (np.arange(source, source + n) % 2).astype(code)
            yield code, kind, op, part, lambda parts, local=local, code=code: local(np.array(parts)).astype(code)
