#!/usr/bin/env python3
"""Checks a front library after it was linked: check_front.py openmpi|mpich|openmpi-fortran VERSION FILE.

It must export every symbol that the real library's public headers declare, data with the same sizes (programs copy
them), and nothing else; and it may need nothing but libc (the library for Fortran also the front).
"""
import subprocess
import sys

import emit_fortran
from release import Release

LIBC_ONLY = {"libc.so.6", "ld-linux-x86-64.so.2"}
NEEDED = {"openmpi": LIBC_ONLY, "mpich": LIBC_ONLY, "openmpi-fortran": LIBC_ONLY | {"libmpi.so.40"}}


def expected(name, version):
    """Symbol -> size, or None for functions."""
    release = Release(name.removesuffix("-fortran"), version)
    if name == "openmpi-fortran":
        return dict.fromkeys(emit_fortran.exports(release))
    return dict.fromkeys(release.functions()) | release.data()


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], capture_output=True, text=True, check=True).stdout


def dynamic_symbols(path):
    exports, undefined = {}, []
    for line in readelf("--dyn-syms", path).splitlines():
        columns = line.split()
        if len(columns) < 8 or not columns[0].rstrip(":").isdigit():
            continue
        size, kind, bind, section, symbol = int(columns[2], 0), columns[3], columns[4], columns[6], columns[7]
        if section == "UND":
            undefined.append((bind, symbol))
        elif bind in ("GLOBAL", "WEAK"):
            exports[symbol] = size if kind == "OBJECT" else None
    return exports, undefined


def problems(name, version, path):
    wanted = expected(name, version)
    exports, undefined = dynamic_symbols(path)
    for symbol, size in wanted.items():
        if symbol not in exports:
            yield f"does not export {symbol}"
        elif size is not None and exports[symbol] != size:
            yield f"{symbol} has {exports[symbol]} bytes instead of {size}"
    for symbol in exports.keys() - wanted.keys():
        if not symbol.startswith("mana_"):  # what mana.h looks for
            yield f"exports {symbol}"
    for bind, symbol in undefined:
        if "GLIBCXX" in symbol or "CXXABI" in symbol or symbol.startswith("_Z"):
            yield f"needs {symbol}"
    for line in readelf("-d", path).splitlines():
        if "(NEEDED)" in line and line.split("[")[1].rstrip("]") not in NEEDED[name]:
            yield f"needs the library {line.split('[')[1].rstrip(']')}"


def main():
    name, version, path = sys.argv[1:]
    found = sorted(problems(name, version, path))
    for problem in found[:40]:
        print(f"{path}: {problem}", file=sys.stderr)
    if len(found) > 40:
        print(f"... and {len(found) - 40} more", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
