"""Between texts and tokens: how a request is put to a model, and what its tokens say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from evalhub.backends.base import Request
from evalhub.engine.eyes import Eyes, Sight
from ingest.records import Condition

_LEAST_SHARED = 32
"""Fewer common tokens than this are not worth computing by themselves."""


class Text:
    """A model's tokenizer as the engine uses it.

    Args:
        model: for the tokens that end its outputs.
        tokenizer: of transformers.
        eyes: where the model takes images; then its processor has the chat template.
    """

    def __init__(self, model: Any, tokenizer: Any, eyes: Eyes | None = None) -> None:
        self.tokenizer = tokenizer
        self.eyes = eyes
        self._pieces = hasattr(model.config, "vision_config")
        """Whether the chat template takes messages in pieces, as those of models that look at images do."""

        self.ends = _end_tokens(model, tokenizer)
        self._asked: tuple[str, Condition] | None = None
        self._prompt: tuple[list[int], int] = [], 0
        """What was asked last, and its tokens: the attempts of a sample follow each other."""

        self._said: dict[int, str] = {}
        """What tokens say by themselves."""

    @property
    def chat(self) -> bool:
        """Whether there is a chat template."""
        return bool((self.eyes.processor if self.eyes else self.tokenizer).chat_template)

    @property
    def prefix(self) -> int:
        """The token that stands for the beginning of a text.

        Raises:
            ValueError: the tokenizer has none.
        """
        for token in (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id):
            if token is not None:
                return int(token)
        raise ValueError("the tokenizer has no token that begins a text")

    def encode(self, request: Request) -> list[int]:
        """Token ids of a request's prompt."""
        return self.tokens([self.render(request)], request)[0]

    def prompt(self, request: Request) -> tuple[list[int], int]:
        """Token ids of a request's prompt, and how many at its beginning are `shared`."""
        asked = request.text, replace(request.condition, max_tokens=0)
        if asked != self._asked:
            tokens = self.encode(request)
            self._asked, self._prompt = asked, (tokens, self.shared(request, tokens))
        return self._prompt

    def look(self, request: Request) -> Sight:
        """A request's prompt with its images.

        Raises:
            ValueError: the model takes none.
        """
        if self.eyes is None:
            raise ValueError("the model takes no images")
        return self.eyes.look(self.render(request), request.images, request.condition.form == "plain")

    def render(self, request: Request) -> str:
        """The text that the model goes on from, its images in front."""
        condition = request.condition
        if condition.form == "plain":
            images = self.eyes.token * len(request.images) if self.eyes else ""
            return condition.preamble + images + request.text
        messages = [self._message("user", request.text, len(request.images))]
        if condition.preamble:
            messages.insert(0, self._message("system", condition.preamble))
        template = (self.eyes.processor if self.eyes else self.tokenizer).apply_chat_template
        text: str = template(messages, add_generation_prompt=True, tokenize=False)
        return text

    def _message(self, role: str, text: str, images: int = 0) -> dict[str, Any]:
        pieces = [{"type": "image"}] * images + [{"type": "text", "text": text}]
        return {"role": role, "content": pieces if self._pieces else text}

    def tokens(self, texts: list[str], request: Request) -> list[list[int]]:
        """Token ids of texts that begin as a request's prompt does."""
        special = request.condition.form == "plain"  # a chat template has its own
        ids: list[list[int]] = self.tokenizer(texts, add_special_tokens=special)["input_ids"]
        return ids

    def shared(self, request: Request, tokens: Sequence[int], least: int = _LEAST_SHARED) -> int:
        """How many tokens at its beginning a request has in common with any other of its condition: 0 where it is
        fewer than the least that is worth anything."""
        if not request.condition.preamble:
            return 0
        # What two unlike texts leave as it is.
        others = [self.encode(replace(request, text=text)) for text in ("", "1 ?")]
        count = min(common(tokens, other) for other in others)
        return count if count >= least else 0

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
        if not self._may_end(generated[-1], stops):
            return None
        text = self.decode(last, generated)
        ends = [text.index(stop) for stop in stops if stop in text]
        return text[: min(ends)] if ends else None

    def _may_end(self, token: int, stops: Sequence[str]) -> bool:
        """Whether a stop string's last character may be one that this token brings. Most bring none, and to decode
        an output for each of thousands of tokens a second would keep a GPU waiting."""
        said = self._said.get(token)
        if said is None:
            said = self._said[token] = self.tokenizer.decode([token])
        # A part of a character says nothing by itself, and a space may be there only behind another token.
        return "\ufffd" in said or any(stop[-1] == " " or stop[-1] in said for stop in stops)


def common(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two texts have in common at their beginning."""
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
