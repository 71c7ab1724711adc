"""Which cells of the matrix of models and samples are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evalhub.store.hub import Hub
from evalhub.store.origins import OF_SOURCE
from evalhub.wording import BASELINE

CUTOFF = f"CASE WHEN starts_with(model_id, '{BASELINE}') THEN DATE '0001-01-01' ELSE cutoff END"
"""SQL: last date of a model's training data, NULL where unknown. A chance baseline was trained on nothing."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A condition on samples, and what of the models. Nothing said is everything."""

    samples: str = "TRUE"
    """SQL condition on sample_id and source, of samples and votes alike."""

    parameters: Mapping[str, object] = field(default_factory=dict)
    """Of that condition, by name."""

    models: tuple[str, ...] | None = None
    """Only these, by id."""

    after_cutoff: bool = False
    """Of each model, only samples published after its training cutoff; none where either date is unknown."""

    @classmethod
    def of_source(cls, source: str) -> Wanted:
        """The samples that a source has, and votes on them; all where it is ''."""
        return cls(samples=f"({OF_SOURCE})", parameters={"source": source}) if source else cls()

    @classmethod
    def of_benchmark(cls, benchmark_id: str) -> Wanted:
        """The samples of a benchmark."""
        within = "SELECT sample_id FROM benchmark_sample WHERE benchmark_id = $benchmark"
        return cls(samples=f"sample_id IN ({within})", parameters={"benchmark": benchmark_id})

    @property
    def given(self) -> dict[str, object]:
        """The parameters of `samples` and of `of_model` together."""
        return {**self.parameters, **({} if self.models is None else {"models": list(self.models)})}

    def of_model(self, name: str) -> str:
        """SQL condition on the model in a column, named with its table, beside the sample's published_at."""
        conditions = ["TRUE"]
        if self.models is not None:
            conditions.append(f"list_contains($models::VARCHAR[], {name})")
        if self.after_cutoff:
            conditions.append(
                f"published_at > (SELECT {CUTOFF} FROM model AS known WHERE known.model_id = {name})"
            )
        return " AND ".join(conditions)


EVERYTHING = Wanted()


def count_samples(hub: Hub, wanted: Wanted) -> int:
    """How many samples of the pool the condition on samples holds for."""
    query = f"SELECT count(*) AS samples FROM sample WHERE {wanted.samples}"
    found: int = hub.frame(query, wanted.parameters)["samples"][0]
    return found


def count_undated(hub: Hub, wanted: Wanted) -> int:
    """How many of these samples that have any value do not say when they were published."""
    query = f"""
        SELECT count(*) AS samples FROM sample
        WHERE published_at IS NULL AND ({wanted.samples})
              AND sample_id IN (SELECT sample_id FROM measured WHERE value IS NOT NULL)
    """
    found: int = hub.frame(query, wanted.parameters)["samples"][0]
    return found
