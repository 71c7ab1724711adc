"""`evalhub score`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from evalhub.cli.options import Number, hub_option, json_option, print_json


@click.command("score")
@click.argument("model")
@click.option("--source", "sources", multiple=True, help="Only samples of this source; may be repeated.")
@click.option("--limit", type=click.IntRange(1), help="At most so many samples of each source.")
@click.option(
    "--budget",
    type=click.IntRange(1),
    help="Run at most so many samples in all, drawn so that they tell of the others, and estimate the whole.",
)
@click.option(
    "--passes",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Stop a sample at this many passes.",
)
@click.option(
    "--max-attempts",
    type=click.IntRange(1, 2**31 - 1),
    default=16,
    show_default=True,
    help="Stop a sample after this many attempts.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Of the random streams."
)
@click.option("--temperature", type=Number(0), help="Replaces the sources' own; 0 takes the likeliest token.")
@click.option("--top-p", type=Number(0, 1, min_open=True), help="Replaces the sources' own.")
@click.option("--max-tokens", type=click.IntRange(1), help="Replaces the sources' own.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option(
    "--dtype",
    type=click.Choice(["auto", "bfloat16", "float16", "float32"]),
    default="auto",
    show_default=True,
    help="Arithmetic of the model; part of the condition.",
)
@json_option
@hub_option
def command(
    model: str,
    sources: tuple[str, ...],
    limit: int | None,
    budget: int | None,
    passes: int,
    max_attempts: int,
    seed: int,
    temperature: float | None,
    top_p: float | None,
    max_tokens: int | None,
    device: str,
    dtype: str,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Score MODEL on the pool and rank it.

    MODEL is smollm2-135m (comes with evalhub), a hub id like org/name, a model folder, a .gguf file,
    baseline:random or baseline:empty. An empty pool is filled with a small starter pool first.

    Every attempt is on disk before it is judged: stopped at any moment, the same command goes on where it
    was and ends with the same result.
    """
    if limit and budget:
        raise click.UsageError("--limit and --budget both say which samples are run: give one of them")
    from evalhub.cli.progress import ScoreProgress, waiting
    from evalhub.scoring.plan import Plan
    from evalhub.scoring.session import score_model
    from evalhub.store.hub import Hub

    overrides: dict[str, Any] = {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens}
    if temperature == 0 and not model.startswith("baseline:"):
        if not as_json:
            click.echo("temperature 0 gives the same output every time: one attempt of each sample", err=True)
        passes = max_attempts = 1
    plan = Plan(
        passes=passes,
        max_attempts=max_attempts,
        seed=seed,
        overrides={name: value for name, value in overrides.items() if value is not None},
    )
    with Hub(hub_path) as hub:
        session = score_model(
            hub,
            model,
            plan,
            chosen_sources=sources,
            limit=limit,
            budget=budget,
            device=device,
            dtype=dtype,
            waiting=waiting,
            watching=ScoreProgress,
        )
    if as_json:
        print_json(session.to_json())
    else:
        from evalhub.cli.tables import print_pool_estimate, print_ranking, print_summary

        print_summary(session.summary)
        if session.pool:
            click.echo()
            print_pool_estimate(session.pool)
        if session.ranking:
            click.echo()
            print_ranking(session.ranking)
            click.echo("\nSee it: evalhub serve")
