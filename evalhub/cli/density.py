"""`evalhub density`."""

from __future__ import annotations

from pathlib import Path

import click

from evalhub.cli.options import (
    check_hub_options,
    hub_option,
    json_option,
    level_option,
    print_json,
    seed_option,
    selection_options,
    sizes_options,
)


@click.command("density")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--ladder",
    multiple=True,
    metavar="PATTERN",
    help="The reference models of several sizes, as in 'pythia-*'; repeatable.  [default: the hub's ladder]",
)
@selection_options("Hub: only", "Hub: only models that fit, those of the ladder too.")
@sizes_options("FILES: parameters of models, where no column parameters says them.")
@level_option("the intervals")
@click.option("--resamples", type=click.IntRange(100), default=1000, show_default=True, help="Of the samples.")
@seed_option
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="OUT", help="Draw it into a file: .svg, .png or .html."
)
@json_option
@hub_option
def command(
    files: tuple[Path, ...],
    ladder: tuple[str, ...],
    source: str,
    bench: str,
    where: str,
    models: str,
    sizes: dict[str, int] | None,
    columns: dict[str, str] | None,
    unit: str | None,
    level: float,
    resamples: int,
    seed: int,
    plot: Path | None,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Say how much models score for their size, against a ladder of reference models.

    A density is the size at which the ladder scores as much as a model, over the model's own.

    FILES are Parquet, CSV or JSONL with columns model, sample and value (or passes and attempts), and parameters;
    without sample a value is a model's mean. Optional: cluster, active (weights that a token passes through),
    released. Without FILES it is about the hub.
    """
    check_hub_options(files, source=source, bench=bench, where=where, models=models)
    if not files and (columns or unit or sizes):
        raise click.UsageError(
            "--columns, --unit and --sizes are about FILES; evalhub model set tells the hub sizes"
        )
    if files and not ladder:
        raise click.UsageError("name the reference models with --ladder")
    if plot is not None:
        from evalhub.plot_files import check_target

        check_target(plot)

    from evalhub.cli.density_table import print_densities
    from evalhub.cli.progress import telling
    from evalhub.density import densities_of, measured_in_files, measured_in_hub
    from evalhub.wording import read_size

    with telling() as tell:
        if files:
            size = read_size(f"1{unit or ''}") or 1
            measured = measured_in_files(files, columns=columns, sizes=sizes, unit=size, tell=tell)
        else:
            from evalhub.efficiency import read_efficiency
            from evalhub.ranking import select
            from evalhub.selection import Selection
            from evalhub.store.hub import Hub

            selection = Selection(source=source, where=where, bench=bench, models=models)
            with Hub(hub_path, make=False) as hub:
                ladder = ladder or read_efficiency(hub.path).ladder
                if not ladder:
                    raise click.UsageError(
                        "name the reference models with --ladder, or in efficiency.toml of the hub"
                    )
                measured = measured_in_hub(hub, select(hub, selection).measurements)
        tell("comparing")
        found = densities_of(measured, ladder, level=level, resamples=resamples, seed=seed)
        if plot is not None:
            from evalhub.density_plot import density_plot
            from evalhub.plot_files import write_plot

            tell(f"drawing {plot}")
            write_plot(plot, density_plot(found))
    if as_json:
        print_json(found.to_json())
        return
    print_densities(found)
    if plot is not None:
        click.echo(f"drew the densities into {plot}")
