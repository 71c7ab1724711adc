"""The race for a token: the right distribution down to rare tokens, and one draw whatever the batch and tile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

import kernels.sampling
from kernels.gumbel import gumbel, philox, race_tokens, race_tokens_reference, stream_words
from kernels.gumbel_triton import race_tokens_fused
from kernels.sampling import draw_tokens, nucleus_reference, stream_key
from tests.kernels.gpu import DEVICE

SMALL = {"tile": 1024, "stretch": 2048}

SHAPES: dict[str, Any] = {
    "peaked": lambda rng: rng.normal(size=900) * 4,
    "flat": lambda rng: rng.normal(size=1200) * 0.1,
    "ties": lambda rng: rng.integers(-2, 2, size=700) * 1.0,
    "zeros of both signs": lambda rng: rng.choice([0.0, -0.0, -1.0], size=600),
    "one token": lambda rng: rng.normal(size=1),
    "some impossible": lambda rng: np.where(rng.random(900) < 0.5, -np.inf, rng.normal(size=900)),
}


def settings(heats: Any, tops: Any, counts: Any, first: int = 0) -> Any:
    """Temperatures, nuclei, top-k, words and positions of rows, on the device."""
    keys = [stream_key(3, "sample", first + attempt) for attempt in range(len(heats))]
    positions = torch.arange(first, first + len(heats), dtype=torch.int32) * 5
    given = (
        torch.tensor(heats, dtype=torch.float32),
        torch.tensor(tops, dtype=torch.float64),
        torch.tensor(counts, dtype=torch.int32),
        stream_words(keys),
        positions,
    )
    return tuple(tensor.to(DEVICE) for tensor in given)


def test_philox_gives_the_authors_numbers() -> None:
    """Known answers of Random123."""
    pi = [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344]
    for counter, key, answer in (
        ([0] * 4, 0, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 4, 2**64 - 1, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (pi, 0x299F31D0A4093822, [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]),
    ):
        assert philox(np.array(counter, np.uint64), key).tolist() == answer


@pytest.mark.parametrize(
    ("shape", "dtype"), [*((shape, torch.float32) for shape in SHAPES), ("flat", torch.bfloat16)]
)
def test_the_kernel_draws_what_the_plain_race_draws(shape: str, dtype: torch.dtype) -> None:
    row = torch.tensor(SHAPES[shape](np.random.default_rng(0)), dtype=dtype, device=DEVICE)
    heats, tops, counts = [0.0, 0.5, 1.0, 1.7, 1e-7], [1.0, 0.95, 1.0, 0.8, 1.0], [0, 0, 0, 40, 0]
    given = settings(heats, tops, counts)
    rows = row.expand(len(heats), -1)
    assert race_tokens_fused(rows, *given, **SMALL).tolist() == race_tokens_reference(rows, *given).tolist()


def test_a_draw_does_not_depend_on_batch_tile_or_stretch() -> None:
    rng = np.random.default_rng(1)
    rows = torch.tensor(rng.normal(size=(3, 2500)) * 2, dtype=torch.float32, device=DEVICE)
    given = settings([1.0, 0.7, 1.3], [1.0, 0.9, 1.0], [0, 0, 50])
    whole = race_tokens_fused(rows, *given, **SMALL).tolist()
    assert race_tokens_fused(rows, *given, tile=4096, stretch=4096).tolist() == whole
    for order in ([2], [0]):
        some = (tensor[order] for tensor in given)
        assert race_tokens_fused(rows[order], *some, **SMALL).tolist() == [whole[row] for row in order]
    wider = torch.cat([rows, rows], 1)[:, :2500]  # rows that do not lie end to end
    assert race_tokens_fused(wider, *given, **SMALL).tolist() == whole


@pytest.mark.parametrize("shape", ["peaked", "flat", "ties", "some impossible"])
@pytest.mark.parametrize(("heat", "top_p", "top_k"), [(1.0, 1.0, 0), (1.7, 0.3, 0), (0.8, 0.7, 20)])
def test_draws_follow_the_distribution(shape: str, heat: float, top_p: float, top_k: int) -> None:
    """Of the plain race, which the kernel equals draw for draw."""
    logits = SHAPES[shape](np.random.default_rng(1)).astype(np.float32)
    expected = nucleus_reference(logits.astype(np.float64), heat, top_p, top_k)
    count = 500
    rows = torch.from_numpy(logits).expand(count, -1)
    given = (tensor.cpu() for tensor in settings([heat] * count, [top_p] * count, [top_k] * count))
    drawn = np.bincount(race_tokens_reference(rows, *given), minlength=len(logits))
    assert drawn[expected == 0].sum() == 0, "a token outside the nucleus was drawn"
    order = np.argsort(-expected)
    bins = np.minimum((np.cumsum(expected[order]) * count / 8).astype(int), int(count / 8) - 1)
    wanted, found = np.bincount(bins, expected[order] * count), np.bincount(bins, drawn[order])
    kept = wanted >= 5
    if kept.sum() > 1:
        statistic = ((found - wanted)[kept] ** 2 / wanted[kept]).sum()
        assert stats.chi2.sf(statistic, kept.sum() - 1) > 1e-4


def test_rare_tokens_come_as_often_as_they_should() -> None:
    """Chi-squared over probabilities down to 1e-5, a million draws: tokens as if each were a draw of its own."""
    chances = np.array([1e-5, 1e-4, 1e-3, 1e-2])
    chances = np.append(chances, 1 - chances.sum())
    draws = 2**20
    words = stream_words([stream_key(0, "rare", 0)])[0].numpy()
    noise = np.stack([gumbel(words, position, draws) for position in range(len(chances))])
    found = np.bincount((np.log(chances, dtype=np.float32)[:, None] + noise).argmax(0), minlength=len(chances))
    assert stats.chisquare(found, chances * draws).pvalue > 1e-4


def test_noise_is_exact_in_its_tail() -> None:
    """The largest of so many tokens is as large as it should be: 24 bits would end at 16.6, 32 bits at 22.9."""
    words = stream_words([stream_key(0, "tail", 0)])[0].numpy()
    noise = np.concatenate([gumbel(words, position, 2**20) for position in range(4)])
    for quantile in (1e-6, 1e-4, 0.01, 0.5, 0.99, 1 - 1e-4, 1 - 1e-6):
        below = int((noise < -np.log(-np.log(quantile))).sum())
        assert (
            stats.binom.cdf(below, noise.size, quantile) > 1e-5
            and stats.binom.sf(below - 1, noise.size, quantile) > 1e-5
        )
    assert np.isfinite(noise).all()


def test_a_row_of_broken_logits_has_no_token_and_spoils_no_other() -> None:
    rows = torch.tensor([[0.0, float("nan")], [0.0, 9e9], [float("inf"), 0.0], [float("-inf")] * 2], device=DEVICE)
    for heat in (0.0, 1.0):
        given = settings([heat] * 4, [0.9] * 4, [0] * 4)
        assert race_tokens_fused(rows, *given, **SMALL).tolist() == [-1, 1, -1, -1]
        assert race_tokens(rows.cpu(), *(tensor.cpu() for tensor in given)).tolist() == [-1, 1, -1, -1]


def test_on_a_gpu_tokens_are_drawn_by_the_race(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = torch.tensor(np.random.default_rng(2).normal(size=(5, 700)), dtype=torch.float32, device=DEVICE)
    rows[3, 7] = float("nan")
    heats, tops, counts = [0.0, 1.0, 0.7, 1.0, 1.0], [1.0, 0.9, 1.0, 1.0, 0.2], [0, 0, 9, 0, 0]
    keys = [stream_key(3, "sample", attempt) for attempt in range(5)]
    monkeypatch.setattr(kernels.sampling, "takes", lambda _: True)
    found = draw_tokens(rows, heats, tops, counts, keys, list(range(0, 25, 5)))
    expected = race_tokens_reference(rows, *settings(heats, tops, counts)).tolist()
    assert found == [*expected[:3], None, expected[4]]


def test_no_rows() -> None:
    assert race_tokens_fused(torch.zeros(0, 5, device=DEVICE), *settings([], [], []), **SMALL).tolist() == []
