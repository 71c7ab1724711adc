"""Samples of which only outcomes are recorded: something for `replay:FILE` to be asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ingest.recorded import PASS, read_recording
from ingest.records import Condition, Sample
from ingest.source import SourceError


class Recorded:
    """`evalhub ingest recorded:FILE`, for a file with the outcomes of each sample's attempts in order.

    The prompt is the sample's name, so recordings of two models on the same samples share them. Only a recording
    can answer it; whatever a model says to it is missing, neither right nor wrong.
    """

    summary = "samples whose outcomes are recorded: recorded:FILE, to be scored by replay:FILE"

    def samples(self, *, path: str = "", limit: int | None = None) -> Iterator[Sample]:
        """Yield a sample for each that is recorded, in the file's order.

        Args:
            path: the file; `evalhub ingest recorded:FILE` sets it.
            limit: only the first so many.
        """
        if not path:
            raise SourceError("name the file: evalhub ingest recorded:FILE")
        file = Path(path).expanduser()
        recording = read_recording(file)
        if not recording.outcomes:
            raise SourceError(
                f"{path} records outputs: ingest the source of the samples that they were asked from instead"
            )
        for name in islice(recording.places, limit):
            yield Sample(
                source=f"recorded:{file.name}",
                source_id=name,
                prompt=name,
                reference=PASS,
                grader="outcome",
                condition=Condition(form="plain"),
            )
