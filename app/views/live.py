"""The page of live releases: the months on one scale, whether one is harder, what was removed, what is due."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime

import polars as pl
import streamlit as st

from app import columns, downloads, live_queries
from app.controls import OpenPage
from app.drawn import draw
from app.snapshot import Snapshot
from app.wording import LONGEST, escaped
from evalhub import release_chart
from evalhub.live.schedule import Standing
from evalhub.wording import counted, plain

ANCHORED, MEASURED = "anchored", "as measured"
UNTOLD = "told once the release is not private any more"

ANCHORING = """\
Each release asks other questions, so pass rates of two months do not compare as they are. But models that were
run on two neighbouring releases are the same models: the mean change of their pass rates is put down to the
questions, and taken out. Step by step, every release comes onto the scale of the newest, **{newest}**: what a
model would score had it been asked that. The newest one stands as measured; a shifted rate may lie below 0 or
above 1.

This takes for granted that a model behind a name stays what it was, and that harder questions cost all models
alike. The interval holds the doubt about the model's own pass rate and about each shift, as if they had nothing in
common; in truth some of it cancels, so the interval is rather too wide. Chance baselines take no part.
"""

SCORES = {
    "release": "The month of the papers, or what the release is called.",
    "model": "The model, with the user's own settings in brackets where it ran under some.",
    "pass rate": "Mean over the questions of that release.",
    "low": "Lower end of the interval around the pass rate.",
    "high": "Upper end of the interval around the pass rate.",
    "anchored": "The pass rate as if the questions were as hard as the newest release's; empty where no chain of "
    "models links the two. It is shifted as a whole, and may come to lie below 0 or above 1.",
    "anchored low": "Lower end of its interval, with the doubt about the shift.",
    "anchored high": "Upper end of its interval, with the doubt about the shift.",
    "samples": "Questions on which the model was measured. Missing ones are not counted as wrong.",
}

CHANGES = {
    "from": "The earlier release.",
    "to": "The one after it.",
    "change": "Mean change of the pass rate of the models that were run on both; negative: harder.",
    "low": "Lower end of its interval.",
    "high": "Upper end of its interval.",
    "p": "How likely a change as large is, were both releases drawn from the same questions (Welch's t, whole "
    "papers at a time).",
    "alarm": "Whether p is below the rate of false alarms.",
    "models": "Models that were run on both, chance baselines left out.",
}

FILTERS = {
    "unproven": "the stored program does not give the reference",
    "unequal_options": "two options say the same, or the right one is not there exactly once",
    "untold": "the text gives the answer away",
    "unlike": "it repeats another question",
    "readable": "nothing can be read in its picture",
    "agreement": "a verifier did not come to the writer's answer",
    "blind": "models answer it without the picture more often than luck has it",
}

RELEASES = {
    "release": SCORES["release"],
    "questions": "Questions that were kept.",
    "papers": "Papers that they are on.",
    "removed": "Questions that the filters took out.",
    "frozen": "The day (UTC) from which on it never changes.",
    "private until": "Until then questions, references, pictures and outputs are not published; results are.",
    "hash": "Of its questions and what proves their answers.",
}


def render(snapshot: Snapshot, open_page: OpenPage) -> None:  # noqa: ARG001
    """Show the live releases of the hub."""
    st.title("Live")
    st.caption(
        "Questions on the figures and tables of new papers, a release a month: no model can have been trained on "
        "them before their papers were there."
    )
    if not live_queries.held(snapshot):
        st.info("This snapshot was published by an older evalhub. Publish again with `evalhub publish`.")
        return
    releases = live_queries.releases(snapshot)
    stands = live_queries.standing(snapshot, _today())
    if releases.is_empty() and stands is None:
        st.info("There is no live release yet. Make one from last month's papers, or from papers of your own:")
        st.code("evalhub refresh\nevalhub ingest papers PATH\nevalhub publish", language=None)
        return
    if stands is not None:
        _standing(stands, _today())
    if releases.is_empty():
        return
    _scale(snapshot)
    _drift(snapshot)
    _removed(snapshot)
    _releases(releases)


def _today() -> date:
    """The reader's, not the snapshot's: a board that is not published again any more is late, too."""
    return datetime.now(UTC).date()


def _standing(stands: Standing, today: date) -> None:
    last, due = st.columns(2)
    ended = f"published {stands.ended_at:%Y-%m-%d %H:%M} UTC" if stands.ended_at else "no month is whole yet"
    last.metric("Last refresh", stands.last or "none", ended, delta_color="off", delta_arrow="off")
    due.metric("Next due", f"{stands.due:%Y-%m-%d}", f"for {stands.month}", delta_color="off", delta_arrow="off")
    if stands.missing:
        st.error(
            f"Left out: {', '.join(stands.missing)}. `evalhub refresh --month {stands.missing[0]}` brings one in.",
            icon=":material/error:",
        )
    days = (today - stands.due).days
    if stands.overdue and days > 0:
        st.error(
            f"Late: {stands.month} was due on {stands.due}, {counted(days, 'day')} ago. `evalhub refresh` brings "
            "it in; `evalhub schedule emit cron` prints what runs it each month.",
            icon=":material/error:",
        )
    for stage in stands.unfinished:
        if stage.status == "failed":
            told = f"failed: {escaped(str(stage.counts.get('why', 'evalhub schedule status says why')))}"
        else:
            told = "had not ended when this was published: it was at work, or killed"
        st.warning(
            f"**{escaped(stage.release)}**, stage {stage.stage} ({stage.started_at:%Y-%m-%d %H:%M} UTC), {told}. "
            "The same `evalhub refresh` goes on there.",
            icon=":material/warning:",
        )


def _scale(snapshot: Snapshot) -> None:
    st.subheader("Months on one scale")
    scores = live_queries.scores(snapshot)
    if scores.is_empty():
        st.info(
            "No model has pass rates on a live release yet. Run `evalhub score MODEL --source live:RELEASE`, then "
            "`evalhub publish`."
        )
        return
    order = scores["release"].unique(maintain_order=True).to_list()
    newest_first = scores.sort("place", "score", descending=True)["model"].unique(maintain_order=True).to_list()
    left, right = st.columns([1, 3])
    scale = left.radio(
        "Scale",
        [ANCHORED, MEASURED],
        horizontal=True,
        key="scale",
        bind="query-params",
        help="Anchored: what other questions did to all models alike is taken out.",
    )
    models = right.multiselect(
        "Models",
        newest_first,
        newest_first[: release_chart.MOST],
        max_selections=release_chart.MOST,
        format_func=plain,
        key="models",
        bind="query-params",
        help="At first the best on the newest release.",
    )
    ends = ["anchored", "anchored_low", "anchored_high"] if scale == ANCHORED else ["score", "low", "high"]
    drawn = scores.filter(pl.col("model").is_in(models)).select(
        "release",
        "model",
        *(pl.col(end).alias(name) for end, name in zip(ends, ("score", "low", "high"), strict=True)),
    )
    drawn = drawn.drop_nulls("score")
    if drawn.is_empty():
        st.info("Choose a model, or the scale as measured.")
    else:
        unit = f"pass rate, as if asked {order[-1]}" if scale == ANCHORED else "pass rate"
        draw(release_chart.months, drawn, order=order, unit=unit)
        st.caption("Points are pass rates, bars their 95 % intervals. The table below holds all models.")
    if off := scores.filter(pl.col("anchored").is_null())["release"].unique(maintain_order=True).to_list():
        st.warning(
            f"Not on the scale: {escaped(', '.join(off))}. After it come two releases that no model was run on "
            "both of: run one on both, then publish.",
            icon=":material/warning:",
        )
    table = scores.select(
        *(pl.col(name).map_elements(plain, return_dtype=pl.String) for name in ("release", "model")),
        pl.col("score").alias("pass rate"),
        *("low", "high", "anchored"),
        *(pl.col(f"anchored_{end}").alias(f"anchored {end}") for end in ("low", "high")),
        "samples",
    )
    _table(table, SCORES, "scores of releases")
    downloads.buttons(scores.drop("place"), "live-scores")
    with st.expander("How months come onto one scale", icon=":material/info:"):
        st.markdown(ANCHORING.format(newest=escaped(order[-1])))
        columns.explain(SCORES, table)


def _drift(snapshot: Snapshot) -> None:
    changes = live_queries.changes(snapshot)
    if changes.is_empty():
        return
    st.subheader("Is a month harder than the one before?")
    for row in changes.filter("alarm").iter_rows(named=True):
        st.warning(
            f"**{escaped(row['new'])} is {'harder' if row['change'] < 0 else 'easier'} than "
            f"{escaped(row['old'])}**: "
            f"{counted(row['models'], 'model')} run on both changed by {row['change']:+.3f} on average "
            f"(95 % interval {row['low']:+.3f} to {row['high']:+.3f}).",
            icon=":material/warning:",
        )
    heard = changes.drop_nulls("alarm")
    if not heard.is_empty() and not heard["alarm"].any():
        st.caption("No alarm: no release differs from the one before it by more than luck has it.")
    table = changes.select(
        pl.col("old").map_elements(plain, return_dtype=pl.String).alias("from"),
        pl.col("new").map_elements(plain, return_dtype=pl.String).alias("to"),
        *("change", "low", "high"),
        pl.col("p_value").alias("p"),
        pl.col("alarm").replace_strict({True: "yes", False: "no"}, default="no model on both").alias("alarm"),
        "models",
    )
    _table(table, CHANGES, "changes")
    downloads.buttons(changes, "live-drift")
    with st.expander("What these columns mean", icon=":material/info:"):
        columns.explain(CHANGES, table)
        st.markdown(
            "An alarm is false for 5 in 100 pairs of releases that are as hard as each other. It cannot tell "
            "harder questions from models that all got worse."
        )


def _removed(snapshot: Snapshot) -> None:
    st.subheader("What each filter removed")
    removed = live_queries.removed(snapshot)
    if removed.is_empty():
        st.info("No filter took a question out.")
        return
    table = (
        removed.pivot(on="release", index=["filter", "reason"], values="questions", sort_columns=True)
        .with_columns(pl.exclude("filter", "reason").fill_null(0), pl.col("reason").fill_null(UNTOLD))
        .with_columns(pl.col("filter", "reason").map_elements(plain, return_dtype=pl.String))
    )
    _table(table, {"filter": "Its name.", "reason": "What it found fault with."}, "removed questions")
    downloads.buttons(removed, "live-removed")
    st.caption(
        "Questions, by release. Those that were removed are kept in the hub: `evalhub live removed RELEASE`."
    )
    with st.expander("What each filter looks for", icon=":material/info:"):
        known = [name for name in FILTERS if name in set(removed["filter"])]
        st.markdown("\n".join(f"- **{escaped(name)}**: {FILTERS[name]}" for name in known))


def _releases(releases: pl.DataFrame) -> None:
    st.subheader("Releases")
    table = releases.select(
        pl.col("release").map_elements(plain, return_dtype=pl.String),
        *("questions", "papers", "removed"),
        pl.col("frozen_at").dt.date().alias("frozen"),
        pl.col("private_until").alias("private until"),
        pl.col("release_id").alias("hash"),
    )
    _table(table, RELEASES, "releases")
    downloads.buttons(releases, "live-releases")
    with st.expander("What these columns mean", icon=":material/info:"):
        columns.explain(RELEASES, table)
    for row in releases.filter(~pl.col("private")).iter_rows(named=True):
        with st.expander(f"How {escaped(row['release'])} was made"):
            made = {"recipe": json.loads(row["recipe"]), "counts": json.loads(row["counts"])}
            shown = plain(json.dumps(made, indent=2, ensure_ascii=False))
            st.code(shown[:LONGEST], language=None, wrap_lines=True, height=400)
            if len(shown) > LONGEST:
                st.caption(f"Cut after {LONGEST:,} of {len(shown):,} characters; the download holds all.")


def _table(table: pl.DataFrame, meaning: Mapping[str, str], name: str) -> None:
    st.dataframe(
        table,
        hide_index=True,
        height=columns.height(table, 12),
        placeholder="",
        column_config=columns.config(meaning, table),
        key=name,
    )
