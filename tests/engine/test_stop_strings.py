"""Stop strings are found token by token as in the whole text, whatever a tokenizer makes of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from evalhub.engine.text import Text
from tests.engine.models import tokenizer as of_bytes


def of_pieces() -> Any:
    """A space belongs to the piece behind it and is dropped at the start of a text; other characters are bytes."""
    words = ["▁the", "▁quick", "fox", "s", "▁", ".", "\n", "End", "é"]
    table = [
        ("<unk>", 0.0),
        *((word, -2.0) for word in words),
        *((f"<0x{byte:02X}>", -9.0) for byte in range(256)),
    ]
    pieces = Tokenizer(models.Unigram(table, unk_id=0, byte_fallback=True))
    pieces.pre_tokenizer = pre_tokenizers.Metaspace()
    pieces.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=pieces)


TOKENIZERS = {"bytes": of_bytes, "pieces": of_pieces}


@pytest.fixture(scope="module", params=TOKENIZERS)
def text(request: pytest.FixtureRequest) -> Text:
    return Text(SimpleNamespace(config=object(), generation_config=None), TOKENIZERS[request.param]())


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_first_stop_string_ends_the_text(text: Text, data: st.DataObject) -> None:
    written = data.draw(st.text("the quick fox\n.é▁日 \U0001f98a", min_size=1, max_size=12))
    ids = text.tokenizer(written, add_special_tokens=False)["input_ids"]
    tokens = [
        *(data.draw(st.lists(st.integers(1, len(text.tokenizer) - 1), max_size=4))),
        *ids,
        *(data.draw(st.lists(st.sampled_from(ids or [1]), max_size=6))),
    ]
    last = tokens[0]
    whole = text.decode(last, tokens)
    begin = data.draw(st.integers(0, max(0, len(whole) - 1)))
    # What stands for broken characters may yet become another text: nobody stops there.
    stops = [
        whole[begin : begin + data.draw(st.integers(1, 4))].replace("\ufffd", "") or ".",
        data.draw(st.sampled_from([".", "\n", " ", "End"])),
    ]
    for count in range(1, len(tokens) + 1):
        said = text.decode(last, tokens[:count])
        expected = min((said.index(stop) for stop in stops if stop in said), default=None)
        found = text.cut(last, tokens[:count], stops)
        if expected is not None:
            assert found == said[:expected]
            return
        assert found is None


def test_a_token_that_ends_no_stop_string_costs_no_decoding(text: Text, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = text.tokenizer("the the the", add_special_tokens=False)["input_ids"]
    assert text.cut(tokens[0], tokens, ["\n"]) is None
    monkeypatch.setattr(text, "tokenizer", None)
    assert text.cut(tokens[0], tokens, ["\n", "Q:"]) is None
