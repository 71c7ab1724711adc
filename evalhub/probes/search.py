"""Probe the pool: from a query, a filter and a cut to samples, with the precision to be expected of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from evalhub.errors import EvalhubError
from evalhub.filters import sample_filter
from evalhub.probes.index import Index
from evalhub.probes.probe import Cut, Found, Match, Probe
from evalhub.probes.query import LOOKED_AT, similarities
from evalhub.probes.relevance import Answered, Relevance
from evalhub.store.answers import answers_to
from evalhub.store.hub import Hub
from evalhub.store.sample_columns import samples_where
from evalhub.store.vectors import known_by_name, named, sample_ids_where
from evalhub.telling import Tell, quiet
from evalhub.wording import counted

_BORDERLINE = 10
"""Samples shown below the cut."""

_PIVOT = 0.9
"""Quantile of similarity about which the slope of the log odds turns: what matters lies above it."""

_AT_FIRST = 1 << 14
"""Samples that a cut by precision is first looked for among: few cuts take more."""


@dataclass(frozen=True)
class Standing:
    """All samples that a probe's filter leaves, in the light of a query and of the answers to it."""

    index: Index
    probe: Probe

    places: np.ndarray
    """(n,) where they stand in the index, in its order."""

    similarity: np.ndarray
    """(n,)"""

    odds: np.ndarray
    """(n,) log odds that the sample is what the query means; infinite where the user said so."""

    relevance: Relevance
    answers: Mapping[str, bool]

    @property
    def open(self) -> int:
        """How many the user did not call wrong."""
        return int(np.count_nonzero(self.odds > -np.inf))

    def best(self, count: int) -> np.ndarray:
        """Places in these arrays of the `count` likeliest, in order; of equals the more similar, then by id. What
        the user called wrong is not among them."""
        count = min(count, self.open)
        if count == 0:
            return np.empty(0, np.intp)
        least = np.partition(self.odds, len(self.odds) - count)[len(self.odds) - count]
        picked = np.flatnonzero(self.odds >= least)
        order = np.lexsort((picked, -self.similarity[picked], -self.odds[picked]))
        return picked[order[:count]]

    def count_for(self, precision: float) -> int:
        """How many of the likeliest can be taken so that at least this share of them is expected to be right."""
        count = _AT_FIRST
        while True:
            chances = expit(self.odds[self.best(count)])
            enough = np.cumsum(chances) >= precision * np.arange(1, len(chances) + 1)
            taken = int(np.flatnonzero(enough)[-1]) + 1 if enough.any() else 0
            if taken < len(chances) or len(chances) == self.open:
                return taken
            count *= 8

    def precision_of(self, picked: np.ndarray) -> tuple[float, float, float]:
        """Expected share of some of them that is right, with its 95 % interval."""
        odds = self.odds[picked]
        certain = np.where(np.isinf(odds), odds > 0, np.nan)
        return self.relevance.precision(
            odds, self.similarity[picked], self.index.directions(self.places[picked]), certain
        )

    def to_ask(self, count: int) -> list[str]:
        """Ids of the samples whose answers would help most: those least sure, unlike each other; and two in five
        drawn from the likely ones, without which the precision claimed for these would rest on guesses."""
        likely = np.flatnonzero(np.isfinite(self.odds) & (self.odds > 0))
        drawn = np.random.default_rng(len(self.answers)).permutation(likely)[: int(count * _DRAWN)]
        asked: list[str] = self.index.ids[self.places[drawn]].to_list()
        unsure = np.abs(self.odds)
        most = min(_PER_QUESTION * count, len(unsure))
        pool = np.sort(np.argpartition(unsure, most - 1)[:most]) if most else np.empty(0, np.intp)
        pool = pool[np.isfinite(self.odds[pool]) & ~np.isin(pool, drawn)]
        chance = expit(self.odds[pool])
        use = chance * (1 - chance)
        directions = self.index.directions(self.places[pool])
        for _ in range(min(count - len(asked), len(pool))):
            best = int(np.argmax(use))
            asked.append(self.index.ids[int(self.places[pool[best]])])
            use = np.where(directions @ directions[best] > _ALIKE, use * _LESS, use)
            use[best] = -1
        return asked


_PER_QUESTION = 50
"""Samples that one question is chosen from."""

_DRAWN = 0.4
"""Share of questions about samples drawn from the likely ones."""

_ALIKE = 0.6
"""Cosine, from the middle of the pool, from which on two samples would say much the same."""

_LESS = 0.3
"""What an answer about a sample is worth once one like it was asked."""


def look(index: Index, probe: Probe, answers: Mapping[str, bool]) -> Standing:
    """All samples that the filter leaves, in the light of the query and of answers to it.

    Raises:
        FilterError: the filter cannot be read.
        EvalhubError: an example is not in the pool, or the pool is empty.
    """
    if not len(index.ids):
        raise EvalhubError(
            "the pool has no questions to search yet: evalhub ingest SOURCE brings some; tables of results bring "
            "samples by name, which a filter finds (--where)"
        )
    known = [sample_id for sample_id in answers if index.has(sample_id)]
    for sample_id in probe.like:
        if not index.has(sample_id):
            raise EvalhubError(
                f"the pool has no sample '{sample_id}' to be like: evalhub probe TEXT --json shows ids"
            )
    places = index.places_where(probe.where)
    every = similarities(index, probe)
    answered = index.places(known)
    said = np.array([answers[sample_id] for sample_id in known], dtype=float)
    pivot = float(np.quantile(every[:LOOKED_AT], _PIVOT))
    relevance = Relevance.fit(Answered(every[answered], index.directions(answered), said), pivot)
    certain = np.zeros(len(every), np.float32)
    certain[answered] = np.where(said > 0, np.inf, -np.inf)
    similarity = every[places]
    odds = relevance.odds(similarity, index.along(relevance.weights)[places]) + certain[places]
    return Standing(index, probe, places, similarity, odds, relevance, dict(answers))


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a probe for a meaning takes, and the next ones below its cut, by id alone."""

    ids: list[str]
    """The likeliest first."""

    similarity: np.ndarray
    """(n,) See `evalhub.probes.probe.Match`."""

    relevance: np.ndarray
    """(n,)"""

    count: int
    """Those above the cut."""

    candidates: int
    """Samples that the filter leaves."""

    answers: int
    """Answers of the user that the estimate rests on."""

    precision: float
    """Estimated share of those above the cut that are what the query means; nan where there are none."""

    low: float
    """Lower end of the estimate's 95 % interval."""

    high: float


def take(standing: Standing, cut: Cut) -> Taken:
    """What stands above a cut."""
    total = standing.open
    count = min(cut.top, total) if cut.top is not None else standing.count_for(cut.precision or 0.0)
    best = standing.best(count + _BORDERLINE)
    precision, low, high = standing.precision_of(best[:count])
    return Taken(
        ids=standing.index.ids[standing.places[best]].to_list(),
        similarity=standing.similarity[best],
        relevance=expit(standing.odds[best]),
        count=count,
        candidates=len(standing.odds),
        answers=len(standing.answers),
        precision=precision,
        low=low,
        high=high,
    )


def find(
    hub: Hub,
    probe: Probe,
    cut: Cut,
    *,
    index: Index | None = None,
    answers: Mapping[str, bool] | None = None,
    tell: Tell = quiet,
) -> Found:
    """What a probe finds above a cut.

    Args:
        index: where one is open already.
        answers: to this query; those kept in the hub where none are given.

    Raises:
        FilterError: the filter cannot be read.
        EvalhubError: nothing is asked for, an example is not in the pool, or the encoder cannot be had.
    """
    if not (probe.means or probe.where):
        raise EvalhubError("a probe needs a text, an example (--like ID) or a filter (--where)")
    if not probe.means:
        return _filtered(hub, probe, cut)
    index = index or Index.open(hub, tell=tell)
    if index.encoder.cuts(probe.text):
        warnings.warn(
            "the text is longer than the encoder reads: by meaning only its beginning is compared, by words all "
            "of it; a sentence says best what is meant",
            stacklevel=2,
        )
    if by_name := known_by_name(hub):
        warnings.warn(
            f"{counted(by_name, 'sample')} known by name only, as tables of results bring them, are not searched: "
            "a filter finds them (--where)",
            stacklevel=2,
        )
    answers = answers_to(hub, probe.query_id) if answers is None else answers
    taken = take(look(index, probe, answers), cut)
    if not taken.candidates:
        warnings.warn(f"none of the {len(index.ids):,} samples that are searched meets the filter", stacklevel=2)
    matches = _matches(hub, taken.ids, taken.similarity, taken.relevance)
    return Found(
        probe=probe,
        encoder=index.encoder.name,
        cut=cut,
        matches=tuple(matches[: taken.count]),
        borderline=tuple(matches[taken.count :]),
        candidates=taken.candidates,
        answers=taken.answers,
        precision=taken.precision,
        low=taken.low,
        high=taken.high,
    )


def _filtered(hub: Hub, probe: Probe, cut: Cut) -> Found:
    """What a filter alone leaves, in pool order: nothing has to be estimated, and nothing is nearer to the cut."""
    read = sample_filter(probe.where)
    ids = sample_ids_where(hub, samples_where(read.sql, read.columns), read.parameters)
    taken = ids if cut.top is None else ids[: cut.top]
    return Found(
        probe=probe,
        encoder="",
        cut=cut,
        matches=tuple(_matches(hub, taken, np.zeros(len(taken)), np.ones(len(taken)))),
        borderline=(),
        candidates=len(ids),
        answers=0,
        precision=1.0,
        low=1.0,
        high=1.0,
    )


def _matches(hub: Hub, ids: list[str], similarity: np.ndarray, relevance: np.ndarray) -> list[Match]:
    rows = zip(named(hub, ids).iter_rows(), similarity, relevance, strict=True)
    return [
        Match(
            sample_id=sample_id,
            source=source,
            source_id=source_id,
            prompt=prompt,
            similarity=float(similar),
            relevance=float(relevant),
        )
        for (sample_id, source, source_id, prompt), similar, relevant in rows
    ]
