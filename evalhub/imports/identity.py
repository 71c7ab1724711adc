"""Which sample or model a log speaks of, and what may be the same but is not merged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from evalhub.store.aliases import Doubt, aliases, model_names
from evalhub.store.hub import Hub
from evalhub.store.samples import (
    add_samples,
    known_by_content,
    known_by_id,
    known_by_name,
    nearly_equal,
    other_clusters,
)
from evalhub.wording import counted
from ingest.importer import ABOUT, Log
from ingest.reading import named_sample
from ingest.records import Sample


def place_samples(hub: Hub, log: Log, keys: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Put what a log speaks of into the pool.

    What the log calls by its id in the pool is that sample. One whose content the log tells is the pool's own of
    the same question, choices and reference, if there is one; a name is what the pool has under this name from
    this source; else it is a new one.

    keys: in the results' column `sample`.

    Returns:
        sample id by key, and the ids of those that came new with their content.
    """
    found = known_by_id(hub, keys)
    told = {key: log.samples[key] for key in keys if key in log.samples and key not in found}
    found.update(known_by_content(hub, told))
    named = _named(log, [key for key in keys if key not in told and key not in found])
    found.update(known_by_name(hub, {key: (one.source, one.source_id) for key, one in named.items()}))
    other = {key: one.cluster for key, one in named.items() if key in found and one.cluster}
    if conflicts := other_clusters(hub, {found[key]: cluster for key, cluster in other.items()}):
        log.warnings.append(f"{counted(conflicts, 'sample')} in another cluster in the pool, to stay there")
    fresh: dict[str, Sample] = {key: sample for key, sample in told.items() if key not in found}
    new = [sample.sample_id for sample in fresh.values()]
    fresh.update((key, sample) for key, sample in named.items() if key not in found)
    add_samples(hub, fresh.values())
    found.update((key, sample.sample_id) for key, sample in fresh.items())
    return found, new


def _named(log: Log, names: Sequence[str]) -> dict[str, Sample]:
    about: Mapping[str, tuple[str, ...]] = {}
    if log.about is not None:
        columns = [
            pl.col(name).fill_null("") if name in log.about.columns else pl.lit("").alias(name) for name in ABOUT
        ]
        about = {name: labels for name, *labels in log.about.select("sample", *columns).iter_rows()}
    made = {}
    for name in names:
        source, own, cluster, tag = about.get(name, ("", "", "", ""))
        made[name] = named_sample(source or log.source, own or name, cluster=cluster, tags=(tag,) if tag else ())
    return made


def sample_doubts(hub: Hub, sample_ids: Iterable[str]) -> list[Doubt]:
    """New samples whose question the pool has in other words only by case, spaces and punctuation, or with other
    choices or another reference."""
    return [
        Doubt("sample", first, second, "the same question" if same else "the same question but for its spelling")
        for first, second, same in nearly_equal(hub, list(sample_ids))
    ]


def model_doubts(hub: Hub, names: Iterable[str]) -> list[Doubt]:
    """Names of a log's models that differ from others only by case, punctuation or who published them."""
    known = aliases(hub)
    alike: dict[str, list[str]] = {}
    for name in model_names(hub):
        alike.setdefault(_plain(name), []).append(name)
    found = []
    for name in sorted(set(names)):
        for other in alike.get(_plain(name), ()):
            if known.get(name, name) != known.get(other, other):
                first, second = sorted((name, other))
                found.append(Doubt("model", first, second, "they differ only in how they are written"))
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.rpartition("/")[2].lower())
