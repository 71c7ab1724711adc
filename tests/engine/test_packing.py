"""Packed weights compute what plain ones do, and what fits into memory is known beforehand."""

from pathlib import Path

import pytest
import torch

from evalhub.engine import memory
from evalhub.engine.memory import check_fit, token_bytes
from evalhub.engine.packing import PackedLinear, pack
from evalhub.errors import EvalhubError
from tests.engine.models import CONFIGS, make


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_a_packed_layer_computes_what_the_plain_one_does(bias: bool, dtype: torch.dtype, close: float) -> None:
    torch.manual_seed(0)
    plain = torch.nn.Linear(48, 96, bias=bias).to(dtype)
    model = torch.nn.Sequential(plain, torch.nn.SiLU(), torch.nn.Embedding(3, 4))
    pack(model)
    assert isinstance(model[0], PackedLinear)
    states = torch.randn(5, 7, 48).to(dtype)
    with torch.inference_mode():
        assert torch.allclose(model[0](states), plain(states), atol=close)


def test_a_packed_row_does_not_depend_on_the_others() -> None:
    torch.manual_seed(0)
    for dtype in (torch.float32, torch.bfloat16):
        packed = PackedLinear(torch.nn.Linear(576, 192).to(dtype))
        states = torch.randn(64, 576).to(dtype)
        with torch.inference_mode():
            whole = packed(states)
            for rows in range(8, 64, 8):
                assert torch.equal(packed(states[:rows]), whole[:rows])


def test_a_model_that_does_not_fit_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(tmp_path / "tiny", "llama")
    check_fit("tiny", folder, "float32")
    monkeypatch.setattr(memory, "free_memory", lambda: 1000)
    with pytest.raises(EvalhubError, match=r"tiny does not fit.*--dtype bfloat16") as caught:
        check_fit("tiny", folder, "float32")
    assert "\n" not in str(caught.value)


def test_a_tokens_keys_and_values_are_counted_by_key_heads() -> None:
    config = CONFIGS["llama"]()
    assert token_bytes(config, 2) == 2 * config.num_hidden_layers * 2 * (48 // 4) * 2
