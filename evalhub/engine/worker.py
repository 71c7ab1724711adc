"""One process with one engine: requests come in by a pipe, outputs go back by it.

On a CPU there is a worker for each core, with one thread each and the weights shared by memory map: two
threads in one process wait for each other, two processes do not. A worker ends when its pipe closes, so
none outlives a parent that was killed.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from evalhub.errors import EvalhubError


@dataclass(frozen=True)
class Job:
    """What a worker is to load."""

    folder: Path
    device: str
    dtype: str
    slots: int
    threads: int


@dataclass(frozen=True)
class Ready:
    """What a worker says when its model is loaded."""

    parameters: int
    chat: bool
    """Whether the tokenizer has a chat template."""


def work(pipe: Connection) -> None:
    """Take a job from the pipe, load its model, then run requests until the pipe closes."""
    try:
        _serve(pipe, pipe.recv())
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    except EvalhubError as error:
        pipe.send(error)
    except Exception as error:  # whatever torch or a model's own code raises, as one line for the user
        pipe.send(EvalhubError(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"))
    os._exit(0)


def _serve(pipe: Connection, job: Job) -> None:
    # Weights are there by now; a library that asks the network again would wait for nothing.
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    import transformers

    from evalhub.engine.engine import Engine
    from evalhub.engine.seam import ATTENTION

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(job.threads)
    model, loading = transformers.AutoModelForCausalLM.from_pretrained(
        job.folder, dtype=getattr(torch, job.dtype), attn_implementation=ATTENTION, output_loading_info=True
    )
    absent = sorted(map(str, [*loading["missing_keys"], *loading["mismatched_keys"]]))
    if absent:
        # transformers would put random numbers in their place.
        raise EvalhubError(
            f"{len(absent)} of its weights are not in its files, or of another shape: {absent[0]} …"
        )
    model.to(job.device).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(job.folder)
    engine = Engine(model, tokenizer, job.slots)
    parameters = sum(weight.numel() for weight in model.parameters())
    pipe.send(Ready(parameters, bool(tokenizer.chat_template)))
    while True:
        while engine.idle or pipe.poll():
            engine.add(pipe.recv())
        outputs = engine.step()
        if outputs:
            pipe.send(outputs)


if __name__ == "__main__":
    # The classes that travel must be those that the parent knows, not this module's under another name.
    from evalhub.engine import worker

    worker.work(Connection(int(sys.argv[1])))
