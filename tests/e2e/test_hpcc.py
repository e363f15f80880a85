"""HPCC as Debian ships it (built for Open MPI): all its checks pass under both MPIs, and across a migration."""
import random
import re
import time
from pathlib import Path

import pytest

from harness import MPIS, STOPPED, Case, mpirun, other

EXAMPLE = Path("/usr/share/doc/hpcc/examples/_hpccinf.txt")
RANKS = 2


def write_input(folder, size):
    """Debian's example with another problem size and a grid of 1 by 2."""
    text = EXAMPLE.read_text()
    text = re.sub(r"(?m)^\S+(\s+Ns)$", rf"{size}\1", text)
    text = re.sub(r"(?m)^\S+(\s+Ps)$", r"1\1", text)
    (folder / "hpccinf.txt").write_text(text)


def check_output(case):
    text = (case.folder / "hpccoutf.txt").read_text()
    assert "Success=1" in text, case.report("hpcc did not end well: hpccoutf.txt")
    assert "PASSED" in text and "FAILED" not in text, case.report("a check of hpcc did not pass: hpccoutf.txt")
    for line in re.findall(r"(?m)^.*[Nn]umber of errors.*$|^Found \d+ errors.*$", text):
        assert re.search(r"\b0\b", line) or "Found 0 errors" in line, case.report(line)
    return text.count("PASSED")


@pytest.mark.parametrize("mpi", MPIS)
def test_all_checks_pass(mpi):
    with Case(f"hpcc under {mpi}", RANKS) as case:
        write_input(case.folder, 400)
        case.launch(*mpirun(mpi, RANKS), "hpcc", limit=180)
        check_output(case)


@pytest.mark.parametrize("start", MPIS)
def test_all_checks_pass_across_mpis(start, seed):
    with Case(f"hpcc from {start} to the other", RANKS) as case:
        write_input(case.folder, 2500)
        job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun(start, RANKS), "hpcc")
        result = case.folder / "hpccoutf.txt"
        job.wait_until(lambda: result.exists() and result.stat().st_size > 1000, 120)
        time.sleep(random.Random(f"{start} {seed}").random())
        case.checkpoint(stop=True)
        assert job.wait().status == STOPPED
        case.restart("--", *mpirun(other(start), RANKS), limit=240)
        check_output(case)
