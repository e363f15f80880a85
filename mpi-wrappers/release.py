"""What one release of an MPI exports, and so its front: symbols/MPI-VERSION/, from its public headers and its library.

    functions.txt  functions
    data.txt       objects with their sizes: programs hold copies of them
    fortran.txt    of Open MPI: the routines of libmpi_mpifh.so.40; emit_fortran.py has their spellings
"""
from table import HERE


def _number(version):
    return [int(part) for part in version.split(".")[:2]]


class Release:
    """The newest known release of `mpi` that is not newer than `version`: what that one has, later ones have as well."""

    def __init__(self, mpi, version):
        known = sorted((folder.name.rpartition("-")[2] for folder in (HERE / "symbols").glob(f"{mpi}-*")), key=_number)
        usable = [name for name in known if _number(name) <= _number(version)]
        self.mpi, self.version = mpi, usable[-1] if usable else known[0]

    @property
    def name(self):
        return f"{self.mpi}-{self.version}"

    def _lines(self, file):
        text = (HERE / "symbols" / self.name / f"{file}.txt").read_text()
        return [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]

    def functions(self):
        return {line[0] for line in self._lines("functions")}

    def data(self):
        """Symbol -> size."""
        return {line[0]: int(line[1]) for line in self._lines("data")}

    def fortran(self):
        return [line[0] for line in self._lines("fortran")]
