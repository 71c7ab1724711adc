"""Votes with ties: scores equal to those of evalica 0.4.2 to 1e-6, written here so that it need not be installed.

Made by `evalica.bradley_terry` (a tie as half a win) and `evalica.newman` (Davidson's likelihood, nu = 2 v) with
tolerance 1e-14, centred logarithms of their scores. `benchmarks/rank_llmfao.py` compares all 59 models again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aggregate.measurements import Measurements
from aggregate.method import Method
from aggregate.methods.bradley_terry import BradleyTerry, BradleyTerryNoTies
from aggregate.methods.davidson import Davidson
from aggregate.methods.rao_kupper import RaoKupper
from kernels.bradley_terry import fit_pairs
from kernels.tied_pairs import Davidson as DavidsonPairs
from tests.aggregate.tables import table

LLMFAO = Path(__file__).parents[3] / "shared/data/measurements/llmfao_pairwise_human.parquet"

VOTES = (
    "d<e e=d b=e a>e b>d e<b c<e d<e b=e e>a a<c b>e c>b e<a d>b b>d c=b d=e d<a a<d c>b d=c e<a d<c d<b e=c e>b "
    "b>c d<a b>a e<d d>e c<a a<d d>e e=c c<a d>e d=b e=a e<b c<a b=c e<c c>d d>c c>d e<d d<a c=e b=a e<a b>e a<c "
    "c<a d<e d>e c>e e=c a<e"
)


def votes(text: str) -> Measurements:
    rows = [(vote[0], vote[2], {">": "a", "<": "b", "=": "tie"}[vote[1]]) for vote in text.split()]
    return Measurements.from_frame(pl.DataFrame(rows, schema=["model_a", "model_b", "outcome"], orient="row"))


def llmfao() -> Measurements:
    outcome = pl.col("winner").replace_strict({"left": "a", "right": "b", "tie": "tie"})
    frame = pl.read_parquet(LLMFAO).select(
        model_a="model_x", model_b="model_y", outcome=outcome, sample="prompt", cluster="worker"
    )
    return Measurements.from_frame(frame)


def centred(method: Method, m: Measurements) -> dict[str, float]:
    rows = method(m).models
    middle = np.mean([row.score for row in rows])
    return {row.model: row.score - middle for row in rows}


@pytest.mark.parametrize(
    ("method", "scores"),
    [
        (BradleyTerry(), [0.252566446, 0.361475979, 0.121152603, -0.23081393, -0.504381098]),
        (Davidson(), [0.335317766, 0.480492525, 0.160908057, -0.306541601, -0.670176747]),
    ],
)
def test_a_few_votes_agree_with_evalica(method: Method, scores: list[float]) -> None:
    assert centred(method, votes(VOTES)) == pytest.approx(dict(zip("abcde", scores, strict=True)), abs=1e-8)


@pytest.mark.skipif(not LLMFAO.exists(), reason="shared/data/measurements is not beside this checkout")
@pytest.mark.parametrize(
    ("method", "scores"),
    [
        (BradleyTerry(), {"1": -0.410753097, "17": 0.544765062, "26": 0.072810357, "91": -0.385627556}),
        (Davidson(), {"1": -0.71912138, "17": 0.956824709, "26": 0.125681, "91": -0.67466523}),
    ],
)
def test_human_votes_agree_with_evalica(method: Method, scores: dict[str, float]) -> None:
    found = centred(method, llmfao())
    assert len(found) == 59
    assert {name: found[name] for name in scores} == pytest.approx(scores, abs=1e-8)


def test_the_tie_parameter_is_evalicas_too() -> None:
    m = votes(VOTES)
    wins, ties = np.zeros((2, 5, 5))
    for i, j, o in zip(m.votes.first, m.votes.second, m.votes.outcome, strict=True):
        wins[i, j] += o == 1
        wins[j, i] += o == 0
        ties[[i, j], [j, i]] += o == 0.5
    extra = fit_pairs(DavidsonPairs(), wins, ties).extra
    assert extra is not None and np.exp(extra) == pytest.approx(2 * 0.3228053609900165, abs=1e-8)


def test_two_models_have_closed_forms() -> None:
    """a wins 12, b 4, and 8 ties."""
    m = table({"a": [1, 1, 1, 0, 1, 0] * 4, "b": [0, 1, 0, 1, 0, 0] * 4})
    assert Davidson()(m).models[0].score == pytest.approx(np.log(12 / 4) / 2)
    assert BradleyTerryNoTies()(m).models[0].score == pytest.approx(np.log(12 / 4) / 2)
    # Rao-Kupper: logit(12/24) = gap - threshold and logit(4/24) = -gap - threshold.
    assert RaoKupper()(m).models[0].score == pytest.approx((0 - np.log(4 / 20)) / 4)


@pytest.mark.parametrize("method", [Davidson(), RaoKupper()])
def test_without_ties_all_are_bradley_terry(method: Method) -> None:
    m = votes("a>b b>c c>a a>b a>c b>c")
    assert method(m).models == BradleyTerry()(m).models


@pytest.mark.parametrize("method", [Davidson(), RaoKupper(), BradleyTerryNoTies()])
def test_nothing_but_ties_tells_nobody_apart(method: Method) -> None:
    ranking = method(votes("a=b b=c c=a a=b"))
    assert all(
        (row.score, row.rank_low, row.rank_high) == (0, 1, 3 if ranking.groups[0].models == 3 else 1)
        for row in ranking.models
    )
    assert all(row.low < -0.1 and row.high > 0.1 for row in ranking.models)


def test_models_that_only_tie_are_not_connected_where_ties_are_dropped() -> None:
    ranking = BradleyTerryNoTies()(votes("a>b b>a a=c b=c c=a"))
    c = next(row for row in ranking.models if row.model == "c")
    assert (c.low, c.high, c.rank_low, c.rank_high) == (-np.inf, np.inf, 1, 1)


@pytest.mark.parametrize("method", [Davidson(), RaoKupper()])
def test_wins_that_never_come_back_need_the_prior(method: Method) -> None:
    """a won twice and tied once: a tie rate of 1/3 at any distance, and a distance without end, fit that."""
    ranking = method(votes("a>b a>b a=b"))
    assert 0 < ranking.models[0].score < 3 and ranking.models[0].rank_high == 2
    assert "no finite tie rate fits" in ranking.warnings[-1]
    assert not any("tie rate" in warning for warning in method(votes("a>b b>a a=b a=b")).warnings)
