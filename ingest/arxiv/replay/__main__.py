"""`python -m ingest.arxiv.replay FOLDER [--port N] [--fault KIND:PATH:TIMES]…`: a replay until interrupted."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from ingest.arxiv.addresses import VARIABLE
from ingest.arxiv.replay.faults import read_fault
from ingest.arxiv.replay.server import Replay
from ingest.source import SourceError


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--port", default=8766, show_default=True, help="0: any that is free.")
@click.option("--fault", "faults", multiple=True, help="KIND, KIND:PATH or KIND:PATH:TIMES; again for more.")
def main(folder: Path, port: int, faults: tuple[str, ...]) -> None:
    """Answer as arXiv does, from FOLDER/papers.jsonl."""
    try:
        replay = Replay(folder, faults=map(read_fault, faults), port=port)
    except (SourceError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"export {VARIABLE}={replay.url}")
    with contextlib.suppress(KeyboardInterrupt):
        replay.serve()


if __name__ == "__main__":
    main()
