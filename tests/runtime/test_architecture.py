"""Configurations: sizes as they are published, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalhub.errors import EvalhubError
from evalhub.runtime.architecture import read_architecture

LLAMA_8B = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
}


def config(folder: Path, content: Any) -> Path:
    (folder / "config.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


@pytest.mark.parametrize(
    ("content", "parameters", "active", "layers", "query_width", "kv_width"),
    [
        (LLAMA_8B, 8.03e9, 8.03e9, 32, 4096, 2048),
        ({"model_type": "gpt2"}, 124e6, 124e6, 12, 768, 1536),
        ({"model_type": "mixtral", "num_key_value_heads": 8}, 46.7e9, 12.9e9, 32, 4096, 2048),
        ({"model_type": "deepseek_v3"}, 671e9, 37.6e9, 61, 8192, 576),
        ({"model_type": "falcon"}, 6.92e9, 6.92e9, 32, 4544, 128),
    ],
)
def test_as_published(
    content: Any, parameters: float, active: float, layers: int, query_width: int, kv_width: int, tmp_path: Path
) -> None:
    """Grouped heads, experts, one head for all, and latent attention."""
    found = read_architecture(config(tmp_path, content))
    assert found.parameters == pytest.approx(parameters, rel=0.01)
    assert found.active == pytest.approx(active, rel=0.01)
    assert (found.layers, found.query_width, found.kv_width) == (layers, query_width, kv_width)


def test_sizes_that_are_given_stand(tmp_path: Path) -> None:
    found = read_architecture(config(tmp_path, LLAMA_8B), parameters=10**10, active=10**9)
    assert (found.parameters, found.active) == (10**10, 10**9)
    with pytest.raises(EvalhubError, match="cannot be"):
        read_architecture(config(tmp_path, LLAMA_8B), parameters=10**9, active=10**10)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "no configuration"),
        ({"model_type": "nobody-knows"}, "no configuration"),
        ({"model_type": "t5"}, "an encoder and a decoder"),
        ({"model_type": "vit"}, "--parameters"),
        ("null", "no configuration"),
        ({"model_type": "mine", "auto_map": {"AutoConfig": "code.Mine"}}, "no configuration"),
        ({**LLAMA_8B, "num_attention_heads": 0}, "no configuration"),
        ({**LLAMA_8B, "num_hidden_layers": 10**9}, "1,000,000,000 layers"),
    ],
)
def test_what_is_none_is_one_line(content: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(EvalhubError, match=said) as error:
        read_architecture(config(tmp_path, content))
    assert "\n" not in str(error.value)
    with pytest.raises(EvalhubError, match="no such file"):
        read_architecture(tmp_path / "elsewhere")
