"""`evalhub live`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalhub.cli.live_releases import check_command, list_command, removed_command, show_command
from evalhub.cli.options import Columns, hub_option, json_option, level_option, print_json

if TYPE_CHECKING:
    from aggregate.rerun.plan import Plan
    from evalhub.live.plan import Standing
    from evalhub.live.predict import Prediction

_MOST = 10**12
"""Of samples and of answers."""

_old = click.option(
    "--old",
    required=True,
    metavar="FILE|RELEASE",
    help="Results on the release before: a file, or a release of the hub.",
)
_columns = click.option(
    "--columns", type=Columns(), help="What the files call a column, e.g. sample=question_id,value=score."
)
_metric = click.option(
    "--metric", default="", metavar="NAME", help="Only rows of this metric, where files hold several."
)


@click.group("live")
def command() -> None:
    """See the releases of live samples; plan and predict when a new one appears."""


for _command in (list_command, show_command, removed_command, check_command):
    command.add_command(_command)


@command.command("predict")
@_old
@click.option("--new", required=True, metavar="FILE|RELEASE", help="Results on the new release, of some models.")
@click.option(
    "--models",
    default="",
    metavar="M|NAME,…",
    help="Which models count as run on the new release: so many, spread over the old scores, or these. Results of "
    "others in --new are hidden and shown beside what is predicted.  [default: all that have results in --new]",
)
@_columns
@_metric
@level_option("the intervals; the alarm is false in 1 - LEVEL of the releases", 0.95)
@json_option
@hub_option
def predict_command(
    old: str,
    new: str,
    models: str,
    columns: dict[str, str] | None,
    metric: str,
    level: float,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Predict every model's score on a new release. It takes the results of the few that were run on it.

    FILE is Parquet, CSV or JSONL in long form: model, sample, value; optional cluster, tag, metric. Values lie
    in [0, 1]; missing ones are left out, never counted as 0. A model that answered some of the new samples, drawn
    at random, gets the interval that this leaves.
    """
    from evalhub.cli.progress import telling
    from evalhub.live.predict import predict
    from evalhub.live.results import Results

    with telling() as tell:
        results = Results(hub=hub_path, columns=columns, metric=metric, tell=tell)
        found = results.on(new)
        release = predict(results.on(old), found, models, level=level, warnings=results.lacking(new, found))
    if as_json:
        print_json(release.to_json())
        return
    _print_prediction(release)


@command.command("plan")
@_old
@click.option("--new", default="", metavar="RELEASE", help="The new release, where it is in the hub.")
@click.option("--new-samples", type=click.IntRange(1, _MOST), help="Samples of the new release, where it is not.")
@click.option(
    "--budget",
    required=True,
    type=click.IntRange(1, _MOST),
    help="Answers (model x sample) that may be asked for.",
)
@click.option("--retired", multiple=True, metavar="MODEL", help="A model that can no longer be run; repeatable.")
@_columns
@_metric
@json_option
@hub_option
def plan_command(
    old: str,
    new: str,
    new_samples: int | None,
    budget: int,
    retired: tuple[str, ...],
    columns: dict[str, str] | None,
    metric: str,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Say which models to run on how much of a new release. It tells what error to expect.

    Either some models answer all samples and the others are predicted, or all models answer a random share.
    """
    if bool(new) == bool(new_samples):
        raise click.UsageError("give --new RELEASE for one of the hub, or --new-samples N for one elsewhere")

    from evalhub.cli.progress import telling
    from evalhub.live.plan import plan_json, plan_release
    from evalhub.live.results import Results

    with telling() as tell:
        results = Results(hub=hub_path, columns=columns, metric=metric, tell=tell)
        on = results.standing(new) if new else None
        samples = on.samples if on else new_samples or 0
        made = plan_release(results.on(old), samples, budget, retired=retired)
    if as_json:
        print_json(plan_json(made, on))
        return
    _print_plan(made, on)


def _print_prediction(release: Prediction) -> None:
    from rich.table import Table

    from evalhub.cli.tables import console, escape
    from evalhub.wording import counted

    out, found, hidden = console(), release.scores, release.backtest
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", overflow="fold")
    for name in ("score", f"{found.level * 100:.12g}% interval", "from", "old", "shift", "observed"):
        if name != "observed" or hidden:
            table.add_column(name, justify="left" if name == "from" else "right")
    for row in found.models:
        cells = [
            escape(row.model),
            f"{row.score:.3f}",
            f"{row.low:.3f} to {row.high:.3f}",
            counted(row.answered, "answer") if row.rerun else "prediction",
            "" if row.old is None else f"{row.old:.3f}",
            "" if row.rerun else f"{found.shift[row.model]:.3f}",
        ]
        if hidden:
            cells.append(f"{hidden.observed[row.model]:.3f}" if row.model in hidden.observed else "")
        table.add_row(*cells)
    out.print(f"[bold]{counted(found.samples, 'new sample')}[/], {counted(len(found.rerun), 'model')} run on them")
    out.print(table)
    out.print(
        "[dim]score: on all new samples; the interval is about what answering every one would give. "
        "old: what carry says.[/]"
    )
    if hidden:
        errors = ", ".join(f"{name} {100 * error:.2f}" for name, error in hidden.error.items())
        out.print(
            f"Mean error over {counted(len(hidden.observed), 'hidden model')}, in points: {errors}. "
            f"{hidden.held:.0%} of the intervals hold."
        )
    drift = found.drift
    out.print(
        f"{'[yellow]Drift:[/]' if drift.alarm else 'No drift:'} models run on both score {drift.change:+.3f} "
        f"({drift.low:+.3f} to {drift.high:+.3f}) on average; p = {drift.p_value:.2g}, an alarm below "
        f"{drift.false_alarms:.3g}"
    )
    for warning in found.warnings:
        out.print(f"[yellow]warning:[/] {escape(warning)}")


def _print_plan(made: Plan, on: Standing | None) -> None:
    from rich.table import Table

    from evalhub.cli.tables import console, escape
    from evalhub.live.plan import commands
    from evalhub.wording import counted

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("by", "expected error", "answers", "models", "samples each"):
        table.add_column(name, justify="left" if name == "by" else "right")
    for way in made.ways:
        table.add_row(
            way.way,
            f"{100 * way.expected_error:.2f} points",
            f"{way.answers:,}",
            f"{len(way.models):,}",
            f"{way.samples_each:,} ({way.share:.0%})",
        )
    out = console()
    out.print(f"[bold]{counted(made.samples, 'new sample')}[/], a budget of {counted(made.budget, 'answer')}")
    out.print(table)
    for way in made.ways:
        if way.way == "models":
            out.print(f"Models that answer everything: {escape(', '.join(way.models))}")
    out.print("[dim]expected error: mean absolute error of the scores that are not measured in full.[/]")
    if on:
        click.echo("\n".join(commands(made.ways[0], on)) or "every model of the better way has answered its share")
