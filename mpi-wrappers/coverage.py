#!/usr/bin/env python3
"""Writes docs/coverage.md from the table, or with --check says whether it is up to date."""
import argparse
import sys

import table

COVERAGE = table.HERE.parent / "docs" / "coverage.md"
TITLES = {
    "point-to-point": "Point-to-point communication", "collectives": "Collective communication", "datatypes": "Datatypes",
    "communicators": "Communicators", "groups": "Groups", "topologies": "Topologies",
    "attributes-and-errors": "Attributes and errors", "infos": "Info objects", "environment": "Environment",
    "deprecated": "Deprecated and removed (MPI-1)", "fortran-handles": "Handles of Fortran", "tools": "Tool interface (MPI_T: answers that there are no variables and no events)",
    "processes": "Inter-communicators and dynamic processes", "one-sided": "One-sided communication", "files": "Files",
    "mpi-4": "New in MPI-4", "large-count": "Large counts (MPI-4)", "extensions": "Extensions of the MPIs",
}
HEAD = """# Which MPI functions work

Generated from the table of MPI functions by `mpi-wrappers/coverage.py`; a test checks that it is up to date.

Every function of the two MPIs' public headers can be linked. A function that is not supported returns
`MPI_ERR_UNSUPPORTED_OPERATION` through the error handler of its communicator, and says so once.
"""


def text():
    functions = table.load_functions().values()
    out = [HEAD, "| Chapter | functions | supported |", "|---|---:|---:|"]
    rows = {chapter: [f for f in functions if f.chapter == chapter] for chapter in TITLES}
    unknown = {f.chapter for f in functions} - TITLES.keys()
    if unknown:
        raise SystemExit(f"coverage.py: no title for {', '.join(sorted(unknown))}")
    for chapter, members in rows.items():
        out.append(f"| {TITLES[chapter]} | {len(members)} | {sum(f.supported for f in members)} |")
    for chapter, members in rows.items():
        for supported, word in ((True, "Supported"), (False, "Not supported")):
            names = ", ".join(f"`{f.c_name}`" for f in members if f.supported == supported)
            if names:
                out += ["", f"**{TITLES[chapter]}: {word.lower()}**", "", names]
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        COVERAGE.write_text(text())
    elif not COVERAGE.exists() or COVERAGE.read_text() != text():
        sys.exit(f"{COVERAGE} is not up to date: run mpi-wrappers/coverage.py")


if __name__ == "__main__":
    main()
