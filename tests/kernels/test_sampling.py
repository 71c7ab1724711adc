"""Drawing tokens: the distribution is the tempered nucleus, and a draw depends on nothing but its own row."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kernels.sampling import draw_tokens, nucleus_reference, stream_key, uniforms

SHAPES = {
    "peaked": lambda rng: rng.normal(size=1000) * 4,
    "flat, wider than any top-k": lambda rng: rng.normal(size=3000) * 0.1,
    "ties": lambda rng: rng.integers(0, 3, size=700).astype(float),
    "one token": lambda rng: np.zeros(1) + rng.normal(),
}


def draw(logits: np.ndarray, temperature: float, top_p: float, count: int, top_k: int = 0) -> np.ndarray:
    rows = torch.tensor(np.tile(logits, (count, 1)))
    keys = [stream_key(7, "sample", attempt) for attempt in range(count)]
    return np.array(draw_tokens(rows, [temperature] * count, [top_p] * count, [top_k] * count, keys, [3] * count))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("temperature", "top_p", "top_k"),
    [
        (1.0, 1.0, 0),
        (0.6, 0.95, 0),
        (1.7, 0.3, 0),
        (0.6, 0.999, 0),
        (1.0, 1.0, 5),
        (0.8, 0.7, 20),
        (2.0, 0.9, 400),
    ],
)
def test_draws_follow_the_reference(shape: str, temperature: float, top_p: float, top_k: int) -> None:
    logits = SHAPES[shape](np.random.default_rng(1))
    expected = nucleus_reference(logits, temperature, top_p, top_k)
    count = 4000
    drawn = np.bincount(draw(logits, temperature, top_p, count, top_k), minlength=len(logits))
    assert drawn[expected == 0].sum() == 0, "a token outside the nucleus was drawn"
    # Chi-squared over bins of at least five expected draws.
    order = np.argsort(-expected)
    bins = np.minimum((np.cumsum(expected[order]) * count / 8).astype(int), int(count / 8) - 1)
    wanted = np.bincount(bins, expected[order] * count)
    found = np.bincount(bins, drawn[order])
    kept = wanted >= 5
    if kept.sum() > 1:
        statistic = ((found - wanted)[kept] ** 2 / wanted[kept]).sum()
        assert stats.chi2.sf(statistic, kept.sum() - 1) > 1e-4


def test_rare_tokens_come_as_often_as_they_should() -> None:
    logits = np.log(np.array([1 - 1.1e-3, 1e-3, 1e-4]))
    drawn = np.bincount(draw(logits, 1.0, 1.0, 100_000), minlength=3)
    for token, chance in ((1, 1e-3), (2, 1e-4)):
        assert 1e-4 < stats.binom.cdf(drawn[token], 100_000, chance) < 1 - 1e-4


def test_temperature_zero_takes_the_likeliest() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0], [5.0, 1.0, 2.0]])
    assert draw_tokens(logits, [0, 0], [0.9, 0.9], [0, 0], [1, 2], [0, 0]) == [1, 0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.data())
def test_a_draw_does_not_depend_on_the_other_rows(seed: int, rows: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    logits = torch.tensor(rng.normal(size=(rows, 333)) * 3)
    heats = [float(value) for value in rng.choice([0.0, 0.5, 1.3], rows)]
    tops = [float(value) for value in rng.choice([0.2, 0.9, 1.0], rows)]
    counts = [int(value) for value in rng.choice([0, 4, 100], rows)]
    keys = [stream_key(seed, "s", attempt) for attempt in range(rows)]
    together = draw_tokens(logits, heats, tops, counts, keys, list(range(rows)))
    order = data.draw(st.permutations(range(rows)))[: max(1, rows // 2)]
    apart = draw_tokens(
        logits[order],
        [heats[i] for i in order],
        [tops[i] for i in order],
        [counts[i] for i in order],
        [keys[i] for i in order],
        list(order),
    )
    assert apart == [together[i] for i in order]


def test_streams_differ_by_seed_sample_attempt_and_position() -> None:
    keys = {stream_key(seed, sample, attempt) for seed in (0, 1) for sample in "ab" for attempt in (0, 1)}
    assert len(keys) == 8
    first = {uniforms(key, position, 1)[0] for key in keys for position in (0, 1)}
    assert len(first) == 16
    key = min(keys)
    assert np.array_equal(uniforms(key, 5, 9)[:4], uniforms(key, 5, 4)), "more draws must not change the first"


def test_the_coldest_temperature_is_the_likeliest_token() -> None:
    logits = torch.tensor([[0.0, 900.0, 899.0]])
    assert draw_tokens(logits, [1e-40], [0.9], [0], [1], [0]) == [1]


@pytest.mark.parametrize("heat", [0.0, 1.0])
def test_a_row_of_broken_logits_has_no_token_and_spoils_no_other(heat: float) -> None:
    logits = torch.tensor([[0.0, float("nan")], [0.0, 9e9], [float("inf"), 0.0]])
    assert draw_tokens(logits, [heat] * 3, [0.9] * 3, [0] * 3, [1] * 3, [0] * 3) == [None, 1, None]
