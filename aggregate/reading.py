"""Frames of values and votes, batch by batch, into one `Measurements`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, get_args

import numpy as np
import polars as pl

from aggregate.columns import Names, check_names, counts, floats, refuse, renumber
from aggregate.comparisons import Comparisons, Votes, read_votes
from aggregate.growing import Growing
from aggregate.items import items_of, label_of_items, order_of, refuse_repeated, shown_as
from aggregate.measurements import Direction, Kind, Measurements, Metric
from kernels.bits import are_bits
from kernels.cells import sort_rows
from kernels.threads import in_threads

_LABELS = ("cluster", "tag", "source", "metric", "kind", "direction")
"""Columns of names that a row may carry beside its model and sample."""

_ROWS = ("model", "value", "passes", "attempts")
"""What a row of the measurements has beside its sample."""

_ROWS_A_THREAD = 2**19
"""Of a batch whose columns are read side by side."""


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
        self.columns = {
            "model": Growing(np.int32, -1),
            "sample": Growing(np.int32, -1),
            "value": Growing(np.float32, -1),
        }
        self.votes: list[Votes] = []
        self.values = self.rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Take the rows of a frame of values or of votes."""
        if "model_a" in frame.columns or "model_b" in frame.columns:
            self.votes.append(read_votes(frame, self.models, self.samples, self.labels, self.rows))
        else:
            self._add_values(frame)
        self.rows += frame.height

    def _add_values(self, frame: pl.DataFrame) -> None:
        """What some frames lack is -1 there (a name) or 0 (a count)."""
        absent = [name for name in ("model", "sample", "value") if name not in frame.columns]
        if absent:
            refuse(f"no column {', '.join(map(repr, absent))}: rename yours to model, sample, value")
        # The samples first: their names are the most, and one thread is to have them alone.
        given: dict[str, Callable[[], np.ndarray]] = {
            "sample": lambda: self.samples.codes(check_names(frame, "sample")),
            "model": lambda: self.models.codes(check_names(frame, "model")),
            "value": lambda: floats(frame, "value"),
        }
        for label in self.labels:
            if label in frame.columns and frame[label].dtype != pl.Null:
                given[label] = partial(self._labels, frame, label)
        counted = counts(frame)
        if counted is not None:
            given["passes"], given["attempts"] = (partial(np.asarray, column) for column in counted)
        for name in given:
            if name not in self.columns:
                self.columns[name] = Growing(np.int32, 0 if name in ("passes", "attempts") else -1)
        names = list(given)

        def put(first: int, last: int) -> None:
            for name in names[first:last]:
                self.columns[name].put(self.values, given[name]())

        in_threads(put, len(names), 1 + frame.height // _ROWS_A_THREAD)
        self.values += frame.height

    def _labels(self, frame: pl.DataFrame, label: str) -> np.ndarray:
        return self.labels[label].codes(check_names(frame, label, nulls=True))

    def finish(self, kind: Kind | None, direction: Direction) -> Measurements:
        """Check what came in as a whole, leave out what has no value, and sort the rest."""
        if not self.rows:
            refuse("no measurements: the input has no rows")
        columns = {name: column.whole(self.values) for name, column in self.columns.items()}
        self.columns.clear()
        votes = Votes.joined(self.votes)
        measured = ~np.isnan(columns["value"])
        missing = int(measured.size - measured.sum())
        if missing:
            for name in columns:
                columns[name] = columns[name][measured]
        if not columns["value"].size and not votes.outcome.size:
            refuse(f"no measurements: all {self.rows} rows are missing a value")
        metrics, metric = self._metrics(columns, kind, direction)
        models, unmeasured = self.models.used(columns["model"], votes.first, votes.second)
        ids, _ = self.samples.used(columns["sample"], votes.sample)
        for column, names in (("model", models), ("sample", ids)):
            if names[:1] == ("",):
                refuse(f"column {column!r} has rows with an empty name: fill or drop them")
        item, sample, metric_of = items_of(columns.pop("sample"), metric, len(ids))
        labels: dict[str, np.ndarray] = {
            label: label_of_items(label, columns.pop(label), item, ids, sample)
            for label in ("cluster", "tag", "source")
            if label in columns
        }
        clusters, cluster_of, vote_cluster = self._clusters(labels.get("cluster"), ids, sample, votes)

        order = order_of(cluster_of, sample, metric_of)
        if order is not None:
            place = np.empty(order.size, np.int32)
            place[order] = np.arange(order.size, dtype=np.int32)
            renumber(item, place)
            sample, metric_of, cluster_of = sample[order], metric_of[order], cluster_of[order]
            labels = {label: codes[order] for label, codes in labels.items()}
        shown = shown_as(ids, sample, metrics, metric_of)
        rows = {"sample": item, **{name: columns.pop(name) for name in _ROWS if name in columns}}
        del item  # sorting makes room by letting go
        sort_rows(rows, len(models), len(shown))
        refuse_repeated(rows["sample"], rows["model"], shown, models)
        tags, tag_of = self._named("tag", labels)
        sources, source_of = self._named("source", labels)
        voted, vote_sample = np.unique(votes.sample, return_inverse=True)
        vote_sources, _ = self.labels["source"].used(votes.source)
        source_of_voted = np.full(voted.size, -1, np.int32)
        source_of_voted[vote_sample] = votes.source
        return Measurements(
            models=models,
            samples=shown,
            clusters=clusters,
            tags=tags,
            sources=sources,
            metrics=metrics,
            model=rows["model"],
            sample=rows["sample"],
            value=rows["value"],
            passes=rows.get("passes"),
            attempts=rows.get("attempts"),
            cluster_of=cluster_of,
            tag_of=tag_of,
            source_of=source_of,
            metric_of=metric_of,
            weight=np.ones(len(shown)),
            votes=Comparisons(
                samples=tuple(ids[s] for s in voted.tolist()),
                first=votes.first,
                second=votes.second,
                sample=vote_sample.astype(np.int32),
                cluster=vote_cluster,
                outcome=votes.outcome,
                sources=vote_sources,
                source_of=source_of_voted,
                missing=votes.missing,
            ),
            missing=missing,
            unmeasured=unmeasured,
        )

    def _metrics(
        self, columns: dict[str, np.ndarray], kind: Kind | None, direction: Direction
    ) -> tuple[tuple[Metric, ...], np.ndarray | None]:
        """The metrics of the rows, and (R,) each row's index into them; None where there is only one."""
        if not columns["value"].size:
            return (), None
        names: tuple[str, ...] = ("",)
        metric = None
        if "metric" in columns:
            metric = columns.pop("metric")
            names, _ = self.labels["metric"].used(metric)
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
        names, _ = self.labels[label].used(columns[label][where].copy())
        for name in names:
            if name not in known:
                refuse(f"column {label!r} holds {name!r}: use {' or '.join(known)}")
        if len(names) > 1:
            of = f"metric {metric!r} comes" if metric else "the values come"
            refuse(f"{of} with {label} {' and '.join(names)}: name each in a column 'metric'")
        return names[0] if names else None

    def _clusters(
        self, cluster: np.ndarray | None, ids: tuple[str, ...], sample: np.ndarray, votes: Votes
    ) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
        """Names of clusters, and indices into them for the items and for the votes.

        What has no cluster is in one of its own, under the sample's id.
        """
        if cluster is None and (votes.cluster < 0).all():
            return ids, sample, votes.sample
        names = self.labels["cluster"]
        own = names.codes(pl.Series(ids, dtype=pl.String))
        vote = np.where(votes.cluster < 0, own[votes.sample], votes.cluster)
        of_item = own[sample] if cluster is None else np.where(cluster < 0, own[sample], cluster)
        used, _ = names.used(of_item, vote)
        return used, of_item, vote

    def _named(self, label: str, labels: dict[str, np.ndarray]) -> tuple[tuple[str, ...], np.ndarray]:
        """Names of an optional label, and each item's index into them; '' stands for none."""
        if label not in labels:
            return (), np.empty(0, np.int32)
        of = labels[label]
        names, _ = self.labels[label].used(of)
        return (("", *names), of + 1) if (of < 0).any() else (names, of)


def _kind(kind: Kind | None, value: np.ndarray, attempts: np.ndarray | None) -> Kind:
    bits = are_bits(value)
    in_unit = bits or bool(value.size and value.min() >= 0 and value.max() <= 1)
    if kind == "binary" and not in_unit:
        refuse("binary values lie in [0, 1] and some do not: rescale them or say kind='numeric'")
    if kind == "ordinal" and (value != np.round(value)).any():
        refuse("ordinal values are whole grades and some are not: number the grades or say kind='numeric'")
    if kind is None:
        counted = in_unit and attempts is not None and bool((attempts > 0).any())
        return "binary" if bits or counted else "numeric"
    return kind
