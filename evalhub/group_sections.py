"""How the groups of a ranking are shown, each for itself: of the order of models across them nothing is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aggregate.ranking import RankedGroup
from evalhub.wording import counted, first_few, span

ALONE = "Beside no other model"
"""Heading of models that share nothing with any other."""

EACH = ": a group each"
"""What stands behind it."""

NO_ORDER = "Nothing is known of the order of models across groups."

ACROSS = f"Ranks count the models of a group. {NO_ORDER}"


@dataclass(frozen=True)
class GroupSection:
    """Groups that are shown together."""

    heading: str
    """`ALONE`, or which of the groups it is."""

    about: str
    """How many models, and on what they were measured."""

    unit: str
    """What a score is."""

    groups: tuple[int, ...]


def rank_range(low: int, high: int, models: int) -> str:
    """The ranks that the data allow a model of a group of so many; a dash where it is beside no other."""
    return "–" if models == 1 else span(low, high)


def group_sections(groups: Sequence[RankedGroup], sources: int) -> list[GroupSection]:
    """A section for each group of several models, then one for those that stand alone, by what their score is.

    sources: names of them that are told, at most.
    """
    found: list[GroupSection] = []
    alone: dict[str, list[int]] = {}
    for group in groups:
        if group.models == 1:
            alone.setdefault(group.unit, []).append(group.group)
            continue
        on = f", measured on {first_few(group.sources, sources)}" if group.sources else ""
        heading, about = f"Group {group.group} of {len(groups)}", f": {counted(group.models, 'model')}{on}"
        found.append(GroupSection(heading, about, group.unit, (group.group,)))
    return [*found, *(GroupSection(ALONE, EACH, unit, tuple(numbers)) for unit, numbers in alone.items())]
