"""`evalhub bench`."""

from __future__ import annotations

from pathlib import Path

import click

from evalhub.cli.options import hub_option, json_option, print_json
from evalhub.cli.probe_options import asked, open_index, probe_options, with_whole_ids
from evalhub.wording import counted


@click.group("bench")
def command() -> None:
    """Save what a probe finds as a benchmark: a frozen list of samples that anyone can cite and rank on.

    BENCH is a NAME (its newest version), NAME@VERSION or the first digits of a hash.
    """


@command.command("new")
@click.argument("name")
@probe_options
@click.option("--show", type=click.IntRange(0), default=5, show_default=True, help="Samples of each list printed.")
@json_option
@hub_option
def new(
    name: str,
    text: str,
    like: tuple[str, ...],
    where: str,
    top: int | None,
    precision: float | None,
    skip_images: bool,
    show: int,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Freeze the samples that TEXT means under NAME.

    They are those that `evalhub probe` finds with the same options, the answers given there included. What
    is in the list never changes; evalhub bench refresh searches anew and adds a version.
    """
    probe, cut = asked(text, like, where, top, precision)

    from evalhub.benchmarks.benchmark import freeze
    from evalhub.cli.bench_pages import bench_json
    from evalhub.cli.probe_pages import found_json, print_found
    from evalhub.probes.search import find
    from evalhub.store.benchmarks import check_new_name
    from evalhub.store.hub import Hub

    with Hub(hub_path, make=False) as hub:
        check_new_name(hub, name)
        probe = with_whole_ids(hub, probe)
        found = find(hub, probe, cut, index=open_index(hub, probe, skip_images))
        made = freeze(hub, name, found)
    if as_json:
        print_json({**found_json(found), **bench_json(made)})
        return
    print_found(found, show)
    click.echo(f"saved as {made.named}: evalhub rank --bench {name}")


@command.command("list")
@json_option
@hub_option
def list_benchmarks(as_json: bool, hub_path: Path) -> None:
    """List the benchmarks, each version of them."""
    from evalhub.cli.bench_pages import print_versions
    from evalhub.store.benchmarks import versions
    from evalhub.store.hub import Hub

    with Hub(hub_path, make=False) as hub:
        there = versions(hub)
    if as_json:
        print_json([one.to_json() for one in there])
    elif there:
        print_versions(there)
    else:
        click.echo("no benchmarks yet: evalhub bench new NAME TEXT makes one")


@command.command("show")
@click.argument("bench")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the random subsets.")
@click.option(
    "--after-cutoff",
    is_flag=True,
    help="Of each model, count only samples published after its training cutoff.",
)
@json_option
@hub_option
def show_benchmark(bench: str, seed: int, after_cutoff: bool, as_json: bool, hub_path: Path) -> None:
    """Show the card of BENCH. It says what it is made of, how firm its ranking is, and whether it was picked for
    it.

    Its order of models is set beside that of the whole pool, and beside the orders on 200 random subsets of the
    same size from the same sources: one that few of them are as far from the pool as this is unusual, or picked.
    """
    from evalhub.benchmarks.card import card
    from evalhub.cli.bench_pages import bench_json, print_card
    from evalhub.cli.progress import telling
    from evalhub.store.hub import Hub

    with Hub(hub_path, make=False) as hub:
        benchmark = hub.benchmark(bench)
        with telling() as tell:
            tell("ranking with samples left out")
            made = card(benchmark, seed=seed, after_cutoff=after_cutoff)
        if as_json:
            print_json({**bench_json(benchmark), "card": made.to_json()})
        else:
            print_card(benchmark, made)


@command.command("diff")
@click.argument("first")
@click.argument("second")
@json_option
@hub_option
def diff(first: str, second: str, as_json: bool, hub_path: Path) -> None:
    """Show what differs between two benchmarks, or two versions of one."""
    from evalhub.benchmarks.changes import difference
    from evalhub.cli.bench_pages import print_difference
    from evalhub.store.hub import Hub

    with Hub(hub_path, make=False) as hub:
        one, other = hub.benchmark(first), hub.benchmark(second)
        found = difference(one.frozen, other.frozen)
        if as_json:
            print_json(found.to_json())
        else:
            print_difference(hub, found, str(one.named), str(other.named))


@command.command("refresh")
@click.argument("name")
@json_option
@hub_option
def refresh_benchmark(name: str, as_json: bool, hub_path: Path) -> None:
    """Search anew with the query and the cut of NAME. That is over the pool as it is now, with the answers given
    since.

    Another list becomes a new version; the old ones stay.
    """
    from evalhub.benchmarks.benchmark import refresh
    from evalhub.cli.bench_pages import bench_json, print_difference
    from evalhub.cli.progress import telling
    from evalhub.store.hub import Hub

    with Hub(hub_path, make=False) as hub:
        before = hub.benchmark(name)
        with telling() as tell:
            done = refresh(hub, name, tell=tell)
        if as_json:
            print_json({**bench_json(done.benchmark), "changed": done.changed, "change": done.change.to_json()})
        elif done.changed:
            print_difference(hub, done.change, str(before.named), str(done.benchmark.named))
        else:
            click.echo(f"nothing has changed: {done.benchmark.named} stays")


@command.command("export")
@click.argument("bench")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace the file that is there.")
@json_option
@hub_option
def export(bench: str, out: Path, force: bool, as_json: bool, hub_path: Path) -> None:
    """Write BENCH into the JSON file OUT. Another hub has the same from it: evalhub bench import."""
    from evalhub.benchmarks.files import write
    from evalhub.cli.bench_pages import bench_json
    from evalhub.store.hub import Hub

    with Hub(hub_path, make=False) as hub:
        benchmark = hub.benchmark(bench)
        write(benchmark, out, force=force)
    if as_json:
        print_json({**bench_json(benchmark), "path": str(out)})
    else:
        click.echo(f"{out}: {benchmark.named}, {counted(len(benchmark.frozen.samples), 'sample')}")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "name", default="", metavar="NAME", help="What to call it here.  [default: its own name]")
@json_option
@hub_option
def import_benchmark(file: Path, name: str, as_json: bool, hub_path: Path) -> None:
    """Bring in the benchmark of a FILE of another hub. That is one that evalhub bench export wrote there.

    The hash is checked. Where there is no hub here, one is made. Samples that this pool lacks count as soon as
    their source is ingested.
    """
    from evalhub.benchmarks.files import bring, read
    from evalhub.cli.bench_pages import bench_json
    from evalhub.store.hub import Hub

    written = read(file)
    with Hub(hub_path) as hub:
        brought = bring(hub, written, name)
    benchmark = brought.benchmark
    if as_json:
        print_json({**bench_json(benchmark), "lacking": dict(brought.lacking)})
        return
    click.echo(f"{benchmark.named}: {counted(len(benchmark.frozen.samples), 'sample')}")
    for source, count in brought.lacking.items():
        click.echo(f"  this pool lacks {count:,} of {source} (evalhub ingest brings a source in)")


@command.command("delete")
@click.argument("name")
@json_option
@hub_option
def delete(name: str, as_json: bool, hub_path: Path) -> None:
    """Forget NAME with all its versions. Samples and results stay."""
    from evalhub.errors import EvalhubError
    from evalhub.store.benchmarks import drop, resolve
    from evalhub.store.hub import Hub

    with Hub(hub_path, make=False) as hub:
        named = resolve(hub, name)
        if named.name != name:
            raise EvalhubError(f"a name goes with all its versions: evalhub bench delete {named.name}")
        count = drop(hub, name)
    if as_json:
        print_json({"name": name, "deleted": count})
    else:
        click.echo(f"{name}: {counted(count, 'version')} deleted")
