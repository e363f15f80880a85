"""LAMMPS as Debian ships it: checkpointed under one MPI, continued under the other, same thermo output to the last digit."""
import random
import re
import time

import pytest

from harness import STOPPED, Case, Failure, mpirun, other

RANKS, STEPS, EVERY = 2, 1000, 20

MELT = f"""
units lj
atom_style atomic
lattice fcc 0.8442
region box block 0 10 0 10 0 10
create_box 1 box
create_atoms 1 box
mass 1 1.0
velocity all create 3.0 87287
pair_style lj/cut 2.5
pair_coeff 1 1 1.0 1.0 2.5
neighbor 0.3 bin
neigh_modify every 20 delay 0 check no
fix 1 all nve
thermo {EVERY}
thermo_modify flush yes
run {STEPS}
"""

LMP = ("lmp", "-in", "melt.in", "-log", "none")


def thermo(text):
    """The lines of thermodynamic output: step, temperature, energies, pressure."""
    return [line.split() for line in text.splitlines() if re.fullmatch(r" +\d+(?: +-?[\d.e+-]+){5} *", line)]


@pytest.fixture(scope="module")
def reference():
    """Thermo lines of an uninterrupted native run: lmp is built for Open MPI, so it runs natively under that alone."""
    with Case("lammps natively", RANKS) as case:
        (case.folder / "melt.in").write_text(MELT)
        lines = thermo(case.run(*mpirun("openmpi", RANKS), *LMP, limit=120).out)
    assert len(lines) == STEPS // EVERY + 1
    return lines


def check_equal(case, parts, reference):
    lines = [line for part in parts for line in thermo(part)]
    for expected, line in zip(reference, lines):
        if line != expected:
            raise Failure(case.report(f"thermo line {' '.join(line)}, natively {' '.join(expected)}"))
    if len(lines) != len(reference):
        raise Failure(case.report(f"{len(lines)} thermo lines, natively {len(reference)}"))


@pytest.mark.parametrize("start", ["openmpi", "mpich"])
def test_thermo_is_equal_across_mpis(start, reference, everything, seed):
    for turn in range(10 if everything else 2):
        choose = random.Random(f"{start} {seed} {turn}")
        wait_for, then = choose.randrange(1, len(reference) * 3 // 4), choose.random() * 0.2
        with Case(f"lammps, {start} first, checkpoint {then:.3f} s after thermo line {wait_for}", RANKS) as case:
            (case.folder / "melt.in").write_text(MELT)
            job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun(start, RANKS), *LMP)
            job.wait_until(lambda: len(thermo(job.out())) >= wait_for, 120)
            time.sleep(then)
            case.checkpoint(stop=True)
            first = job.wait()
            assert first.status == STOPPED, case.report(f"exit status {first.status}")
            assert len(thermo(first.out)) < len(reference), case.report("nothing was left to do")
            second = case.restart("--", *mpirun(other(start), RANKS), limit=120)
            check_equal(case, [first.out, second.out], reference)


def test_there_and_back_again(reference):
    """Three parts: Open MPI, MPICH, Open MPI; and one checkpoint in each from which the run simply goes on."""
    with Case("lammps there and back", RANKS) as case:
        (case.folder / "melt.in").write_text(MELT)
        parts = []
        job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun("openmpi", RANKS), *LMP)
        for mpi in ("mpich", "openmpi"):
            job.wait_until(lambda: len(thermo(job.out())) >= 5, 120)
            case.checkpoint()
            before = len(thermo(job.out()))
            job.wait_until(lambda: len(thermo(job.out())) > before, 120)
            case.checkpoint(stop=True)
            parts.append(job.wait().out)
            job = case.start("mana_restart", "ckpt", "--", *mpirun(mpi, RANKS))
        last = job.wait(120)
        assert last.status == 0, case.report(f"exit status {last.status}")
        check_equal(case, [*parts, last.out], reference)
