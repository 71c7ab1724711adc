"""What methods ask of the results that they rank, whether these are rows or counts of them."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Basis(Protocol):
    """What a ranking tells of the results behind it."""

    @property
    def models(self) -> tuple[str, ...]:
        """Names, sorted."""
        ...

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Models all of whose values are missing; they are not in `models`."""
        ...

    @property
    def missing(self) -> int:
        """Results without a value."""
        ...

    @property
    def missing_votes(self) -> int:
        """Votes without an outcome."""
        ...

    @property
    def value_count(self) -> int:
        """Results with a value."""
        ...

    @property
    def measured_count(self) -> int:
        """Samples with a value."""
        ...

    @property
    def sample_count(self) -> int:
        """Samples that were measured or voted on."""
        ...

    def samples_per_group(self, group: np.ndarray) -> np.ndarray:
        """(K,) on how many of them any model of each group was measured or voted on.

        group: (M,) of each model, 0 to K - 1.
        """
        ...

    def sources_per_group(self, group: np.ndarray) -> tuple[tuple[str, ...], ...]:
        """(K,) sources of the samples that a group's models were measured on, as far as samples have any."""
        ...

    @property
    def samples_per_model(self) -> np.ndarray:
        """(M,) on how many of them each model was measured or voted on."""
        ...

    @property
    def cluster_count(self) -> int:
        """Clusters, or groups of them where `grouped`: what widths depend on."""
        ...

    @property
    def grouped(self) -> bool:
        """Whether clusters were put together into groups."""
        ...

    @property
    def units_per_model(self) -> np.ndarray:
        """(M,) units that are drawn as a whole in which each model has a result."""
        ...
