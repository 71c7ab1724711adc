"""Every model of lm-eval's registry: `lm-eval:TYPE:ARGS`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from evalhub.backends.base import Output, Request
from evalhub.backends.lm_eval_worker import Job, Ready
from evalhub.backends.process import Child
from evalhub.backends.weights import resolve
from evalhub.errors import EvalhubError
from ingest.records import Condition, Model, Sample, content_hash

_PREFIX = "lm-eval:"

_NAMES = ("pretrained", "model", "peft", "delta")
"""Arguments that say which model it is."""

_HOW_FAST = ("batch_size", "max_batch_size", "device", "num_concurrent")
"""Arguments that say how it is run, which is no part of the condition."""


class LmEvalBackend:
    """TYPE and ARGS are what lm-eval calls `--model` and `--model_args`, as in
    `lm-eval:hf:pretrained=/folder,dtype=float32`.

    lm-eval takes batches and has no random stream for an attempt: each call is seeded by the attempts in it, so a
    sampled output depends on its company, unless the batch size is 1.
    """

    @classmethod
    def handles(cls, name: str) -> bool:
        return name.startswith(_PREFIX)

    def __init__(self, name: str, *, device: str = "auto", dtype: str = "auto") -> None:
        kind, _, text = name.removeprefix(_PREFIX).partition(":")
        if not kind:
            raise EvalhubError("name lm-eval's model: lm-eval:TYPE:ARGS, as in lm-eval:hf:pretrained=FOLDER")
        if find_spec("lm_eval") is None:
            raise EvalhubError('lm-eval is not installed: pip install "evalhub[lm-eval]"')
        arguments = _arguments(text)
        folders = {
            key: resolve(value) for key, value in arguments.items() if (Path(value) / "config.json").is_file()
        }
        names = [folders[key].model_id if key in folders else arguments[key] for key in _NAMES if key in arguments]
        self._child = Child("evalhub.backends.lm_eval_worker", Job(kind, text, arguments, device, dtype))
        try:
            ready: Ready = self._child.receive()
        except EvalhubError as error:
            self._child.close()
            raise EvalhubError(f"lm-eval's {kind} cannot be run here: {error}") from None
        except BaseException:  # Ctrl-C while loading
            self._child.close()
            raise
        # Apart from the same model in our own engine, as with servers: it may well be run otherwise.
        self.model = Model(model_id=_PREFIX + ("+".join(names) or kind), parameters=ready.parameters)
        self.notes = tuple(_notes(ready))
        self.capacity = 2 * ready.batch
        self._ready = ready
        self._engine = "/".join(part for part in ("lm-eval", kind, ready.dtype) if part)
        told = {key: value for key, value in arguments.items() if key not in _HOW_FAST}
        told |= {key: weights.revision for key, weights in folders.items()}
        self._revision = content_hash([told, ready.commit])[:16]
        self._queue: deque[Request] = deque()
        self._flying = 0

    def refuses(self, sample: Sample, asked: Condition) -> str:
        if sample.images:
            return "lm-eval is asked texts only"
        if self._ready.chat_only and asked.answer == "likelihood":
            return "this model of lm-eval gives no likelihoods"
        if self._ready.chat_only and asked.form != "chat":
            return "this model of lm-eval takes chats only"
        return ""

    def condition(self, asked: Condition) -> Condition:
        form = asked.form if self._ready.chat else "plain"
        return replace(asked, form=form, engine=self._engine, revision=self._revision)

    def submit(self, requests: Sequence[Request]) -> None:
        self._queue.extend(requests)
        self._hand_out()

    def collect(self, seconds: float) -> list[Output]:
        if not self._child.pipe.poll(seconds):
            return []
        outputs: list[Output] = self._child.receive()
        self._flying -= len(outputs)
        self._hand_out()
        return outputs

    def close(self) -> None:
        self._child.close()

    def _hand_out(self) -> None:
        """Give the waiting child a batch: requests of one condition, an attempt of each sample before a second one
        of any where the model would answer both alike."""
        if self._flying or not self._queue:
            return
        condition = self._queue[0].condition
        batch: list[Request] = []
        left: deque[Request] = deque()
        samples: set[str] = set()
        for request in self._queue:
            fits = len(batch) < self._ready.batch and request.condition == condition
            if fits and not (self._ready.one_seed and request.sample_id in samples):
                batch.append(request)
                samples.add(request.sample_id)
            else:
                left.append(request)
        self._queue = left
        self._flying = len(batch)
        self._child.send(batch)


def _notes(ready: Ready) -> Iterator[str]:
    if ready.batch > 1:
        yield (
            "lm-eval has no random stream for an attempt: which outputs are sampled depends on their batch "
            "(batch_size=1: not)"
        )
    if not ready.counts:
        yield "this model of lm-eval does not say which outputs were cut off: they are judged as if whole"


def _arguments(text: str) -> dict[str, str]:
    """lm-eval's arguments by name."""
    given = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise EvalhubError(f"lm-eval's arguments are NAME=VALUE with commas between them, not '{part}'")
        given[key] = value
    return given
