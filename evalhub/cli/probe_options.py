"""What `evalhub probe` and `evalhub bench new` are told of the samples that are meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from evalhub.cli.options import Number

if TYPE_CHECKING:
    from evalhub.probes.index import Index
    from evalhub.probes.probe import Cut, Probe
    from evalhub.store.hub import Hub

_DEFAULT_PRECISION = 0.8

_Command = TypeVar("_Command", bound=Callable[..., Any])


def probe_options(command: _Command) -> _Command:
    """TEXT, --like, --where, --top and --precision, for `asked`; --skip-images, for `open_index`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.argument("text", default=""),
    click.option(
        "--like",
        multiple=True,
        metavar="SAMPLE",
        help="More like this sample of the pool, by the first digits of its id; may be repeated.",
    ),
    click.option("--where", default="", metavar="FILTER", help="Only samples that this filter holds for."),
    click.option("--top", type=click.IntRange(1), metavar="N", help="So many samples, however similar they are."),
    click.option(
        "--precision",
        type=Number(0, 1, min_open=True),
        help="As many samples as can be had with this share of them estimated to be right.  "
        f"[default: {_DEFAULT_PRECISION}]",
    ),
    click.option("--skip-images", is_flag=True, help="Read no text in images that were not read before."),
)


def asked(
    text: str, like: tuple[str, ...], where: str, top: int | None, precision: float | None
) -> tuple[Probe, Cut]:
    """The probe and the cut that these options mean.

    Raises:
        click.UsageError: they say twice how many samples.
    """
    if top is not None and precision is not None:
        raise click.UsageError("--top and --precision both say how many samples: give one of them")

    from evalhub.probes.probe import Cut, Probe
    from evalhub.wording import unicode_text

    cut = Cut(top=top) if top is not None else Cut(precision=precision or _DEFAULT_PRECISION)
    return Probe(text=unicode_text(text).strip(), like=like, where=where), cut


def with_whole_ids(hub: Hub, probe: Probe) -> Probe:
    """The probe, with its examples by their whole ids.

    Raises:
        EvalhubError: an example is not in the pool, or may be one of several.
    """
    from evalhub.store.short_ids import whole_ids

    return replace(probe, like=whole_ids(hub, probe.like))


def open_index(hub: Hub, probe: Probe, skip_images: bool) -> Index | None:
    """The index of the pool, where the probe needs one; what is done for it is told on the terminal.

    Raises:
        EvalhubError: the encoder cannot be had.
    """
    if not probe.means:
        return None

    from evalhub.cli.progress import telling
    from evalhub.probes.index import Index

    with telling() as tell:
        return Index.open(hub, images=not skip_images, tell=tell)
