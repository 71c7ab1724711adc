"""Comparisons of every kind, counted and scored together, against a plain pass over all of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aggregate.pairs
from aggregate.measurements import Measurements
from aggregate.pairs import Gains, Pairs


def mixed(seed: int, models: int = 5, samples: int = 12) -> Measurements:
    """Chances, grades where lower is better, and votes, in clusters that they share; weights of their own."""
    rng = np.random.default_rng(seed)
    frames = []
    for metric, kind, direction, values in (
        ("pass", "binary", "up", rng.choice([0, 0.25, 1], (samples, models))),
        ("grade", "ordinal", "down", rng.integers(0, 4, (samples, models)).astype(float)),
    ):
        sample, model = np.nonzero(rng.random((samples, models)) < 0.6)
        frames.append(
            pl.DataFrame({"model": model, "sample": sample, "value": values[sample, model]}).with_columns(
                metric=pl.lit(metric),
                kind=pl.lit(kind),
                direction=pl.lit(direction),
                cluster=pl.col("sample") // 3,
            )
        )
    votes = 20
    first = rng.integers(models, size=votes)
    frames.append(
        pl.DataFrame(
            {
                "model_a": first,
                "model_b": (first + rng.integers(1, models, votes)) % models,
                "outcome": rng.choice(["a", "b", "tie"], votes),
                "sample": rng.integers(samples + 2, size=votes),
            }
        ).with_columns(cluster=pl.col("sample") // 3)
    )
    m = Measurements.from_frame(*frames)
    return replace(m, weight=rng.choice([0.5, 1.0, 2.0], len(m.samples)))


def comparisons(m: Measurements) -> list[tuple[int, int, int, float, float]]:
    """(unit, i, j, weight of i's win, weight of a tie) of all of them, each once from each side."""
    found = []
    for s in range(len(m.samples)):
        rows = np.flatnonzero(m.sample == s)
        for a, b in ((a, b) for pair in combinations(rows, 2) for a, b in (pair, pair[::-1])):
            p, q, w = m.upward[a], m.upward[b], m.weight[s]
            won = p * (1 - q) if m.chances[s] else float(p > q)
            tied = p * q + (1 - p) * (1 - q) if m.chances[s] else float(p == q)
            found.append((m.cluster_of[s], m.model[a], m.model[b], w * won, w * tied))
    v = m.votes
    for a, b, unit, o in zip(v.first, v.second, v.cluster, v.outcome, strict=True):
        found.append((unit, a, b, float(o == 1), float(o == 0.5)))
        found.append((unit, b, a, float(o == 0), float(o == 0.5)))
    return found


def some_gains(models: int, extra: bool, rng: np.random.Generator) -> Gains:
    win, lose, tie, win_extra, tie_extra = rng.normal(size=(5, models, models))
    if not extra:
        return Gains(win=win, lose=lose, tie=tie)
    return Gains(win=win, lose=lose, tie=tie, win_extra=win_extra, tie_extra=tie_extra + tie_extra.T)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.booleans(), st.booleans())
def test_counts_and_scores_are_those_of_all_comparisons(seed: int, extra: bool, some: bool) -> None:
    m, rng = mixed(seed), np.random.default_rng([seed, 1])
    members = np.array([True, True, False, True, True][: len(m.models)]) if some else np.ones(len(m.models), bool)
    place = np.cumsum(members) - 1
    k = int(members.sum())
    gains = some_gains(k, extra, rng)
    weights = rng.integers(0, 3, (2, len(m.clusters))).astype(float)
    wins, ties = np.zeros((2, k, k))
    drawn = np.zeros((2, 2, k, k))
    scores: dict[int, np.ndarray] = defaultdict(lambda: np.zeros(k + extra))
    for unit, a, b, won, tied in comparisons(m):
        if not members[a] or not members[b]:
            continue
        i, j = place[a], place[b]
        wins[i, j] += won
        ties[i, j] += tied
        drawn[0, :, i, j] += won * weights[:, unit]
        drawn[1, :, i, j] += tied * weights[:, unit]
        scores[unit][i] += won * gains.win[i, j] + tied * gains.tie[i, j]
        scores[unit][j] += won * gains.lose[j, i]
        if gains.win_extra is not None and gains.tie_extra is not None:
            scores[unit][-1] += won * gains.win_extra[i, j] + tied * gains.tie_extra[i, j] / 2
    pairs = Pairs(m, members if some else None)
    assert np.stack(pairs.counts()) == pytest.approx(np.stack([wins, ties]))
    assert np.stack(pairs.counts(weights)) == pytest.approx(drawn)
    meat = sum((np.outer(u, u) for u in scores.values()), np.zeros((k + extra, k + extra)))
    assert pairs.meat(gains) == pytest.approx(meat)


def test_blocks_of_units_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    m = mixed(3)
    gains = some_gains(len(m.models), True, np.random.default_rng(0))
    whole = Pairs(m).meat(gains)
    monkeypatch.setattr(aggregate.pairs, "_BLOCK_CELLS", 1)
    assert Pairs(m).meat(gains) == pytest.approx(whole)


def test_one_kind_alone_gives_the_same() -> None:
    m = mixed(4)
    chances = m.of_samples(m.chances)
    alone = replace(
        chances, votes=Measurements.from_frame(pl.DataFrame({"model": ["0"], "sample": ["x"], "value": [1]})).votes
    )
    gains = some_gains(len(m.models), False, np.random.default_rng(0))
    scores: dict[int, np.ndarray] = defaultdict(lambda: np.zeros(len(m.models)))
    for unit, i, j, won, tied in comparisons(alone):
        scores[unit][i] += won * gains.win[i, j] + tied * gains.tie[i, j]
        scores[unit][j] += won * gains.lose[j, i]
    assert Pairs(alone).meat(gains) == pytest.approx(sum(np.outer(u, u) for u in scores.values()))


def test_rows_count_values_and_votes() -> None:
    m = mixed(5)
    votes = np.bincount(np.concatenate([m.votes.first, m.votes.second]), minlength=len(m.models))
    assert Pairs(m).rows().tolist() == (np.bincount(m.model) + votes).tolist()
