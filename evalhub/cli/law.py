"""`evalhub law`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalhub.cli.law_pass_at import pass_at_command
from evalhub.cli.options import (
    Count,
    Number,
    check_hub_options,
    hub_option,
    json_option,
    level_option,
    print_json,
    seed_option,
    selection_options,
    sizes_options,
)

if TYPE_CHECKING:
    from aggregate.laws.law import Law


_LEAST = 100
"""Weights that a model may have."""


@click.group("law")
def command() -> None:
    """Lay laws through pass rates: what larger models will score."""


command.add_command(pass_at_command)


@command.command("fit")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@selection_options(
    "Hub: only",
    "The models of the family: a filter of the hub, as in \"model LIKE 'pythia-%'\"; of FILES, names or "
    "patterns of models or families, as in 'pythia-*,small'.",
)
@sizes_options("Parameters of models, where neither a column parameters nor evalhub model set says them.")
@click.option(
    "--chance",
    type=Number(0, 1, max_open=True),
    default=0.0,
    show_default=True,
    help="Pass rate of a guess, where neither a column chance nor the choices that the hub knows say it: 0.25 "
    "with four choices.",
)
@click.option(
    "--predict", "wanted", type=Count(), multiple=True, help="What a model of this size would score; repeatable."
)
@level_option("the intervals")
@click.option("--resamples", type=click.IntRange(100), default=1000, show_default=True, help="Of the samples.")
@seed_option
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="Draw the law into a file: .svg, .png or .html; with several families, the first (see --models).",
)
@click.option("--save", "name", default="", metavar="NAME", help="Hub: keep the law for the board under a name.")
@json_option
@hub_option
def fit_command(
    files: tuple[Path, ...],
    source: str,
    bench: str,
    where: str,
    models: str,
    sizes: dict[str, int] | None,
    columns: dict[str, str] | None,
    unit: str | None,
    chance: float,
    wanted: tuple[int, ...],
    level: float,
    resamples: int,
    seed: int,
    plot: Path | None,
    name: str,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Fit and test the task scaling law of a family of models.

    It also says what the largest model should have scored by the others, beside what simpler ways say.

    FILES are Parquet, CSV or JSONL with columns model, parameters and passes and attempts (or value); sample tells
    the samples apart, without it a value is a model's mean. Optional: family (each has a law of its own), cluster,
    loss (on the reference, in nats), chance. Without FILES the family is of the hub.
    """
    check_hub_options(files, source=source, bench=bench, where=where, save=name)
    if not files and (columns or unit):
        raise click.UsageError("--columns and --unit are about FILES; the hub knows sizes")
    if wanted and min(wanted) < _LEAST:
        raise click.UsageError(f"--predict {min(wanted)}: these are weights, are they billions ({min(wanted)}B)?")
    if plot is not None:
        from evalhub.plot_files import check_target

        check_target(plot)

    from aggregate.laws.family import FamilyError, Means
    from aggregate.laws.law import law_of, law_of_means
    from evalhub.cli.law_tables import print_errors, print_law
    from evalhub.cli.progress import telling
    from evalhub.errors import EvalhubError
    from evalhub.families import families_of_files, family_of_hub
    from evalhub.selection import Selection
    from evalhub.store.hub import Hub
    from evalhub.wording import plain, read_size

    if name:
        from evalhub.store.laws import check_name

        check_name(name)
    laws: dict[str, Law] = {}
    refused: dict[str, str] = {}
    with telling() as tell:
        if files:
            found = families_of_files(
                files,
                columns=columns,
                sizes=sizes,
                unit=read_size(f"1{unit or ''}") or 1,
                chance=chance,
                models=[one.strip() for one in models.split(",") if one.strip()],
                tell=tell,
            )
        else:
            selection = Selection(source=source, where=where, bench=bench, models=models)
            with Hub(hub_path, make=False) as hub:
                try:
                    found = {"": family_of_hub(hub, selection, sizes, chance)}
                except FamilyError as error:
                    found = {"": error}
        for whose, family in found.items():
            tell(f"fitting {whose}" if whose else "fitting")
            try:
                if isinstance(family, FamilyError):
                    raise family
                if isinstance(family, Means):
                    laws[whose] = law_of_means(family, sizes=wanted, level=level)
                else:
                    laws[whose] = law_of(family, sizes=wanted, level=level, resamples=resamples, seed=seed)
            except FamilyError as error:
                refused[whose] = str(error)
        if not laws:
            raise EvalhubError("; ".join(f"{whose}: {why}" if whose else why for whose, why in refused.items()))
        first = next(iter(laws))
        if name:
            from evalhub.store.laws import keep_law

            with Hub(hub_path, make=False) as hub:
                keep_law(hub, name, laws[""], _again(click.get_current_context()))
        if plot is not None:
            from evalhub.law_plot import law_plot
            from evalhub.plot_files import write_plot

            tell(f"drawing {plot}")
            write_plot(plot, law_plot(laws[first], first))
    if as_json:
        print_json(
            {"laws": [{"family": whose, **law.to_json()} for whose, law in laws.items()], "refused": refused}
        )
        return
    for whose, law in laws.items():
        print_law(law, whose)
    print_errors(list(laws.values()))
    for whose, why in refused.items():
        click.echo(f"{whose}: no law: {why}", err=True)
    if plot is not None:
        others = (
            f"; of {len(laws)} families only the first is drawn, --models names another"
            if laws.keys() - {first}
            else ""
        )
        click.echo(f"drew {plain(first) or 'the law'} into {plot}{others}")
    if name:
        click.echo(f"kept as {name}: evalhub publish shows it on the board")


def _again(context: click.Context) -> str:
    """The command that lays the same law of the hub anew, as one would type it."""
    given = context.params
    words = ["evalhub", "law", "fit"]
    for option in ("models", "source", "bench", "where"):
        words += [f"--{option}", given[option]] if given[option] else []
    if given["sizes"]:
        words += ["--sizes", ",".join(f"{model}={size}" for model, size in given["sizes"].items())]
    words += ["--chance", f"{given['chance']:g}"] if given["chance"] else []
    for size in given["wanted"]:
        words += ["--predict", str(size)]
    return shlex.join([*words, "--level", f"{given['level']:g}", "--save", given["name"]])


@command.command("forget")
@click.argument("name")
@hub_option
def forget_command(name: str, hub_path: Path) -> None:
    """Keep the law NAME no longer for the board."""
    from evalhub.store.hub import Hub
    from evalhub.store.laws import forget_law

    with Hub(hub_path, make=False) as hub:
        forget_law(hub, name)
    click.echo(f"{name}: forgotten; evalhub publish takes it off the board")
