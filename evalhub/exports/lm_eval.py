"""Samples as tasks that lm-eval runs: a folder for its `--include_path`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from evalhub.errors import EvalhubError
from evalhub.exports.every_eval_ever_results import slug
from evalhub.exports.exported import Exported
from evalhub.exports.lm_eval_tasks import Config, NotInLmEval, Part, part_of
from evalhub.exports.samples import chosen_samples
from evalhub.exports.scope import check_scope
from evalhub.exports.target import check_folder, fresh_folder
from evalhub.store.hub import Hub
from evalhub.telling import Tell
from evalhub.wording import tallied

TAG = "evalhub"
"""Under which lm-eval knows all the tasks together."""

_READER = '''\
"""Reads the documents that lie beside this file."""

import json
from pathlib import Path

from datasets import Dataset


def load(file, **_):
    """The documents in a file, as the split `test`."""
    with Path(__file__).with_name(file).open(encoding="utf-8") as lines:
        return {"test": Dataset.from_list([json.loads(line) for line in lines])}
'''

_MODULE = "evalhub_documents"


def export_tasks(hub: Hub, out: Path, *, source: str, limit: int | None, force: bool, tell: Tell) -> Exported:
    """Write samples, without any results, into a folder of tasks: a YAML file and its documents for each.

    Samples of a source that are judged, introduced and decoded alike make one task. What lm-eval cannot ask or
    judge is left out and counted; what it does otherwise than evalhub is said in the task's metadata.

    limit: of each source, spread over its tags.

    Raises:
        EvalhubError: there is nothing that lm-eval can run, or something is in its place.
    """
    check_scope(hub, source)
    check_folder(out, force)
    done = Exported(path=out)
    unfit: Counter[str] = Counter()
    with fresh_folder(out) as folder, ExitStack() as files:
        tasks = _Tasks(folder, files)
        for batch in chosen_samples(hub, source, limit, done, tell):
            for sample in batch:
                try:
                    tasks.add(sample.source, part_of(sample))
                except NotInLmEval as reason:
                    unfit[str(reason)] += 1
        done.rows = done.samples = tasks.samples
        if not done.rows:
            why = tallied(dict(unfit.most_common()))
            raise EvalhubError(f"there is no sample that lm-eval can run: {why}")
        done.more["tasks"] = tasks.finish()
    done.left_out.update(unfit)
    return done


class _Tasks:
    """Writes documents as they come, and at the end what the tasks are."""

    def __init__(self, folder: Path, files: ExitStack) -> None:
        self._folder, self._files = folder, files
        self._open: dict[tuple[str, str], IO[str]] = {}
        self._configs: dict[tuple[str, str], tuple[str, Config]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    @property
    def samples(self) -> int:
        """Documents written."""
        return self._counts.total()

    def add(self, source: str, part: Part) -> None:
        """Write a sample's document into its task."""
        key = source, json.dumps(part.config, sort_keys=True)
        if key not in self._open:
            path = self._folder / f"{len(self._open)}.jsonl"
            self._open[key] = self._files.enter_context(path.open("w", encoding="utf-8"))
            self._configs[key] = part.kind, part.config
        self._counts[key] += 1
        self._open[key].write(json.dumps(part.document) + "\n")

    def finish(self) -> list[str]:
        """Write the tasks. Returns their names."""
        self._files.close()
        (self._folder / f"{_MODULE}.py").write_text(_READER, "utf-8")
        names = _names({key: kind for key, (kind, _) in self._configs.items()})
        for place, (key, name) in enumerate(names.items()):
            (self._folder / f"{place}.jsonl").rename(self._folder / f"{name}.jsonl")
            text = _task(name, key[0], self._configs[key][1], self._counts[key])
            (self._folder / f"{name}.yaml").write_text(text, "utf-8")
        return sorted(names.values())


def _names(kinds: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """A name for each task: its source's, and how it is judged where there are several, and a number where there
    are several of these. None that lm-eval has itself."""
    sources = Counter(source for source, _ in kinds)
    names: dict[tuple[str, str], str] = {}
    taken: Counter[str] = Counter()
    for (source, config), kind in kinds.items():
        name = f"{TAG}_{slug(source)}" + (f"_{kind}" if sources[source] > 1 else "")
        taken[name] += 1
        names[source, config] = f"{name}_{taken[name]}" if taken[name] > 1 else name
    return names


def _task(name: str, source: str, config: Config, samples: int) -> str:
    """A task's YAML."""
    import yaml  # type: ignore[import-untyped]

    own: dict[str, Any] = {key: value for key, value in config.items() if key not in ("form", "notes")}
    notes = list(config.get("notes", []))
    if config["form"] == "chat":
        notes.append("evalhub asks in a chat: run lm-eval with --apply_chat_template")
    content = {
        "task": name,
        "tag": TAG,
        "dataset_kwargs": {"file": f"{name}.jsonl"},
        "test_split": "test",
        "num_fewshot": 0,
        **own,
        "metadata": {"version": 1.0, "source": source, "samples": samples, "differs": notes},
    }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
    return f"custom_dataset: !function {_MODULE}.load\n{text}"
