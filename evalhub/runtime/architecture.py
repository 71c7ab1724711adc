"""What a model is made of, read from its configuration in the form of transformers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalhub.errors import EvalhubError
from evalhub.runtime.roofline import Architecture

_CHOSEN = ("num_experts_per_tok", "num_experts_per_token", "moe_topk")
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts")

_MOST_LAYERS = 10_000
"""Counting the weights of more would have no end."""


def read_architecture(path: Path, *, parameters: int | None = None, active: int | None = None) -> Architecture:
    """The architecture of a configuration: a file config.json, or the folder that it is in.

    parameters, active: where they are known; else the model is laid out without its weights, and they are counted.

    Raises:
        EvalhubError: the configuration cannot be read, lacks a number, or is of no model of text.
    """
    config = read_config(path)
    if parameters is None or (active is None and _one(config, _EXPERTS)):
        total, passed = counted(config, path)
        parameters, active = parameters or total, active or passed
    active = active or parameters
    if not 0 < active <= parameters:
        raise EvalhubError(f"{active:,} active parameters of {parameters:,} cannot be")
    try:
        return laid_out(config, parameters, active)
    except (AttributeError, TypeError, ValueError, ArithmeticError):
        raise EvalhubError(f"{path} does not say layers, width and heads") from None


def read_config(path: Path) -> Any:
    """The part on text of a configuration: a file config.json, or the folder that it is in.

    Raises:
        EvalhubError: it cannot be read, or is of no model of one stack.
    """
    from transformers import AutoConfig
    from transformers.utils import logging

    logging.set_verbosity_error()
    file = path / "config.json" if path.is_dir() else path
    if not file.is_file():
        raise EvalhubError(f"{file} cannot be read: there is no such file")
    try:
        whole = AutoConfig.from_pretrained(file, trust_remote_code=False)
    except Exception as error:  # whatever transformers raises of a file that it cannot read
        raise EvalhubError(f"{file} is no configuration of transformers: {_line(error)}") from None
    if getattr(whole, "is_encoder_decoder", False):
        raise EvalhubError(f"{file} is of an encoder and a decoder: only models of one stack have a roofline here")
    text = whole.get_text_config()
    layers = getattr(text, "num_hidden_layers", None)
    if isinstance(layers, int) and layers > _MOST_LAYERS:
        raise EvalhubError(f"{file} speaks of {layers:,} layers: no model has more than some hundred")
    return text


def laid_out(config: Any, parameters: int, active: int) -> Architecture:
    """The architecture of a configuration of text, of so many weights.

    Raises:
        AttributeError, TypeError: it does not say layers, width and heads as others do.
    """
    heads = config.num_attention_heads
    head = getattr(config, "head_dim", None) or config.hidden_size // heads
    return Architecture(
        parameters=parameters,
        active=active,
        layers=int(config.num_hidden_layers),
        query_width=heads * head,
        kv_width=_kept(config, heads, head),
    )


def passed_through(config: Any, sizes: Mapping[str, int]) -> int:
    """How many of the weights, by name, a token passes through."""
    experts = sum(size for name, size in sizes.items() if ".experts." in name)
    chosen, among = _one(config, _CHOSEN), _one(config, _EXPERTS)
    idle = experts * (1 - chosen / among) if experts and chosen and among else 0
    return round(sum(sizes.values()) - idle)


def _kept(config: Any, heads: int, head: int) -> int:
    """Numbers that a layer keeps of a token: keys and values of each head or group of heads; of latent attention
    (DeepSeek-AI 2024, arXiv 2405.04434) what both are made from."""
    if latent := getattr(config, "kv_lora_rank", None):
        return int(latent + config.qk_rope_head_dim)
    groups = getattr(config, "num_key_value_heads", None)
    if groups is None:
        groups = 1 if getattr(config, "multi_query", False) else heads
    return int(2 * groups * head)


def counted(config: Any, path: Path) -> tuple[int, int]:
    """All weights of a configuration from a path, and those that a token passes through.

    Raises:
        EvalhubError: it cannot be laid out.
    """
    import torch
    from transformers import AutoModelForCausalLM

    try:
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config)
    except Exception as error:  # a configuration may lay out anything
        raise EvalhubError(f"{path}: its weights cannot be counted, say --parameters: {_line(error)}") from None
    sizes = {name: weight.numel() for name, weight in model.named_parameters()}
    return sum(sizes.values()), passed_through(config, sizes)


def _one(config: Any, names: tuple[str, ...]) -> int | None:
    return next((value for name in names if (value := getattr(config, name, None))), None)


def _line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]
