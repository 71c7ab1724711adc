"""`evalhub law`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalhub.cli.law_pass_at import pass_at_command
from evalhub.cli.options import Columns, Count, Number, hub_option, json_option, print_json

if TYPE_CHECKING:
    from aggregate.laws.law import Law


class Sizes(click.ParamType):
    """MODEL=7B,… as a dict."""

    name = "MODEL=7B,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, int]:
        found = {}
        for pair in value.split(","):
            model, equals, size = pair.rpartition("=")
            if not equals or not model.strip():
                self.fail(f"{value!r} is no list like small=125M,large=7B", param, ctx)
            found[model.strip()] = Count().convert(size.strip(), param, ctx)
        return found


@click.group("law")
def command() -> None:
    """Lay laws through pass rates: what larger models will score."""


command.add_command(pass_at_command)


@command.command("fit")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--source", default="", help="Hub: only the samples of this source.")
@click.option("--bench", default="", metavar="BENCH", help="Hub: only the samples of this benchmark.")
@click.option("--where", default="", metavar="FILTER", help="Hub: only samples that fit.")
@click.option(
    "--models",
    default="",
    metavar="FILTER",
    help="Hub: the models of the family, as in \"model LIKE 'pythia-%'\".",
)
@click.option(
    "--sizes",
    type=Sizes(),
    help="Parameters of models, where neither a column parameters nor evalhub model set says them.",
)
@click.option(
    "--columns", type=Columns(), help="FILES: what they call our columns, as in parameters=size,value=score."
)
@click.option(
    "--unit",
    type=click.Choice(["K", "M", "B"], case_sensitive=False),
    help="FILES: what a number in the column parameters counts: thousands, millions or billions.",
)
@click.option(
    "--chance",
    type=Number(0, 1, max_open=True),
    default=0.0,
    show_default=True,
    help="FILES: pass rate of a guess, where no column chance says it: 0.25 with four choices.",
)
@click.option(
    "--predict", "wanted", type=Count(), multiple=True, help="What a model of this size would score; repeatable."
)
@click.option(
    "--level",
    type=Number(0, 1, min_open=True, max_open=True),
    default=0.9,
    show_default=True,
    help="Of the intervals.",
)
@click.option("--resamples", type=click.IntRange(100), default=1000, show_default=True, help="Of the samples.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all that is drawn.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="Draw the law into a file: .svg, .png or .html; with several families, the first.",
)
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
    as_json: bool,
    hub_path: Path,
) -> None:
    """Fit and test the task scaling law of a family of models.

    It also says what the largest model should have scored by the others, beside what simpler ways say.

    FILES are Parquet, CSV or JSONL with columns model, parameters and passes and attempts (or value); sample tells
    the samples apart, without it a value is a model's mean. Optional: family (each has a law of its own), cluster,
    loss (on the reference, in nats), chance. Without FILES the family is of the hub.
    """
    if files and (source or bench or where or models):
        raise click.UsageError("--source, --bench, --where and --models are about the hub; FILES are taken whole")
    if not files and (columns or chance or unit):
        raise click.UsageError("--columns, --unit and --chance are about FILES; the hub knows choices and sizes")
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
    from evalhub.wording import read_size

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
                tell=tell,
            )
        else:
            from evalhub.store.hub import Hub

            selection = Selection(source=source, where=where, bench=bench, models=models)
            with Hub(hub_path, make=False) as hub:
                try:
                    found = {"": family_of_hub(hub, selection, sizes)}
                except FamilyError as error:
                    found = {"": error}
        for name, family in found.items():
            tell(f"fitting {name}" if name else "fitting")
            try:
                if isinstance(family, FamilyError):
                    raise family
                if isinstance(family, Means):
                    laws[name] = law_of_means(family, sizes=wanted, level=level)
                else:
                    laws[name] = law_of(family, sizes=wanted, level=level, resamples=resamples, seed=seed)
            except FamilyError as error:
                refused[name] = str(error)
        if not laws:
            raise EvalhubError("; ".join(f"{name}: {why}" if name else why for name, why in refused.items()))
        if plot is not None:
            from evalhub.law_plot import law_plot
            from evalhub.plot_files import write_plot

            tell(f"drawing {plot}")
            first = next(iter(laws))
            write_plot(plot, law_plot(laws[first], first))
    if as_json:
        print_json({"laws": [{"family": name, **law.to_json()} for name, law in laws.items()], "refused": refused})
        return
    for name, law in laws.items():
        print_law(law, name)
    print_errors(list(laws.values()))
    for name, why in refused.items():
        click.echo(f"{name}: no law: {why}", err=True)
    if plot is not None:
        click.echo(f"drew {next(iter(laws)) or 'the law'} into {plot}")
