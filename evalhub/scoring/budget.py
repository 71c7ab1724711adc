"""A model run on part of a pool: which samples are drawn for it, and what its results say of all of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from aggregate.completion import LEAST_MODELS, Pool, learn
from aggregate.pool_mean import Estimate, estimate
from aggregate.selection import select
from evalhub.backends.base import Backend
from evalhub.scoring.grading import Grading
from evalhub.scoring.likelihood import judged_so
from evalhub.scoring.plan import Plan
from evalhub.scoring.score import conditions_of, leave_out
from evalhub.scoring.texts import take_texts
from evalhub.store.choices import extend_choice, kept_choice, own_tokens, own_values, usual_tokens
from evalhub.store.hub import Hub
from evalhub.store.results import measurement_frame
from evalhub.store.samples import load_samples
from evalhub.wording import BASELINE
from ingest.records import Sample, content_hash


@dataclass(frozen=True, eq=False)
class Draw:
    """Samples drawn from a pool for a model."""

    model_id: str
    seed: int

    sample_ids: list[str]
    """To run, in the order in which they were drawn."""

    skipped: dict[str, int]
    """Reasons why samples were left out of the pool, and how many."""

    conditions: dict[str, str]
    """Every sample of the pool that can be asked and judged here, with the id of its condition."""

    groups: list[tuple[str, str]]
    """Source and first tag, by the numbers that `known` gives them."""

    known: Pool
    """What other models have shown of the pool."""

    others: list[str]
    """Ids of these models."""


@dataclass(frozen=True, kw_only=True)
class PoolEstimate:
    """A model's mean pass rate over a pool of which it was run on a part."""

    whole: Estimate
    groups: tuple[tuple[str, str, Estimate], ...]
    """The same by source and first tag."""

    how: str
    """Where the results come from that the model did not give, in words."""

    saved: float | None
    """Share of the tokens that running every sample would have taken; None where no token was generated."""

    cost: str
    """What it is a share of, and where the tokens of samples that were not run are known from, in words."""

    def to_json(self) -> dict[str, Any]:
        """As `evalhub score --json` prints it."""
        groups = [{"source": source, "tag": tag, **_json(found)} for source, tag, found in self.groups]
        plain = {"how": self.how, "saved": self.saved, "cost": self.cost}
        return {**_json(self.whole), **plain, "groups": groups}


def draw(
    hub: Hub, backend: Backend, sample_ids: list[str], plan: Plan, budget: int, sources: Sequence[str] = ()
) -> Draw:
    """Draw up to `budget` samples of a pool for a model, and keep which.

    Those drawn before for the same model, conditions, seed and pool come first, whatever other models have shown
    since. Samples on which the model has results already do not count and are not drawn.

    Args:
        sources: the groups are by these, where a sample is of one of them.

    Raises:
        EvalhubError: no sample can be asked and judged here.
    """
    samples = {sample.sample_id: sample for sample in load_samples(hub, sample_ids, sources)}
    asked = conditions_of(backend, samples.values(), plan.overrides)
    with Grading(hub, judged_so(samples, asked)) as grading:
        skipped = leave_out(samples, backend, grading, asked, plan.overrides)
    if texts := take_texts(samples):
        skipped["a long text has no pass rate that could be estimated: score it without --budget"] = len(texts)
    model_id = backend.model.model_id
    conditions = {sample_id: asked[sample_id].condition_id for sample_id in samples}
    names = [(sample.source, sample.tags[0] if sample.tags else "") for sample in samples.values()]
    groups = sorted(set(names))
    others, known = _learn(hub, model_id, samples, [groups.index(name) for name in names])
    choice_id = content_hash([model_id, plan.seed, sorted(conditions.items())])[:12]
    drawn = kept_choice(hub, choice_id)
    if len(drawn) < budget:
        done = own_values(hub, model_id, plan.seed, conditions).keys() - set(drawn)
        among = np.array([sample_id not in done for sample_id in samples])
        order = select(known, budget, seed=plan.seed, among=among if among.any() else None)
        fresh = [sample_id for sample_id in np.array(list(samples))[order].tolist() if sample_id not in set(drawn)]
        extend_choice(hub, choice_id, fresh[: budget - len(drawn)])
        drawn = kept_choice(hub, choice_id)
    return Draw(model_id, plan.seed, drawn[:budget], skipped, conditions, groups, known, others)


def estimate_pool(hub: Hub, given: Draw) -> PoolEstimate:
    """What the model's results so far, those of the draw and any others, say of the whole pool."""
    values = own_values(hub, given.model_id, given.seed, given.conditions)
    place = {sample_id: number for number, sample_id in enumerate(given.conditions)}
    whole, *groups = estimate(
        given.known,
        np.array([place[sample_id] for sample_id in values], np.int64),
        np.array([np.nan if value is None else value for value in values.values()]),
    )
    saved, cost = _saved(hub, given)
    return PoolEstimate(
        whole=whole,
        groups=tuple((*name, found) for name, found in zip(given.groups, groups, strict=True)),
        how=_how(whole, given.known),
        saved=saved,
        cost=cost,
    )


def _learn(hub: Hub, model_id: str, samples: dict[str, Sample], group_of: list[int]) -> tuple[list[str], Pool]:
    """Other models, and what they show. Variants of one model are not several: their mean counts. Baselines know
    nothing and tell nothing of what is easy."""
    place = pl.DataFrame({"sample": list(samples), "place": np.arange(len(samples))})
    frame = (
        measurement_frame(hub)
        .filter(pl.col("value").is_not_null(), pl.col("model_id") != model_id)
        .filter(~pl.col("model_id").str.starts_with(BASELINE))
        .join(place, on="sample")
        .group_by("model_id", "place")
        .agg(pl.col("value").mean())
        .sort("model_id", "place")
    )
    others = frame["model_id"].unique(maintain_order=True).to_list()
    _, model = np.unique(frame["model_id"].to_numpy(), return_inverse=True)
    clusters = [sample.cluster or sample_id for sample_id, sample in samples.items()]
    known = learn(
        model,
        frame["place"].to_numpy(),
        frame["value"].to_numpy(),
        len(samples),
        group_of=np.array(group_of),
        cluster_of=np.unique(clusters, return_inverse=True)[1],
    )
    return others, known


def _how(whole: Estimate, known: Pool) -> str:
    models = known.prior.models if known.prior else 0
    completed = f"completed from what the results of {models} other models tell"
    plain = "the plain mean of the results speaks for the rest of their group"
    return {
        "all": "every sample has a result",
        "completed": completed,
        "plain": f"{plain}; with {LEAST_MODELS} other models or more it would be completed from theirs",
        "both": f"{completed} where they have seen the samples; elsewhere {plain}",
    }[whole.method]


def _saved(hub: Hub, given: Draw) -> tuple[float | None, str]:
    """Share of the tokens that was saved, and how those of the samples that were not run are known."""
    own = own_tokens(hub, given.model_id, given.seed, given.conditions)
    spent = sum(own.values())
    if not spent:
        return None, "unknown: no token was generated"
    usual = usual_tokens(hub, given.others, given.conditions)
    both = own.keys() & usual.keys()
    scale = sum(own[s] for s in both) / max(sum(usual[s] for s in both), 1e-9) if both else 1.0
    left = given.conditions.keys() - own.keys()
    like = left & usual.keys()
    total = spent + sum(usual[s] for s in like) * scale + (len(left) - len(like)) * spent / len(own)
    return float(1 - spent / total), _words(left, like)


def _words(left: Collection[str], like: Collection[str]) -> str:
    known = ["what other models took for it, in proportion"] if like else []
    unknown = ["this model's mean"] if len(like) < len(left) or not left else []
    every = "of the tokens that all samples would take; those of a sample that was not run are"
    return f"{every} {', or else '.join(known + unknown)}"


def _json(found: Estimate) -> dict[str, Any]:
    plain = asdict(found)
    return {"rate": plain.pop("mean"), **plain}
