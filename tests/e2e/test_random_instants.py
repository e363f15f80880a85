"""Programs that do the same things all the time and would notice any difference, checkpointed and stopped at random instants, not
only at MPI calls, and restarted under the other MPI each time. `tests/run --migrations 200 -k instants` takes longer."""
import pytest

import migrate
from harness import MPIS

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
