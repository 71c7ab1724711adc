"""A piece of work on a GPU that is recorded once and then played: its hundreds of kernels start as one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch

_WARMING = 3
"""Times that the work runs before it is recorded: then kernels are compiled, and libraries choose theirs."""


class Played:
    """Calls `work`, from a recording where there can be one.

    Args:
        work: reads and writes tensors that stay where they are, and asks the host for nothing; run some times
            before it counts.
        device: on a CPU it is just called.

    Attributes:
        why_not: why it is not played but called each time; '' where it is.
    """

    def __init__(self, work: Callable[[], None], device: torch.device) -> None:
        self._work = work
        self._graph: torch.cuda.CUDAGraph | None = None
        self.why_not = "" if device.type == "cuda" else "there is no GPU"
        if not self.why_not:
            self._warm(device)
        if not self.why_not:
            self._record(device)

    def _warm(self, device: torch.device) -> None:
        """Run the work as often as it takes, the last time with an eye on whether it asks the host for anything:
        that would break a recording off, and leave torch's memory in disorder."""
        side, now = _side(device), torch.cuda.current_stream(device)
        side.wait_stream(now)
        with torch.cuda.stream(side):
            for _ in range(_WARMING - 1):
                self._work()
            torch.cuda.set_sync_debug_mode("error")
            try:
                self._work()
            except torch.OutOfMemoryError:
                raise
            except (
                RuntimeError
            ) as error:  # a model that asks the host for something, such as some scaled positions
                self.why_not = _short(error)
            finally:
                torch.cuda.set_sync_debug_mode("default")
        now.wait_stream(side)

    def _record(self, device: torch.device) -> None:
        before, graph = torch.cuda.current_stream(device), torch.cuda.CUDAGraph()
        try:
            # Other threads may ask the card for what they like.
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self._work()
        except RuntimeError as error:
            torch.cuda.set_stream(before)  # where a recording cannot end, torch stays on its stream
            cause = error.__context__ or error
            if isinstance(cause, torch.OutOfMemoryError):
                raise cause from None
            self.why_not = _short(cause)
        else:
            self._graph = graph

    def __call__(self) -> None:
        if self._graph is not None:
            self._graph.replay()
        else:
            self._work()


@cache
def _side(device: torch.device) -> torch.cuda.Stream:
    """The one stream on which work runs before it is recorded: libraries keep memory for each."""
    return torch.cuda.Stream(device)


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:150]
