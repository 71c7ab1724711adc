"""What the tests of the hub share: a hub in a temporary folder; and how many of them run at a time."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from evalhub.store.hub import Hub

_MOST_WORKERS = 4
"""Each may load models of its own."""

if "PYTEST_XDIST_WORKER" in os.environ:
    # Threads of torch and BLAS wait for each other by spinning, where the other workers have the cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes says more about the machine than about the code. The examples are the same each time;
# `pytest --hypothesis-profile search` takes others, and more where a test does not say how many.
settings.register_profile("evalhub", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("search", deadline=None, max_examples=500)
settings.load_profile("evalhub")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """As many tests at a time as there are cores, of the whole suite; whoever names tests waits for no workers."""
    if config.args_source is pytest.Config.ArgsSource.ARGS or config.option.keyword:
        return 0
    return min(len(os.sched_getaffinity(0)), _MOST_WORKERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no worker is left with one of them in the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def no_default_hub(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that forgets --hub writes to a temporary folder, never to the user's own hub."""
    monkeypatch.setenv("EVALHUB_HOME", str(tmp_path_factory.getbasetemp() / "default-hub"))


@pytest.fixture
def hub_path(tmp_path: Path) -> Path:
    """Where a test's hub is, or will be."""
    return tmp_path / "hub"


@pytest.fixture
def hub(hub_path: Path) -> Iterator[Hub]:
    """An open, empty hub."""
    # Only here: tests of kernels run on machines with a GPU that have no database.
    from evalhub.store.hub import Hub

    with Hub(hub_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Address of a Ray cluster on this machine: two machines with a processor each, as Ray sees it."""
    pytest.importorskip("ray", reason="Ray is not installed")
    from ray.cluster_utils import Cluster

    logging.getLogger("ray").setLevel(logging.ERROR)
    small = {"num_cpus": 1, "object_store_memory": 100 << 20}
    made = Cluster(initialize_head=True, head_node_args={**small, "include_dashboard": False})
    made.add_node(**small)
    made.wait_for_nodes()
    yield made.address
    made.shutdown()
