"""What a source of samples is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from ingest.records import Sample


class SourceError(Exception):
    """The source cannot yield samples as asked; the message is one line that says what to do."""


class Source(Protocol):
    """Yields samples. Found through the entry-point group `evalhub.sources`, made without arguments.

    The keyword parameters of `samples` are the options that `evalhub ingest NAME` takes, by `-o NAME=VALUE`
    or, for `seed` and `limit`, by their own flags. Their annotations say how a typed value is read: int,
    float, str, or tuple[str, ...] for a list with commas.
    """

    summary: str
    """One line for `evalhub sources`."""

    def samples(self, **options: Any) -> Iterator[Sample]:
        """Yield the samples, the same ones in the same order for the same options.

        Raises:
            SourceError: the options make no sense, or the data is absent or broken.
        """
        ...
