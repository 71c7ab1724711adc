"""A synthetic task for tiny models: sums and products of a few digits, some kinds much harder than others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

LETTERS = "0123456789+*="
"""Each is a token."""

END = "<end>"
VOCABULARY = {letter: number for number, letter in enumerate([*LETTERS, END, "<unknown>"])}

KINDS = {
    "add-2": ("+", 2, 2),
    "add-3": ("+", 3, 3),
    "mul-1x1": ("*", 1, 1),
    "mul-2x1": ("*", 2, 1),
    "mul-2x2": ("*", 2, 2),
}
"""Sign and digits of both numbers, by the tag of the samples."""

LONGEST = 13
"""Tokens of the longest problem with its answer and end."""

_HELD_OUT = 12, 40
"""Problems of each kind that are never trained on: where there are only 100, and elsewhere."""


@dataclass(frozen=True)
class Problem:
    """One problem and its answer."""

    kind: str
    prompt: str
    answer: str

    @property
    def tokens(self) -> list[int]:
        """Prompt, answer and end."""
        return [*(VOCABULARY[letter] for letter in self.prompt + self.answer), VOCABULARY[END]]


def draw(kind: str, generator: np.random.Generator) -> Problem:
    """A problem of a kind."""
    sign, first, second = KINDS[kind]
    a, b = (int(generator.integers(10 ** (digits - 1), 10**digits)) for digits in (first, second))
    return Problem(kind, f"{a}{sign}{b}=", str(a + b if sign == "+" else a * b))


def held_out(seed: int) -> list[Problem]:
    """Problems that no model is trained on, nor on them with their numbers exchanged."""
    generator = np.random.default_rng([seed, 1])
    found: dict[str, Problem] = {}
    for kind, (_, first, second) in KINDS.items():
        wanted = len(found) + _HELD_OUT[first + second > 2]
        while len(found) < wanted:
            problem = draw(kind, generator)
            if _exchanged(problem.prompt) not in found:
                found.setdefault(problem.prompt, problem)
    return list(found.values())


def training(seed: int, size: int) -> Iterator[list[Problem]]:
    """Batches without end, the same ones for every model; all kinds are equally frequent."""
    never = {prompt for problem in held_out(seed) for prompt in (problem.prompt, _exchanged(problem.prompt))}
    generator = np.random.default_rng([seed, 2])
    kinds = list(KINDS)
    while True:
        batch: list[Problem] = []
        while len(batch) < size:
            problem = draw(kinds[generator.integers(len(kinds))], generator)
            if problem.prompt not in never:
                batch.append(problem)
        yield batch


def tokenizer() -> Any:
    """One token a letter, nothing before and nothing between."""
    import transformers
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    letters = Tokenizer(models.WordLevel(VOCABULARY, unk_token="<unknown>"))
    letters.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    letters.decoder = decoders.Fuse()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=letters, eos_token=END, pad_token=END, unk_token="<unknown>"
    )


def write_samples(problems: list[Problem], path: Path) -> None:
    """For `evalhub ingest jsonl:FILE`."""
    import polars as pl

    frame = pl.DataFrame(
        {
            "id": [f"{one.kind}/{one.prompt}" for one in problems],
            "prompt": [one.prompt for one in problems],
            "reference": [int(one.answer) for one in problems],
            "tags": [[one.kind] for one in problems],
        }
    )
    frame.write_ndjson(path)


def _exchanged(prompt: str) -> str:
    """The same problem with its numbers exchanged."""
    for sign in "+*":
        first, found, second = prompt.removesuffix("=").partition(sign)
        if found:
            return f"{second}{sign}{first}="
    raise ValueError(prompt)
