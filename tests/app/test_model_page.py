"""The page of one model, and its samples: what it was asked, what it said, and that text stays text."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from app.queries import sample_ids
from app.sample_queries import beginnings
from app.site.shown import model_file
from app.site.write import write_site
from app.snapshot import published
from app.wording import LONGEST
from tests.app.conftest import codes, listed, open_model, words
from tests.app.snapshot import ALPHA, CHANCE, COLD, GAMMA, IDLE, LONG, publish, write


def test_facts_and_places(snapshots: Path) -> None:
    """What is known of the model, and its row in every ranking by the chosen method."""
    app = open_model(snapshots, model=ALPHA, method="mean")
    assert "size **7.24B** · licence **apache-2.0** · released **2026-03-01**" in words(app)
    places = app.dataframe[0].value
    assert list(places["source"]) == ["all samples", "all samples", "words"]
    assert list(places["rank"]) == ["1–2", "4", "1"]
    assert list(places["of"]) == [5, 5, 3]
    assert "in no ranking by this method: pictures" in words(app)
    app.selectbox("method").select("auto").run()
    assert list(app.dataframe[0].value["source"]) == ["all samples"]
    assert open_model(snapshots, model=ALPHA).selectbox("method").value == "auto"


def test_places_of_different_units_share_no_axis(snapshots: Path, tmp_path: Path) -> None:
    """Pass rates are no log-odds; the table says which is which."""
    write(tmp_path / "alike")
    before = open_model(tmp_path / "alike", model=ALPHA, method="mean")
    assert "unit" not in before.dataframe[0].value.columns
    (path,) = snapshots.glob("*.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE ranking_group SET unit = 'log-odds' WHERE ranking_id = 'words-mean'")
    app = open_model(snapshots, model=ALPHA, method="mean")
    assert list(app.dataframe[0].value["unit"]) == ["mean pass rate", "mean pass rate", "log-odds"]
    assert len(app.get("vega_lite_chart")) == len(before.get("vega_lite_chart")) + 1


def test_a_model_without_attempts_of_its_own(snapshots: Path) -> None:
    """Imported results come without: none is not a number beside that of samples."""
    (path,) = snapshots.glob("*.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM attempt WHERE model_id = ?", [ALPHA])
    assert "attempts **none kept: its results were imported**" in words(open_model(snapshots, model=ALPHA))


def test_a_model_that_was_voted_on(snapshots: Path, tmp_path: Path) -> None:
    """Votes stand beside its own results, and alone where there are none, on the board and in plain files."""
    (path,) = snapshots.glob("*.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE pair_votes AS SELECT unnest(['', 'words']) AS source, ? AS model_a, ? AS model_b,"
            " 2 AS wins, 1 AS ties, 1000 AS losses, 0.5 AS share, 0.1 AS low, 0.9 AS high",
            [ALPHA, IDLE],
        )
    own = words(open_model(snapshots, model=ALPHA))
    assert "samples measured" in own and "votes **1,003**" in own
    alone = words(open_model(snapshots, model=IDLE))
    assert "votes **1,003**" in alone and "by votes alone" in alone and "samples measured" not in alone
    assert "votes" not in words(open_model(snapshots, model=GAMMA))
    write_site(published(snapshots), tmp_path / "site")
    page = (tmp_path / "site" / model_file(IDLE)).read_text("utf-8")
    assert "<dt>Votes</dt><dd>1,003</dd>" in page and "Samples measured" not in page
    assert "conditions that it ran under" not in page


def test_a_name_is_no_question(snapshots: Path) -> None:
    """Of an imported sample only its name may be known: it is not told twice."""
    (path,) = snapshots.glob("*.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE sample SET prompt = source_id WHERE source = 'words'")
    table = listed(open_model(snapshots, model=ALPHA))
    assert set(table["question"][table["source"] == "words"]) == {""}
    assert all(table["question"][table["source"] == "pictures"])
    words_alone = open_model(snapshots, model=ALPHA, source="words").dataframe
    assert not any("question" in each.value.columns for each in words_alone)
    shown = published(snapshots)
    found = beginnings(shown, [*sample_ids(shown, "w0"), *sample_ids(shown, "p0")])["question"]
    assert len(found) == 2 and found[0] == "" and found[1]


def test_without_a_model_the_page_asks_for_one(snapshots: Path) -> None:
    """No model is chosen for the reader, so that an address always names what it shows."""
    assert "Choose a model here" in words(open_model(snapshots))
    app = open_model(snapshots, model="no/such")
    assert "This snapshot holds no model called no/such." in words(app)


def test_a_model_without_attempts_says_so(snapshots: Path) -> None:
    """Nothing measured is no failure."""
    app = open_model(snapshots, model=IDLE)
    assert "This model has no attempts yet." in words(app)
    assert "size **unknown** · licence **unknown**" in words(app)
    assert not app.dataframe


def test_a_snapshot_of_before_says_what_to_run(snapshots: Path) -> None:
    """It was not counted yet what each model was measured on."""
    (path,) = snapshots.glob("*.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP TABLE model_condition")
    app = open_model(snapshots, model=ALPHA)
    assert "size **7.24B**" in words(app) and "run `evalhub publish`" in words(app) and not app.dataframe


def test_what_a_smaller_run_took_the_place_of_is_said(snapshots: Path) -> None:
    """Else a reader takes a score on a few samples for the model's."""
    (path,) = snapshots.glob("*.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO model_replaced VALUES (?, 'tiny/<b>1</b>', 900, 1)", [ALPHA])
    (said,) = open_model(snapshots, model=ALPHA).warning
    assert "last, on 1 sample. Those measured before on 900 samples no longer are: tiny" in said.value
    assert r"\<b\>1" in said.value
    assert not open_model(snapshots, model=GAMMA).warning


def test_a_baseline_is_called_one(snapshots: Path) -> None:
    """Chance is never shown as a model."""
    assert "A chance baseline, not a model" in words(open_model(snapshots, model=CHANCE))


def test_a_name_is_never_markup(snapshots: Path) -> None:
    """Markdown, directives and HTML in a model's name come out as its characters."""
    assert open_model(snapshots, model=GAMMA).title[0].value == r"gamma\:red\[\<b\>x\<\/b\>\]"


def spent(snapshots: Path) -> tuple[pd.DataFrame, str]:
    """The table of what its attempts took, and the words of the page."""
    app = open_model(snapshots, model=ALPHA)
    (table,) = [one.value for one in app.dataframe if "tokens per second" in one.value.columns]
    return table, words(app)


def test_what_its_attempts_took(snapshots: Path) -> None:
    """Tokens and seconds by settings; no dollars, rather than 0, where no price is known."""
    table, _ = spent(snapshots)
    assert list(table["settings"]) == ["", COLD.variant] and list(table["attempts"]) == [40, 1]
    assert list(table["tokens per second"]) == [24, 24] and "dollars" not in table.columns


def test_dollars_are_of_attempts_whose_price_is_known(snapshots: Path) -> None:
    """The others are counted aloud."""
    (path,) = snapshots.glob("*.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE attempt SET cost = 0.002 WHERE model_id = ? AND attempt = 0", [ALPHA])
    table, said = spent(snapshots)
    assert list(table["dollars"]) == pytest.approx([0.016, 0.002])
    assert list(table["dollars per 1,000"]) == pytest.approx([2, 2])
    assert "No price is known of 32 attempts" in said


def test_conditions_are_shown_as_json(snapshots: Path) -> None:
    """Each condition with what it was used for."""
    app = open_model(snapshots, model=ALPHA)
    specs = [code for code in codes(app) if '"temperature"' in code]
    assert len(specs) == 2
    assert '"temperature": 0.0' in specs[1]
    assert COLD.condition_id in words(app)


@pytest.mark.parametrize(
    "verdict, ids",
    [
        ("always passes", ["w0", "w5"]),
        ("sometimes", ["p0", "p1", "w1", "w4"]),
        ("never", ["w0", "w2"]),
        ("missing", ["w3"]),
    ],
)
def test_samples_are_filtered_by_verdict(snapshots: Path, verdict: str, ids: list[str]) -> None:
    """Each verdict lists its samples, and the counts of all four stand above."""
    app = open_model(snapshots, model=ALPHA, verdict=verdict)
    assert list(listed(app)["id"]) == ids
    assert "2 always passes · 4 sometimes · 2 never · 1 missing" in words(app)


def test_samples_are_filtered_by_every_source_they_were_found_in(snapshots: Path) -> None:
    """A sample that two sources share is listed under both."""
    app = open_model(snapshots, model=ALPHA, source="pictures")
    assert list(listed(app)["id"]) == ["p0", "p1", "w0", "w0"]


def test_a_missing_measurement_is_empty_with_its_reason(snapshots: Path) -> None:
    """Missing is not nought."""
    row = listed(open_model(snapshots, model=ALPHA, verdict="missing")).iloc[0]
    assert row[["pass rate", "low", "high"]].isna().all()
    assert (row["attempts"], row["uncounted"]) == (0, 2)
    assert row["reason"] == "every attempt was truncated"


def test_a_truncated_attempt_has_no_verdict(snapshots: Path) -> None:
    """It is shown as missing, with its status and its text."""
    text = words(open_model(snapshots, model=ALPHA, sample="id-w3"))
    assert text.count(":orange-badge[missing] · status truncated") == 2


def test_hostile_output_is_shown_as_its_characters(snapshots: Path) -> None:
    """Markdown and HTML stay text in a code block; terminal and control characters are gone."""
    app = open_model(snapshots, model=ALPHA, sample="id-w1")
    shown = "# Heading\n<script>alert('x')</script>\nred bell ![i](http://example.org/i.png) gnp"
    assert shown in codes(app)
    assert "<script>" not in "".join(element.value for element in app.markdown)
    assert "no 4 in <b>it</b>" in [element.value for element in app.text]
    assert not app.get("html")
    assert "1 of 4 passed" in words(app)


def test_a_long_output_is_cut_with_a_note(snapshots: Path) -> None:
    """The page stays small, and says that there is more."""
    app = open_model(snapshots, model=ALPHA, sample="id-w2")
    assert LONG[:LONGEST] in codes(app)
    assert LONG not in codes(app)
    assert "Cut after 20,000 of 30,000 characters." in words(app)


def test_many_attempts_come_in_pages(snapshots: Path) -> None:
    """Ten at a time, in the order of submission."""
    app = open_model(snapshots, model=ALPHA, sample="id-w4")
    assert "1 of 25 passed" in words(app)
    assert f"f by {ALPHA}, attempt 9" in codes(app)
    assert f"f by {ALPHA}, attempt 10" not in codes(app)
    app.number_input[0].set_value(3).run()
    assert codes(app)[-1] == f"p by {ALPHA}, attempt 24"


def test_images_are_shown_or_said_to_be_lost(snapshots: Path) -> None:
    """A question's picture, its choices and its reference; a lost picture costs a note, not the page."""
    app = open_model(snapshots, model=ALPHA, sample="id-p0")
    assert len(app.image) == 1
    assert {"1. circle\n2. square", "circle"} <= set(codes(app))
    assert "could not be shown" in words(open_model(snapshots, model=ALPHA, sample="id-p1"))


def test_choosing_a_sample_puts_it_into_the_address(snapshots: Path) -> None:
    """So a link shows the same sample, and taking the tick away takes it out."""
    app = open_model(snapshots, model=ALPHA)
    assert "Tick a row" in words(app)
    key = f"samples-2026-11-03-a-{ALPHA}--any verdict"
    app.session_state[key] = {"selection": {"rows": [4], "columns": [], "cells": []}}
    app.run()
    assert app.query_params["sample"] == "id-w1"
    app.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": []}}
    app.run()
    assert "sample" not in app.query_params


def test_an_unreadable_image_costs_a_note(snapshots: Path) -> None:
    """Bytes that are no image are somebody else's fault, not a traceback."""
    path = snapshots / "2026-11-03-a.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE image SET bytes = 'no image'::BLOB")
    publish(snapshots, "2026-11-03-a")
    assert "could not be shown" in words(open_model(snapshots, model=ALPHA, sample="id-p0"))
