"""Which models and samples take no part where each model is ranked on what came after its training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aggregate.caveats import named
from evalhub.store.chosen import measured_models, model_ids
from evalhub.store.hub import Hub
from evalhub.store.wanted import Wanted, count_undated


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """Who takes no part, and why."""

    unknown_cutoff: tuple[str, ...]
    """Measured models whose training cutoff is unknown."""

    none_after: tuple[str, ...]
    """Measured models without a value on any sample published after their cutoff."""

    undated: int
    """Measured samples of which nobody knows when they were published."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """A line for each reason."""
        found = []
        if self.unknown_cutoff:
            found.append(
                f"unknown training cutoff, not ranked: {named(self.unknown_cutoff)} "
                "(evalhub model set MODEL --cutoff DATE)"
            )
        if self.none_after:
            found.append(f"no value after the training cutoff, not ranked: {named(self.none_after)}")
        if self.undated:
            found.append(f"{self.undated:,} measured samples have no date of publication and take no part")
        return tuple(found)


def beyond(hub: Hub, wanted: Wanted, ranked: Sequence[str], metric: str = "") -> Beyond:
    """Who is measured on the wanted samples and takes no part.

    ranked: names of the models that do, as a ranking shows them.
    """
    cutoffs, ids = measured_models(hub, wanted, metric), model_ids(hub)
    taking_part = {ids[name] for name in ranked}
    return Beyond(
        unknown_cutoff=tuple(model for model, cutoff in cutoffs.items() if cutoff is None),
        none_after=tuple(model for model, cutoff in cutoffs.items() if cutoff and model not in taking_part),
        undated=count_undated(hub, wanted),
    )
