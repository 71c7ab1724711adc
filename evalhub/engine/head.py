"""A model's output head set aside on a GPU: its hidden states are scored without their logits ever being written.

What models do to their logits differs. So a head is used only where, on a few tokens, its scores are those of the
model's own logits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from evalhub.engine.prompts import PromptLayer
from evalhub.engine.seam import forward
from kernels.device import takes
from kernels.token_scores import token_scores

_PROBE = 8
"""Tokens that are compared at the start."""

_TOLERANCE = 2**-6
"""Of the largest logit, by which scores may differ: four steps of bfloat16's, to which logits are rounded."""


class Head:
    """The last layer of a model.

    Args:
        linear: it, without a bias.
        softcap: that the model puts on its logits, where it does.
    """

    def __init__(self, linear: torch.nn.Linear, softcap: float | None) -> None:
        self._linear = linear
        self._softcap = softcap

    def score(
        self, run: Callable[[], torch.Tensor], places: torch.Tensor, targets: torch.Tensor
    ) -> tuple[list[float], list[bool]]:
        """Log-probabilities of tokens, and whether they are the likeliest.

        Args:
            run: a forward pass of the model with one row; what it returns are not logits now.
            places: of each token, its place among those whose logits are asked for, [n].
            targets: the tokens, [n].
        """
        with self._aside() as caught:
            run()
        found = token_scores(caught[0][0][places], self._linear.weight, targets, softcap=self._softcap)
        return found.logprob.tolist(), found.greedy.tolist()

    @contextmanager
    def _aside(self) -> Iterator[list[torch.Tensor]]:
        """While the model runs, the layer keeps what it is given, and answers with logits of no tokens."""
        caught: list[torch.Tensor] = []

        def keep(hidden: torch.Tensor) -> torch.Tensor:
            caught.append(hidden)
            return hidden.new_empty(*hidden.shape[:-1], 0)

        own: Any = self._linear
        own.forward = keep
        try:
            yield caught
        finally:
            del own.forward


@torch.inference_mode()
def head_of(model: Any) -> Head | None:
    """The head of a model that lies where a kernel takes over; None elsewhere, or where scores would differ."""
    linear = model.get_output_embeddings()
    if type(linear) is not torch.nn.Linear or linear.bias is not None or not takes(linear.weight):
        return None
    config = model.config.get_text_config()
    head = Head(linear, getattr(config, "final_logit_softcapping", None))
    return head if _agrees(head, model, config) else None


def _agrees(head: Head, model: Any, config: Any) -> bool:
    tokens = torch.arange(_PROBE, device=model.device) % config.vocab_size
    places = torch.arange(_PROBE, device=model.device)

    def run() -> torch.Tensor:
        layers = [PromptLayer() for _ in range(config.num_hidden_layers)]
        return forward(model, tokens[None], places[None], layers, places)

    logits = run()[0].float()
    own = logits.log_softmax(-1).gather(1, tokens[:, None])[:, 0]
    ours = torch.tensor(head.score(run, places, tokens)[0], device=own.device)
    return bool(((ours - own).abs() <= _TOLERANCE * logits.abs().max()).all())
