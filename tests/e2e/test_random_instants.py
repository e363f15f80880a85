"""Programs that do the same things all the time and would notice any difference, checkpointed and stopped at random instants, not
only at MPI calls, and restarted under the other MPI each time; applications likewise. `tests/run --migrations 200 -k instants` takes
longer."""
import pytest

import migrate
import test_lammps
from harness import MPIS, has_mpi4py, mpirun
from test_mpi4py import PYTHON, SCRIPTS

# With what argument each runs for a second at least; more where that is too short.
ROUNDS = {
    "children_come_and_go": 60,
    "computes_with_openmp": 1500,
    "descriptors_change_all_the_time": 3000,
    "memory_changes_all_the_time": 200,
    "signals_and_clocks_all_the_time": 100,
    "threads_lock_in_every_way": 150,
    "threads_pair_up_by_tag": 50,
    "threads_talk_at_once": 150,
    "timers_end_all_the_time": 1500,
}


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("name", ROUNDS)
def test_at_random_instants(name, mpi, seed, migrations):
    done, rounds = 0, ROUNDS[name]
    while done < migrations:
        more = migrate.migrate(name, MPIS[seed % 2], mpi, 2, [rounds], seed=seed, within=0.4, most=migrations - done)
        done += more
        seed += 1
        if more == 0:  # it had ended before
            rounds *= 2


def migrate_often(migrations, seed, start, words, **kind):
    done = 0
    while done < migrations:
        done += migrate.migrate(words[0], "openmpi", start, 2, words[1:], seed=seed, within=0.3, most=migrations - done, **kind)
        seed += 1


@pytest.mark.parametrize("start", MPIS)
def test_thermo_of_lammps(case, start, seed, migrations, tmp_path):
    (tmp_path / "melt.in").write_text(test_lammps.MELT)
    words = ["/usr/bin/lmp", "-in", tmp_path / "melt.in", "-log", "none"]
    env = {"OMP_NUM_THREADS": "2"}  # Debian 12's has no package that makes use of them
    natively = case.run(*mpirun("openmpi", 2), *words, env=env, limit=120).out
    assert len(test_lammps.thermo(natively)) == test_lammps.STEPS // test_lammps.EVERY + 1
    migrate_often(migrations, seed, start, words, env=env, expected=natively, compared=test_lammps.thermo)


@pytest.mark.skipif(not has_mpi4py(), reason="no mpi4py")
@pytest.mark.parametrize("start", MPIS)
@pytest.mark.parametrize("stem", ["mpi4py_collectives", "mpi4py_messages"])
def test_arrays_and_objects_of_python(stem, start, seed, migrations):
    migrate_often(migrations, seed, start, [PYTHON, *(path for path in SCRIPTS if path.stem == stem)])
