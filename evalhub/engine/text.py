"""Between texts and tokens: how a request is put to a model, and what its tokens say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from evalhub.backends.base import Request

_LEAST_SHARED = 32
"""Fewer common tokens than this are not worth computing by themselves."""


class Text:
    """A model's tokenizer as the engine uses it.

    Args:
        model: for the tokens that end its outputs.
        tokenizer: of transformers.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.ends = _end_tokens(model, tokenizer)

    def encode(self, request: Request) -> list[int]:
        """Token ids of a request's prompt."""
        condition = request.condition
        if condition.form == "plain":
            ids: list[int] = self.tokenizer(condition.preamble + request.text)["input_ids"]
            return ids
        messages = [{"role": "user", "content": request.text}]
        if condition.preamble:
            messages.insert(0, {"role": "system", "content": condition.preamble})
        text = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        chat: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return chat

    def shared(self, request: Request, tokens: Sequence[int]) -> int:
        """How many tokens at its beginning a request has in common with any other of its condition: 0 where it is
        not worth anything."""
        if not request.condition.preamble:
            return 0
        # What two unlike texts leave as it is.
        others = [self.encode(replace(request, text=text)) for text in ("", "1 ?")]
        count = min(_common(tokens, other) for other in others)
        return count if count >= _LEAST_SHARED else 0

    def decode(self, last: int, generated: list[int]) -> str:
        """Text of generated tokens, with the leading space that some tokenizers drop at the start of a text.

        Args:
            last: the prompt's last token.
        """
        anchor: str = self.tokenizer.decode([last])
        text: str = self.tokenizer.decode([last, *generated])
        return text[len(anchor) :] if text.startswith(anchor) else self.tokenizer.decode(generated)

    def cut(self, last: int, generated: list[int], stops: Sequence[str]) -> str | None:
        """The text up to the first stop string, if the newest token completes one in what was generated."""
        # A stop string ends in the newest token, so a tail as long as the longest one is enough to look at.
        tail = self.tokenizer.decode(generated[-max(map(len, stops)) - 1 :])
        if not any(stop in tail for stop in stops):
            return None
        text = self.decode(last, generated)
        ends = [text.index(stop) for stop in stops if stop in text]
        return text[: min(ends)] if ends else None


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _end_tokens(model: Any, tokenizer: Any) -> set[int]:
    """The tokens that end an output: the model's own and the tokenizer's."""
    ends: set[int] = set()
    for value in (getattr(model.generation_config, "eos_token_id", None), tokenizer.eos_token_id):
        if isinstance(value, int):
            ends.add(value)
        elif value is not None:
            ends.update(value)
    return ends
