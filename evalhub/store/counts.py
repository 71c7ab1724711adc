"""Counts of slices that are kept, so that a ranking reads only the rows of those that changed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from aggregate.counted import GROUPS, Counted
from evalhub.store.chosen import Slice, batches
from evalhub.store.hub import Hub

_FORM = f"2/{GROUPS}"
"""How counts are made and packed: another number where that changes, so that none of before are read."""

_TOGETHER = 2**25
"""Counts that are read in one query."""


def kept(hub: Hub, wanted: Sequence[Slice]) -> list[bool]:
    """Whether the counts at hand of each slice are those of its measurements."""
    rows = hub.database.execute("SELECT source, month, fingerprint FROM slice_counts").fetchall()
    known = {(source, month): fingerprint for source, month, fingerprint in rows}
    return [known.get((one.source, one.month)) == _fingerprint(one) for one in wanted]


def load_counts(hub: Hub, wanted: Sequence[Slice]) -> Iterator[Counted]:
    """The counts that are kept of these slices."""
    # One query for several: each of them goes through all that is kept.
    for some in batches(wanted, lambda one: GROUPS * one.models**2, _TOGETHER):
        given = pl.DataFrame(some).select("source", "month")
        for (packed,) in hub.select("SELECT counts FROM slice_counts JOIN given USING (source, month)", given):
            yield _unpack(packed)


def save_counts(hub: Hub, one: Slice, counted: Counted) -> None:
    """Keep the counts of a slice in the place of those before."""
    row = pl.DataFrame(
        [(one.source, one.month, _fingerprint(one), _pack(counted))],
        schema=["source", "month", "fingerprint", "counts"],
        orient="row",
    )
    hub.insert("INSERT OR REPLACE INTO slice_counts SELECT * FROM given", row)


def drop_counts(hub: Hub, source: str, present: Sequence[Slice]) -> None:
    """Forget the counts of a source's slices, or of all (''), that are not present any more."""
    names = [(one.source, one.month) for one in present]
    given = pl.DataFrame(names, schema={"source": pl.String, "month": pl.String}, orient="row")
    hub.select(
        """
        DELETE FROM slice_counts
        WHERE (? = '' OR source = ?) AND (source, month) NOT IN (SELECT (source, month) FROM given)
        """,
        given,
        [source, source],
    )


def _fingerprint(one: Slice) -> str:
    return f"{_FORM}/{one.fingerprint}"


def _pack(counted: Counted) -> bytes:
    """Whole numbers are narrow and compressed; wins between rates are not, which would gain nothing.

    A sample of the pool weighs 1, so that how often two models met is whole, and tells their ties.
    """
    met = np.rint(counted.wins + counted.wins.swapaxes(1, 2) + counted.ties)
    whole = bool((counted.wins == np.rint(counted.wins)).all())
    about = {"models": counted.models, "unmeasured": counted.unmeasured, "missing": counted.missing}
    file = io.BytesIO()
    (np.savez_compressed if whole else np.savez)(
        file,
        about=np.frombuffer(json.dumps(about).encode(), np.uint8),
        wins=_narrow(counted.wins) if whole else counted.wins,
        met=_narrow(met),
        shared=_narrow(counted.shared),
        lone=_narrow(counted.lone),
        samples=_narrow(counted.samples),
    )
    return file.getvalue()


def _narrow(whole: np.ndarray) -> np.ndarray:
    return whole.astype(np.min_scalar_type(int(whole.max(initial=0))))


def _unpack(packed: bytes) -> Counted:
    with np.load(io.BytesIO(packed)) as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(arrays["about"].tobytes())
    wins = arrays["wins"].astype(np.float64)
    return Counted(
        models=tuple(about["models"]),
        unmeasured=tuple(about["unmeasured"]),
        missing=about["missing"],
        wins=wins,
        ties=arrays["met"] - wins - wins.swapaxes(1, 2),
        **{name: arrays[name].astype(np.int64) for name in ("shared", "lone", "samples")},
    )
