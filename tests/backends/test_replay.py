"""Recorded attempts in place of a model."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from aggregate.rates import rate_of
from evalhub.backends.base import Request
from evalhub.backends.opening import open_backend
from evalhub.backends.replay import ReplayBackend
from evalhub.errors import EvalhubError
from ingest.records import Condition, Sample, Status
from tests.cli.helpers import evalhub, written

REAL = Path(__file__).parents[3] / "shared/data/scaling/humaneval_codegen16b_n100_outcomes.csv"


def outcomes_file(folder: Path, **outcomes: str) -> Path:
    """A file with the outcomes of each sample's attempts."""
    return written(
        pl.DataFrame({"sample": list(outcomes), "outcomes": list(outcomes.values())}), folder / "runs.csv"
    )


def served(backend: ReplayBackend, name: str, attempts: range, seed: int = 0) -> list[tuple[str, Status]]:
    """What comes back for a sample's attempts."""
    condition = backend.condition(Condition())
    backend.submit([Request(name, attempt, seed, "?", condition) for attempt in attempts])
    return [(output.text, output.status) for output in backend.collect(0)]


def sample(name: str, grader: str = "exact") -> Sample:
    return Sample(prompt=f"{name}?", grader=grader, reference="x", source="mine", source_id=name)


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """Outputs of one sample, by its name within its source."""
    frame = pl.DataFrame({"sample": "q", "attempt": range(40), "output": [f"text {n}" for n in range(40)]})
    return written(frame, tmp_path / "outputs.parquet")


def test_attempts_come_as_they_were_recorded(outputs: Path) -> None:
    """In their order for seed 0, in an order of its own for another seed, and none beyond the last one."""
    backend = open_backend(f"replay:{outputs}")
    assert isinstance(backend, ReplayBackend) and backend.model.model_id == "replay:outputs"
    known = sample("q")
    assert backend.refuses(known, known.condition) == ""
    recorded = [(f"text {n}", Status.OK) for n in range(40)]
    assert served(backend, known.sample_id, range(40)) == recorded
    third = served(backend, known.sample_id, range(40), seed=3)
    assert third != recorded and sorted(third) == sorted(recorded)
    assert served(backend, known.sample_id, range(5, 9), seed=3) == third[5:9]
    assert served(ReplayBackend(f"replay:{outputs}"), "q", range(40), seed=3) == third, "the same on every day"
    assert served(backend, known.sample_id, range(40), seed=4) != third
    ((why, status),) = served(backend, known.sample_id, range(40, 41))
    assert status is Status.ERROR and "there are 40 attempts" in why


def test_samples_that_are_not_recorded_are_not_asked(outputs: Path, tmp_path: Path) -> None:
    """Nor those whose grader would read an outcome as an output, nor is any likelihood known."""
    backend = ReplayBackend(f"replay:{outputs}")
    assert "not recorded" in backend.refuses(sample("other"), Condition())
    assert "log-likelihoods" in backend.refuses(sample("q"), Condition(answer="likelihood"))
    only = ReplayBackend(f"replay:{outcomes_file(tmp_path, q='PF')}")
    assert "only outcomes" in only.refuses(sample("q"), Condition())
    assert only.refuses(sample("q", "outcome"), Condition()) == ""


def test_another_file_of_the_same_name_is_another_condition(tmp_path: Path) -> None:
    """However it is asked for, what is recorded is the same."""
    first = ReplayBackend(f"replay:{outcomes_file(tmp_path, q='PF')}").condition(Condition())
    second = ReplayBackend(f"replay:{outcomes_file(tmp_path, q='PFF')}")
    assert first != second.condition(Condition()) == second.condition(Condition(temperature=0.0, variant="t"))


def test_a_file_that_cannot_be_replayed_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(EvalhubError, match="cannot be read"):
        open_backend(f"replay:{tmp_path / 'absent.csv'}")


def test_a_recording_goes_the_way_of_a_model(tmp_path: Path, hub_path: Path) -> None:
    """Ingested, scored, tallied: up to the pass that settles a sample, timeouts left out."""
    file = outcomes_file(tmp_path, a="PTFPFFP", b="FFTTFFF", c="TTTTTTT")
    assert evalhub("ingest", f"recorded:{file}", "--hub", hub_path).code == 0
    done = evalhub("score", f"replay:{file}", "--passes", 2, "--max-attempts", 7, "--json", "--hub", hub_path).json
    (part,) = done["sources"]
    assert (part["samples"], part["attempts"], part["passes"], part["missing"]) == (3, 3 + 5, 2, 1 + 2 + 7)
    assert part["rate"] == pytest.approx(1 / 4)
    assert evalhub("score", f"replay:{file}", "--max-attempts", 9, "--json", "--hub", hub_path).json["warnings"]


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="shared/data/scaling is not on this machine")
def test_the_real_recording_gives_the_unbiased_rates(hub_path: Path) -> None:
    """164 problems x 100 attempts."""
    evalhub("ingest", f"recorded:{REAL}", "--hub", hub_path)
    done = evalhub(
        "score", f"replay:{REAL}", "--passes", 8, "--max-attempts", 100, "--json", "--hub", hub_path
    ).json
    read = {"P": True, "F": False, "T": None}
    rates = [
        rate_of([read[letter] for letter in text], 8).rate
        for text in pl.read_csv(REAL)["outcomes_PFT_in_order"].to_list()
    ]
    assert done["sources"][0]["rate"] == pytest.approx(
        sum(rate for rate in rates if rate is not None) / len(rates)
    )
