"""Drawing next tokens by a race: each token's logit gets Gumbel noise of its own, and the highest is drawn.

That is an exact draw from the tempered distribution (Gumbel 1954; Maddison et al. 2014, arXiv 1411.0030), needs no
sum over the vocabulary, and can be taken in any order. The noise of a token is a function of the attempt's key,
the position and the token: by Philox 4x32-10 (Salmon et al. 2011), of which each token has 64 bits, so that it is
exact far beyond any probability that matters. So the draw is the same whatever the batch and however it is cut.

A token is in the nucleus if the tokens likelier than it have less than top_p of what top_k leaves; equal logits
are in or out together. The kernel finds the lowest logit of the nucleus two bits at a time, without a sort.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from kernels.device import takes
from kernels.race_terms import COLDEST, PAIR


def stream_words(keys: Sequence[int]) -> torch.Tensor:
    """Keys of 128 bits, as `kernels.sampling.stream_key` makes them, as [n, 2] int64: low and high half."""
    halves = [(key & (1 << 64) - 1, key >> 64) for key in keys]
    return torch.from_numpy(np.array(halves, np.uint64).reshape(-1, 2).view(np.int64))


def race_tokens(
    logits: torch.Tensor,
    temperature: torch.Tensor,
    top_p: torch.Tensor,
    top_k: torch.Tensor,
    words: torch.Tensor,
    positions: torch.Tensor,
) -> torch.Tensor:
    """One token for each row, exactly from the row's tempered nucleus.

    Args (tensors on the device of the logits):
        logits: [n, vocabulary], float32, bfloat16 or float16.
        temperature: [n] float32, 0 for the likeliest token.
        top_p: [n] float64 in (0, 1].
        top_k: [n] int32, only tokens as likely as the k-th; 0 for all. It comes before the nucleus.
        words: [n, 2] int64 of `stream_words`.
        positions: [n] int32, number of tokens that the attempt has so far.

    Returns:
        [n] int64; -1 where the row's logits give no finite probabilities.
    """
    given = logits, temperature, top_p, top_k, words, positions
    if not takes(logits):
        return race_tokens_reference(*given)
    from kernels.gumbel_triton import race_tokens_fused

    with torch.cuda.device_of(logits):
        return race_tokens_fused(*given)


def race_tokens_reference(
    logits: torch.Tensor,
    temperature: torch.Tensor,
    top_p: torch.Tensor,
    top_k: torch.Tensor,
    words: torch.Tensor,
    positions: torch.Tensor,
) -> torch.Tensor:
    """The same row by row, with a full sort. The same tokens too, but for logarithms rounded another way."""
    rows = logits.float().cpu().numpy()
    settings = (given.cpu().numpy() for given in (temperature, top_p, top_k, words, positions))
    drawn = [_race(*row) for row in zip(rows, *settings, strict=True)]
    return torch.tensor(drawn, dtype=torch.int64, device=logits.device)


def _race(
    logits: npt.NDArray[np.float32],
    temperature: np.float32,
    top_p: np.float64,
    top_k: np.int32,
    words: npt.NDArray[np.int64],
    position: np.int32,
) -> int:
    peak = logits.max()
    if not np.isfinite(peak):
        return -1
    heat = max(temperature, np.float32(COLDEST)) if temperature > 0 else np.float32(1)
    height = (logits - peak) / heat
    kept = logits >= lowest_logit(logits, height, float(top_p), int(top_k))
    noise = gumbel(words, int(position), len(logits)) if temperature > 0 else np.float32(0)
    return int(np.argmax(np.where(kept, height + noise, -np.inf)))


def lowest_logit(
    logits: npt.NDArray[np.float32], height: npt.NDArray[np.float32], top_p: float, top_k: int
) -> np.float32:
    """The lowest logit of the nucleus. height: [vocabulary], tempered logits with the highest at 0."""
    order = np.argsort(-logits, kind="stable")
    ranked = logits[order]
    if 0 < top_k < len(ranked):
        order, ranked = order[ranked >= ranked[top_k - 1]], ranked[ranked >= ranked[top_k - 1]]
    if top_p >= 1:
        return np.float32(ranked[-1])
    mass = np.cumsum(np.exp(height[order]), dtype=np.float64)
    before = np.concatenate([[0.0], mass])[np.searchsorted(-ranked, -ranked, side="left")]
    return np.float32(ranked[before < top_p * mass[-1]][-1])


def gumbel(words: npt.NDArray[np.int64], position: int, count: int) -> npt.NDArray[np.float32]:
    """Noise of the first `count` tokens at a position of a stream. words: [2] of `stream_words`."""
    token = np.arange(count)
    low, high = (int(word) for word in words.view(np.uint64))
    counter = np.stack(
        np.broadcast_arrays(token // (2 * PAIR) * PAIR + token % PAIR, position, high & 0xFFFFFFFF, high >> 32)
    )
    bits = philox(counter.astype(np.uint64), low)
    second = token % (2 * PAIR) >= PAIR
    coarse, fine = np.where(second, bits[2], bits[0]), np.where(second, bits[3], bits[1])
    # A uniform number is wanted with all its digits where it is near 0, and near 1 by its distance from it.
    below = coarse < 2**31
    coarse, fine = (np.where(below, part, part ^ 0xFFFFFFFF).astype(np.float32) for part in (coarse, fine))
    uniform = coarse * np.float32(2**-32) + (fine + np.float32(0.5)) * np.float32(2**-64)
    return -np.log(np.where(below, _minus_log1m(uniform), -np.log(uniform)))


def _minus_log1m(x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """-log(1 - x) with all digits for small x: what 1 - x loses by rounding, the quotient brings back (Kahan)."""
    rest = np.float32(1) - x
    exact = rest == 1
    return np.where(exact, x, np.log(rest) * x / np.where(exact, np.float32(-1), rest - np.float32(1)))


def philox(counter: npt.NDArray[np.uint64], key: int) -> npt.NDArray[np.uint64]:
    """Philox 4x32 with 10 rounds: [4, ...] counters and a key of 64 bits to [4, ...] words of 32 bits."""
    mask = np.uint64(0xFFFFFFFF)
    first, second, third, fourth = counter
    one, two = np.uint64(key & 0xFFFFFFFF), np.uint64(key >> 32)
    for _ in range(10):
        left, right = np.uint64(0xD2511F53) * first, np.uint64(0xCD9E8D57) * third
        first, third = (right >> np.uint64(32)) ^ second ^ one, (left >> np.uint64(32)) ^ fourth ^ two
        second, fourth = right & mask, left & mask
        one, two = (one + np.uint64(0x9E3779B9)) & mask, (two + np.uint64(0xBB67AE85)) & mask
    return np.stack([first, second, third, fourth])
