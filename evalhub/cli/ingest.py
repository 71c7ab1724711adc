"""`evalhub ingest`."""

from __future__ import annotations

from pathlib import Path

import click

from evalhub.cli.options import hub_option, json_option, print_json
from evalhub.errors import EvalhubError
from evalhub.wording import counted


@click.command("ingest")
@click.argument("source")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--seed", type=int, help="Names the slice of a source that generates its samples.")
@click.option("--limit", type=click.IntRange(1), help="At most so many samples.")
@click.option("options", "-o", metavar="NAME=VALUE", multiple=True, help="An option of the source itself.")
@json_option
@hub_option
def command(
    source: str,
    paths: tuple[Path, ...],
    seed: int | None,
    limit: int | None,
    options: tuple[str, ...],
    as_json: bool,
    hub_path: Path,
) -> None:
    """Bring samples of SOURCE into the pool.

    SOURCE is a name from `evalhub sources`, or jsonl:FILE for a file of your own. Samples are known by their
    content: a second run adds nothing.

    With papers as SOURCE, PATHS are PDFs, LaTeX sources (an archive, a .tex file, a folder) or folders of these:
    questions on their figures and tables become a live release (docs/live.md).
    """
    given = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise EvalhubError(f"-o takes NAME=VALUE, not '{option}'")
        given[name] = value
    if source == _PAPERS:
        if seed is not None or limit is not None:
            raise click.UsageError("--seed and --limit say nothing of papers: see docs/live.md for their options")
        _papers(hub_path, paths, given, as_json=as_json)
        return
    if paths:
        raise click.UsageError(f"only papers takes PATHS; the file of a source is named as in {source}:{paths[0]}")

    from evalhub.pool import ingest
    from evalhub.store.hub import Hub

    for name, number in (("seed", seed), ("limit", limit)):
        if number is not None:
            given[name] = str(number)
    with Hub(hub_path) as hub:
        done = ingest(hub, source, given)
    if as_json:
        print_json({"source": source, "samples": done.samples, "added": done.added, "repeated": done.repeated})
        return
    news = f"{done.added:,} added" if done.added else "all in the pool already; nothing added"
    click.echo(f"{source}: {counted(done.samples, 'sample')}, {news}")
    if done.repeated:
        click.echo(
            f"{counted(done.repeated, 'sample')} more came with the prompt, choices, images and reference of "
            "another one: these are one sample under several names"
        )


_PAPERS = "papers"


def _papers(hub_path: Path, paths: tuple[Path, ...], options: dict[str, str], *, as_json: bool) -> None:
    """A live release from papers on this machine."""
    from evalhub.cli.live_pages import print_release, print_stage, silent
    from evalhub.cli.progress import telling
    from evalhub.live.local import Told, paper_files, release_papers
    from evalhub.store.hub import Hub

    if not paths:
        raise click.UsageError("name papers: evalhub ingest papers PATH…")
    told = Told.read(options)
    files = paper_files(paths, told)
    with Hub(hub_path) as hub, telling() as tell:
        made, added = release_papers(hub, files, told, heard=silent if as_json else print_stage, tell=tell)
    if as_json:
        print_json({"source": made.source, "samples": made.questions, "added": added, **made.to_json()})
    else:
        print_release(made)
        click.echo(f"score a model on it: evalhub score ocr+smollm2-135m --source {made.source}")
