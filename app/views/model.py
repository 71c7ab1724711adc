"""The page of one model: what is known of it, where it stands, and every sample it answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import streamlit as st

from app import columns, controls, downloads, groups, pair_queries, queries
from app.controls import OpenPage
from app.drawn import draw
from app.snapshot import Snapshot
from app.views.about import interval_covers
from app.views.attempts import show_curve, show_spending
from app.views.sample import show_sample
from app.views.strengths import ranking_of, show_strengths
from app.views.ticked import ticked
from app.wording import escaped, evidence, size, start
from evalhub import charts
from evalhub.group_sections import rank_range
from evalhub.store.model_tables import VERDICTS
from evalhub.wording import counted, is_baseline, plain

ANY = "any verdict"


def render(snapshot: Snapshot, open_page: OpenPage) -> None:
    """Show the model that the address names, else ask for one."""
    models = queries.models(snapshot)
    if models.is_empty():
        st.title("Model")
        st.info("This snapshot holds no model. Score one with `evalhub score MODEL`, then `evalhub publish`.")
        return
    wanted = st.query_params.get("model")
    if wanted is not None and wanted not in models["model_id"]:
        st.warning(f"This snapshot holds no model called {escaped(wanted)}.")
    model_id = st.selectbox(
        "Model",
        models["model_id"].to_list(),
        index=None,  # so that the address always names the model, the first one too
        placeholder="Choose a model",
        format_func=plain,
        key="model",
        bind="query-params",
        width=480,
    )
    if model_id is None:
        st.info("Choose a model here, or tick its row in the ranking.")
        return
    facts = models.row(by_predicate=pl.col("model_id") == model_id, named=True)
    _header(facts)
    if not queries.has_counts(snapshot):
        st.info("This snapshot was published by an older evalhub: run `evalhub publish` to see more of a model.")
        return
    verdicts = queries.verdicts(snapshot, model_id)
    sources = [source for source in verdicts if source != queries.POOL]
    _places(snapshot, model_id, sources)
    if not facts["attempts"] and not facts["measured"] and not facts["missing"]:
        st.info(
            "This model is known by votes alone: there are no samples of its own to list."
            if facts["votes"]
            else "This model has no attempts yet. Run `evalhub score` on it, then `evalhub publish`."
        )
        return
    show_spending(snapshot, model_id)
    _conditions(snapshot, model_id)
    with st.columns([2, 5])[0]:
        source = controls.source([queries.POOL, *sources])
    _beside_others(snapshot, model_id, source)
    _samples(snapshot, model_id, source, verdicts.get(source, {}), open_page)


def _header(facts: dict[str, Any]) -> None:
    st.title(escaped(facts["model_id"]))
    if is_baseline(facts["model_id"]):
        st.caption("A chance baseline, not a model: what guessing or silence scores on the same samples.")
    shown = {
        "size": size(facts["parameters"]),
        "licence": facts["licence"] or "unknown",
        "released": str(facts["released"] or "unknown"),
        "training cutoff": str(facts["cutoff"] or "unknown"),
        **evidence(facts),
    }
    st.markdown(" · ".join(f"{name} **{escaped(value)}**" for name, value in shown.items()))


def _places(snapshot: Snapshot, model_id: str, sources: Sequence[str]) -> None:
    everywhere = queries.places(snapshot, model_id)
    st.subheader("Place in each source")
    if everywhere.is_empty():
        st.info("No ranking holds this model yet.")
        return
    with st.columns([2, 5])[0]:
        method = controls.method(queries.rankings(snapshot))
    for told, before, now in queries.no_longer_ranked(snapshot, model_id):
        st.warning(
            f"Ranked are the weights and the engine that were measured last, on {counted(now, 'sample')}. Those "
            f"measured before on {counted(before, 'sample')} no longer are: {escaped(told)}."
        )
    places = everywhere.filter(pl.col("method") == method)
    unranked = set(sources) - set(places["source"])
    if unranked:
        names = ", ".join(escaped(source) for source in sorted(unranked))
        st.caption(f"Measured, but in no ranking by this method: {names}.")
    if places.is_empty():
        return
    ranks = places.select("rank_low", "rank_high", "models").rows()
    table = places.select(
        pl.Series("source", [controls.source_name(source) for source in places["source"]], pl.String),
        pl.Series("model", [plain(model) for model in places["model"]], pl.String),
        "score",
        "low",
        "high",
        pl.Series("rank", [rank_range(*one) for one in ranks], pl.String),
        pl.col("models").alias("of"),
        groups.own_group(places),
        "samples",
        "coverage",
        pl.Series("unit", [plain(unit) for unit in places["unit"]], pl.String),
    )
    if not any(table["group"]):
        table = table.drop("group")
    if table["model"].n_unique() == 1:
        table = table.drop("model")
        label = pl.col("source")
    else:
        label = pl.col("source") + ": " + pl.col("model")
    drawn = table.with_columns(
        label.alias("place"),
        pl.when(pl.col("coverage") < charts.THIN_BELOW)
        .then(pl.lit(charts.THIN))
        .otherwise(pl.lit(charts.MODEL))
        .alias("kind"),
    )
    for unit, alike in drawn.group_by("unit", maintain_order=True):
        draw(charts.point_ranges, alike.drop("unit"), label="place", unit=unit[0])
    st.dataframe(
        table if table["unit"].n_unique() > 1 else table.drop("unit"),
        hide_index=True,
        height=columns.height(table, 12),
        column_config=columns.config(columns.PLACES, table),
    )
    downloads.buttons(places, "places")
    with st.expander("What these columns mean", icon=":material/info:"):
        columns.explain(columns.PLACES, table)
        st.markdown(interval_covers(places["level"][0]))


def _conditions(snapshot: Snapshot, model_id: str) -> None:
    st.subheader("Conditions it ran under")
    st.caption("The exact prompt form and decoding. Results under two conditions are two measurements.")
    for row in queries.conditions(snapshot, model_id).iter_rows(named=True):
        sources = ", ".join(escaped(source) for source in row["sources"])
        seeds = ", ".join(str(seed) for seed in row["seeds"])
        with st.expander(f"{escaped(row['variant']) or 'as the source asks'} · {sources}"):
            st.caption(f"{row['samples']:,} samples · seed {seeds} · condition {escaped(row['condition_id'])}")
            if spec := json.loads(row["spec"]):
                st.code(plain(json.dumps(spec, indent=2, ensure_ascii=False)), language=None, wrap_lines=True)
            else:
                st.caption("Imported: the log says nothing of prompt form and decoding.")


def _beside_others(snapshot: Snapshot, model_id: str, source: str) -> None:
    """What is told of the model as it is ranked on a source; of several settings, those that do best there."""
    if not pair_queries.has_pairs(snapshot):
        return
    rows = ranking_of(snapshot, source)
    own = rows.filter(pl.col("model_id") == model_id)["model"]
    if own.is_empty():
        return
    if not is_baseline(model_id):
        show_strengths(snapshot, source, rows, own[0])
    show_curve(snapshot, source, own[0])


def _samples(
    snapshot: Snapshot, model_id: str, source: str, counts: Mapping[str, int], open_page: OpenPage
) -> None:
    st.subheader("Samples")
    with st.columns([2, 5])[0]:
        verdict = st.selectbox(
            "Verdict",
            [ANY, *VERDICTS],
            key="verdict",
            bind="query-params",
            help="What the model's attempts on one sample come to.",
        )
    told = [f"{count:,} {name}" for name, count in counts.items() if count or name != "graded"]
    st.caption(" · ".join(told))
    samples = queries.model_samples(snapshot, model_id, source, verdict)
    if samples.is_empty():
        st.info("No sample matches.")
        return
    if len(samples) == queries.MOST_SAMPLES:
        st.caption(f"The first {queries.MOST_SAMPLES:,} are listed; narrow by source or verdict for the others.")
    table = _sample_table(samples)
    sample_id = ticked(
        table,
        columns.SAMPLES,
        samples["sample_id"].to_list(),
        parameter="sample",
        key=f"samples-{snapshot.snapshot_id}-{model_id}-{source}-{verdict}",
        rows=10,
        files=(samples, "samples"),
        hint="Tick a row to read the question, the reference and every attempt.",
    )
    if sample_id is None:
        return
    show_sample(snapshot, model_id, sample_id)
    if st.button("All models on this sample", icon=":material/groups:"):
        open_page("sample", {"sample": sample_id})


def _sample_table(samples: pl.DataFrame) -> pl.DataFrame:
    table = samples.select(
        pl.Series("source", [plain(source) for source in samples["source"]], pl.String),
        pl.Series("id", [start(source_id, 60) for source_id in samples["source_id"]], pl.String),
        pl.Series("question", [start(prompt, 120) for prompt in samples["prompt"]], pl.String),
        pl.Series("settings", [plain(variant or "") for variant in samples["variant"]], pl.String),
        pl.col("value").alias("pass rate"),
        "low",
        "high",
        "passes",
        "attempts",
        pl.col("missing").alias("uncounted"),
        pl.Series("reason", [plain(reason) for reason in samples["reason"]], pl.String),
    )
    empty = [name for name in ("question", "settings", "reason") if not any(table[name])]
    return table.drop(empty)
