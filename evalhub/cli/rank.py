"""`evalhub rank`."""

from __future__ import annotations

from pathlib import Path

import click

from evalhub.cli.options import hub_option, json_option, print_json


@click.command("rank")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--method", default="auto", show_default=True, help="How to aggregate, e.g. mean.")
@click.option("--source", default="", help="Only the samples of this source.  [default: the whole pool]")
@json_option
@hub_option
def command(file: Path | None, method: str, source: str, as_json: bool, hub_path: Path) -> None:
    """Rank the models of the hub, or of FILE.

    FILE is Parquet, CSV or JSONL in long form and needs no hub: model, sample, value; optional cluster,
    passes, attempts. Missing values are left out, never counted as 0.
    """
    from evalhub.ranking import rank_file, rank_hub

    if file is not None:
        if source:
            raise click.UsageError("--source is about the hub; a FILE is ranked whole")
        ranking = rank_file(file, method)
    else:
        from evalhub.store.hub import Hub

        with Hub(hub_path, make=False) as hub:
            ranking = rank_hub(hub, method, source)
    if as_json:
        print_json(ranking.to_json())
    else:
        from evalhub.cli.tables import print_ranking

        print_ranking(ranking)
