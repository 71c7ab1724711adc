"""Drawing next tokens: temperature, top-k and nucleus, one random stream per attempt.

A draw depends only on the row's logits and on the key (seed, sample, attempt, position), so it is the same
whatever else is in the batch and wherever a run was interrupted. A GPU draws by `kernels.gumbel` instead: from the
same distributions and under the same keys, but other tokens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kernels.device import takes
from kernels.race_terms import COLDEST

if TYPE_CHECKING:
    import torch

_BLOCK = 256

_TOGETHER = 16
"""Rows that are drawn from at once: what is computed of them stays near the processor."""


def stream_key(seed: int, sample: str, attempt: int) -> int:
    """128-bit key of one attempt's random stream."""
    digest = hashlib.blake2b(f"{seed}\0{sample}\0{attempt}".encode(), digest_size=16).digest()
    return int.from_bytes(digest, "little")


def uniforms(key: int, position: int, count: int) -> npt.NDArray[np.float64]:
    """The first `count` uniforms in [0, 1) of a stream at a token position (Philox, Salmon et al. 2011)."""
    return np.random.Generator(np.random.Philox(key=key, counter=[0, position, 0, 0])).random(count)


def draw_tokens(
    logits: torch.Tensor,
    temperature: Sequence[float],
    top_p: Sequence[float],
    top_k: Sequence[int],
    keys: Sequence[int],
    positions: Sequence[int],
) -> list[int | None]:
    """One token for each row, exactly from the row's tempered nucleus.

    A token is drawn from the whole distribution by inverse cumulative probability, and drawn again from the
    same stream while it lies outside the nucleus. That is exact for a nucleus of any width, needs no sort,
    and takes 1/top_p draws on average.

    Args:
        logits: [n, vocabulary], any float type.
        temperature: [n], 0 for the likeliest token.
        top_p: [n] in (0, 1]; a token is in the nucleus if the tokens likelier than it have less than this.
        top_k: [n], only tokens as likely as the k-th; 0 for all. It comes before the nucleus.
        keys: [n] stream keys of `stream_key`.
        positions: [n] number of tokens that the attempt has so far.

    Returns:
        [n]; None where the row's logits give no finite probabilities.
    """
    if takes(logits):
        return _draw_there(logits, temperature, top_p, top_k, keys, positions)
    tokens: list[int | None] = []
    for start in range(0, len(logits), _TOGETHER):
        part = slice(start, start + _TOGETHER)
        tokens += _draw(logits[part], temperature[part], top_p[part], top_k[part], keys[part], positions[part])
    return tokens


def _draw_there(
    logits: torch.Tensor,
    temperature: Sequence[float],
    top_p: Sequence[float],
    top_k: Sequence[int],
    keys: Sequence[int],
    positions: Sequence[int],
) -> list[int | None]:
    import torch

    from kernels.gumbel import race_tokens, stream_words

    drawn = race_tokens(
        logits,
        torch.tensor(temperature, dtype=torch.float32, device=logits.device),
        torch.tensor(top_p, dtype=torch.float64, device=logits.device),
        torch.tensor(top_k, dtype=torch.int32, device=logits.device),
        stream_words(keys).to(logits.device),
        torch.tensor(positions, dtype=torch.int32, device=logits.device),
    )
    return [None if token < 0 else token for token in drawn.tolist()]


def _draw(
    logits: torch.Tensor,
    temperature: Sequence[float],
    top_p: Sequence[float],
    top_k: Sequence[int],
    keys: Sequence[int],
    positions: Sequence[int],
) -> list[int | None]:
    import torch

    tokens: list[int | None] = [None] * len(logits)
    cold = [row for row, heat in enumerate(temperature) if heat == 0]
    if cold:
        heights, best = _rows(logits, cold).float().max(-1)
        fine = torch.isfinite(heights).tolist()
        for row, token, known in zip(cold, best.tolist(), fine, strict=True):
            tokens[row] = token if known else None
    warm = [row for row, heat in enumerate(temperature) if heat > 0]
    if not warm:
        return tokens
    heats = torch.tensor([max(temperature[row], COLDEST) for row in warm], device=logits.device)
    tempered = _rows(logits, warm).to(torch.float32, copy=True).div_(heats[:, None])
    for place, row in enumerate(warm):
        if 0 < top_k[row] < tempered.shape[1]:
            least = torch.topk(tempered[place], top_k[row]).values[-1]
            tempered[place].masked_fill_(tempered[place] < least, float("-inf"))
    probabilities = torch.softmax(tempered, -1)
    below = _cumulated(probabilities)
    fine = torch.isfinite(below[:, -1]).tolist()
    # Rows still to be drawn, by their place among the warm ones.
    open_places = [place for place in range(len(warm)) if fine[place]]
    trial = 0
    while open_places:
        points = torch.tensor(
            [uniforms(keys[warm[place]], positions[warm[place]], trial + 1)[trial] for place in open_places],
            dtype=torch.float64,
        )
        drawn = _invert(probabilities, below, open_places, points.to(logits.device))
        narrow = [n for n, place in enumerate(open_places) if top_p[warm[place]] < 1]
        outside = set()
        if narrow:
            likely = _rows(probabilities, [open_places[n] for n in narrow])
            height = likely.gather(1, drawn[narrow][:, None])
            likelier = (likely * (likely > height)).sum(-1).tolist()
            outside = {
                open_places[n]
                for n, mass in zip(narrow, likelier, strict=True)
                if mass >= top_p[warm[open_places[n]]]
            }
        for place, token in zip(open_places, drawn.tolist(), strict=True):
            if place not in outside:
                tokens[warm[place]] = token
        open_places = [place for place in open_places if place in outside]
        trial += 1
    return tokens


def _rows(array: torch.Tensor, rows: list[int]) -> torch.Tensor:
    """Some rows; without a copy where it is all of them."""
    return array if len(rows) == len(array) else array[rows]


def _cumulated(probabilities: torch.Tensor) -> torch.Tensor:
    """Cumulative probabilities at the end of each block of tokens, [rows, blocks], float64."""
    import torch

    rows, width = probabilities.shape
    over = -width % _BLOCK
    whole = torch.nn.functional.pad(probabilities, (0, over)) if over else probabilities
    return whole.view(rows, -1, _BLOCK).sum(-1).double().cumsum(-1)


def _invert(
    probabilities: torch.Tensor, below: torch.Tensor, rows: list[int], points: torch.Tensor
) -> torch.Tensor:
    """Smallest index at which the cumulative probability of a row exceeds its point: by blocks, then within."""
    import torch

    chosen = torch.tensor(rows, device=probabilities.device)
    width = probabilities.shape[1]
    blocks = below[chosen]
    # Scaled by the total, so that rounding of the softmax cannot put a point beyond the last token.
    points = points * blocks[:, -1]
    block = torch.searchsorted(blocks, points[:, None], right=True)[:, 0].clamp_(max=blocks.shape[1] - 1)
    before = blocks.gather(1, (block - 1).clamp(min=0)[:, None])[:, 0] * (block > 0)
    places = block[:, None] * _BLOCK + torch.arange(_BLOCK, device=probabilities.device)
    inside = probabilities[chosen[:, None], places.clamp(max=width - 1)].double() * (places < width)
    within = inside.cumsum(-1)
    inner = torch.searchsorted(within, (points - before)[:, None], right=True)[:, 0].clamp_(max=_BLOCK - 1)
    # Rounding may leave a point a hair behind its block; the last token with any probability is meant.
    last = (inside > 0).double().mul_(torch.arange(1, _BLOCK + 1, device=inside.device)).argmax(-1)
    return (block * _BLOCK + torch.minimum(inner, last)).clamp_(max=width - 1)


def nucleus_reference(
    logits: npt.NDArray[np.float64], temperature: float, top_p: float, top_k: int = 0
) -> npt.NDArray[np.float64]:
    """The distribution that `draw_tokens` draws from, by a plain full sort. [vocabulary] -> [vocabulary]."""
    if temperature == 0:
        return np.eye(len(logits))[int(np.argmax(logits))]
    weights = np.exp((logits - logits.max()) / temperature)
    if 0 < top_k < len(logits):
        weights[logits < np.sort(logits)[-top_k]] = 0
    probabilities = weights / weights.sum()
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    # Equally likely tokens are in or out together, as for draw_tokens.
    first_equal = np.searchsorted(-ranked, -ranked, side="left")
    before = np.concatenate([[0.0], np.cumsum(ranked)])[first_equal]
    kept = np.zeros_like(probabilities)
    kept[order] = np.where(before < top_p, ranked, 0.0)
    return kept / kept.sum()
