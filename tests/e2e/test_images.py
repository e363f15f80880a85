"""What a checkpoint consists of: images that a debugger opens, that take no more space than they must, and whose every
byte counts."""
import os
import random

import pytest

from harness import MPIS, STOPPED, mpirun, program


@pytest.fixture
def stopped(case):
    """A job of two ranks stopped in its 30th call."""
    case.launch("--checkpoint-at", "0:30", "--stop-after", *mpirun("openmpi", 2), program("counts_steps", "openmpi"), 50, 1000,
                expect=STOPPED)
    case.newest = case.folder / "ckpt" / "gen-1"
    return case


def image(case, rank=0):
    found = sorted(case.newest.glob(f"*{rank}*"))
    return next(path for path in found if path.suffix != ".json")


@pytest.mark.parametrize("mpi", MPIS)
def test_gdb_shows_the_programs_frames(case, mpi):
    binary = program("threads_go_on_where_they_were", mpi)
    case.launch("--checkpoint-at", "0:5", "--stop-after", *mpirun(mpi, 2), binary, expect=STOPPED)
    case.newest = case.folder / "ckpt" / "gen-1"
    shown = case.run("gdb", "-nx", "-batch", "-ex", "thread apply all bt", binary, image(case)).out
    for frame in ("main (", "compute (", "wait_for_stages (", "sleep_in_pieces ("):
        assert frame in shown, case.report(f"no frame of {frame}")
    readelf = case.run("readelf", "-hlW", image(case)).out
    assert "CORE (Core file)" in readelf and "NOTE" in readelf


def test_zero_and_untouched_pages_take_no_space(case):
    """memory_comes_back_as_it_was maps 4 GiB and touches one page of it."""
    case.launch("--checkpoint-at", "0:5", "--stop-after", *mpirun("openmpi", 2), program("memory_comes_back_as_it_was", "openmpi"),
                expect=STOPPED)
    for path in (case.folder / "ckpt" / "gen-1").iterdir():
        assert os.stat(path).st_blocks * 512 < 100 << 20, path


def test_every_bit_counts(stopped, seed):
    """One flipped bit anywhere: 65, the file is named, and nothing is started."""
    choose = random.Random(seed)
    path = image(stopped, 1)
    whole = path.read_bytes()
    places = [0, 8, 20, len(whole) - 1] + [choose.randrange(len(whole)) for _ in range(6)]
    for place in places:
        with open(path, "r+b") as file:
            file.seek(place)
            file.write(bytes([whole[place] ^ (1 << choose.randrange(8))]))
        result = stopped.restart("--", *mpirun("mpich", 2), expect=65)
        assert path.name in result.err and result.out == "", stopped.report("the message must name the file")
        with open(path, "r+b") as file:
            file.seek(place)
            file.write(whole[place : place + 1])
    stopped.restart("--", *mpirun("mpich", 2))


def test_a_truncated_image_is_refused(stopped, seed):
    choose = random.Random(seed)
    path = image(stopped)
    for length in (0, 1, 63, 64, 4096, choose.randrange(path.stat().st_size), path.stat().st_size - 1):
        whole = path.read_bytes()
        os.truncate(path, length)
        result = stopped.restart("--", *mpirun("openmpi", 2), expect=65)
        assert path.name in result.err
        path.write_bytes(whole)
    path.unlink()
    stopped.restart("--", *mpirun("openmpi", 2), expect=(65, 66))


def test_the_wrong_thing_in_an_images_place(stopped):
    path = image(stopped)
    path.unlink()
    for make in (lambda: path.mkdir(), lambda: os.mkfifo(path), lambda: path.symlink_to("/etc/passwd"), lambda: path.touch()):
        make()
        stopped.restart("--", *mpirun("openmpi", 2), expect=(65, 66, 77), limit=20)
        path.rmdir() if path.is_dir() else path.unlink()


def test_a_damaged_manifest_is_refused(stopped):
    path = stopped.newest / "MANIFEST.json"
    text = path.read_text()
    for damaged in ("", "{}", text[: len(text) // 2], text.replace('"bytes"', '"bites"'), "[" * 100_000):
        path.write_text(damaged)
        stopped.restart("--", *mpirun("openmpi", 2), expect=(65, 66), limit=20)


def test_an_older_generation_takes_over_when_the_newest_is_damaged(case):
    job = case.start("mana_launch", "--ckpt-dir", "ckpt", *mpirun("openmpi", 2), program("counts_steps", "openmpi"), 60, 20000)
    job.wait_until(lambda: "step 5\n" in job.out())
    case.checkpoint()
    case.checkpoint(stop=True)
    job.wait()
    case.newest = case.folder / "ckpt" / "gen-2"
    os.truncate(image(case), 5000)
    result = case.restart("--", *mpirun("mpich", 2), expect=(0, 65))
    if result.status == 0:
        assert result.out.endswith("step 60\nok\n") and "gen-2" in result.err


def test_verify_only(stopped):
    assert "verified" in stopped.restart("--verify").out
