"""Processes with an engine each: requests come in by a pipe, outputs go back by it.

On a CPU there is a worker for each core, with one thread each: two threads in one process wait for each other,
two processes do not. The first loads the model and brings its weights into order; the others are its forks, so
that the weights are in memory once. A worker ends when its pipe closes, so none outlives a parent that was killed.
"""

from __future__ import annotations

import os
import sys
import warnings
from multiprocessing.connection import Connection
from typing import Any

from evalhub.engine.job import Job, Ready, Remark
from evalhub.errors import EvalhubError
from kernels.device import Lacking


def work(pipes: list[Connection]) -> None:
    """Take a job from the first pipe, load its model, fork a worker for each other pipe, and run requests until
    the pipe closes."""
    mine = pipes[0]
    try:
        job: Job = mine.recv()
        _quieten()
        from evalhub.engine.loading import load

        generator, scorer, ready = load(job)
        for pipe in pipes[1:]:
            if os.fork() == 0:
                mine = pipe
                break
        for pipe in pipes:
            # A pipe is closed for the parent only when no worker holds an end that is not its own.
            if pipe is not mine:
                pipe.close()
        _serve(mine, generator, scorer, ready)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    except EvalhubError as error:
        mine.send(error)
    except Exception as error:  # whatever torch or a model's own code raises, as one line for the user
        mine.send(EvalhubError(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"))
    os._exit(0)


def _quieten() -> None:
    """What holds for every library that is loaded from here on."""
    # Weights are there by now; a library that asks the network again would wait for nothing.
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)


def _serve(pipe: Connection, generator: Any, scorer: Any, ready: Ready) -> None:
    pipe.send(ready)

    def remark(message: Warning | str, *_: Any, **__: Any) -> None:
        if isinstance(message, Lacking):  # libraries warn of much that is no matter of the user's
            pipe.send(Remark(str(message)))

    warnings.showwarning = remark
    while True:
        while (generator.idle and scorer.idle) or pipe.poll():
            requests = pipe.recv()
            generator.add([request for request in requests if not request.continuations])
            scorer.add([request for request in requests if request.continuations])
        outputs = scorer.step() + generator.step()
        if outputs:
            pipe.send(outputs)


if __name__ == "__main__":
    # The classes that travel must be those that the parent knows, not this module's under another name.
    from evalhub.engine import worker

    worker.work([Connection(int(number)) for number in sys.argv[1:]])
