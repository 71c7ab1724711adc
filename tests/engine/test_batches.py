"""The embedded model gives the same attempts whatever the batch and the number of workers."""

import os

import pytest

from evalhub.backends.base import Request
from evalhub.backends.transformers import TransformersBackend, _cpu_has_bfloat16
from ingest.records import Condition
from ingest.sources.human_eval import HumanEval
from tests.backends.embedded import converted
from tests.backends.test_backends import all_of

SHORT = Condition(form="plain", temperature=0.8, top_p=0.95, max_tokens=8)


def outputs(slots: int, workers: int, dtype: str, monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, int], str]:
    monkeypatch.setattr("evalhub.backends.transformers._SLOTS", {"cpu": slots, "cuda": slots})
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(workers)))
    converted(dtype)
    backend = TransformersBackend("smollm2-135m", device="cpu", dtype=dtype)
    try:
        prompts = [sample.prompt for sample in HumanEval().samples(limit=3)]
        condition = backend.condition(SHORT)
        # Unequal numbers of attempts, so that prompts have companies of all sizes.
        requests = [
            Request(text, n, 3, text, condition) for k, text in enumerate(prompts) for n in range(3 * k + 1)
        ]
        return {key: output.text for key, output in all_of(backend, requests).items()}
    finally:
        backend.close()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_same_seed_gives_the_same_attempts_whatever_the_batch(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if dtype == "bfloat16" and not _cpu_has_bfloat16():
        pytest.skip("this processor has no bfloat16 products: nobody runs it so here, and it takes minutes")
    first = outputs(64, 1, dtype, monkeypatch)
    assert len(set(first.values())) > 6, "attempts must differ from one another"
    assert outputs(7, 2, dtype, monkeypatch) == first
