"""Options and what all end-to-end tests share: see harness.py for the runs themselves."""
import time

import pytest

import harness


def pytest_addoption(parser):
    group = parser.getgroup("mana")
    group.addoption("--all", action="store_true", dest="everything", help="the complete sweep: every program at every call")
    group.addoption("--budget", type=float, default=300, help="seconds for the bounded sweep over all programs")
    group.addoption("--jobs", type=int, default=harness.CORES + 1, help="cases of the sweep at a time")
    group.addoption("--seed", type=int, default=None, help="chooses the part of the sweep; by default another one every day")
    group.addoption("--cycles", type=int, default=6, help="checkpoints and restarts of the one job in test_cycles.py")
    group.addoption("--migrations", type=int, default=3, help="of each program in test_random_instants.py, from each MPI")


def pytest_configure(config):
    config.addinivalue_line("markers", "timeout: limits are kept by the harness")
    if config.option.seed is None:
        config.option.seed = int(time.time() // 86400)


def pytest_report_header(config):
    sweep = "complete" if config.option.everything else f"{config.option.budget:.0f} s"
    return f"mana: build {harness.BUILD}, sweep {sweep}, --seed {config.option.seed}"


@pytest.fixture(scope="session")
def everything(request):
    return request.config.option.everything


@pytest.fixture(scope="session")
def seed(request):
    return request.config.option.seed


@pytest.fixture(scope="session")
def cycles(request):
    return request.config.option.cycles


@pytest.fixture(scope="session")
def migrations(request):
    return request.config.option.migrations


@pytest.fixture(scope="session")
def budget(request):
    return request.config.option.budget


@pytest.fixture(scope="session")
def jobs(request):
    return request.config.option.jobs


@pytest.fixture
def case(request):
    """A case for tests that need no other number of ranks than the usual two."""
    with harness.Case(request.node.name) as one:
        yield one


@pytest.fixture(scope="session", autouse=True)
def nothing_stays_in_shared_memory():
    """Segments in /dev/shm that came during the session are gone soon after its end."""
    before = harness.shared_memory()
    yield
    end = time.monotonic() + 10
    while left := harness.shared_memory() - before:
        assert time.monotonic() < end, f"left in /dev/shm: {sorted(left)}"
        time.sleep(0.1)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed case is told by its own report, not by a Python traceback through the harness."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and call.excinfo and call.excinfo.errisinstance(harness.Failure):
        report.longrepr = str(call.excinfo.value)
