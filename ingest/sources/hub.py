"""Data by way of Hugging Face's `datasets`: quietly, and with one line where it cannot be had."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import warnings
from collections.abc import Iterator

_OUT_OF_REACH = frozenset(
    ("OfflineModeIsEnabled", "LocalEntryNotFoundError", "ConnectError", "ConnectTimeout", "ReadTimeout")
)
"""Errors of the libraries on the way to the hub, known by name: which of them is there depends on versions."""

_LONGEST = 300


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """No log lines and warnings from within; bars of progress on a terminal only."""
    before = logging.root.manager.disable
    with contextlib.ExitStack() as stack:
        logging.disable(logging.CRITICAL)
        stack.callback(logging.disable, before)
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        if not sys.stderr.isatty():
            stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        yield


def why(error: BaseException, what: str) -> str:
    """One line on why something could not be loaded.

    Args:
        what: was to be loaded, as the subject of the line.
    """
    if any(
        isinstance(one, ConnectionError | TimeoutError) or type(one).__name__ in _OUT_OF_REACH
        for one in _chain(error)
    ):
        return f"{what} is not on this machine, and the Hugging Face hub is out of reach"
    while type(error).__name__ == "DatasetGenerationError" and error.__cause__:  # says nothing itself
        error = error.__cause__
    said = " ".join(str(error).split()) or "no reason given"
    if len(said) > _LONGEST:
        said = said[:_LONGEST] + "…"
    return f"{what} cannot be loaded: {type(error).__name__}: {said}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
