"""What fits into memory: a model's weights, and how many tokens beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psutil

from evalhub.errors import EvalhubError

_WEIGHTS = (".safetensors", ".bin")
_WIDTHS = {"float32": 4, "bfloat16": 2, "float16": 2}
_CGROUP = Path("/sys/fs/cgroup")


def check_fit(name: str, folder: Path, dtype: str) -> None:
    """Refuse a model whose weights alone are more than the memory that is free.

    Raises:
        EvalhubError: it does not fit, or its configuration cannot be read.
    """
    needed, free = _weight_bytes(folder, dtype), free_memory()
    if needed > free:
        smaller = " or --dtype bfloat16" if dtype == "float32" else ""
        raise EvalhubError(
            f"{name} does not fit: its weights take {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB of memory are "
            f"free; use a smaller model{smaller}, a larger machine, or a server that runs it (openai:NAME)"
        )


def free_memory() -> int:
    """Bytes that this process may still take: of the machine, or of its container."""
    free: int = psutil.virtual_memory().available
    try:
        limit = int((_CGROUP / "memory.max").read_text())
        used = int((_CGROUP / "memory.current").read_text())
    except (OSError, ValueError):
        return free
    return min(free, max(limit - used, 0))


def token_bytes(config: Any, width: int) -> int:
    """Bytes of a token's keys and values in all layers.

    Args:
        config: of the model's text part.
        width: bytes of a number.
    """
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(2 * config.num_hidden_layers * heads * size * width)


def _weight_bytes(folder: Path, dtype: str) -> int:
    """Of a model's files, in the arithmetic given."""
    files = [path for path in folder.iterdir() if path.suffix in _WEIGHTS]
    stored = sum(path.stat().st_size for path in files)
    try:
        config = json.loads((folder / "config.json").read_text())
    except ValueError as error:
        raise EvalhubError(f"{folder / 'config.json'} is broken: {error}") from None
    kept = config.get("dtype") or config.get("torch_dtype") or config.get("text_config", {}).get("dtype")
    return stored * _WIDTHS[dtype] // _WIDTHS.get(kept, 2)
