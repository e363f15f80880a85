"""Fortran programs as Debian ships them for Open MPI (cp2k with ScaLAPACK, pw.x of Quantum ESPRESSO), checkpointed under one
MPI, continued under the other: every energy printed on the way is the native one to the last digit.

They are large (cp2k 95 MB to download, 360 MB installed; quantum-espresso 48 and 290), so tools/packages.sh does not install them.
"""
import random
import re
import shutil
import time
from math import exp

import pytest

from harness import STOPPED, Case, Failure, mpirun, other

RANKS = 2

WATER = """
&GLOBAL
  PROJECT water
  RUN_TYPE ENERGY
  PRINT_LEVEL MEDIUM
&END GLOBAL
&FORCE_EVAL
  METHOD Quickstep
  &DFT
    BASIS_SET_FILE_NAME BASIS_SET
    POTENTIAL_FILE_NAME GTH_POTENTIALS
    &MGRID
      CUTOFF 120
      REL_CUTOFF 30
    &END MGRID
    &SCF
      EPS_SCF 1.0E-6
      MAX_SCF 30
      SCF_GUESS ATOMIC
    &END SCF
    &XC
      &XC_FUNCTIONAL PADE
      &END XC_FUNCTIONAL
    &END XC
  &END DFT
  &SUBSYS
    &CELL
      ABC 5.0 5.0 5.0
    &END CELL
    &COORD
      O 0.0 0.0 0.0
      H 0.0 -0.757 0.587
      H 0.0 0.757 0.587
    &END COORD
    &KIND H
      BASIS_SET DZVP-GTH-PADE
      POTENTIAL GTH-PADE-q1
    &END KIND
    &KIND O
      BASIS_SET DZVP-GTH-PADE
      POTENTIAL GTH-PADE-q6
    &END KIND
  &END SUBSYS
&END FORCE_EVAL
"""

HYDROGEN = """
&control
 calculation='scf' prefix='h2' pseudo_dir='.' outdir='./out' disk_io='none'
/
&system
 ibrav=1 celldm(1)=16.0 nat=2 ntyp=1 ecutwfc=60.0 nbnd=4
/
&electrons
 conv_thr=1e-12 mixing_beta=0.3
/
ATOMIC_SPECIES
H 1.008 H.local
ATOMIC_POSITIONS bohr
H 0.0 0.0 0.0
H 0.0 0.0 1.4
K_POINTS automatic
2 2 2 1 1 1
"""


def local_pseudopotential():
    """A smoothed Coulomb potential and the 1s function of hydrogen, in the old analytic format that pw.x reads."""
    first, step, points = -7.0, 0.0625, 187
    radii = [exp(first + i * step) for i in range(points)]
    values = [f"{2 * r * exp(-r):.12e}" for r in radii]
    rows = "\n".join(" ".join(values[i:i + 4]) for i in range(0, points, 4))
    return (f"'pz'\n'H' 1.0 0 2 0 .false. 0 .false.\n4.0 4.0 1.0 0.0\n1.0 1.0 1.0 0.0 0.0 0.0 0.0 0.0 0.0\n"
            f"1.0 {first} {step} {points} 1\n1S\n0 1.0\n{rows}\n")


# name: command, input files, one iteration with its energy, the result
APPLICATIONS = {
    "cp2k": (["cp2k.psmp", "-i", "water.inp"], {"water.inp": WATER},
             r"^ +\d+ \S+Diag\. +\S+ +\S+ +(\S+ +\S+ +\S+)$", r"^ ENERGY\| .*: +(\S+)$"),
    "pw": (["pw.x", "-i", "h2.in"], {"h2.in": HYDROGEN, "H.local": local_pseudopotential()},
           r"^ +total energy += +(\S+) Ry$", r"^! +total energy += +(\S+) Ry$"),
}


class Application:
    def __init__(self, name):
        self.command, self.files, self.iteration, self.result = APPLICATIONS[name]

    def prepare(self, case):
        for name, text in self.files.items():
            (case.folder / name).write_text(text)

    def iterations(self, text):
        return re.findall(self.iteration, text, re.MULTILINE)

    def energies(self, text):
        return self.iterations(text), re.findall(self.result, text, re.MULTILINE)


@pytest.fixture(scope="module", params=sorted(APPLICATIONS))
def application(request):
    """The application with what an uninterrupted native run says; they are built for Open MPI, so they run natively under that."""
    one = Application(request.param)
    if not shutil.which(one.command[0]):
        pytest.skip(f"{one.command[0]} is not installed (Debian packages cp2k, quantum-espresso)")
    with Case(f"{request.param} natively", RANKS) as case:
        one.prepare(case)
        one.native = one.energies(case.run(*mpirun("openmpi", RANKS), *one.command, limit=240).out)
    assert len(one.native[0]) >= 6 and len(one.native[1]) == 1, one.native
    return one


@pytest.mark.parametrize("start", ["openmpi", "mpich"])
def test_energies_are_equal_across_mpis(start, application, everything, seed):
    for turn in range(10 if everything else 1):
        choose = random.Random(f"{start} {seed} {turn}")
        wait_for, then = choose.randrange(0, len(application.native[0]) - 4), choose.random() * 0.1
        with Case(f"{application.command[0]}, {start} first, checkpoint {then:.3f} s after iteration {wait_for}", RANKS) as case:
            application.prepare(case)
            job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun(start, RANKS), *application.command)
            job.wait_until(lambda: len(application.iterations(job.out())) >= wait_for and job.out(), 240)
            time.sleep(then)
            case.checkpoint(stop=True)
            first = job.wait()
            assert first.status == STOPPED, case.report(f"exit status {first.status}")
            second = case.restart("--", *mpirun(other(start), RANKS), limit=240)
            energies = application.energies(first.out + second.out)
            if energies != application.native:
                raise Failure(case.report(f"energies {energies}, natively {application.native}"))
