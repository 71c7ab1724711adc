"""Tables for people."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape as escape_markup
from rich.table import Table

from aggregate.ranking import RankedModel, Ranking
from evalhub.group_sections import ACROSS, group_sections, rank_range
from evalhub.scoring.budget import PoolEstimate
from evalhub.scoring.regrade import Regraded
from evalhub.scoring.summary import Part, Summary
from evalhub.wording import counted

_WIDTH = 100
"""Of a table where the output is no terminal."""

_SOURCES = 5
"""Sources of a group that are named."""


def escape(text: str) -> str:
    """A text that only shows: no markup, and no control characters for the terminal to obey."""
    return escape_markup("".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text))


def console(*, stderr: bool = False) -> Console:
    """A console that does not fold tables to 80 columns when its output goes to a file."""
    found = Console(stderr=stderr, highlight=False)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, width=_WIDTH)


def print_ranking(ranking: Ranking) -> None:
    """A ranking with its intervals, rank ranges and warnings."""
    out = console()
    out.print(
        f"[bold]Ranking[/] by {escape(ranking.method)} over {counted(ranking.samples, 'sample')} "
        f"in {counted(ranking.clusters, 'cluster')}"
    )
    print_groups(ranking, out)
    together = "all models of a group" if len(ranking.groups) > 1 else "all models"
    out.print(f"[dim]A rank range holds for {together} at once with {ranking.level * 100:.12g}%.[/]")
    for warning in ranking.warnings:
        out.print(f"[yellow]warning:[/] {escape(warning)}")


def print_groups(ranking: Ranking, out: Console) -> None:
    """A table for each group of a ranking, and what a score is there; models that stand alone come together."""
    if len(ranking.groups) == 1:
        out.print(_table(ranking.models, ranking.level))
        out.print(f"[dim]score: {escape(ranking.unit)}.[/]")
        return
    for section in group_sections(ranking.groups, _SOURCES):
        out.print(f"\n[bold]{section.heading}[/]{escape(section.about)}")
        out.print(_table([row for row in ranking.models if row.group in section.groups], ranking.level))
        out.print(f"[dim]score: {escape(section.unit)}.[/]")
    out.print(f"\n[dim]{ACROSS}[/]")


def _table(rows: Sequence[RankedModel], level: float) -> Table:
    """A row for each model of whole groups, those that tie set apart."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("rank", justify="right")
    table.add_column("model", overflow="fold")
    table.add_column("score", justify="right")
    table.add_column(f"{level * 100:.12g}% interval", justify="right")
    table.add_column("samples", justify="right")
    table.add_column("coverage", justify="right")
    tie, sizes = None, Counter(row.group for row in rows)
    for row in rows:
        if tie is not None and row.tie_group != tie:
            table.add_section()
        tie = row.tie_group
        table.add_row(
            rank_range(row.rank_low, row.rank_high, sizes[row.group]),
            escape(row.model),
            f"{row.score:.3f}",
            f"{_end(row.low)} to {_end(row.high)}",
            f"{row.samples:,}",
            f"{row.coverage:.0%}",
        )
    return table


def _end(bound: float) -> str:
    return f"{bound:.3f}" if math.isfinite(bound) else "no bound"


def print_summary(summary: Summary) -> None:
    """Pass rates by source and tag, with chance beside them."""
    out = console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("source", overflow="fold")
    for name in ("samples", "attempts", "passes", "pass rate", "95% interval", "chance", "missing"):
        table.add_column(name, justify="right")
    for part in summary.sources:
        table.add_row(*_cells(part, part.name), style="bold" if part.tags else "")
        for tag in part.tags if len(part.tags) > 1 else ():
            table.add_row(*_cells(tag, f"  {tag.name}"))
    so_far = " so far" if summary.interrupted else ""
    out.print(f"[bold]{escape(summary.model)}[/] (run {summary.run}){so_far}")
    out.print(table)
    out.print(
        "[dim]pass rate: mean over samples of their rates; passes/attempts is another number, since samples "
        "stop at different points. interval: over samples and attempts. "
        "chance: baseline:random on the same samples. missing: attempts without a verdict, not counted.[/]"
    )
    _print_target(summary)
    if summary.ended:
        out.print(
            f"[dim]target {summary.target}; ended by the budget of {' and of '.join(summary.ended)}, "
            f"with {counted(summary.unsettled, 'sample')} unsettled.[/]"
        )
    for reason, count in summary.skipped.items():
        out.print(f"[yellow]skipped:[/] {counted(count, 'sample')}: {escape(reason)}")
    for warning in summary.warnings:
        out.print(f"[yellow]warning:[/] {escape(warning)}")


def _print_target(summary: Summary) -> None:
    """What a target other than each sample's rate was for: pass@k, or the mean of these very samples."""
    rows = [(part.name, part.at_k or part.these) for part in summary.sources]
    if summary.mean and len(rows) > 1:
        rows.append(("all", summary.mean))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("source", overflow="fold")
    table.add_column("mean of these samples" if summary.mean else summary.target, justify="right")
    table.add_column("95% interval", justify="right")
    for name, found in rows:
        if found is not None:
            rate = "unknown" if found.rate is None else f"{found.rate:.3f}"
            table.add_row(escape(name), rate, f"{found.low:.3f} to {found.high:.3f}")
    if table.row_count:
        out = console()
        out.print(table)
        about = "attempts alone" if summary.mean else "samples and attempts"
        out.print(f"[dim]interval: over {about}.[/]")


def print_time(summary: Summary, time: dict[str, Any]) -> None:
    """Where the time went, and what was made in vain: on stderr, since it is another one each time."""
    out = console(stderr=True)
    total = max(time["total"], 1e-9)
    words = {
        "loading": "loading the model",
        "generating": "generating",
        "verdicts": "waiting for verdicts",
        "writing": "writing",
        "ranking": "ranking",
        "other": "other",
    }
    shares = [f"{word} {time[name]:.1f} s ({time[name] / total:.0%})" for name, word in words.items()]
    speed = time["tokens_per_second"]
    out.print(f"[dim]{total:.1f} s: {', '.join(shares)}{f'; {speed:,.0f} tokens/s' if speed else ''}[/]")
    waste = summary.waste
    if waste.attempts:
        out.print(
            f"[dim]made ahead and not counted: {counted(waste.attempts, 'attempt')} ({waste.share:.0%}), "
            f"{counted(waste.tokens, 'token')}[/]"
        )


def print_regraded(found: Regraded) -> None:
    """What judging anew has changed."""
    out, changes = console(), found.changes
    moves = {
        "from pass to fail": changes.pass_to_fail,
        "from fail to pass": changes.fail_to_pass,
        "from missing to pass": changes.missing_to_pass,
        "from missing to fail": changes.missing_to_fail,
    }
    changed = sum(moves.values())
    which = "".join(f", {count:,} {move}" for move, count in moves.items() if count)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("judged anew", overflow="fold")
    for name in ("attempts", "outputs", "verdicts changed", "rate before", "rate now"):
        table.add_column(name, justify="right")
    for part in found.sources:
        rates = ("unknown" if rate is None else f"{rate:.3f}" for rate in (part.before, part.after))
        table.add_row(escape(part.source), f"{part.attempts:,}", f"{part.outputs:,}", f"{part.changed:,}", *rates)
    out.print()
    out.print(table)
    out.print(
        f"{counted(sum(part.attempts for part in found.sources), 'attempt')} with "
        f"{counted(changes.outputs, 'output')} judged anew: {counted(changed, 'verdict')} changed{which}; "
        f"{counted(changes.measurements, 'measurement')} with another value"
    )
    if changes.not_judged:
        out.print(
            f"[yellow]warning:[/] not judged now: {counted(changes.not_judged, 'output')}, whose verdicts stay"
        )
    if changes.need_more:
        out.print(
            f"[yellow]warning:[/] {counted(changes.need_more, 'sample')} would now need more attempts: "
            "the command that scored them makes these"
        )


def print_pool_estimate(pool: PoolEstimate) -> None:
    """What a model's results on part of a pool say of all of it."""
    out = console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", overflow="fold")
    for name in ("samples", "with a result", "pass rate", "95% interval"):
        table.add_column(name, justify="right")
    rows = [("all", pool.whole), *((f"  {source} {tag}", found) for source, tag, found in pool.groups)]
    for name, found in rows if len(pool.groups) > 1 else rows[:1]:
        table.add_row(
            escape(name),
            f"{found.samples:,}",
            f"{found.observed:,}",
            "unknown" if found.mean is None else f"{found.mean:.3f}",
            f"{found.low:.3f} to {found.high:.3f}",
        )
    out.print("[bold]Estimate[/] of what running every sample would give")
    out.print(table)
    out.print(f"[dim]{escape(pool.how)}.[/]")
    saved = "" if pool.saved is None else f"about {pool.saved:.0%} "
    out.print(f"[dim]cost saved: {saved}{escape(pool.cost)}.[/]")


def _cells(part: Part, name: str) -> tuple[str, ...]:
    return (
        escape(name),
        f"{part.samples:,}",
        f"{part.attempts:,}",
        f"{part.passes:,}",
        "unknown" if part.rate is None else f"{part.rate:.3f}",
        f"{part.low:.3f} to {part.high:.3f}",
        "" if part.chance is None else f"{part.chance:.3f}",
        f"{part.missing:,}" if part.missing else "",
    )
