"""The measurement matrix as a table in long form, and the votes as another one beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from evalhub.exports.exported import Exported
from evalhub.exports.scope import check_scope, nothing_there
from evalhub.exports.table_files import write_table
from evalhub.exports.target import check_file, fresh_file
from evalhub.store.exported import MATRIX, counting_cells, counting_votes, votes_against_itself
from evalhub.store.hub import Hub
from evalhub.telling import Tell

_ORDER = "source, place, model, condition, metric, kind, direction"


def votes_beside(out: Path) -> Path:
    """Where the votes go: results.votes.parquet beside results.parquet."""
    return out.with_name(f"{out.stem}.votes{out.suffix}")


def export_matrix(hub: Hub, out: Path, *, source: str, metric: str, force: bool, tell: Tell) -> Exported:
    """Write what is measured and voted on a source's samples, or on the whole pool (''), into files.

    A row is a model's value on a sample by a metric, or the reason why there is none: what a ranking uses, so that
    what is read again ranks the same. Votes are by no metric and left out where one is asked for. Where there are
    only votes, it is them that the file holds.

    Raises:
        EvalhubError: there is nothing to export, or something is in its place.
    """
    check_scope(hub, source, metric)
    beside = votes_beside(out)
    check_file(out, force)
    check_file(beside, force)
    values, votes = _Count(("model",)), _Count(("model_a", "model_b"))
    done = Exported(path=out)

    def told(frames: Iterable[pl.DataFrame], count: _Count) -> Iterator[pl.DataFrame]:
        for frame in frames:
            count.add(frame)
            tell(f"writing {out.name}: {values.rows:,} measurements, {votes.rows:,} votes")
            yield frame.drop("measurements", strict=False)

    with counting_cells(hub, source, metric) as cells, fresh_file(out) as file, fresh_file(beside) as votes_file:
        write_table(told(cells.read(MATRIX, _ORDER), values), file, out.suffix.lower())
        if not metric:
            place = votes_file if values.rows else file
            write_table(told(counting_votes(hub, source), votes), place, out.suffix.lower())
            done.left_out["votes of a model against itself"] = votes_against_itself(hub, source)
        if not values.rows and not votes.rows:
            raise nothing_there(source)
        done.left_out["another condition or other weights count"] = cells.measurements - values.measurements
    about = values if values.rows else votes
    done.rows, done.samples, done.models = about.rows, about.samples, len(about.models)
    done.left_out = +done.left_out
    done.more = {"votes": votes.rows, "votes_path": str(beside) if values.rows and votes.rows else None}
    return done


class _Count:
    """Rows, and their distinct samples and models; rows of one sample follow each other."""

    def __init__(self, models: tuple[str, ...]) -> None:
        self._columns = models
        self.models: set[str] = set()
        self.rows = self.samples = self.measurements = 0
        self._last = ""

    def add(self, frame: pl.DataFrame) -> None:
        """Count the rows of a frame that is not empty."""
        sample = frame["sample"]
        fresh = (sample != sample.shift(1, fill_value=self._last)) & (sample != "")
        self._last = sample[-1]
        self.samples += int(fresh.sum())
        self.rows += frame.height
        if "measurements" in frame.columns:
            self.measurements += int(frame["measurements"].sum())
        for name in self._columns:
            self.models.update(frame[name].unique())
