"""A snapshot of a real hub with four models whose passes are known: a best one, two alike, one hardly run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evalhub.ranking import rank_everything
from evalhub.store import snapshot
from evalhub.store.hub import Hub
from ingest.records import Model, Sample, Status
from tests.scoring.fakes import Fake, run

GOOD, POOR, EVIL, FEW = "acme/good", "acme/poor", "gamma:red[<b>x</b>]", "few"
NUMBER = 80
EVIL_TAG = "rare<i>"


def write(hub_path: Path) -> Path:
    """Fill a hub and publish it. Returns the folder of its snapshots.

    Of 80 samples in 40 clusters the good model passes three of four; the poor one and the evil one pass the even
    ones; of the last two, the good one and the poor one lack one each. Few was run on five.
    """
    given = [_sample(place) for place in range(NUMBER)]
    with Hub(hub_path) as hub:
        _run(hub, GOOD, given, lambda place: None if place == NUMBER - 1 else place % 4 != 1)
        _run(hub, POOR, given, lambda place: None if place == NUMBER - 2 else place % 2 == 0)
        _run(hub, EVIL, given, lambda place: place % 2 == 0)
        _run(hub, FEW, given[:5], lambda _: True)
        rank_everything(hub)
        snapshot.publish(hub)
    return snapshot.folder(hub_path)


def _sample(place: int) -> Sample:
    tags = ("even" if place % 2 == 0 else "odd", *([EVIL_TAG] if place == 3 else []))
    return Sample(
        source="fake",
        source_id=f"s{place:02d}",
        prompt=f"{place}",
        reference="yes",
        grader="exact",
        cluster=f"c{place // 2}",
        tags=tags,
    )


def _run(hub: Hub, name: str, given: list[Sample], passes: Callable[[int], bool | None]) -> None:
    said = {True: ("yes", Status.OK), False: ("no", Status.OK), None: ("ye", Status.TRUNCATED)}
    fake = Fake(answers=lambda request: said[passes(int(request.text))])
    fake.model = Model(model_id=name)
    run(hub, fake, given, passes=1, max_attempts=1)


FAILED = _sample(1).sample_id
"""Of a sample that none of the three fully run models passes."""
