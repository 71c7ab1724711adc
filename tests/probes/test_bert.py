"""The encoder's network beside that of transformers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from evalhub.probes.bert import Bert

SIZES = {
    "vocab_size": 50,
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 20,
}


@pytest.mark.parametrize("lengths", [[1], [20], [3, 11, 7]])
def test_states_are_those_of_transformers(lengths: list[int]) -> None:
    """Whatever a text is filled up with."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(1)
    theirs = BertModel(BertConfig(**SIZES), add_pooling_layer=False).eval()
    with torch.no_grad():
        for weight in theirs.parameters():
            weight.normal_(std=0.3)
    ours = Bert({name: weight.numpy() for name, weight in theirs.state_dict().items()}, 4)
    ids = torch.randint(0, 50, (len(lengths), max(lengths)))
    seen = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    with torch.inference_mode():
        expected = theirs(input_ids=ids, attention_mask=seen.long()).last_hidden_state.numpy()
    found = ours(ids.numpy(), seen.numpy())
    others = ours(torch.where(seen, ids, 7).numpy(), seen.numpy())
    for place, length in enumerate(lengths):
        np.testing.assert_allclose(found[place, :length], expected[place, :length], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(others[place, :length], found[place, :length], rtol=1e-5, atol=1e-5)
