#!/usr/bin/env python3
"""Writes docs/coverage.md from the table and the test programs, or with --check says whether it is up to date and complete."""
import argparse
import re
import sys

import table

TOP = table.HERE.parent
COVERAGE = TOP / "docs" / "coverage.md"
SWEPT, OTHERS = TOP / "tests" / "programs", TOP / "tests" / "e2e" / "programs"
TITLES = {
    "point-to-point": "Point-to-point communication", "collectives": "Collective communication", "datatypes": "Datatypes",
    "communicators": "Communicators", "groups": "Groups", "topologies": "Topologies",
    "attributes-and-errors": "Attributes and errors", "infos": "Info objects", "environment": "Environment",
    "deprecated": "Deprecated and removed (MPI-1)", "fortran-handles": "Handles of Fortran", "tools": "Tool interface (MPI_T: answers that there are no variables and no events)",
    "processes": "Inter-communicators and dynamic processes", "one-sided": "One-sided communication", "files": "Files",
    "mpi-4": "New in MPI-4", "mpi-4.1": "New in MPI-4.1", "large-count": "Large counts (MPI-4)", "extensions": "Extensions of the MPIs",
}
HEAD = """# Which MPI functions work

Generated from the table of MPI functions by `mpi-wrappers/coverage.py`; a test checks that it is up to date.

Every function of the public headers of Open MPI 4.1 and 5.0, MPICH 4.0 and 4.2 can be linked in the releases that declare it. A function that is not supported returns
`MPI_ERR_UNSUPPORTED_OPERATION` through the error handler of its communicator, and says so once.

Each supported function is called by at least one program that checks its results, for every MPI that declares it (those which
Open MPI 5 and MPICH 4.2 brought in Debian 13, the others in Debian 12), and under both live MPIs. The programs in `tests/programs` are checkpointed at each MPI call of a rank and restarted on the same and on the other
MPI (`tests/run --all`; `tests/run` takes a part that changes from day to day); those in *italics* (`tests/e2e/programs`) at calls or instants
that their tests choose, and restarted on the other MPI. So "restarts" means: on the same MPI and across MPIs.
"""


def called_by():
    """Names of functions, in lower case -> names of the programs that call them, those that are swept first."""
    found = {}
    for folder in (SWEPT, OTHERS):
        for path in sorted([*folder.glob("*.c"), *folder.glob("*.f90")]):
            text = re.sub(r"^\s*(//|!).*$|//.*$", "", path.read_text(), flags=re.MULTILINE)
            name = path.stem if folder == SWEPT else f"*{path.stem}*"
            for word in {(called or renamed).lower() for called, renamed in re.findall(r"\b(MPIX?_\w+)\s*\(|#define \w+ (MPIX_\w+)", text, re.IGNORECASE)}:
                found.setdefault(word, []).append(name)
    return found


def row(f, programs):
    if not f.supported:
        return f"| `{f.c_name}` | no | | |"
    more = f" and {len(programs) - 1} more" if len(programs) > 1 else ""
    return f"| `{f.c_name}` | yes | {'yes' if programs else 'not tested'} | {programs[0].replace('_', ' ') + more if programs else ''} |"


def text():
    functions = table.load_functions().values()
    out = [HEAD, "| Chapter | functions | supported |", "|---|---:|---:|"]
    rows = {chapter: [f for f in functions if f.chapter == chapter] for chapter in TITLES}
    unknown = {f.chapter for f in functions} - TITLES.keys()
    if unknown:
        raise SystemExit(f"coverage.py: no title for {', '.join(sorted(unknown))}")
    for chapter, members in rows.items():
        out.append(f"| {TITLES[chapter]} | {len(members)} | {sum(f.supported for f in members)} |")
    calls = called_by()
    for chapter, members in rows.items():
        out += ["", f"## {TITLES[chapter]}", "", "| function | works | restarts | shown by |", "|---|---|---|---|"]
        out += [row(f, calls.get(f.c_name.lower(), [])) for f in members]
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        COVERAGE.write_text(text())
        return
    calls = called_by()
    untested = [f.c_name for f in table.load_functions().values() if f.supported and f.c_name.lower() not in calls]
    if untested:
        sys.exit(f"no test program calls {', '.join(untested)}")
    if not COVERAGE.exists() or COVERAGE.read_text() != text():
        sys.exit(f"{COVERAGE} is not up to date: run mpi-wrappers/coverage.py")


if __name__ == "__main__":
    main()
