"""A Ray cluster, and how much of it each of several actors gets."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evalhub.errors import EvalhubError

AUTO = "auto"

_KNOCK = 10.0
"""Seconds that a cluster may take to answer."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Machine:
    """What Ray may use of one."""

    cpus: int
    gpus: int


@dataclass(frozen=True)
class Share:
    """What each of several equal actors gets."""

    count: int
    cpus: int
    gpus: int


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Be connected to a cluster; `auto` means the one that was started here by `ray start`, or RAY_ADDRESS names,
    else one that is started for as long, which nobody else sees.

    Raises:
        EvalhubError: Ray is not installed, or there is no cluster.
    """
    if find_spec("ray") is None:
        raise EvalhubError('Ray is not installed: pip install "evalhub[ray]"')
    found = _running() if address == AUTO else address
    if found:
        _reach(found)
    # A cluster that is started here tells nobody that it was. Signals are ours: they stop a run in good order.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ["RAY_DISABLE_FAILURE_SIGNAL_HANDLER"] = "1"
    import ray

    with ExitStack() as held:
        # In the main thread Ray would take the signals for itself. What it starts ends with the thread that did.
        thread = held.enter_context(ThreadPoolExecutor(1))
        if found:
            held.callback(ray.shutdown)
            try:
                _begin(thread, address=found)
            except (ConnectionError, ValueError, RuntimeError, OSError) as error:
                raise EvalhubError(f"the Ray cluster at {found} cannot be used: {_line(error)}") from None
        else:
            _log.info("no Ray cluster runs here: one is started on this machine for as long as this takes")
            folder = tempfile.mkdtemp(prefix="evalhub-ray-")
            held.callback(shutil.rmtree, folder, ignore_errors=True)
            held.callback(ray.shutdown)
            _begin(thread, address="local", include_dashboard=False, _temp_dir=folder)
        yield


def _running() -> str:
    """Address of the cluster that was started on this machine, where it still answers; else nothing."""
    if address := os.environ.get("RAY_ADDRESS", ""):
        return address
    told = Path(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir(), "ray", "ray_current_cluster")
    try:
        address = told.read_text().strip()
        _reach(address)
    except (OSError, UnicodeDecodeError, EvalhubError):
        return ""
    return address


def _begin(thread: ThreadPoolExecutor, **how: Any) -> None:
    """Connect. A signal is heeded behind it, so that nothing half begun is left."""
    import ray

    begun = thread.submit(ray.init, log_to_driver=False, logging_level=logging.CRITICAL, **how)
    try:
        begun.result()
    finally:
        wait([begun])


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _reach(address: str) -> None:
    """Knock at an address: Ray itself waits for minutes where nobody is.

    Raises:
        EvalhubError: nobody answers.
    """
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not (colon and port.isdecimal()):
        raise EvalhubError(f"--ray takes {AUTO}, or an address like 10.0.0.1:6379, not '{address}'")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _KNOCK).close()
    except (OSError, OverflowError):
        raise EvalhubError(f"no Ray cluster answers at {address}: see `ray status` there") from None


def machines() -> list[Machine]:
    """Of the cluster, those that live."""
    import ray

    told = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return [Machine(int(one.get("CPU", 0)), int(one.get("GPU", 0))) for one in told]


def share(there: list[Machine], wanted: int | None, *, cards: bool) -> Share:
    """Divide machines between actors.

    Args:
        there: at least one.
        wanted: actors; None: one a card, or one a machine with a processor where there is no card.
        cards: whether cards are to be used, where there are any.

    Returns:
        the actors, with a card each where cards are used, else with as many processors as all of them can have.

    Raises:
        EvalhubError: there is not enough for so many.
    """
    gpus = sum(machine.gpus for machine in there) if cards else 0
    if gpus:
        count = wanted or gpus
        if count > gpus:
            raise EvalhubError(f"the cluster has {gpus} GPUs, too few for --replicas {count}")
        return Share(count, 1, 1)
    cpus = [machine.cpus for machine in there if machine.cpus]
    count = wanted or len(cpus)
    each = max(cpus, default=0)
    while each and sum(own // each for own in cpus) < count:
        each -= 1
    if not each:
        raise EvalhubError(f"the cluster has {sum(cpus)} CPUs, too few for --replicas {count}")
    return Share(count, each, 0)
