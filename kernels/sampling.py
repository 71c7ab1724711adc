"""Drawing next tokens: temperature and nucleus, one random stream per attempt.

A draw depends only on the row's logits and on the key (seed, sample, attempt, position), so it is the same
whatever else is in the batch and wherever a run was interrupted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

_BLOCK = 256

_COLDEST = 1e-5
"""Below this a temperature takes the likeliest token in any case, and would overflow."""


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
    keys: Sequence[int],
    positions: Sequence[int],
) -> list[int]:
    """One token for each row, exactly from the row's tempered nucleus.

    A token is drawn from the whole distribution by inverse cumulative probability, and drawn again from the
    same stream while it lies outside the nucleus. That is exact for a nucleus of any width, needs no sort,
    and takes 1/top_p draws on average.

    Args:
        logits: [n, vocabulary], any float type.
        temperature: [n], 0 for the likeliest token.
        top_p: [n] in (0, 1]; a token is in the nucleus if the tokens likelier than it have less than this.
        keys: [n] stream keys of `stream_key`.
        positions: [n] number of tokens that the attempt has so far.

    Raises:
        ValueError: a row to be drawn from has no finite probabilities.
    """
    import torch

    logits = logits.float()
    tokens: list[int] = logits.argmax(-1).tolist()
    open_rows = [row for row, heat in enumerate(temperature) if heat > 0]
    if not open_rows:
        return tokens
    heats = torch.tensor([max(temperature[row], _COLDEST) for row in open_rows], device=logits.device)
    probabilities = torch.softmax(logits[open_rows] / heats[:, None], -1)
    if not torch.isfinite(probabilities).all():
        raise ValueError("logits must be finite")
    trial = 0
    while open_rows:
        points = torch.tensor(
            [uniforms(keys[row], positions[row], trial + 1)[trial] for row in open_rows], dtype=torch.float64
        )
        drawn = _invert(probabilities, points.to(logits.device))
        height = probabilities.gather(1, drawn[:, None])
        likelier = (probabilities * (probabilities > height)).sum(-1).tolist()
        rejected = []
        for place, (row, token) in enumerate(zip(open_rows, drawn.tolist(), strict=True)):
            if likelier[place] < top_p[row]:
                tokens[row] = token
            else:
                rejected.append(place)
        probabilities = probabilities[rejected]
        open_rows = [open_rows[place] for place in rejected]
        trial += 1
    return tokens


def _invert(probabilities: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Smallest index at which the cumulative probability exceeds each point: first by blocks, then within."""
    import torch

    rows, width = probabilities.shape
    padded = torch.nn.functional.pad(probabilities, (0, -width % _BLOCK)).view(rows, -1, _BLOCK)
    blocks = padded.sum(-1, dtype=torch.float64).cumsum(-1)
    # Scaled by the total, so that rounding of the softmax cannot put a point beyond the last token.
    points = points * blocks[:, -1]
    block = torch.searchsorted(blocks, points[:, None], right=True)[:, 0].clamp_(max=blocks.shape[1] - 1)
    chosen = torch.arange(rows, device=probabilities.device)
    before = torch.where(block > 0, blocks[chosen, (block - 1).clamp(min=0)], 0.0)
    within = padded[chosen, block].double().cumsum(-1)
    inner = torch.searchsorted(within, (points - before)[:, None], right=True)[:, 0].clamp_(max=_BLOCK - 1)
    return (block * _BLOCK + inner).clamp_(max=width - 1)


def nucleus_reference(
    logits: npt.NDArray[np.float64], temperature: float, top_p: float
) -> npt.NDArray[np.float64]:
    """The distribution that `draw_tokens` draws from, by a plain full sort. [vocabulary] -> [vocabulary]."""
    if temperature == 0:
        return np.eye(len(logits))[int(np.argmax(logits))]
    weights = np.exp((logits - logits.max()) / temperature)
    probabilities = weights / weights.sum()
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    # Equally likely tokens are in or out together, as for draw_tokens.
    first_equal = np.searchsorted(-ranked, -ranked, side="left")
    before = np.concatenate([[0.0], np.cumsum(ranked)])[first_equal]
    kept = np.zeros_like(probabilities)
    kept[order] = np.where(before < top_p, ranked, 0.0)
    return kept / kept.sum()
