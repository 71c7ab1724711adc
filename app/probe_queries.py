"""What the page that builds a benchmark asks of a snapshot, by the search that `evalhub probe` has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import streamlit as st

from aggregate.measurements import Measurements
from aggregate.ranking import Ranking
from app.heap import keep
from app.queries import frame_of, tables
from app.snapshot import SEARCH, Snapshot, cached
from evalhub.errors import EvalhubError
from evalhub.filters import sample_filter
from evalhub.probes.encoder import Encoder, MiniLM
from evalhub.probes.index import Index
from evalhub.probes.probe import Cut, Probe
from evalhub.probes.published import WordsAlone, open_search
from evalhub.probes.search import Taken, look, take
from evalhub.ranking import HowToRank, Selected
from evalhub.store.answers import answers_to
from evalhub.store.chosen import published_frame
from evalhub.store.reads import Published

NO_VECTORS = (
    "This snapshot was published before any text was compared with its samples. Run evalhub probe TEXT once on "
    "the hub, then evalhub publish."
)


@dataclass(frozen=True)
class Pool:
    """How many samples there are to pick from."""

    shown: int
    """All but those that a release keeps private."""

    private: int

    by_meaning: int
    """Those that have a vector."""


@dataclass(frozen=True)
class Search:
    """The search of a snapshot."""

    index: Index

    words_alone: str
    """Why texts are compared by words alone; '' where they are compared by meaning."""

    def taken(self, probe: Probe, cut: Cut) -> Taken:
        """What a probe for a meaning takes.

        Raises:
            FilterError: its filter cannot be read.
            EvalhubError: there are no samples.
        """
        return take(look(self.index, probe, answers_to(self.index.pool, probe.query_id)), cut)


def has_search(snapshot: Snapshot) -> bool:
    """Whether the snapshot was published by an evalhub that writes what a search needs."""
    return tables(snapshot) >= SEARCH


@cached
def pool(snapshot: Snapshot) -> Pool:
    """What there is to pick from."""
    counts = "(SELECT count(*) FROM laid_out), (SELECT count(*) FROM sample), (SELECT count(*) FROM vector)"
    shown, every, by_meaning = frame_of(snapshot, f"SELECT {counts}").row(0)
    return Pool(shown, every - shown, by_meaning)


def search(snapshot: Snapshot) -> Search:
    """Opened once for all sessions."""
    encoder, words_alone = _encoder() if pool(snapshot).by_meaning else (WordsAlone(), NO_VECTORS)
    return Search(_index(snapshot.path, encoder.name, encoder, snapshot.connection), words_alone)


@st.cache_resource(show_spinner="Loading the text encoder …")
def _encoder() -> tuple[Encoder, str]:
    try:
        encoder = MiniLM()
        keep()
        return encoder, ""
    except EvalhubError as error:
        return WordsAlone(), f"The text encoder cannot be had: {error}."


@st.cache_resource(max_entries=1, show_spinner="Opening the search …")
def _index(path: Path, encoder: str, _encoder: Encoder, _connection: duckdb.DuckDBPyConnection) -> Index:
    """Of a snapshot's path and an encoder's name; the next one pushes it out."""
    del path, encoder
    found = open_search(Published(_connection), _encoder)
    keep()
    return found


def fitting(snapshot: Snapshot, where: str) -> list[str]:
    """Ids of the samples that a filter holds for, in pool order.

    Raises:
        FilterError: it cannot be read.
    """
    read = sample_filter(where)
    query = f"SELECT sample_id FROM laid_out WHERE {read.sql} ORDER BY rowid"
    return frame_of(snapshot, query, **read.parameters)["sample_id"].to_list()


@cached
def sources(snapshot: Snapshot) -> pl.DataFrame:
    """Where the samples come from: source, samples, most first."""
    return frame_of(
        snapshot,
        """
        SELECT source, count(*) AS samples FROM (SELECT unnest(source) AS source FROM laid_out)
        GROUP BY source ORDER BY samples DESC, source
        """,
    )


@cached
def ranked(snapshot: Snapshot, sample_ids: Sequence[str], method: str) -> tuple[Ranking, dict[str, str]] | None:
    """The ranking on exactly these samples, as `evalhub rank --bench` makes it of measurements alone, and the id
    of each model in it; None where nothing is measured on them.

    Raises:
        MeasurementsError: the method cannot rank these measurements.
    """
    frame = published_frame(Published(snapshot.connection), sample_ids)
    valued = frame.drop_nulls("value")
    if valued.is_empty():
        return None
    measurements = Measurements.from_frames([frame])
    selected = Selected(measurements, None, chosen=len(sample_ids), measured=valued["sample"].n_unique())
    return selected.finished(HowToRank(method=method).rank(measurements)), dict(
        frame.select("model", "model_id").unique().iter_rows()
    )
