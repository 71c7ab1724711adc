"""`evalhub law pass-at`."""

from __future__ import annotations

from pathlib import Path

import click

from evalhub.cli.options import Columns, Number, hub_option, json_option, print_json


@click.command("pass-at")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--k", "ks", type=click.IntRange(1, 10**9), multiple=True, help="Repeatable.  [default: 10, 100, 1000]"
)
@click.option("--source", default="", help="Hub: only the samples of this source.")
@click.option("--bench", default="", metavar="BENCH", help="Hub: only the samples of this benchmark.")
@click.option("--where", default="", metavar="FILTER", help="Hub: only samples that fit.")
@click.option("--models", default="", metavar="FILTER", help="Hub: only models that fit.")
@click.option(
    "--columns", type=Columns(), help="FILES: what they call our columns, as in sample=question,passes=correct."
)
@click.option(
    "--level",
    type=Number(0, 1, min_open=True, max_open=True),
    default=0.9,
    show_default=True,
    help="Of the bounds.",
)
@json_option
@hub_option
def pass_at_command(
    files: tuple[Path, ...],
    ks: tuple[int, ...],
    source: str,
    bench: str,
    where: str,
    models: str,
    columns: dict[str, str] | None,
    level: float,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Estimate pass@k, also beyond the attempts made.

    The estimate is by a zero-inflated beta-binomial, the bounds hold for any spread of rates over samples. FILES
    are as for evalhub rank, with passes and attempts.
    """
    if files and (source or bench or where or models):
        raise click.UsageError("--source, --bench, --where and --models are about the hub; FILES are taken whole")
    if not files and columns:
        raise click.UsageError("--columns is about FILES")

    from rich.table import Table

    from aggregate.laws.beyond import pass_beyond
    from aggregate.laws.family import FamilyError
    from evalhub.cli.progress import telling
    from evalhub.cli.tables import console, escape
    from evalhub.errors import EvalhubError
    from evalhub.families import counts_of
    from evalhub.file_measurements import read_files
    from evalhub.ranking import select
    from evalhub.selection import Selection
    from evalhub.store.hub import Hub

    wanted = sorted(set(ks)) or [10, 100, 1000]
    found = {}
    with telling() as tell:
        if files:
            measurements, _ = read_files(files, columns=columns, tell=tell)
        else:
            with Hub(hub_path, make=False) as hub:
                selection = Selection(source=source, where=where, bench=bench, models=models)
                measurements = select(hub, selection).measurements
        try:
            counts = counts_of(measurements)
        except FamilyError as error:
            raise EvalhubError(str(error)) from error
        for model, passes, attempts in zip(
            measurements.models, counts["passes"].T, counts["attempts"].T, strict=True
        ):
            tell(f"bounding {model}")
            there = attempts > 0
            if there.any():
                found[model] = (attempts[there], pass_beyond(passes[there], attempts[there], wanted, level=level))
    if as_json:
        print_json(
            {
                "level": level,
                "models": [
                    {
                        "model": model,
                        "samples": len(attempts),
                        "attempts": [int(attempts.min()), int(attempts.max())],
                        "pass_at": [
                            {
                                "k": one.k,
                                "rate": one.rate,
                                "low": one.low,
                                "high": one.high,
                                "supported": one.supported,
                            }
                            for one in rows
                        ],
                    }
                    for model, (attempts, rows) in found.items()
                ],
            }
        )
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("model", "samples", "attempts each", "k", "pass@k", f"{level * 100:.12g}% bounds", ""):
        table.add_column(heading, justify="left" if heading in ("model", "") else "right")
    for model, (attempts, rows) in found.items():
        least, most = int(attempts.min()), int(attempts.max())
        each = f"{least:,}" if least == most else f"{least:,}–{most:,}"
        for place, one in enumerate(rows):
            first = (escape(model), f"{len(attempts):,}", each) if place == 0 else ("", "", "")
            note = "" if one.supported else "the attempts do not tell"
            table.add_row(*first, f"{one.k:,}", f"{one.rate:.3f}", f"[{one.low:.3f}, {one.high:.3f}]", note)
    console().print(table)
