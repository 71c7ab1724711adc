"""`evalhub score`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from evalhub.cli.budgets import BudgetType, together
from evalhub.cli.options import Number, Sectioned, hub_option, json_option, print_json
from evalhub.wording import counted

_ATTEMPTS = 16
_ATTEMPTS_FOR_WIDTH = 1000
"""Where neither option is given: a width would never be reached in so few."""


@click.command(
    "score",
    cls=Sectioned,
    sections={
        "Which samples": ("sources", "limit", "bench", "where", "after_cutoff"),
        "How many attempts": ("target", "passes", "max_attempts", "width", "budgets"),
        "How the model is asked": (
            "answer",
            "temperature",
            "top_p",
            "top_k",
            "max_tokens",
            "seed",
        ),
        "Where it runs": ("backend", "device", "dtype", "base_urls", "ray", "replicas"),
    },
)
@click.argument("model")
@click.option(
    "--backend",
    default="",
    metavar="NAME",
    help="What runs MODEL, in the place of a prefix: openai, lm-eval:hf, replay.  [default: told from MODEL]",
)
@click.option("--source", "sources", multiple=True, help="Only samples of this source; may be repeated.")
@click.option("--limit", type=click.IntRange(1), help="At most so many samples of each source.")
@click.option(
    "--bench",
    default="",
    metavar="BENCH",
    help="Only samples of this benchmark (evalhub bench list); the ranking is over it.",
)
@click.option(
    "--where",
    default="",
    metavar="FILTER",
    help="Only samples that fit, as in \"tags = 'chain_sum' AND n_choices > 4\" (docs/filters.md).",
)
@click.option("--after-cutoff", is_flag=True, help="Only samples published after MODEL's training cutoff.")
@click.option(
    "--target",
    default="per-sample",
    show_default=True,
    metavar="per-sample|mean|pass@K|law",
    help="What the attempts are to tell: every sample's rate, their mean, the chance of a pass in K, or what a "
    "larger model would score.",
)
@click.option(
    "--passes",
    type=click.IntRange(1),
    help="Stop a sample at this many passes.  [default: 5; 8 for a law; none with --width]",
)
@click.option(
    "--max-attempts",
    type=click.IntRange(1, 2**31 - 1),
    help=f"Stop a sample after this many attempts.  [default: {_ATTEMPTS}; {_ATTEMPTS_FOR_WIDTH:,} with --width]",
)
@click.option(
    "--width",
    type=Number(0, 1, min_open=True, max_open=True),
    help="Stop a sample when its 95% interval is so narrow; for a mean, make that one's so narrow.",
)
@click.option(
    "--budget",
    "budgets",
    type=BudgetType(),
    multiple=True,
    help="What all of it may take: 400 (samples, drawn so that they tell of the others), 5000attempts, "
    "200ktokens, 30min, 1.5usd; may be repeated.",
)
@click.option(
    "--answer",
    type=click.Choice(["generate", "likelihood"]),
    help="Replaces the sources' own: likelihood asks how likely each choice, or the reference, is.",
)
@click.option("--temperature", type=Number(0), help="Replaces the sources' own; 0 takes the likeliest token.")
@click.option("--top-p", type=Number(0, 1, min_open=True), help="Replaces the sources' own.")
@click.option("--top-k", type=click.IntRange(1), help="Replaces the sources' own: so many likeliest tokens.")
@click.option("--max-tokens", type=click.IntRange(1), help="Replaces the sources' own.")
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Of the random streams."
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option(
    "--dtype",
    type=click.Choice(["auto", "bfloat16", "float16", "float32"]),
    default="auto",
    show_default=True,
    help="Arithmetic of the model; part of the condition. By itself float32 where all answers are likelihoods.",
)
@click.option(
    "--base-url",
    "base_urls",
    multiple=True,
    metavar="URL",
    help="Of a server of MODEL; given several times, these servers share the load.  [default: the one in MODEL, "
    "or OPENAI_BASE_URL]",
)
@click.option(
    "--ray",
    default="",
    metavar="ADDRESS|auto",
    help="Load MODEL on a Ray cluster (docs/scale.md); auto: the one that runs here, or a new one.",
)
@click.option(
    "--replicas",
    type=click.IntRange(1),
    help="With --ray: load it so often.  [default: once a GPU, or once a machine]",
)
@click.option(
    "--regrade",
    is_flag=True,
    help="Judge the attempts that are there anew; no model is loaded, nothing generated.",
)
@json_option
@hub_option
def command(
    model: str,
    backend: str,
    sources: tuple[str, ...],
    limit: int | None,
    bench: str,
    where: str,
    after_cutoff: bool,
    target: str,
    passes: int | None,
    max_attempts: int | None,
    width: float | None,
    budgets: tuple[tuple[str, float], ...],
    answer: str | None,
    temperature: float | None,
    top_p: float | None,
    top_k: int | None,
    max_tokens: int | None,
    seed: int,
    device: str,
    dtype: str,
    base_urls: tuple[str, ...],
    ray: str,
    replicas: int | None,
    regrade: bool,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Score MODEL on the pool and rank it.

    MODEL is smollm2-135m (comes with evalhub), a hub id like org/name, a model folder, a .gguf file, openai:NAME
    on a server, lm-eval:TYPE:ARGS, replay:FILE, baseline:random or baseline:empty. An empty pool is filled with a
    small starter pool first.

    Every attempt is on disk before it is judged: stopped at any moment, the same command goes on where it
    was and ends with the same result.
    """
    model = f"{backend}:{model}" if backend else model
    spent = together(budgets)
    drawn = spent.pop("samples", None)
    if limit and drawn:
        raise click.UsageError("--limit and --budget both say which samples are run: give one of them")
    if regrade:
        _only_regrading()
        _regrade(hub_path, model, sources, as_json=as_json)
        return
    _check(target, passes, max_attempts, width, spent)
    if base_urls and ray:
        raise click.UsageError("--base-url is about servers, --ray loads the model itself: give one of them")
    if replicas and not ray:
        raise click.UsageError("--replicas says how often --ray loads the model: give both")
    from evalhub.backends.opening import Where
    from evalhub.cli.progress import ScoreProgress, waiting
    from evalhub.scoring.plan import Budget, Plan, usual_passes
    from evalhub.scoring.session import score_model
    from evalhub.selection import Selection
    from evalhub.store.hub import Hub

    decoding = {"temperature": temperature, "top_p": top_p, "top_k": top_k, "max_tokens": max_tokens}
    if answer == "likelihood" and any(value is not None for value in decoding.values()):
        raise click.UsageError("--answer likelihood generates nothing: leave the options of decoding out")
    overrides = {"answer": answer, **decoding}
    if temperature == 0 and not model.startswith("baseline:") and not as_json:
        click.echo("temperature 0 gives the same output every time: one attempt of each sample", err=True)
    plan = Plan(
        passes=passes or (None if width else usual_passes(target)),
        max_attempts=max_attempts or (_ATTEMPTS_FOR_WIDTH if width else _ATTEMPTS),
        width=width,
        target=target,
        budget=Budget(**spent),
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
            budget=drawn,
            selection=Selection(bench=bench, where=where, after_cutoff=after_cutoff),
            device=device,
            dtype=dtype,
            where=Where(base_urls=base_urls, ray=ray, replicas=replicas),
            waiting=waiting,
            watching=ScoreProgress,
        )
    if as_json:
        print_json(session.to_json())
    else:
        from evalhub.cli.figures import print_figures
        from evalhub.cli.tables import print_pool_estimate, print_ranking, print_summary, print_time

        print_summary(session.summary)
        print_figures(session.figures)
        if session.pool:
            click.echo()
            print_pool_estimate(session.pool)
        if session.ranking:
            click.echo()
            if session.benchmark:
                click.echo(f"Benchmark {session.benchmark}")
            print_ranking(session.ranking)
            click.echo("\nSee it: evalhub serve")
        print_time(session.summary, session.time)
    if session.summary.interrupted:
        left = counted(session.summary.unsettled, "sample")
        _end(session.stopped_by, f"{left} to be tried further. Rankings hear of it when it ends.")


def _end(number: int, state: str) -> None:
    """Say how it stands after a signal, and exit as shells expect it."""
    click.echo(f"stopped; what was done is kept, and the same command goes on: {state}", err=True)
    click.get_current_context().exit(128 + number)


def _check(
    target: str, passes: int | None, max_attempts: int | None, width: float | None, spent: dict[str, Any]
) -> None:
    """Refuse what makes no sense together."""
    from evalhub.scoring.plan import MEAN, Plan, is_target

    if not is_target(target):
        raise click.UsageError(f"--target {target}: give per-sample, mean, law, or pass@K as in pass@10")
    k = Plan(target=target).k
    if target == MEAN and passes:
        raise click.UsageError("--target mean does not stop at passes: leave --passes out")
    if target == MEAN and max_attempts and "attempts" in spent:
        raise click.UsageError("--max-attempts and --budget both say how many attempts the mean gets: give one")
    if k and width:
        raise click.UsageError(f"--width is about pass rates, not {target}: give one of them")
    if k and k > (max_attempts or _ATTEMPTS):
        raise click.UsageError(f"--target {target} needs {k} attempts of a sample: --max-attempts {k} or more")


def _only_regrading() -> None:
    """Refuse options that say how to make attempts: none is made."""
    context = click.get_current_context()
    idle = {"regrade", "sources", "as_json", "hub_path", "model", "backend"}
    given = [
        param.opts[0]
        for param in context.command.params
        if param.name and param.name not in idle and _was_given(context, param.name)
    ]
    if given:
        raise click.UsageError(f"--regrade makes no attempts: leave {', '.join(given)} out")


def _was_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _regrade(hub_path: Path, model: str, sources: tuple[str, ...], *, as_json: bool) -> None:
    from evalhub.cli.progress import waiting
    from evalhub.scoring.regrade import regrade
    from evalhub.store.hub import Hub

    with Hub(hub_path, make=False) as hub, waiting(f"judging the attempts of {model} anew"):
        found = regrade(hub, model, sources)
    if as_json:
        print_json(found.to_json())
        return
    from evalhub.cli.tables import print_ranking, print_regraded, print_summary

    print_summary(found.summary)
    print_regraded(found)
    if found.ranking:
        click.echo()
        print_ranking(found.ranking)
