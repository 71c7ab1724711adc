"""One model, loaded several times on a Ray cluster, as one backend."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evalhub.backends.base import Output, Request
from evalhub.backends.spread import Spread
from evalhub.cluster.connect import Share, connected, machines, share
from evalhub.cluster.parts import of_part
from evalhub.cluster.replica import About, Replica
from evalhub.errors import EvalhubError
from evalhub.wording import counted
from ingest.records import Condition, Sample

_LIVES = 4
"""Times that a replica is started, the first time included: what kills it so often will do so again."""

_PATIENCE = 120.0
"""Seconds in which the cluster has to find room for a replica. Loading may take longer."""

_STEP = 0.2
"""Seconds that a replica waits at most for an output, and with it those who want to give it more requests."""

_log = logging.getLogger(__name__)


def open_replicas(name: str, address: str, wanted: int | None, *, device: str, dtype: str) -> Spread:
    """Load a model on a cluster. It answers as soon as the first replica has loaded; the others join as they come.

    Args:
        name: as backends know it; a folder has to be there on every machine.
        address: of the cluster, see `evalhub.cluster.connect`.
        wanted: replicas; None: one for each card, or each machine.

    Raises:
        EvalhubError: there is no cluster, too little of it, or the model cannot be run there.
    """
    # A file or a folder is meant as seen from here, and actors stand elsewhere.
    name = str(Path(name).resolve()) if Path(name).exists() else name
    with ExitStack() as held:
        held.enter_context(connected(address))
        each = share(machines(), wanted, cards=device != "cpu")
        plan = _Plan(name, device, dtype, each)
        replicas = [_Replica(plan, number + 1) for number in range(each.count)]
        about = _first(replicas)
        needs = "a GPU" if each.gpus else counted(each.cpus, "CPU")
        _log.info("the cluster loads %s, each with %s", counted(each.count, "replica"), needs)
        return _Replicas(about, replicas, held.pop_all())


@dataclass(frozen=True)
class _Plan:
    """What all replicas have in common."""

    name: str
    device: str
    dtype: str
    share: Share


class _Replicas(Spread):
    """Leaves the cluster when it is closed."""

    def __init__(self, about: About, replicas: Sequence[_Replica], held: ExitStack) -> None:
        super().__init__(about.model, replicas, about.notes, about.architecture)
        self._held = held

    def close(self) -> None:
        super().close()
        self._held.close()


class Lost(EvalhubError):
    """A replica's process or machine has ended."""


def _first(replicas: list[_Replica]) -> About:
    """Wait for the first one that has loaded. One that is lost before is started anew."""
    while True:
        for place, replica in enumerate(replicas):
            try:
                replica.look()
            except Lost:
                fresh = replica.again()
                if fresh is None:
                    raise
                replicas[place] = fresh
            if replica.about:
                return replica.about
        time.sleep(0.05)


class _Replica:
    """The end of a replica that is at home. See `evalhub.backends.spread.Place`."""

    def __init__(self, plan: _Plan, number: int, lives: int = _LIVES) -> None:
        import ray

        self.about: About | None = None
        self._plan, self._number, self._lives = plan, number, lives
        self._queue: deque[Request] = deque()
        self._flying: dict[tuple[str, int], Request] = {}
        options = {"num_cpus": plan.share.cpus, "num_gpus": plan.share.gpus, "max_restarts": 0}
        actor: Any = ray.remote(Replica)
        self._actor = actor.options(**options).remote()
        self._asked = time.monotonic()
        self._placed: Any = self._actor.__ray_ready__.remote()
        self._loading: Any = self._actor.load.remote(
            plan.name, plan.device, plan.dtype, plan.share.cpus, version("evalhub")
        )
        self._step: Any = None

    @property
    def name(self) -> str:
        return f"replica {self._number}" + (f" on {self.about.host}" if self.about else "")

    @property
    def capacity(self) -> int:
        return self.about.capacity if self.about else 0

    def look(self) -> None:
        """See whether it has loaded.

        Raises:
            EvalhubError: it cannot, or there is no room for it.
        """
        if self.about:
            return
        if self._placed is not None and self._ready(self._placed):
            self._get(self._placed)
            self._placed = None
        if self._ready(self._loading):
            self.about = self._get(self._loading)
        elif self._placed is not None and time.monotonic() - self._asked > _PATIENCE:
            needs = f"{self._plan.share.cpus} CPUs, {self._plan.share.gpus} GPUs"
            raise EvalhubError(
                f"the cluster found no room for {self.name} ({needs}) in {_PATIENCE:.0f} s: see `ray status`, or "
                "ask for fewer --replicas"
            )

    def condition(self, asked: Condition) -> Condition:
        found: Condition = self._get(self._actor.condition.remote(asked))
        return found

    def refuses(self, sample: Sample, asked: Condition) -> str:
        why: str = self._get(self._actor.refuses.remote(sample, asked))
        return why

    def submit(self, requests: Sequence[Request]) -> None:
        self._queue.extend(requests)
        self._go_on()

    def collect(self) -> list[Output]:
        self.look()
        if self._step is None or not self._ready(self._step):
            return []
        part, self._step = self._step, None
        outputs = of_part(self._get(part), self._flying)
        for output in outputs:
            del self._flying[output.request.sample_id, output.request.attempt]
        self._go_on()
        return outputs

    def again(self) -> _Replica | None:
        return _Replica(self._plan, self._number, self._lives - 1) if self._lives > 1 else None

    def close(self) -> None:
        import ray

        if ray.is_initialized():
            ray.kill(self._actor)

    def _go_on(self) -> None:
        """Let it work, where there is something to do: one step at a time."""
        if self._step is None and (self._queue or self._flying):
            requests = list(self._queue)
            self._queue.clear()
            self._flying |= {(request.sample_id, request.attempt): request for request in requests}
            self._step = self._actor.step.remote(requests, _STEP)

    @staticmethod
    def _ready(reference: Any) -> bool:
        import ray

        return bool(ray.wait([reference], timeout=0)[0])

    def _get(self, reference: Any) -> Any:
        """What a call came to.

        Raises:
            EvalhubError: the replica says so, or is gone.
        """
        import ray

        try:
            return ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            cause = error.cause
            words = str(cause) if isinstance(cause, EvalhubError) else f"{type(cause).__name__}: {cause}"
            raise EvalhubError(" ".join(words.split())) from None
        except ray.exceptions.RayError as error:
            kind = type(error).__name__
            raise Lost(f"the process or the machine of {self.name} has ended ({kind})") from None
