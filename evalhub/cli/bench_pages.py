"""Benchmarks as a reader sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from aggregate.typical import Typical
from evalhub.benchmarks.benchmark import Benchmark
from evalhub.benchmarks.card import ALIKE, METHOD, Card, Move
from evalhub.benchmarks.changes import Difference
from evalhub.benchmarks.frozen import SHOWN
from evalhub.cli.probe_pages import shortened
from evalhub.cli.tables import console, escape
from evalhub.store.benchmarks import Named
from evalhub.store.hub import Hub
from evalhub.store.vectors import named
from evalhub.wording import counted, span

_LISTED = 5
"""Of a long list."""

_LONGEST = 70
"""Characters of a question in a line."""


def bench_json(benchmark: Benchmark) -> dict[str, Any]:
    """A benchmark without its samples, for programs."""
    return {**benchmark.named.to_json(), **benchmark.frozen.to_json()}


def print_versions(there: Sequence[Named]) -> None:
    """A row for each version."""
    table = _table("benchmark", "hash", "samples", "made (UTC)", right=("samples",))
    for one in there:
        made = one.named_at.strftime("%Y-%m-%d %H:%M")
        table.add_row(escape(f"{one.name}@{one.version}"), one.benchmark_id[:SHOWN], f"{one.samples:,}", made)
    console().print(table)


def print_difference(hub: Hub, found: Difference, first: str, second: str) -> None:
    """Samples that one of two has, and what else is not the same."""
    out = console()
    out.print(f"{escape(first)} and {escape(second)}")
    out.print(f"{counted(len(found.both), 'sample')} in both; Jaccard {found.jaccard:.2f}")
    for part, (one, other) in found.differ.items():
        out.print(f"{part}: {escape(_said(one))} in {escape(first)}, {escape(_said(other))} in {escape(second)}")
    for title, sample_ids in (
        (f"only in {first}", found.only_first),
        (f"only in {second}", found.only_second),
    ):
        if not sample_ids:
            continue
        out.print(f"{escape(title)}: {counted(len(sample_ids), 'sample')}")
        for _, source, source_id, prompt in named(hub, sample_ids[:_LISTED]).iter_rows():
            _line(out, f"{source} {source_id}", prompt) if source else _line(out, "not in this pool", "")
        if len(sample_ids) > _LISTED:
            out.print(f"  and {len(sample_ids) - _LISTED:,} more (--json names all)")


def _said(value: Any) -> str:
    return "none" if value in (None, "", []) else ", ".join(value) if isinstance(value, list) else str(value)


def _line(out: Console, name: str, prompt: str) -> None:
    question = " ".join(prompt[: 2 * _LONGEST].split())[:_LONGEST]
    out.print(f"  {escape(name)}  [dim]{escape(question)}[/]", no_wrap=True, overflow="ellipsis")


def print_card(benchmark: Benchmark, card: Card) -> None:
    """All that the card says."""
    out, frozen = console(), benchmark.frozen
    count = len(frozen.samples)
    out.print(f"[bold]{escape(str(benchmark.named))}[/] {counted(count, 'sample')}")
    _print_query(out, benchmark)
    sources = ", ".join(f"{escape(source)} {number:,}" for source, number in card.sources.items())
    out.print(f"sources: {sources or 'none in this pool'}")
    if card.lacking:
        out.print(f"[yellow]warning:[/] this pool lacks {counted(card.lacking, 'sample')} of it")
    for warning in card.warnings:
        out.print(f"[yellow]warning:[/] {escape(warning)}")
    _print_near(out, benchmark.hub, card)
    _print_coverage(out, card.coverage, count)
    if card.reason:
        out.print(f"how firm the ranking is, and whether it is the pool's: {escape(card.reason)}")
        return
    out.print(
        f"[dim]What follows is about {counted(card.models, 'model')}, chance left out. "
        f"The data allow a model {card.width:.1f} ranks on average (by {METHOD}).[/]"
    )
    if card.moves:
        _print_moves(out, card.moves)
    if card.pool:
        _print_pool(out, card.pool)


def _print_query(out: Console, benchmark: Benchmark) -> None:
    probe, cut, known = benchmark.frozen.probe, benchmark.frozen.cut, benchmark.frozen.estimate
    if probe.text:
        out.print(f"text: {escape(shortened(probe.text))}")
    if probe.like:
        out.print(f"like: {escape(', '.join(probe.like))}")
    if probe.where:
        out.print(f"where: {escape(probe.where)}")
    if not benchmark.frozen.encoder and cut.top is not None:
        out.print(f"cut: the first {cut.top:,} in the order of the pool, of {known.candidates:,}")
    if benchmark.frozen.encoder:
        out.print(f"encoder: {escape(benchmark.frozen.encoder)}")
        asked = f"top {cut.top:,}" if cut.top is not None else f"precision {cut.precision}"
        out.print(
            f"cut: {asked}; estimated precision {known.precision:.2f} (95% interval {known.low:.2f} to "
            f"{known.high:.2f}, from {counted(known.answers, 'answer')})"
        )


def _print_near(out: Console, hub: Hub, card: Card) -> None:
    out.print(
        f"near-duplicates: {counted(len(card.near), 'pair')} with a cosine of {ALIKE} or more "
        f"among {counted(card.seen, 'sample')} with a vector"
    )
    for one, other, cosine in card.near[:_LISTED]:
        pair = " and ".join(f"{source} {name}" for _, source, name, _ in named(hub, [one, other]).iter_rows())
        _line(out, f"{cosine:.2f} {pair}", "")


def _print_coverage(out: Console, coverage: Mapping[str, int], samples: int) -> None:
    partly = {model: number for model, number in coverage.items() if number < samples}
    if full := len(coverage) - len(partly):
        out.print(f"coverage: {counted(full, 'model')} measured on all {samples:,} samples")
    if partly:
        table = _table("measured on a part", "samples", "coverage", right=("samples", "coverage"))
        for model, number in sorted(partly.items(), key=lambda one: -one[1]):
            table.add_row(escape(model), f"{number:,}", f"{number / samples:.0%}")
        out.print(table)


def _print_moves(out: Console, moves: Sequence[Move]) -> None:
    table = _table("without", "samples", "tau", "moves furthest", "", right=("samples", "tau"))
    for move in moves:
        if move.reason:
            table.add_row(escape(move.without), f"{move.samples:,}", "", escape(move.reason), "")
            continue
        tau = "all tie" if move.tau is None else f"{move.tau:.2f}"
        furthest = "none"
        if move.model:
            furthest = (
                f"{move.model} from {move.rank} to {move.new_rank}, range {span(move.rank_low, move.rank_high)}"
            )
        noise = "within the rank ranges" if move.within else "beyond the rank ranges"
        table.add_row(escape(move.without), f"{move.samples:,}", tau, escape(furthest), noise)
    out.print(table)


def _print_pool(out: Console, pool: Typical) -> None:
    if pool.tau is None:
        out.print("beside the whole pool: no order to compare (too few models with shared samples, or all tie)")
        return
    out.print(f"beside the whole pool: tau {pool.tau:.2f} over {counted(pool.models, 'model')}")
    if pool.share is None or pool.median is None:
        out.print("  it is all there is of its sources: no random subset can be drawn")
        return
    out.print(
        f"  of {pool.draws} random subsets of the same size from the same sources {pool.share:.1%} are as far "
        f"from it or farther (tau: median {pool.median:.2f}, 95% of them {pool.low:.2f} to {pool.high:.2f})"
    )
    if pool.share < _UNUSUAL:
        out.print(
            "[yellow]warning:[/] its order of models is further from the pool's than chance explains: it measures "
            "something else, or was picked for its ranking"
        )
    out.print("[dim]  scores: mean over samples of value less the mean of the models on the sample[/]")


_UNUSUAL = 0.025
"""Share of random subsets as far from the pool below which a reader is warned."""


def _table(*titles: str, right: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold", justify="right" if title in right else "left")
    return table
