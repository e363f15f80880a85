"""What a restart says about MPI files that are not as they were at the checkpoint."""
import shutil

import pytest

from harness import MPIS, STOPPED, TOP, Case, Failure, mpirun, other, program

NAME = "files_are_read_and_written_at_explicit_offsets"
FILE = "explicit-offsets.dat"
CALL = 12  # all ranks have written


def stopped(case, mpi):
    """The program, stopped while the file is open; the file's bytes."""
    case.launch("--checkpoint-at", f"0:{CALL}", "--stop-after", *mpirun(mpi, 2), program(NAME, mpi), expect=STOPPED)
    return (case.folder / FILE).read_bytes()


def refused(case, mpi, sentence):
    result = case.restart("--", *mpirun(other(mpi), 2), expect=None)
    if result.status == 0 or "ok" in result.out or sentence not in result.err:
        raise Failure(case.report(f"expected a refusal with '{sentence}', got status {result.status}"))


@pytest.mark.parametrize("mpi", MPIS)
def test_a_removed_file_is_missed(mpi):
    with Case("removed file", 2) as case:
        data = stopped(case, mpi)
        (case.folder / FILE).unlink()
        refused(case, mpi, "is no longer there")
        # Put back, the same checkpoint goes on.
        (case.folder / FILE).write_bytes(data)
        assert case.rest("--", *mpirun(other(mpi), 2)) == "ok\n"


@pytest.mark.parametrize("mpi", MPIS)
def test_a_file_that_has_lost_data_is_refused(mpi):
    with Case("shorter file", 2) as case:
        data = stopped(case, mpi)
        (case.folder / FILE).write_bytes(data[:-1])
        refused(case, mpi, f"has {len(data) - 1} bytes now; it had {len(data)}")


@pytest.mark.parametrize("mpi", MPIS)
def test_what_was_written_after_the_checkpoint_is_said_and_kept(mpi):
    with Case("longer file", 2) as case:
        data = stopped(case, mpi)
        with open(case.folder / FILE, "ab") as file:
            file.write(b"more")
        result = case.restart("--", *mpirun(other(mpi), 2), expect=None)
        if f"is longer than at the checkpoint ({len(data) + 4} bytes, it had {len(data)})" not in result.err:
            raise Failure(case.report("not said that the file is longer"))


@pytest.mark.parametrize("mpi", MPIS)
def test_nothing_is_left_beside_the_file(mpi):
    """ROMIO keeps a shared pointer in a hidden file, OMPIO in shared memory: neither outlives a job that stops."""
    with Case("shared pointer", 2) as case:
        case.launch("--checkpoint-at", "0:12", "--stop-after", *mpirun(mpi, 2),
                    program("a_shared_file_pointer_moves_for_all_ranks", mpi), expect=STOPPED)
        hidden = [path.name for path in case.folder.glob(".*")]
        if hidden:
            raise Failure(case.report(f"left behind: {hidden}"))
        assert case.rest("--", *mpirun(other(mpi), 2)) == "ok\n"
        assert not list(case.folder.glob(".*"))


@pytest.mark.parametrize("binary", MPIS)
@pytest.mark.parametrize("mpi", MPIS)
def test_every_access_converts(binary, mpi):
    with Case("external32", 2) as case:
        case.launch("--checkpoint-at", "1:30", "--stop-after", *mpirun(mpi, 2), program("converts_in_every_access", binary),
                    expect=STOPPED)
        assert case.rest("--", *mpirun(other(mpi), 2)) == "ok\n"


@pytest.mark.parametrize("mpi", MPIS)
def test_open_files_take_no_descriptors_of_the_program(mpi):
    with Case("descriptors", 2) as case:
        first = case.launch("--checkpoint-at", "0:7", "--stop-after", *mpirun(mpi, 2),
                            program("finds_its_descriptors_free", mpi), expect=STOPPED)
        if "not restored" in first.err:
            raise Failure(case.report("a descriptor of the live MPI was taken for the program's"))
        assert case.rest("--", *mpirun(other(mpi), 2)) == "ok\n"


@pytest.mark.skipif(not shutil.which("gfortran"), reason="no Fortran compiler")
@pytest.mark.parametrize("binary", MPIS)
@pytest.mark.parametrize("mpi", MPIS)
def test_files_from_fortran(binary, mpi):
    source = TOP / "tests/e2e/programs/reads_and_writes_files_in_fortran.f90"
    with Case("files from Fortran", 2) as case:
        case.run(f"mpif90.{binary}", "-o", "app", source)
        case.launch("--checkpoint-at", "1:12", "--stop-after", *mpirun(mpi, 2), "./app", expect=STOPPED)
        assert case.rest("--", *mpirun(other(mpi), 2)) == "ok\n"


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("binary", MPIS)
def test_the_end_of_a_file_is_found(case, binary, mpi):
    case.launch("--checkpoint-at", "0:12", "--stop-after", *mpirun(mpi, 2), program("seeks_from_the_end", binary), expect=STOPPED)
    assert case.rest("--", *mpirun(other(mpi), 2)) == "ok\n", case.report("the output of both parts")
