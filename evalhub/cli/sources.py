"""`evalhub sources`."""

from __future__ import annotations

from pathlib import Path

import click

from evalhub.cli.options import hub_option, json_option, print_json
from evalhub.wording import counted


@click.command("sources")
@json_option
@hub_option
def command(as_json: bool, hub_path: Path) -> None:
    """List the sources that can be ingested, and what the pool holds."""
    from evalhub import plugins
    from evalhub.errors import EvalhubError
    from evalhub.store.hub import Hub
    from evalhub.store.origins import sources

    known = {}
    for name in plugins.names("source"):
        try:
            known[name] = getattr(plugins.make("source", name), "summary", "")
        except EvalhubError as error:
            known[name] = str(error)
    known["papers"] = "questions on figures and tables of PDFs and LaTeX sources: evalhub ingest papers PATH…"
    pool = {}
    if (hub_path / "hub.duckdb").exists():
        with Hub(hub_path) as hub:
            pool = sources(hub)
    if as_json:
        print_json(
            {
                "sources": [{"source": name, "summary": text} for name, text in known.items()],
                "pool": [{"source": name, "samples": count} for name, count in pool.items()],
            }
        )
        return
    click.echo("Can be ingested:")
    for name, text in known.items():
        click.echo(f"  {name:<15} {text}")
    click.echo(f"In the pool ({hub_path}):")
    for name, count in pool.items():
        click.echo(f"  {name:<15} {counted(count, 'sample')}")
    if not pool:
        click.echo("  nothing yet; the first `evalhub score` brings in a starter pool")
