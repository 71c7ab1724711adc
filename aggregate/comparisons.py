"""Comparisons: one model against another on a sample, by a judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from aggregate.columns import Names, check_names, refuse
from aggregate.words import MISSING, plain

COLUMNS = ("model_a", "model_b", "outcome")

_EXPORTED = "compared_at"
"""A column of what evalhub wrote itself, whose outcomes are sides and never names."""

_OUTCOMES = {
    **dict.fromkeys(("a", "model_a", "left", "1", "1.0"), 1.0),
    **dict.fromkeys(("b", "model_b", "right", "0", "0.0"), 0.0),
    **dict.fromkeys(("tie", "draw", "both", "0.5", "tie (bothbad)"), 0.5),
}
_SAID = {1.0: "that model_a won", 0.0: "that model_b won", 0.5: "a tie"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparisons:
    """V votes between the models of the measurements that they stand beside."""

    samples: tuple[str, ...]
    """What was voted on, sorted. A vote without a sample is one of its own."""

    first: np.ndarray
    """(V,) int32: index into the measurements' `models`, as `second`; never the same model."""

    second: np.ndarray

    sample: np.ndarray
    """(V,) int32: index into `samples`."""

    cluster: np.ndarray
    """(V,) int32: index into the measurements' `clusters`."""

    outcome: np.ndarray
    """(V,) float32: 1 where the first won, 0 where the second did, 0.5 for a tie."""

    sources: tuple[str, ...]
    """Source names, sorted. Empty where the input had none."""

    source_of: np.ndarray
    """(S,) int32: index into `sources` of each of `samples`; -1 where none is known."""

    missing: int
    """Votes of the input without an outcome."""

    def __post_init__(self) -> None:
        for array in (self.first, self.second, self.sample, self.cluster, self.outcome, self.source_of):
            array.setflags(write=False)

    def where(self, keep: np.ndarray) -> Comparisons:
        """The votes where `keep` ((V,) bool) holds, and the samples that they are about."""
        voted, sample = np.unique(self.sample[keep], return_inverse=True)
        return replace(
            self,
            samples=tuple(self.samples[s] for s in voted.tolist()),
            first=self.first[keep],
            second=self.second[keep],
            sample=sample.astype(np.int32),
            cluster=self.cluster[keep],
            outcome=self.outcome[keep],
            source_of=self.source_of[voted],
        )


@dataclass(frozen=True, eq=False)
class Votes:
    """Votes as they come in: arrays (V,), coded by `Names` that they share with the measurements."""

    first: np.ndarray
    second: np.ndarray
    sample: np.ndarray
    cluster: np.ndarray
    """-1 where a vote names no cluster."""

    source: np.ndarray
    """-1 where it names none."""

    outcome: np.ndarray
    missing: int

    @classmethod
    def joined(cls, parts: Sequence[Votes]) -> Votes:
        """Several batches as one."""
        none = np.empty(0, np.int32)
        return cls(
            first=np.concatenate([none, *(part.first for part in parts)]),
            second=np.concatenate([none, *(part.second for part in parts)]),
            sample=np.concatenate([none, *(part.sample for part in parts)]),
            cluster=np.concatenate([none, *(part.cluster for part in parts)]),
            source=np.concatenate([none, *(part.source for part in parts)]),
            outcome=np.concatenate([np.empty(0, np.float32), *(part.outcome for part in parts)]),
            missing=sum(part.missing for part in parts),
        )


def read_votes(
    frame: pl.DataFrame, models: Names, samples: Names, labels: Mapping[str, Names], before: int
) -> Votes:
    """Columns `model_a, model_b, outcome` and, where present, `sample, cluster, source`.

    labels: names of clusters and of sources.

    outcome: see `outcomes`. A vote without a sample is one of its own, numbered on from the rows `before`.
    Raises MeasurementsError for absent columns, wrong types, null names, other outcomes, a model against itself.
    """
    absent = [name for name in COLUMNS if name not in frame.columns]
    if absent:
        refuse(f"no column {', '.join(map(repr, absent))}: votes have model_a, model_b, outcome")
    outcome = outcomes(frame)
    kept = ~np.isnan(outcome)
    first = models.codes(check_names(frame, "model_a"))
    second = models.codes(check_names(frame, "model_b"))
    itself = np.flatnonzero(first == second)
    if itself.size:
        refuse(f"{itself.size} votes put a model against itself, e.g. {frame['model_a'][int(itself[0])]!r}")
    numbered = pl.Series([f"vote {before + row}" for row in range(frame.height)])
    if "sample" in frame.columns:
        given = check_names(frame, "sample", nulls=True).cast(pl.String)
        numbered = pl.select(pl.when(given.is_null()).then(numbered).otherwise(given)).to_series()
    label = {name: np.full(frame.height, -1, np.int32) for name in ("cluster", "source")}
    for name in label.keys() & frame.columns:
        if frame[name].dtype != pl.Null:
            label[name] = labels[name].codes(check_names(frame, name, nulls=True))
    return Votes(
        first[kept],
        second[kept],
        samples.codes(numbered)[kept],
        label["cluster"][kept],
        label["source"][kept],
        outcome[kept],
        int(kept.size - kept.sum()),
    )


def outcomes(frame: pl.DataFrame, before: int = 0) -> np.ndarray:
    """(V,) float32: 1 where the first won, 0 where the second did, 0.5 for a tie, NaN for missing.

    outcome: text `a` (or `model_a`, `left`), `b` (or `model_b`, `right`), `tie` (or `draw`, `both`), or 1, 0, 0.5
    for the first; null is missing. before: rows that came before these. Raises MeasurementsError for others.
    """
    text = plain(frame["outcome"]).replace(list(MISSING), None)
    found = _sides(text)
    other = text.is_not_null() & found.is_null()
    if other.any():
        row = other.arg_max() or 0
        word = str(frame["outcome"][row])
        refuse(
            f"column 'outcome' holds {word!r:.40} (row {before + row + 1}): use a, b or tie (or 1, 0, 0.5 "
            "for model_a), and leave what is missing empty"
        )
    return found.fill_null(float("nan")).to_numpy().copy()


def check_names_of_winners(frame: pl.DataFrame, before: int = 0) -> None:
    """Whether an outcome, as users write it, can be read in one way only: where it is also the name of a model of
    its row, nobody knows which of the two was meant.

    Raises MeasurementsError where the two are different sides, or where the name says no side at all.
    """
    if _EXPORTED in frame.columns:
        return
    given = plain(frame["outcome"])
    found = _sides(given)
    name = given.str.strip_suffix(".0")  # whole numbers beside a 0.5
    is_first, is_second = ((name == plain(frame[side])).fill_null(False) for side in COLUMNS[:2])
    turned = (is_first & found.ne_missing(1)) | (is_second & found.ne_missing(0))
    if turned.any():
        row = turned.arg_max() or 0
        says, word = _SAID.get(found[row], "no side"), str(frame["outcome"][row]).removesuffix(".0")
        refuse(
            f"the outcome {word!r:.40} in row {before + row + 1} is the name of "
            f"{'model_a' if is_first[row] else 'model_b'} and as an outcome says {says}: write model_a, model_b "
            "or tie as outcomes"
        )


def _sides(text: pl.Series) -> pl.Series:
    return text.replace_strict(_OUTCOMES, default=None, return_dtype=pl.Float32)
