"""A real hub whose samples are about three topics, with vectors and models. One sample attacks, one is private."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from evalhub.probes import published
from evalhub.probes.index import Index
from evalhub.probes.probe import Probe
from evalhub.store import snapshot
from evalhub.store.answers import put_answers
from evalhub.store.chosen import PASS_RATE
from evalhub.store.hub import Hub
from evalhub.store.measurements import put_measurements
from evalhub.store.results import add_model
from evalhub.store.samples import add_samples
from ingest.records import Model, Sample
from tests.app.snapshot import HOSTILE, PNG
from tests.probes.conftest import ByWords, topic_samples

GOOD, EVIL = "acme/good", "gamma:red[<b>x</b>]"

SECRET = Sample(
    prompt="Which key of a xylophone holds the melody?",
    reference="zymurgy",
    grader="text",
    source="exams",
    source_id="secret",
    tags=("quokka",),
)
SECRET_WORDS = (b"xylophon", b"zymurg", b"quokka")
"""Of words that only the private sample has, the part that is not cut off with an ending."""

ATTACK = Sample(
    prompt=HOSTILE,
    reference="no",
    grader="text",
    source="evil<b>",
    source_id="*[x](http://example.org)*",
    tags=("<i>evil</i>",),
    images=(PNG,),
)


TEXT = "acid molecule reaction"
"""A text that users answered."""


def fill(path: Path, *, vectors: bool = True) -> None:
    """Make the hub."""
    with Hub(path) as hub:
        given = [*topic_samples(), SECRET, ATTACK]
        add_samples(hub, given)
        for name, good in ((GOOD, "chemistry"), (EVIL, "law")):
            add_model(hub, Model(model_id=name))
            values = [float(sample.tags[0] in (good, "music")) for sample in given]
            put_measurements(hub, _measured(name, given, values))
        said = {sample.sample_id: sample.tags[0] == "chemistry" for sample in given[:120:5]}
        put_answers(hub, Probe(text=TEXT).query_id, said)
        if vectors:
            Index.open(hub, encoder=ByWords(), images=False)


def publish(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Publish it, the one sample being private. Returns the folder of the snapshots."""
    monkeypatch.setattr(published, "MiniLM", ByWords)
    monkeypatch.setattr(snapshot, "private_samples", lambda _: {SECRET.sample_id: date(2099, 1, 1)})
    with Hub(path) as hub:
        snapshot.publish(hub)
    return snapshot.folder(path)


def _measured(model_id: str, given: list[Sample], values: list[float]) -> pl.DataFrame:
    """A value of each sample, from one attempt."""
    ids = pl.Series([sample.sample_id for sample in given])
    asked = given[0].condition.condition_id
    same = {
        "metric": PASS_RATE,
        "main": True,
        "condition_id": asked,
        "seed": 0,
        "kind": "binary",
        "direction": "up",
    }
    rest = {"model_id": model_id, "attempts": 1, "missing": 0, "reason": ""}
    return pl.DataFrame({"sample_id": ids, "value": values}).with_columns(
        pl.col("value").alias("low"),
        pl.col("value").alias("high"),
        pl.col("value").cast(pl.Int32).alias("passes"),
        **{name: pl.lit(value) for name, value in {**same, **rest}.items()},
    )
