"""Results on a release: from a file, or from the hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from aggregate.measurements import Measurements
from evalhub.errors import EvalhubError
from evalhub.file_measurements import read_files
from evalhub.live.plan import Standing
from evalhub.live.release import PREFIX
from evalhub.store.hub import Hub
from evalhub.store.journal import models_tried
from evalhub.store.releases import release
from evalhub.store.results import measurement_frame
from evalhub.store.wanted import Wanted
from evalhub.telling import Tell, quiet
from evalhub.wording import BASELINE


@dataclass(frozen=True, kw_only=True)
class Results:
    """Where results are looked for."""

    hub: Path
    """Folder of the hub whose releases may be named."""

    columns: Mapping[str, str] | None = None
    """What files call a column."""

    metric: str = ""
    """Only rows of this metric; '' where there is one, or for the main one of the hub."""

    tell: Tell = quiet

    def on(self, which: str) -> Measurements:
        """The results in a file, or of the hub's models (chance baselines left out) on a release of this name.

        Raises:
            EvalhubError: there is neither, the file cannot be read, or nothing is measured on the release.
            aggregate.measurements.MeasurementsError: the values cannot be scores.
        """
        path, name = Path(which), which.removeprefix(PREFIX)
        if path.is_file():
            return read_files([path], columns=self.columns, metric=self.metric, tell=self.tell)[0]
        try:
            with Hub(self.hub, make=False) as hub:
                made = release(hub, name)
                frame = measurement_frame(hub, Wanted.of_source(made.source), self.metric)
        except EvalhubError as error:
            raise EvalhubError(f"{which} is no file, and no release of the hub: {error}") from error
        measured = frame["value"].count()
        frame = frame.filter(~pl.col("model_id").str.starts_with(BASELINE))
        if not frame["value"].count():
            nothing = "nothing but chance baselines is" if measured else "nothing is"
            raise EvalhubError(
                f"{nothing} measured on {name}: run evalhub score MODEL --source {made.source} for a model or "
                "more, or give a file with results"
            )
        return Measurements.from_frame(frame)

    def lacking(self, which: str, found: Measurements) -> list[str]:
        """A warning where a release of the hub has questions that no model is measured on."""
        if Path(which).is_file():
            return []
        with Hub(self.hub, make=False) as hub:
            whole = release(hub, which.removeprefix(PREFIX)).questions
        if len(found.samples) >= whole:
            return []
        return [
            f"{whole - len(found.samples):,} of the {whole:,} questions are measured by no model: scores are of "
            "the others, and hold for all only where these were drawn at random"
        ]

    def standing(self, which: str) -> Standing:
        """How far models are on a release of the hub.

        Raises:
            EvalhubError: there is none.
        """
        with Hub(self.hub, make=False) as hub:
            made = release(hub, which.removeprefix(PREFIX))
            frame = measurement_frame(hub, Wanted.of_source(made.source), self.metric)
            ran = set(models_tried(hub))
        valued = frame.filter(pl.col("value").is_not_null())
        answered = valued.group_by("model").agg(pl.col("sample").n_unique(), pl.col("model_id").first())
        return Standing(
            source=made.source,
            samples=made.questions,
            answered=dict(answered.select("model", "sample").rows()),
            ran=ran | set(answered.filter(pl.col("model_id").is_in(list(ran)))["model"]),
        )
