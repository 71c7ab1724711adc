"""What would go unnoticed on a short text is noticed before a model is run."""

import pytest
import torch
import transformers

from evalhub.engine.engine import Engine
from evalhub.engine.seam import Refused
from tests.engine.models import GROUPED, REFUSED, tokenizer
from tests.engine.test_engine import PLAIN, requests, run


def test_a_window_that_only_the_mask_knows_is_seen_however_long_it_is() -> None:
    config = REFUSED["qwen2-moe-window"]()
    config.sliding_window = 128  # longer than the text on which logits are compared
    with pytest.raises(Refused, match="window"):
        Engine(transformers.AutoModelForCausalLM.from_config(config).eval(), tokenizer(), 8)


def test_attention_in_chunks_is_seen_however_long_they_are() -> None:
    config = transformers.Llama4TextConfig(
        **GROUPED, head_dim=12, intermediate_size_mlp=96, num_local_experts=2, attention_chunk_size=128
    )
    with pytest.raises(Refused, match="window"):
        Engine(transformers.AutoModelForCausalLM.from_config(config).eval(), tokenizer(), 8)


def test_positions_that_hang_on_the_longest_text_of_a_batch_are_not_used() -> None:
    scaled = {"rope_type": "longrope", "rope_theta": 10000.0, "original_max_position_embeddings": 64}
    config = transformers.Phi3Config(
        **GROUPED,
        original_max_position_embeddings=64,
        rope_parameters={**scaled, "short_factor": [1.0] * 6, "long_factor": [3.0] * 6},
    )
    torch.manual_seed(0)
    engine = Engine(transformers.AutoModelForCausalLM.from_config(config).eval(), tokenizer(), 8)
    assert engine.context == 64
    outputs = run(engine, requests(PLAIN, 1)).values()
    assert all(output.prompt_tokens + output.tokens <= 64 for output in outputs)
