"""`evalhub law pass-at`."""

from __future__ import annotations

from pathlib import Path

import click

from evalhub.cli.options import (
    Columns,
    check_hub_options,
    hub_option,
    json_option,
    level_option,
    print_json,
    selection_options,
)


@click.command("pass-at")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--k", "ks", type=click.IntRange(1, 10**9), multiple=True, help="Repeatable.  [default: 10, 100, 1000]"
)
@click.option("--all", "every", is_flag=True, help="How often all k pass (pass^k), not one or more.")
@selection_options("Hub: only", "Hub: only models that fit.")
@click.option(
    "--columns", type=Columns(), help="FILES: what they call our columns, as in sample=question,passes=correct."
)
@level_option("the bounds")
@json_option
@hub_option
def pass_at_command(
    files: tuple[Path, ...],
    ks: tuple[int, ...],
    every: bool,
    source: str,
    bench: str,
    where: str,
    models: str,
    columns: dict[str, str] | None,
    level: float,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Estimate pass@k, or pass^k, also beyond the attempts made.

    The estimate is by a zero-inflated beta-binomial, the bounds hold for any spread of rates over samples. FILES
    are Parquet, CSV or JSONL with columns model, sample, passes, attempts; others are as for evalhub rank.
    """
    check_hub_options(files, source=source, bench=bench, where=where, models=models)
    if not files and columns:
        raise click.UsageError("--columns is about FILES")

    from rich.table import Table

    from aggregate.laws.beyond import all_beyond, pass_beyond
    from aggregate.laws.family import FamilyError
    from aggregate.rates import pass_all, pass_at
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
                x, n = passes[there], attempts[there]
                beyond, exact = (all_beyond, pass_all) if every else (pass_beyond, pass_at)
                # Attempts that differ may have stopped at a pass; then there is no plain unbiased estimate.
                most = n[0] if (n == n[0]).all() else 0
                counted = {k: float(exact(k, x, n, n + 1).mean()) for k in wanted if k <= most}
                found[model] = (n, beyond(x, n, wanted, level=level), counted)
    if as_json:
        print_json(
            {
                "level": level,
                "models": [
                    {
                        "model": model,
                        "samples": len(attempts),
                        "attempts": [int(attempts.min()), int(attempts.max())],
                        "pass_all" if every else "pass_at": [
                            {
                                "k": one.k,
                                "rate": one.rate,
                                "unbiased": counted.get(one.k),
                                "low": one.low,
                                "high": one.high,
                                "supported": one.supported,
                            }
                            for one in rows
                        ],
                    }
                    for model, (attempts, rows, counted) in found.items()
                ],
            }
        )
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in (
        "model",
        "samples",
        "attempts each",
        "k",
        "pass^k" if every else "pass@k",
        "unbiased",
        f"{level * 100:.12g}% bounds",
        "",
    ):
        left = heading in ("model", "")
        table.add_column(heading, justify="left" if left else "right", overflow="fold" if left else "ellipsis")
    for model, (attempts, rows, counted) in found.items():
        least, most = int(attempts.min()), int(attempts.max())
        each = f"{least:,}" if least == most else f"{least:,}–{most:,}"
        for place, one in enumerate(rows):
            first = (escape(model), f"{len(attempts):,}", each) if place == 0 else ("", "", "")
            rate, note = (f"{one.rate:.3f}", "") if one.supported else ("–", "the attempts do not tell")
            plainly = f"{counted[one.k]:.3f}" if one.k in counted else ""
            table.add_row(*first, f"{one.k:,}", rate, plainly, f"[{one.low:.3f}, {one.high:.3f}]", note)
    console().print(table)
    click.echo("unbiased: counted, for k up to the attempts where all samples have as many")
    if any(not one.supported for _, rows, _ in found.values() for one in rows):
        click.echo(
            "the attempts do not tell: the bounds, of any spread of rates that fits the counts, are more than .2 "
            "apart, so an estimate would rest on its Beta distribution alone; more attempts bring them together"
        )
