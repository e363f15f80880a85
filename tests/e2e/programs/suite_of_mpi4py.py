"""One rank's part of mpi4py's own tests: suite_of_mpi4py.py FOLDER RESULTS MODULE...

A line per test in RESULTS.RANK, as it ends: its outcome and its name.
"""
import importlib
import sys
import unittest
import warnings

import mpi4py

mpi4py.rc.thread_level = "multiple"
from mpi4py import MPI  # noqa: E402


class Outcomes(unittest.TestResult):
    def __init__(self, file):
        super().__init__()
        self.file = file

    def say(self, outcome, test, error=None):
        reason = "" if error is None else f" {error[1]}".replace("\n", " ")
        self.file.write(f"{outcome} {test.id()}{reason}\n")

    def addSuccess(self, test):
        self.say("ok", test)

    def addSkip(self, test, reason):
        self.say("skipped", test)

    def addFailure(self, test, error):
        self.say("failed", test, error)

    def addError(self, test, error):
        self.say("error", test, error)


def main():
    folder, results, *modules = sys.argv[1:]
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")
    with open(f"{results}.{MPI.COMM_WORLD.rank}", "w", buffering=1) as file:
        for name in modules:
            try:
                tests = unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(name))
            except Exception as error:  # what a module tries when it is imported
                file.write(f"error {name} {type(error).__name__}\n")
            else:
                tests.run(Outcomes(file))
        file.write("ok end\n")


main()
