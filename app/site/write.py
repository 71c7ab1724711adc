"""Writes the site: its pages, and beside them all tables as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from app import columns, law_queries, live_queries, pair_queries, queries
from app.controls import source_name
from app.downloads import csv, parquet
from app.groups import own_group, sections
from app.site import shown
from app.snapshot import Snapshot
from app.views.about import interval_covers, rank_command
from app.views.ranking import as_download
from app.wording import evidence, size
from evalhub.exports.target import fresh_folder
from evalhub.group_sections import ACROSS, NO_ORDER, rank_range
from evalhub.law_plot import law_plot
from evalhub.plot_files import write_plot
from evalhub.wording import counted, plain, short_size

_PLACES = (
    "source",
    "method",
    "score",
    "low",
    "high",
    "rank",
    "models",
    "group",
    "samples",
    "coverage",
    "unit",
)

_FRONTIER = "Scores against what a model takes"

_MOST = 30
"""Models in a map of win rates: as many columns as a window has room for."""


def write_site(snapshot: Snapshot, out: Path) -> int:
    """Write the site into a folder, whole or not at all. Returns the number of pages.

    Texts of others are escaped by the templates, and nothing is loaded from elsewhere: each page forbids it.
    """
    with fresh_folder(out) as folder:
        site = _Site(snapshot, folder)
        site.write()
        return site.pages


class _Site:
    def __init__(self, snapshot: Snapshot, folder: Path) -> None:
        self._snapshot, self._folder = snapshot, folder
        self.pages = 0
        self._templates = Environment(
            loader=PackageLoader("app.site"),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_harmless,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["short_size"] = short_size
        self._rankings = queries.rankings(snapshot)
        self._wins = pair_queries.sources(snapshot) if pair_queries.has_pairs(snapshot) else []
        self._live = live_queries.held(snapshot) and not live_queries.releases(snapshot).is_empty()

        self._laws = law_queries.laws(snapshot) if law_queries.held(snapshot) else pl.DataFrame()

    def write(self) -> None:
        """All pages."""
        (self._folder / "data").mkdir()
        (self._folder / ".nojekyll").touch()  # GitHub Pages leaves files alone then
        for asset in sorted((Path(__file__).parent / "assets").iterdir()):
            (self._folder / asset.name).write_bytes(asset.read_bytes())
        for ranking in self._rankings.iter_rows(named=True):
            self._ranking(ranking)
        if not (self._folder / "index.html").exists():
            self._page("index.html", "empty.html", title="Ranking")
        for source in self._wins:
            self._win_rates(source)
        for model in queries.models(self._snapshot).iter_rows(named=True):
            self._model(model)
        self._frontier()
        if not self._laws.is_empty():
            self._laws_page()
        if self._live:
            self._live_page()
        self._about()

    def _page(self, name: str, template: str, **given: Any) -> None:
        menu = [("Ranking", "index.html"), ("Frontier", "frontier.html")]
        menu += [("Win rates", shown.wins_file(self._wins[0]))] if self._wins else []
        menu += [("Laws", "laws.html")] if not self._laws.is_empty() else []
        menu += [("Live", "live.html")] if self._live else []
        menu += [("About", "about.html")]
        itself = queries.about(self._snapshot)
        text = self._templates.get_template(template).render(menu=menu, here=name, itself=itself, **given)
        (self._folder / name).write_text(text, "utf-8")
        self.pages += 1

    def _files(self, frame: pl.DataFrame, name: str) -> list[tuple[str, str]]:
        """Keep a table as CSV and Parquet. Returns what links to them say, and where they lead."""
        for ending, content in (("csv", csv(frame)), ("parquet", parquet(frame))):
            (self._folder / "data" / f"{name}.{ending}").write_bytes(content)
        return [("CSV", f"data/{name}.csv"), ("Parquet", f"data/{name}.parquet")]

    def _others(self, source: str, method: str) -> dict[str, list[tuple[str, str, bool]]]:
        """Links to the other sources' rankings by a method, and to the other methods' of a source."""
        rows = self._rankings.select("source", "method").rows()
        by = {
            "Source": [one for one in rows if one[1] == method],
            "Method": [one for one in rows if one[0] == source],
        }
        return {
            label: [
                (
                    source_name(one[0]) if label == "Source" else one[1],
                    shown.ranking_file(*one),
                    one == (source, method),
                )
                for one in found
            ]
            for label, found in by.items()
        }

    def _ranking(self, ranking: dict[str, Any]) -> None:
        source, method = ranking["source"], ranking["method"]
        rows = queries.ranking_rows(self._snapshot, ranking["ranking_id"])
        found = sections(queries.groups(self._snapshot, ranking["ranking_id"]), rows)
        told = [(one, shown.ranking_rows(one.rows)) for one in found]
        name = shown.ranking_file(source, method)
        self._page(
            name,
            "ranking.html",
            title=f"Ranking: {source_name(source)}",
            ranking=ranking,
            sections=[{"title": one.title, "unit": one.unit, "rows": its} for one, its in told],
            known=shown.known([row for _, its in told for row in its]),
            across=ACROSS,
            others=self._others(source, method),
            files=self._files(as_download(rows, ranking), f"ranking-{Path(name).stem}"),
            command=rank_command(ranking),
            covers=interval_covers(ranking["level"]),
            meanings=shown.explained(columns.RANKING, list(columns.RANKING)),
        )

    def _win_rates(self, source: str) -> None:
        wins = pair_queries.wins(self._snapshot, source)
        models = pair_queries.ranked(self._snapshot, source)["model"].to_list()
        name = shown.wins_file(source)
        self._page(
            name,
            "win_rates.html",
            title=f"Win rates: {source_name(source)}",
            rows=shown.win_cells(wins, models[:_MOST]),
            models=models[:_MOST],
            compared=len(models),
            alone=pair_queries.never_compared(self._snapshot, source),
            others=[(source_name(one), shown.wins_file(one), one == source) for one in self._wins],
            files=self._files(wins.select(pl.lit(source).alias("source"), pl.all()), Path(name).stem),
            meanings=shown.explained(columns.PAIRS, list(columns.PAIRS)),
        )

    def _model(self, model: dict[str, Any]) -> None:
        places = queries.places(self._snapshot, model["model_id"])
        conditions = queries.conditions(self._snapshot, model["model_id"])
        ranks = [rank_range(*one) for one in places.select("rank_low", "rank_high", "models").rows()]
        ranked = places.with_columns(pl.Series("rank", ranks, pl.String), own_group(places)).select(_PLACES)
        if not any(ranked["group"]):
            ranked = ranked.drop("group")
        name = shown.model_file(model["model_id"])
        self._page(
            name,
            "model.html",
            title=model["model_id"],
            facts={
                "Weights": size(model["parameters"]),
                "Licence": model["licence"] or "unknown",
                "Released": model["released"] or "unknown",
                "Training data until": model["cutoff"] or "unknown",
                **{name.capitalize(): told for name, told in evidence(model).items()},
            },
            places=self._table(ranked, ranked=True),
            conditions=self._table(conditions.select("variant", "sources", "samples", "spec")),
            files=self._files(places, Path(name).stem),
        )

    def _table(self, frame: pl.DataFrame, *, ranked: bool = False) -> dict[str, Any]:
        pages = [shown.ranking_file(*one) for one in frame.select("source", "method").rows()] if ranked else []
        return {
            "names": frame.columns,
            "numeric": shown.numeric(frame),
            "rows": shown.cells(frame),
            "pages": pages,
        }

    def _frontier(self) -> None:
        if self._rankings.is_empty():
            self._page("frontier.html", "frontier.html", title=_FRONTIER, ranking=None)
            return
        ranking = self._rankings.row(0, named=True)
        groups = queries.groups(self._snapshot, ranking["ranking_id"])
        rows = queries.ranking_rows(self._snapshot, ranking["ranking_id"])
        told, untold = shown.told_of(sections(groups, rows))
        facts = rows.join(groups.select("model_group", "unit"), on="model_group", maintain_order="left")
        self._page(
            "frontier.html",
            "frontier.html",
            title=_FRONTIER,
            ranking=ranking,
            over=source_name(ranking["source"]),
            sections=[{"title": one.title, "unit": one.unit, "table": self._table(one.rows)} for one in told],
            untold=counted(untold, "model") if untold else "",
            across=NO_ORDER if len(groups) > 1 else "",
            files=self._files(facts.select("model", "model_group", "unit", *shown.FACTS[1:]), "frontier"),
            meanings=shown.explained(
                columns.FRONTIER | columns.TAKES,
                [name for name in shown.FACTS if any(name in one.rows.columns for one in told)],
            ),
        )

    def _laws_page(self) -> None:
        verdicts = law_queries.verdicts(self._laws)
        foretold = []
        for row in self._laws.iter_rows(named=True):
            law, name = law_queries.law_of(row), f"law-{shown.slug(row['name'])}"
            write_plot(self._folder / "data" / f"{name}.svg", law_plot(law, row["name"]))
            table = law_queries.forecasts(law.held_out) if law.held_out else pl.DataFrame()
            told = (f"data/{name}.svg", self._table(table), self._files(table, name) if law.held_out else [])
            foretold.append((row["name"], law, *told))
        self._page(
            "laws.html",
            "laws.html",
            title="Laws of families",
            verdicts=self._table(verdicts),
            files=self._files(verdicts, "laws"),
            foretold=foretold,
            meanings=shown.explained(words := columns.FORECASTS | columns.VERDICTS, list(words)),
        )

    def _live_page(self) -> None:
        releases = live_queries.releases(self._snapshot).drop("recipe", "counts")
        tables = {
            "Releases": releases,
            "Models on one scale": live_queries.scores(self._snapshot),
            "From one release to the next": live_queries.changes(self._snapshot),
            "What filters removed": live_queries.removed(self._snapshot),
        }
        self._page(
            "live.html",
            "live.html",
            title="Live releases",
            tables=[
                (heading, self._table(frame), self._files(frame, f"live-{shown.slug(heading)}"))
                for heading, frame in tables.items()
            ],
        )

    def _about(self) -> None:
        matrices = []
        for source in self._wins:
            if pair_queries.matrix_cells(self._snapshot, source) <= pair_queries.MOST_CELLS:
                matrix = pair_queries.matrix(self._snapshot, source)
                name = f"matrix-{shown.slug(source) if source else 'all'}"
                matrices.append((source_name(source), self._files(matrix, name)))
        self._page(
            "about.html",
            "about.html",
            title="About this board",
            file_hash=queries.file_hash(self._snapshot),
            benchmarks=[
                (source_name(source), queries.benchmark_hash(self._snapshot, source))
                for source in self._rankings["source"].unique().sort().to_list()
            ],
            matrices=matrices,
            models=self._files(queries.models(self._snapshot), "models"),
        )


def _harmless(value: object) -> object:
    """What a template prints: texts of others without control characters. Jinja escapes it afterwards."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
