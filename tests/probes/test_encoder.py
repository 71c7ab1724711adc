"""The embedded encoder itself."""

from __future__ import annotations

import numpy as np
import pytest

from evalhub.embedded import EmbeddedFile
from evalhub.errors import EvalhubError
from evalhub.probes.encoder import MiniLM


@pytest.fixture(scope="module")
def encoder() -> MiniLM:
    try:
        return MiniLM()
    except EvalhubError as error:
        pytest.skip(f"no text encoder here: {error}")


@pytest.mark.slow
def test_it_knows_what_texts_are_about_whatever_the_batch(encoder: MiniLM) -> None:
    texts = [
        "Which functional group does an aldehyde have?",
        "A carbonyl carbon bound to hydrogen",
        "Who decides an appeal against a judgement?",
        "",
        "word " * 2000,
    ]
    vectors = encoder.encode(texts)
    assert vectors.shape == (5, 384) and np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.1
    for text, vector in zip(texts, vectors, strict=True):
        assert encoder.encode([text])[0] @ vector > 0.9999
    assert encoder.encode(["word " * 3000])[0] @ vectors[4] > 0.9999, "what is longer is cut"


@pytest.mark.slow
def test_a_byte_that_is_no_text_is_read_as_the_sign_for_it(encoder: MiniLM) -> None:
    """As a command line gives it; and half of a pair, as a careless program does."""
    odd, read = ["adding \udcff numbers", "\ud83d"], ["adding \ufffd numbers", "\ufffd"]
    assert np.array_equal(encoder.encode(odd), encoder.encode(read))
    assert not encoder.cuts(odd[0]) and encoder.cuts("word \udcff " * 300)


def test_without_a_network_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(file: EmbeddedFile) -> None:
        raise EvalhubError(f"{file.what} cannot be had: {file.instead}")

    monkeypatch.setattr(EmbeddedFile, "fetch", unreachable)
    with pytest.raises(EvalhubError, match="--where alone"):
        MiniLM()
