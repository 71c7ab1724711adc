"""`evalhub rank`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from evalhub.cli.options import Columns, hub_option, json_option, level_option, print_json

_MOST_REPLICATES = 1_000_000
"""Beyond these an interval's ends no longer change, and nobody would see them."""


@click.command("rank")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--method", default="auto", show_default=True, help="How to aggregate, e.g. mean, bradley-terry.")
@click.option(
    "--by",
    default="",
    metavar="COLUMN",
    help="Also one ranking for each value of a column that says something of the samples: tag, source or, in "
    "FILES, any other. The methods take it for the sample's tag (source only where there is no column tag).",
)
@click.option(
    "--compare",
    is_flag=True,
    help="Show auto, mean and bradley-terry side by side.  [default: say whether they agree, where the method is "
    "auto and there are at most two million rows]",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="Draw the overall ranking, and who beats whom how often, into a file: .svg, .png or .html.",
)
@click.option(
    "--balance",
    type=click.Choice(["sources", "pairs"]),
    multiple=True,
    help="sources: every source has the same weight, however many samples it has. pairs: a sample that k models "
    "saw weighs 1/(k-1), so that the most measured ones do not drown the others (only for methods that compare "
    "models in pairs). May be given twice.  [default: every sample has the same weight]",
)
@level_option("the intervals and of the rank ranges", 0.95)
@click.option(
    "--intervals",
    type=click.Choice(["sandwich", "bootstrap"]),
    default="sandwich",
    show_default=True,
    help="From the variance between clusters, or by resampling them; the first is faster.",
)
@click.option(
    "--replicates",
    type=click.IntRange(2, _MOST_REPLICATES),
    default=1000,
    show_default=True,
    help="Of the bootstrap.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all that is drawn.")
@click.option("--source", default="", help="Hub: only the samples of this source.  [default: the whole pool]")
@click.option("--bench", default="", metavar="BENCH", help="Hub: only the samples of this benchmark.")
@click.option(
    "--where",
    default="",
    metavar="FILTER",
    help="Hub: only samples that fit, as in \"tags LIKE 'phys%' AND n_choices > 4\".",
)
@click.option(
    "--models",
    default="",
    metavar="FILTER",
    help='Hub: only models that fit, as in "open_weights AND parameters < 10e9".',
)
@click.option(
    "--after-cutoff",
    is_flag=True,
    help="Hub: each model only on samples published after its own training cutoff.",
)
@click.option(
    "--columns",
    type=Columns(),
    help="FILES: what they call our columns, as in sample=question_id,value=score.",
)
@click.option(
    "--metric",
    default="",
    metavar="NAME",
    help="Only what is measured by the metric of this name.  [default: the main one of each output; FILES: all]",
)
@click.option(
    "--kind",
    type=click.Choice(["binary", "numeric", "ordinal"]),
    help="FILES: what a value is, where no column kind says it.  [default: told from the values]",
)
@click.option(
    "--direction",
    type=click.Choice(["up", "down"]),
    help="FILES: up where higher is better, where no column direction says it.  [default: up]",
)
@click.option(
    "--ray",
    default="",
    metavar="ADDRESS|auto",
    help="FILES: count wins on a Ray cluster (docs/scale.md), for methods that compare models in pairs.",
)
@json_option
@hub_option
def command(
    files: tuple[Path, ...],
    by: Any,
    compare: bool,
    plot: Path | None,
    balance: tuple[str, ...],
    source: str,
    bench: str,
    where: str,
    models: str,
    after_cutoff: bool,
    columns: dict[str, str] | None,
    metric: str,
    kind: Any,
    direction: Any,
    ray: str,
    as_json: bool,
    hub_path: Path,
    **how: Any,
) -> None:
    """Rank the models of the hub, or of FILES, of which there may be several.

    FILES are Parquet, CSV or JSONL in long form and need no hub. Values: model, sample, value (or
    passes and attempts, or all three); optional cluster, tag, source, metric, kind, direction. Votes: model_a,
    model_b, outcome (a, b or tie); optional sample, cluster. Missing values are left out, never counted as 0.

    A FILTER is a condition on named columns (docs/filters.md). What is unknown fits no comparison. A BENCH is a
    NAME, a NAME@VERSION or the first digits of a hash (evalhub bench list).

    A ranking of the hub is kept for the leaderboard where it is made with none but --method and --source.
    """
    if files and (source or bench or where or models or after_cutoff):
        raise click.UsageError(
            "--source, --bench, --where, --models and --after-cutoff are about the hub; FILES are ranked whole "
            "(see --by source)"
        )
    if not files and (columns or kind or direction or ray):
        raise click.UsageError("--columns, --kind, --direction and --ray are about FILES; the hub knows them")
    if ray and (by or compare or balance):
        raise click.UsageError("--ray counts wins, which tell nothing for --by, --compare and --balance")
    if not files and by not in ("", "tag", "source"):
        raise click.UsageError(f"--by {by}: the samples of a hub have tag and source")
    if plot is not None:
        from evalhub.plot_files import check_target

        check_target(plot)

    from aggregate.counted import Counted
    from aggregate.measurements import Measurements
    from aggregate.method import check_options
    from evalhub.cli.progress import telling
    from evalhub.ranking import HowToRank, hub_slices, select
    from evalhub.report import report
    from evalhub.selection import Selection

    try:
        check_options(how["level"], how["intervals"], how["replicates"])
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    plan = HowToRank(
        **how,
        balance_sources="sources" in balance,
        balance_pairs="pairs" in balance,
        metric="" if files else metric,
    )
    selection = Selection(source=source, where=where, bench=bench, models=models, after_cutoff=after_cutoff)
    beside: dict[str, Any] = {}
    benchmark = None
    measurements: Measurements | Counted
    with telling() as tell:
        if ray:
            from evalhub.cluster.counting import count_files

            plan.check_by_counts()
            measurements = count_files(
                files, ray, columns=columns, metric=metric, direction=direction or "up", tell=tell
            )
            made = report(measurements, plan, tell=tell)
        elif files:
            from evalhub.file_measurements import read_files

            measurements, parts = read_files(
                files,
                columns=columns,
                by=by,
                metric=metric,
                kind=kind,
                direction=direction or "up",
                tell=tell,
            )
            made = report(measurements, plan, by=by, parts=parts, compare=compare, tell=tell)
        else:
            from aggregate.parts import Parts
            from evalhub.counts import refresh
            from evalhub.store.hub import Hub
            from evalhub.store.results import save_ranking

            with Hub(hub_path, make=False) as hub:
                held = hub_slices(hub, source, metric)
                by_counts = selection.is_kept and plan.by_counts(hub, source, held)
                if by_counts and not (by or compare):
                    tell("counting what changed")
                    measurements, parts = refresh(hub, source, held), None
                    made = report(measurements, plan, tell=tell)
                else:
                    selected = select(hub, selection, metric)
                    measurements = selected.measurements
                    parts = Parts.by(by, measurements) if by else None
                    made = report(measurements, plan, by=by, parts=parts, compare=compare, tell=tell)
                    made = replace(made, ranking=selected.finished(made.ranking))
                    beside, benchmark = selected.to_json(), selected.benchmark
                beside["selection"] = selection.to_json()
                kept = selection.is_kept and plan == HowToRank(method=plan.method)
                if kept and isinstance(measurements, Counted) == by_counts:
                    save_ranking(hub, made.ranking, source, held)
        if plot is not None:
            from aggregate.win_rates import win_rates
            from evalhub.plot_files import write_plot
            from evalhub.ranking_plot import ranking_plot

            tell(f"drawing {plot}")
            write_plot(plot, ranking_plot(made.ranking, measurements.models, win_rates(measurements)))
    if as_json:
        print_json({**made.to_json(), **beside})
        return
    from evalhub.cli.rank_tables import print_agreement, print_parts
    from evalhub.cli.tables import print_ranking

    if benchmark:
        click.echo(f"Benchmark {benchmark}")
    print_ranking(made.ranking)
    print_agreement(made, side_by_side=compare)
    print_parts(made)
