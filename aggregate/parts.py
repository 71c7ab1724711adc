"""Parts of measurements that are ranked each on its own: those of a tag, of a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from aggregate.measurements import Measurements

Label = Literal["tag", "source"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Parts:
    """Which part each sample and each vote of some measurements is in."""

    measurements: Measurements

    names: tuple[str, ...]
    """Sorted."""

    of_sample: np.ndarray
    """(S,) int: index into `names`, -1 for none."""

    of_vote: np.ndarray
    """(V,) int: the same for votes."""

    @classmethod
    def by(cls, label: Label, m: Measurements, voted: Mapping[str, str] | None = None) -> Parts:
        """The samples of each tag, or of each source; voted: the part of samples that were voted on, by name."""
        labels, of = (m.tags, m.tag_of) if label == "tag" else (m.sources, m.source_of)
        voted = voted or {}
        about = [voted.get(sample, "") for sample in m.votes.samples]
        names = tuple(sorted({*labels, *about} - {""}))
        place = {name: i for i, name in enumerate(names)} | {"": -1}
        of_label, of_voted = (np.array([place[name] for name in each], np.int64) for each in (labels, about))
        return cls(
            measurements=m,
            names=names,
            of_sample=of_label[of] if labels else np.full(len(m.samples), -1),
            of_vote=of_voted[m.votes.sample],
        )

    @property
    def outside(self) -> int:
        """Samples and votes that are in no part."""
        return int((self.of_sample < 0).sum() + (self.of_vote < 0).sum())

    def __iter__(self) -> Iterator[tuple[str, Measurements]]:
        """Each part's name and its measurements, with the models and metrics that it has.

        What was missing is not told by part.
        """
        for place, name in enumerate(self.names):
            whole = self.measurements
            votes = replace(whole.votes.where(self.of_vote == place), missing=0)
            part = replace(whole, votes=votes, missing=0, unmeasured=()).of_samples(self.of_sample == place)
            yield name, part.of_models(part.samples_per_model > 0)
