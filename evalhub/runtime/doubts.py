"""What of a question about runtimes the model's configuration, or the accelerator, does not bear out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evalhub.errors import EvalhubError
from evalhub.runtime.architecture import counted, read_config
from evalhub.runtime.estimate import Load
from evalhub.wording import short_size

_OFF = 0.05
"""Share by which a number of weights may differ from what is laid out: embeddings are counted in several ways."""

_POSITIONS = ("max_position_embeddings", "n_positions", "max_seq_len")


def of_loads(loads: Sequence[Load]) -> list[str]:
    """Accelerators that do not multiply weights as they are kept."""
    return [
        f"{load.accelerator.name} does not multiply {load.dtype}: weights are read as {load.dtype}, made bf16 and "
        "multiplied so"
        for load in loads
        if load.dtype not in load.accelerator.flops
    ]


def of_configuration(path: Path, *, tokens: int, parameters: int | None) -> list[str]:
    """More tokens, or another number of weights, than the configuration has. What cannot be laid out is not
    doubted.

    Raises:
        EvalhubError: the configuration cannot be read.
    """
    config, said = read_config(path), []
    positions = next((most for name in _POSITIONS if isinstance(most := getattr(config, name, None), int)), None)
    if positions is not None and 0 < positions < tokens:
        said.append(f"{path}: prompt and output are {tokens:,} tokens, the model has {positions:,} positions")
    if parameters is not None:
        try:
            total, _ = counted(config, path)
        except EvalhubError:
            return said
        if abs(parameters / total - 1) > _OFF:
            said.append(
                f"{path}: --parameters {short_size(parameters)} is taken, its configuration lays out "
                f"{short_size(total)}"
            )
    return said
