#!/usr/bin/env python3
"""Writes everything that follows from the table of MPI functions: generate.py --out DIR.

Needs nothing but Python 3. A file is only touched when its content changes, so that a build recompiles what it must.
"""
import argparse
from pathlib import Path

import emit_backend
import emit_core
import emit_fortran
import emit_front
import emit_headers
import table
from release import Release


def outputs(functions, constants, handles, openmpi, mpich):
    return {
        "abi_constants.h": emit_headers.abi_constants(constants),
        "fn.h": emit_headers.fn_enum(functions),
        "core_api.h": emit_headers.core_api(functions),
        "lower_mpi.h": emit_headers.lower_mpi(functions),
        "core_generated.cpp": emit_core.core_generated(functions),
        "backend_generated.inc": emit_backend.backend_generated(functions),
        "backend_predefined.inc": emit_backend.predefined_cases(handles),
        "backend_errors.inc": emit_backend.error_cases(constants),
        "front_errors_in.inc": emit_front.error_cases(constants, into_front=False),
        "front_errors_out.inc": emit_front.error_cases(constants, into_front=True),
        "front_error_texts.inc": emit_front.error_texts(constants, table.load_error_texts()),
        "front_combiners.inc": emit_front.combiner_cases(constants),
        "front_openmpi.cpp": emit_front.front(openmpi, functions, handles),
        "fortran_openmpi.cpp": emit_fortran.fortran_openmpi(openmpi, functions),
        "front_mpich.cpp": emit_front.front(mpich, functions, handles),
    }


def write_if_changed(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="directory of the generated sources")
    parser.add_argument("--openmpi", default="4.1", help="version of the Open MPI whose front it is")
    parser.add_argument("--mpich", default="4.0", help="likewise")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, text in outputs(table.load_functions(), table.load_constants(), table.load_handles(),
                              Release("openmpi", args.openmpi), Release("mpich", args.mpich)).items():
        write_if_changed(args.out / name, text)


if __name__ == "__main__":
    main()
