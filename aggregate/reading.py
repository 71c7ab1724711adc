"""Frames of values and votes, batch by batch, into one `Measurements`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

import numpy as np
import polars as pl

from aggregate.columns import Names, check_names, counts, floats, refuse
from aggregate.comparisons import Comparisons, Votes, read_votes
from aggregate.measurements import Direction, Kind, Measurements, Metric

_LABELS = ("cluster", "tag", "source", "metric", "kind", "direction")
"""Columns of names that a row may carry beside its model and sample."""


def read_frames(frames: Iterable[pl.DataFrame], kind: Kind | None, direction: Direction) -> Measurements:
    """What `Measurements.from_frames` promises."""
    if kind not in (None, *get_args(Kind)):
        refuse(f"kind {kind!r} is unknown: use one of {', '.join(get_args(Kind))}")
    if direction not in get_args(Direction):
        refuse(f"direction {direction!r} is unknown: use 'up' (higher is better) or 'down'")
    reader = _Reader()
    for frame in frames:
        reader.add(frame)
    return reader.finish(kind, direction)


class _Reader:
    """Codes and numbers of the rows so far, and the names behind the codes."""

    def __init__(self) -> None:
        self.models, self.samples = Names(), Names()
        self.labels = {label: Names() for label in _LABELS}
        self.batches: list[dict[str, np.ndarray]] = []
        self.votes: list[Votes] = []
        self.rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Take the rows of a frame of values or of votes."""
        if "model_a" in frame.columns or "model_b" in frame.columns:
            self.votes.append(read_votes(frame, self.models, self.samples, self.labels["cluster"], self.rows))
        else:
            self.batches.append(self._read_values(frame))
        self.rows += frame.height

    def _read_values(self, frame: pl.DataFrame) -> dict[str, np.ndarray]:
        absent = [name for name in ("model", "sample", "value") if name not in frame.columns]
        if absent:
            refuse(f"no column {', '.join(map(repr, absent))}: rename yours to model, sample, value")
        batch = {
            "model": self.models.codes(check_names(frame, "model")),
            "sample": self.samples.codes(check_names(frame, "sample")),
            "value": floats(frame, "value"),
        }
        counted = counts(frame)
        if counted is not None:
            batch["passes"], batch["attempts"] = counted
        for label, names in self.labels.items():
            if label in frame.columns and frame[label].dtype != pl.Null:
                batch[label] = names.codes(check_names(frame, label, nulls=True))
        return batch

    def finish(self, kind: Kind | None, direction: Direction) -> Measurements:
        """Check what came in as a whole, leave out what has no value, and sort the rest."""
        if not self.rows:
            refuse("no measurements: the input has no rows")
        columns, votes = self._columns(), Votes.joined(self.votes)
        measured = ~np.isnan(columns["value"])
        missing = int(measured.size - measured.sum())
        if missing:
            columns = {name: column[measured] for name, column in columns.items()}
        if not columns["value"].size and not votes.outcome.size:
            refuse(f"no measurements: all {self.rows} rows are missing a value")
        metrics, metric = self._metrics(columns, kind, direction)
        models, (model, first, second), unmeasured = self.models.used(columns["model"], votes.first, votes.second)
        ids, (sample, voted), _ = self.samples.used(columns["sample"], votes.sample)
        item, sample, metric_of = _items(sample, metric, len(ids))
        labels: dict[str, np.ndarray] = {
            label: _of_items(label, columns[label], item, ids, sample)
            for label in ("cluster", "tag", "source")
            if label in columns
        }
        clusters, cluster_of, vote_cluster = self._clusters(labels.get("cluster"), ids, sample, votes, voted)

        order = np.lexsort((metric_of, sample, cluster_of))
        place = np.empty(order.size, np.int32)
        place[order] = np.arange(order.size, dtype=np.int32)
        item, sample, metric_of = place[item], sample[order], metric_of[order]
        shown = tuple(
            f"{ids[s]} [{metrics[m].name}]" if len(metrics) > 1 else ids[s]
            for s, m in zip(sample.tolist(), metric_of.tolist(), strict=True)
        )
        rows = _sorting(item, model, len(models))
        if rows is not None:
            item, model = item[rows], model[rows]
            columns = {name: columns[name][rows] for name in ("value", "passes", "attempts") if name in columns}
        _refuse_repeated(item, model, shown, models)
        tags, tag_of = self._named("tag", labels, order)
        sources, source_of = self._named("source", labels, order)
        voted_ids = np.unique(voted)
        return Measurements(
            models=models,
            samples=shown,
            clusters=clusters,
            tags=tags,
            sources=sources,
            metrics=metrics,
            model=model,
            sample=item,
            value=columns["value"],
            passes=columns.get("passes"),
            attempts=columns.get("attempts"),
            cluster_of=cluster_of[order],
            tag_of=tag_of,
            source_of=source_of,
            metric_of=metric_of,
            weight=np.ones(order.size),
            votes=Comparisons(
                samples=tuple(ids[s] for s in voted_ids.tolist()),
                first=first,
                second=second,
                sample=np.searchsorted(voted_ids, voted).astype(np.int32),
                cluster=vote_cluster,
                outcome=votes.outcome,
                missing=votes.missing,
            ),
            missing=missing,
            unmeasured=unmeasured,
        )

    def _columns(self) -> dict[str, np.ndarray]:
        """All batches as one. What some lack is -1 there (a name) or 0 (a count)."""
        sizes = [batch["value"].size for batch in self.batches]
        columns: dict[str, np.ndarray] = {}
        for name in dict.fromkeys(("model", "sample", "value", *(name for b in self.batches for name in b))):
            absent = 0 if name in ("passes", "attempts") else -1
            parts = [
                batch.pop(name) if name in batch else np.full(size, absent, np.int32)
                for batch, size in zip(self.batches, sizes, strict=True)
            ]
            none = np.empty(0, np.float32 if name == "value" else np.int32)
            columns[name] = parts[0] if len(parts) == 1 else np.concatenate([*parts, none])
        return columns

    def _metrics(
        self, columns: dict[str, np.ndarray], kind: Kind | None, direction: Direction
    ) -> tuple[tuple[Metric, ...], np.ndarray | None]:
        """The metrics of the rows, and (R,) each row's index into them; None where there is only one."""
        if not columns["value"].size:
            return (), None
        names: tuple[str, ...] = ("",)
        metric = None
        if "metric" in columns:
            names, (metric,), _ = self.labels["metric"].used(columns["metric"])
            if (metric < 0).any():  # rows that name no metric share one
                names, metric = ("", *names), metric + 1
        found = []
        for m, name in enumerate(names):
            where = slice(None) if metric is None else metric == m
            value = columns["value"][where]
            told = self._told("kind", columns, where, name, get_args(Kind)) or kind
            attempts = columns["attempts"][where] if "attempts" in columns else None
            found.append(
                Metric(
                    name=name,
                    kind=_kind(told, value, attempts),
                    direction=self._told("direction", columns, where, name, get_args(Direction)) or direction,
                )
            )
        return tuple(found), metric if len(names) > 1 else None

    def _told(
        self,
        label: str,
        columns: dict[str, np.ndarray],
        where: slice | np.ndarray,
        metric: str,
        known: tuple[str, ...],
    ) -> Any:
        """What a column says of a metric; None where it says nothing."""
        if label not in columns:
            return None
        names, _, _ = self.labels[label].used(columns[label][where])
        for name in names:
            if name not in known:
                refuse(f"column {label!r} holds {name!r}: use {' or '.join(known)}")
        if len(names) > 1:
            of = f"metric {metric!r} comes" if metric else "the values come"
            refuse(f"{of} with {label} {' and '.join(names)}: name each in a column 'metric'")
        return names[0] if names else None

    def _clusters(
        self,
        cluster: np.ndarray | None,
        ids: tuple[str, ...],
        sample: np.ndarray,
        votes: Votes,
        voted: np.ndarray,
    ) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
        """Names of clusters, and indices into them for the items and for the votes.

        What has no cluster is in one of its own, under the sample's id.
        """
        names = self.labels["cluster"]
        own = names.codes(pl.Series(ids, dtype=pl.String))
        vote = np.where(votes.cluster < 0, own[voted], votes.cluster)
        of_item = own[sample] if cluster is None else np.where(cluster < 0, own[sample], cluster)
        used, (of_item, vote), _ = names.used(of_item, vote)
        return used, of_item, vote

    def _named(
        self, label: str, labels: dict[str, np.ndarray], order: np.ndarray
    ) -> tuple[tuple[str, ...], np.ndarray]:
        """Names of an optional label, and each item's index into them; '' stands for none."""
        if label not in labels:
            return (), np.empty(0, np.int32)
        names, (of,), _ = self.labels[label].used(labels[label][order])
        return (("", *names), of + 1) if (of < 0).any() else (names, of)


def _items(
    sample: np.ndarray, metric: np.ndarray | None, samples: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(R,) each row's item, and (S,) the sample and the metric of each item."""
    if metric is None:
        here = np.bincount(sample, minlength=samples) > 0
        kept = np.flatnonzero(here).astype(np.int32)
        item = sample if here.all() else (np.cumsum(here) - 1).astype(np.int32)[sample]
        return item, kept, np.zeros(kept.size, np.int32)
    metrics = int(metric.max()) + 1
    cells, item = np.unique(sample.astype(np.int64) * metrics + metric, return_inverse=True)
    return item.astype(np.int32), (cells // metrics).astype(np.int32), (cells % metrics).astype(np.int32)


def _of_items(
    label: str, codes: np.ndarray, item: np.ndarray, ids: tuple[str, ...], sample: np.ndarray
) -> np.ndarray:
    """(S,) code of each item's label, -1 for none. All rows of an item must agree."""
    found = np.full(sample.size, -1, np.int32)
    found[item] = codes
    torn = np.flatnonzero(found[item] != codes)
    if torn.size:
        refuse(f"sample {ids[sample[item[torn[0]]]]!r} is in two {label}s: give every sample one")
    return found


def _sorting(item: np.ndarray, model: np.ndarray, models: int) -> np.ndarray | None:
    """The order of rows by item, then model; None where they stand so already."""
    cell = item.astype(np.int64) * models + model
    if (cell[1:] >= cell[:-1]).all():
        return None
    return pl.Series(cell).arg_sort().to_numpy()


def _refuse_repeated(item: np.ndarray, model: np.ndarray, shown: tuple[str, ...], models: tuple[str, ...]) -> None:
    again = np.flatnonzero((item[1:] == item[:-1]) & (model[1:] == model[:-1]))
    if again.size:
        row = again[0]
        refuse(
            f"{again.size} repeated measurements, e.g. model {models[model[row]]!r} on sample "
            f"{shown[item[row]]!r}: keep one row a cell (one metric, one condition) or average them"
        )


def _kind(kind: Kind | None, value: np.ndarray, attempts: np.ndarray | None) -> Kind:
    in_unit = bool(value.size and value.min() >= 0 and value.max() <= 1)
    if kind == "binary" and not in_unit:
        refuse("binary values lie in [0, 1] and some do not: rescale them or say kind='numeric'")
    if kind == "ordinal" and (value != np.round(value)).any():
        refuse("ordinal values are whole grades and some are not: number the grades or say kind='numeric'")
    if kind is None:
        zero_one = in_unit and bool(((value == 0) | (value == 1)).all())
        counted = in_unit and attempts is not None and bool((attempts > 0).any())
        return "binary" if zero_one or counted else "numeric"
    return kind
