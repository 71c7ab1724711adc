"""The page that builds a benchmark: a text and a filter, the samples that they pick, and the ranking on these."""

from __future__ import annotations

import shlex

import polars as pl
import streamlit as st

from app import columns, downloads, probe_queries
from app.controls import OpenPage
from app.snapshot import Snapshot
from app.views.picked import Picked, show_ranking, show_samples
from app.wording import escaped
from evalhub.errors import EvalhubError
from evalhub.probes.probe import Cut, Probe
from evalhub.probes.search import Taken
from evalhub.store.benchmarks import is_name
from evalhub.store.sample_columns import SAMPLE_COLUMNS
from evalhub.wording import counted, plain

LONGEST = 2000
"""Characters of a text or a filter."""

SURE = 80
"""Percent: the precision that `evalhub probe` takes when it is told none."""

BY_WORDS = 100
"""Samples taken where words alone are compared."""

WORDS_ALONE = "Words alone are compared, and no precision can be claimed."


def render(snapshot: Snapshot, open_page: OpenPage) -> None:
    """Show what the address asks for, else what can be asked."""
    st.title("Build a benchmark")
    if not probe_queries.has_search(snapshot):
        st.info("An older evalhub published this snapshot, without a search. Run `evalhub publish` again.")
        return
    st.caption(
        "Pick samples by what they are about, rank the models on exactly these, and save them under a name. The "
        "address holds all of it: a link shows the same page."
    )
    text, where = _asked()
    pool = probe_queries.pool(snapshot)
    if pool.private:
        st.caption(
            f"{counted(pool.private, 'sample')} of releases that are still private are not looked at here; "
            "`evalhub bench new` counts them."
        )
    if not (text or where):
        _pool(snapshot, pool.shown)
        return
    try:
        picked = _by_text(snapshot, text, where) if text else _by_filter(snapshot, where)
    except EvalhubError as error:
        st.error(escaped(str(error)))
        return
    if picked is None:
        return
    show_ranking(snapshot, picked.ids, open_page)
    _command(text, where, picked.precision)
    show_samples(snapshot, picked)


def _asked() -> tuple[str, str]:
    left, right = st.columns(2)
    with left:
        text = st.text_input(
            "What the samples are about",
            max_chars=LONGEST,
            placeholder="organic chemistry",
            live=True,
            key="text",
            bind="query-params",
            help="A topic, a skill, or a sentence; as `evalhub probe TEXT`.",
        )
    with right:
        where = st.text_input(
            "Filter",
            max_chars=LONGEST,
            placeholder="source = 'human-eval' AND NOT has_image",
            key="where",
            bind="query-params",
            help="A condition on the columns below; as `evalhub probe --where`.",
        )
    with st.expander("What a filter may say", icon=":material/filter_list:"):
        st.markdown("\n".join(f"- **{one.name}** ({one.kind}): {one.about}" for one in SAMPLE_COLUMNS))
        st.markdown(
            "Compare a column with values by `=` `<>` `<` `<=` `>` `>=` `IN (…)` `BETWEEN … AND …` `LIKE '…%'` "
            "`IS NULL`, and join conditions with `AND` `OR` `NOT` `( )`. Text and dates stand in single quotes."
        )
    return " ".join(plain(text or "").split()), plain(where or "").strip()


def _pool(snapshot: Snapshot, shown: int) -> None:
    """What there is to pick from."""
    st.info("Say what the samples are to be about, or filter them.")
    found = probe_queries.sources(snapshot)
    st.markdown(f"There are **{counted(shown, 'sample')}** to pick from:")
    table = found.with_columns(pl.Series("source", [plain(source) for source in found["source"]], pl.String))
    st.dataframe(table, hide_index=True, height=columns.height(table, 10), width="content")
    downloads.buttons(found, "sources")


def _by_filter(snapshot: Snapshot, where: str) -> Picked | None:
    ids = probe_queries.fitting(snapshot, where)
    st.metric("Samples", f"{len(ids):,}")
    if not ids:
        st.info("No sample fits this filter.")
        return None
    st.caption("A filter alone is exact: nothing is estimated.")
    return Picked(ids, None, [])


def _by_text(snapshot: Snapshot, text: str, where: str) -> Picked | None:
    search = probe_queries.search(snapshot)
    if search.words_alone:
        st.warning(f"{WORDS_ALONE} {escaped(search.words_alone)}", icon=":material/warning:")
    elif search.index.encoder.cuts(text):
        st.warning("By meaning, only the beginning of this text is compared: a sentence says best what is meant.")
    probe = Probe(text=text, where=where)
    if search.words_alone:
        taken = search.taken(probe, Cut(top=BY_WORDS))
        picked = _with_words(taken)
    else:
        precision = _precision() / 100
        taken = search.taken(probe, Cut(precision=precision))
        above, below = taken.ids[: taken.count], taken.ids[taken.count :]
        picked = Picked(above, taken.relevance[: taken.count], below, precision)
    _figures(taken, len(picked.ids), bool(search.words_alone))
    if picked.ids:
        return picked
    if search.words_alone:
        st.info("No sample has one of these words.")
    elif not taken.candidates:
        st.info("No sample fits this filter.")
    else:
        st.info("So high a precision can be claimed of no sample. Lower it, or say the text in other words.")
    return None


def _precision() -> int:
    return st.slider(
        "Precision at the cut",
        5,
        99,
        SURE,
        format="%d %%",
        key="precision",
        bind="query-params",
        help="As many samples are taken as can be had with this share of them estimated to be what the text "
        "means; as `evalhub probe --precision`. Lower it for more samples.",
    )


def _with_words(taken: Taken) -> Picked:
    """Of those that have some of the words, the first."""
    some = [one for one, similarity in zip(taken.ids, taken.similarity, strict=True) if similarity > 0]
    return Picked(some[: taken.count], None, some[taken.count :])


def _figures(taken: Taken, count: int, words_alone: bool) -> None:
    left, middle, right = st.columns(3)
    left.metric("Samples", f"{count:,}", help="Those above the cut.")
    middle.metric("Left by the filter", f"{taken.candidates:,}", help="Samples that the text is compared with.")
    if words_alone or not count:
        return
    right.metric("Estimated precision", f"{taken.precision:.0%}", help="Share of the samples that the text means.")
    rests = f"It rests on {counted(taken.answers, 'answer')} to this text."
    if not taken.answers:
        rests = (
            "It is a guess from other texts: answers to `evalhub probe TEXT --ask 20`, then `evalhub publish`, "
            "make it an estimate for this one."
        )
    st.caption(f"95 % interval of the precision: {taken.low:.0%} to {taken.high:.0%}. {rests}")


def _command(text: str, where: str, precision: float | None) -> None:
    st.subheader("Save them")
    with st.columns([2, 5])[0]:
        name = st.text_input(
            "Name of the benchmark",
            max_chars=64,
            placeholder=_name_for(text),
            key="name",
            bind="query-params",
        )
    name = (name or _name_for(text)).strip()
    if not is_name(name):
        st.error("A name has letters, digits, '.', '_' and '-', at most 64, and is no hash.")
        return
    st.markdown("This board writes nothing. The first command saves the samples in the hub, the next shows them:")
    options = [*(["--where", where] if where else []), *(["--precision", f"{precision:g}"] if precision else [])]
    said = [*(["--"] if text.startswith("-") else []), name, *([text] if text else [])]
    commands = (["evalhub", "bench", "new", *options, *said], ["evalhub", "bench", "show", name])
    st.code("\n".join(" ".join(map(_quoted, command)) for command in commands), language=None)


def _quoted(word: str) -> str:
    """A word for a shell. Filters have single quotes: within double ones they stay readable."""
    return shlex.quote(word) if "'" not in word or set(word) & set('"$`\\!') else f'"{word}"'


def _name_for(text: str) -> str:
    """A name that says what the samples are about."""
    words = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in text.lower()).split()
    return "-".join(words)[:40].strip("-") or "my-benchmark"
