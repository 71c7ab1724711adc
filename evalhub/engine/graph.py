"""A piece of work on a GPU that is recorded once and then played: its hundreds of kernels start as one."""

from __future__ import annotations

from collections.abc import Callable

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
        if self.why_not:
            return
        side = torch.cuda.Stream(device)
        side.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(side):
            for _ in range(_WARMING):
                work()
        torch.cuda.current_stream(device).wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph):
                work()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:  # a model that asks the host for something, such as mixtures of experts
            self.why_not = " ".join(str(error).split())[:150]
            return
        self._graph = graph

    def __call__(self) -> None:
        if self._graph is not None:
            self._graph.replay()
        else:
            self._work()
