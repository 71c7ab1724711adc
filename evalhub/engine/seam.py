"""The one seam to transformers: a model's forward pass in which a cache of ours answers the attention.

transformers lets a cache hand back whatever it likes in place of keys and values, and lets an attention function
be registered by name. Here a cache's layer hands back itself, and the function asks it to attend. So every
architecture that goes through these two interfaces (Llama, Qwen, Gemma, GPT-NeoX, Mistral, Phi, …) runs
unchanged, and prompts, slots and trees of choices differ in their layers alone.

Who sees whom is the layers' affair, too. Where a model makes a mask of its own that they could not know (image
tokens that see each other), transformers is left to make it, and the layers are told.
"""

from __future__ import annotations

import inspect
from abc import abstractmethod
from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.cache_utils import Cache, CacheLayerMixin
from transformers.masking_utils import sdpa_mask

from evalhub.errors import EvalhubError

ATTENTION = "evalhub"


class Refused(EvalhubError):
    """A model that would not be run rightly this way, while transformers' own `generate` may run it."""


def use_attention(model: Any, name: str) -> None:
    """Make the text part of a model attend in this way, one of transformers' or `ATTENTION`.

    Raises:
        Refused: its attention cannot be chosen.
    """
    config = model.config.get_text_config()
    for module in model.modules():
        if isinstance(module, PreTrainedModel) and module.config is config:
            module.set_attn_implementation(name)
            break
    if config._attn_implementation != name:
        raise Refused(f"{type(model).__name__} computes its attention by itself")


def context_of(config: Any) -> int:
    """Positions that a model can be fed with.

    Args:
        config: of its text part.
    """
    most: int = getattr(config, "max_position_embeddings", None) or 2048
    rope = getattr(config, "rope_parameters", None) or {}
    for part in (rope, *(part for part in rope.values() if isinstance(part, dict))):
        if part.get("rope_type") == "longrope":
            # Beyond this the longest text of a batch changes the rotation of all others.
            most = min(most, part.get("original_max_position_embeddings") or most)
    return most


class Layer(CacheLayerMixin):
    """Keys and values of one layer of a model, and how queries attend to them."""

    keys: torch.Tensor
    values: torch.Tensor

    mask: torch.Tensor | None = None
    """Which tokens those now fed see, boolean [rows, 1, tokens, m], where transformers was asked to say."""

    def __init__(self) -> None:
        super().__init__()
        self.keys = self.values = torch.empty(0)

    @abstractmethod
    def keep(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Take the keys and values of the tokens that are now fed, [rows, key heads, tokens, width]."""

    @abstractmethod
    def attend(
        self, query: torch.Tensor, *, scale: float, softcap: float | None, window: int | None
    ) -> torch.Tensor:
        """Attend with the queries of the tokens that are now fed.

        Args:
            query: [rows, heads, tokens, width].
            scale: scores are multiplied by it.
            softcap: scores are squeezed between plus and minus this, where given.
            window: a token sees only so many tokens, itself included, where given.

        Returns:
            [rows, heads, tokens, width].
        """

    def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any) -> Any:
        """What transformers calls: keep, and answer for keys and values."""
        self.keep(key_states, value_states)
        return self, self

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Nothing: layers make room when they keep."""

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return query_length, 0

    def get_seq_length(self) -> int:
        return 0

    def get_max_length(self) -> int:
        return -1


def forward(
    model: Any,
    tokens: torch.Tensor,
    positions: torch.Tensor | None,
    layers: list[Any],
    keep: int | torch.Tensor = 1,
    masks: bool = False,
    **more: Any,
) -> torch.Tensor:
    """Run a model on tokens at positions, its attention answered by these layers.

    Args:
        model: told to `use_attention(model, ATTENTION)`.
        tokens: [rows, n].
        positions: [rows, n]; None for those that the model itself gives to a text from its beginning.
        keep: logits of the last so many places only, or of the places given, [m].
        masks: let transformers tell the layers which tokens are seen.
        more: what else the model takes (images).

    Returns:
        logits [rows, m, vocabulary].
    """
    # A mask of four dimensions is handed through by every model; the layers know better and do not look at it.
    mask = None if masks else torch.zeros(1, 1, 1, 1, device=tokens.device)
    output = model(
        input_ids=tokens,
        attention_mask=mask,
        position_ids=positions,
        use_cache=True,
        logits_to_keep=keep,
        **{_cache_name(model): Cache(layers=layers)},
        **more,
    )
    logits: torch.Tensor = output.logits
    return logits


def _cache_name(model: Any) -> str:
    """The argument's name: transformers 5.2x calls `cache` what was `past_key_values` before."""
    return "cache" if "cache" in inspect.signature(type(model).forward).parameters else "past_key_values"


def attend_plainly(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    seen: torch.Tensor,
    *,
    scale: float,
    softcap: float | None,
) -> torch.Tensor:
    """Grouped-query attention by plain matrix products: no copy of keys for the query heads that share them.

    Args:
        query: [rows, heads, tokens, width].
        keys, values: [rows, key heads, m, width].
        seen: which of the m each token sees, boolean, to be broadcast to [rows, heads, tokens, m].

    Returns:
        [rows, heads, tokens, width].
    """
    rows, heads, tokens, _ = query.shape
    scores = squeeze(group_scores(query, keys), scale, softcap).masked_fill_(~seen, float("-inf"))
    weights = torch.softmax(scores, -1).to(values.dtype)
    mixed = group_mix(weights, values)
    return mixed.view(rows, heads, tokens, values.shape[-1])


def group_scores(query: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """Products of queries [b, heads, tokens, width] with keys [b, key heads, m, width]: [b, heads, tokens, m]."""
    batch, heads, tokens, width = query.shape
    key_heads, seen = keys.shape[1], keys.shape[2]
    grouped = query.reshape(batch * key_heads, heads // key_heads * tokens, width)
    scores = torch.bmm(grouped, keys.reshape(batch * key_heads, seen, width).transpose(1, 2))
    return scores.view(batch, heads, tokens, seen)


def group_mix(weights: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Values [b, key heads, m, width] mixed by weights [b, heads, tokens, m]: [b, heads, tokens, width]."""
    batch, heads, tokens, seen = weights.shape
    key_heads, width = values.shape[1], values.shape[-1]
    grouped = weights.reshape(batch * key_heads, heads // key_heads * tokens, seen)
    mixed = torch.bmm(grouped, values.reshape(batch * key_heads, seen, width))
    return mixed.view(batch, heads, tokens, width)


def squeeze(scores: torch.Tensor, scale: float, softcap: float | None) -> torch.Tensor:
    """Scores in float32, scaled and soft-capped."""
    scores = scores.float().mul_(scale)
    return scores if softcap is None else scores.div_(softcap).tanh_().mul_(softcap)


def _attention(
    module: torch.nn.Module,  # noqa: ARG001 (transformers' signature)
    query: torch.Tensor,
    key: Layer,
    value: Layer,  # noqa: ARG001
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    softcap: float | None = None,
    sliding_window: int | None = None,
    s_aux: torch.Tensor | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    if s_aux is not None:
        raise NotImplementedError("attention sinks")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    key.mask = attention_mask if attention_mask is not None and attention_mask.dtype is torch.bool else None
    return key.attend(query, scale=scale, softcap=softcap, window=sliding_window).transpose(1, 2), None


def _mask(*args: Any, **options: Any) -> torch.Tensor:
    """A mask as for torch's own attention, written out even where that would do without."""
    mask: torch.Tensor = sdpa_mask(
        *args, **{**options, "allow_is_causal_skip": False, "allow_is_bidirectional_skip": False}
    )
    return mask


AttentionInterface.register(ATTENTION, _attention)
AttentionMaskInterface.register(ATTENTION, _mask)
