"""`evalhub probe`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalhub.cli.options import hub_option, json_option, print_json
from evalhub.cli.probe_options import asked, open_index, probe_options, with_whole_ids

if TYPE_CHECKING:
    from evalhub.probes.index import Index
    from evalhub.probes.probe import Probe
    from evalhub.store.hub import Hub

_REFIT = 5
"""Answers after which the next questions are chosen anew."""

_LONGEST = 1500
"""Characters of a question that is asked about."""


@click.command("probe")
@probe_options
@click.option(
    "--right",
    multiple=True,
    metavar="SAMPLE",
    help="Answer: this sample is what the text means. By the first digits of its id, as the table shows them.",
)
@click.option("--wrong", multiple=True, metavar="SAMPLE", help="Answer: this sample is not.")
@click.option(
    "--ask",
    type=click.IntRange(1),
    metavar="N",
    help="Ask about the N samples whose answers help most, then show what is found. With --json: name them.",
)
@click.option("--forget", is_flag=True, help="Forget all answers to this text first.")
@click.option(
    "--show", type=click.IntRange(0), default=10, show_default=True, help="Samples of each list printed."
)
@json_option
@hub_option
def command(
    text: str,
    like: tuple[str, ...],
    where: str,
    top: int | None,
    precision: float | None,
    skip_images: bool,
    right: tuple[str, ...],
    wrong: tuple[str, ...],
    ask: int | None,
    forget: bool,
    show: int,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Find the samples of the pool that TEXT means, such as "organic chemistry", and say how sure that is.

    Samples are ranked by meaning and by words. Without answers, the precision is a guess from other queries; after
    some twenty answers (--ask 20) it is an estimate for yours. Answers are kept and hold for this text and these
    examples under any filter. `evalhub bench new` saves what is found as a benchmark.
    """
    probe, cut = asked(text, like, where, top, precision)
    if not probe.means and (right or wrong or ask or forget):
        raise click.UsageError("answers are about a TEXT or --like: give one")

    from evalhub.cli.probe_pages import found_json, print_found
    from evalhub.probes.search import find
    from evalhub.store.answers import drop_answers, put_answers
    from evalhub.store.hub import Hub
    from evalhub.store.short_ids import whole_ids

    with Hub(hub_path, make=False) as hub:
        probe = with_whole_ids(hub, probe)
        said = {**dict.fromkeys(whole_ids(hub, right), True), **dict.fromkeys(whole_ids(hub, wrong), False)}
        if both := sorted(one for one in whole_ids(hub, right) if not said[one]):
            raise click.UsageError(f"{both[0]} cannot be both --right and --wrong")
        index = open_index(hub, probe, skip_images)
        if index:
            if forget:
                drop_answers(hub, probe.query_id)
            put_answers(hub, probe.query_id, said)
            if ask and not as_json:
                _ask(hub, index, probe, ask)
        found = find(hub, probe, cut, index=index)
        if not as_json:
            print_found(found, show)
            return
        questions = {"ask": _next(hub, index, probe, ask)} if ask and index else {}
    print_json({**found_json(found), **questions})


def _next(hub: Hub, index: Index, probe: Probe, count: int) -> list[str]:
    from evalhub.probes.search import look
    from evalhub.store.answers import answers_to

    return look(index, probe, answers_to(hub, probe.query_id)).to_ask(count)


def _ask(hub: Hub, index: Index, probe: Probe, count: int) -> None:
    """Put questions until so many are answered, or the user has enough. Each answer is kept at once."""
    from evalhub.store.answers import put_answers
    from evalhub.store.vectors import texts_of
    from evalhub.wording import plain

    answered, skipped = 0, set[str]()
    while answered < count:
        questions = [one for one in _next(hub, index, probe, _REFIT + len(skipped)) if one not in skipped]
        if not questions:
            click.echo("no sample is left to ask about", err=True)
            return
        for row in texts_of(hub, questions[: min(_REFIT, count - answered)]).iter_rows(named=True):
            click.echo("\n" + plain("\n".join((row["prompt"], *row["choices"])))[:_LONGEST], err=True)
            said = click.prompt(
                f"[{answered + 1}/{count}] is this what you mean? (y)es, (n)o, (s)kip, (q)uit",
                type=click.Choice(["y", "n", "s", "q"]),
                show_choices=False,
                err=True,
            )
            if said == "q":
                return
            if said == "s":
                skipped.add(row["sample_id"])
                continue
            put_answers(hub, probe.query_id, {row["sample_id"]: said == "y"})
            answered += 1
