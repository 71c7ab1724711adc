"""Measurements: what is read, what is refused, and that missing is never 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from aggregate.measurements import Measurements, MeasurementsError


def frame(**columns: Any) -> pl.DataFrame:
    base = {"model": ["b", "a", "a"], "sample": ["s1", "s1", "s2"], "value": [1.0, 0.0, 1.0]}
    return pl.DataFrame({**base, **columns})


def test_rows_come_sorted_with_codes_into_sorted_names() -> None:
    m = Measurements.from_frame(frame(value=[0.3, 0.1, 0.2], ignored=[1, 2, 3]))
    assert m.models == ("a", "b") and m.samples == ("s1", "s2") and m.clusters == ("s1", "s2")
    assert m.sample.tolist() == [0, 0, 1] and m.model.tolist() == [0, 1, 0]
    assert m.value.tolist() == [0.1, 0.3, 0.2]
    assert m.passes is None and m.attempts is None and m.missing == 0
    with pytest.raises(ValueError, match="read-only"):
        m.value[0] = 1


def test_integer_categorical_and_boolean_columns_are_read() -> None:
    m = Measurements.from_frame(
        frame(
            model=pl.Series(["b", "a", "a"], dtype=pl.Categorical),
            sample=[7, 7, 10],
            value=[True, False, None],
        )
    )
    assert m.samples == ("7",) and m.value.tolist() == [0.0, 1.0] and m.missing == 1


def test_missing_values_are_counted_and_leave_no_sample_or_cluster_behind() -> None:
    m = Measurements.from_frame(frame(value=[float("nan"), None, 1.0], cluster=["k", "k", "l"]))
    assert m.missing == 2 and m.samples == ("s2",) and m.clusters == ("l",)
    assert m.models == ("a",) and m.unmeasured == ("b",)


def test_a_null_or_empty_cluster_is_the_sample_itself() -> None:
    m = Measurements.from_frame(
        pl.DataFrame(
            {"model": ["a"] * 3, "sample": ["1", "2", "3"], "value": [0, 1, 1], "cluster": [None, "", "k"]}
        )
    )
    assert [m.clusters[i] for i in m.cluster_of] == ["1", "2", "k"]


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"value": [0, 1, 1]}, "binary"),
        ({"value": [0.5, 1, 1]}, "numeric"),
        ({"value": [0.5, 1, 1], "passes": [5, 1, 1], "attempts": [10, 1, 1]}, "binary"),
        ({"value": [7, 1, 1]}, "numeric"),
    ],
)
def test_kind_is_taken_from_the_values(columns: dict[str, Any], kind: str) -> None:
    assert [m.kind for m in Measurements.from_frame(frame(**columns)).metrics] == [kind]


def test_counts_follow_their_rows_and_null_counts_are_no_attempts() -> None:
    m = Measurements.from_frame(frame(value=[0.5, 0.0, 1.0], passes=[1, 0, None], attempts=[2, 9, None]))
    assert m.passes is not None and m.attempts is not None
    assert m.passes.tolist() == [0, 1, 0] and m.attempts.tolist() == [9, 2, 0]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"sample": ["s1", "s1", "s1"]}, "1 repeated measurements, e.g. model 'a' on sample 's1'"),
        ({"value": ["N/A", "often", "1"]}, "holds 'often' (row 2), which is no number: write numbers"),
        ({"value": [float("inf"), 0, 1]}, "infinite"),
        ({"value": [None, None, None]}, "all 3 rows are missing"),
        ({"model": [0.5, 1.0, 1.0]}, "cast it to text"),
        ({"model": [None, "a", "a"]}, "1 rows without a name"),
        ({"cluster": ["k", "l", "l"]}, "sample 's1' is in two clusters"),
        ({"cluster": [0.5, 0.5, 0.5]}, "cast it to text"),
        ({"passes": [1, 0, 1]}, "together"),
        ({"passes": [3, 0, 1], "attempts": [2, 1, 1]}, "3 passes of 2 attempts (model 'b', sample 's1')"),
        ({"passes": [-1, 0, 1], "attempts": [2, 1, 1]}, "-1 passes"),
        ({"passes": [1.0, 0.0, 1.0], "attempts": [2.0, 1.0, 1.0]}, "counts must be integers"),
        ({"passes": [1, None, 1], "attempts": [2, 1, 1]}, "both or neither"),
    ],
)
def test_what_cannot_be_ranked_is_refused_in_one_line(columns: dict[str, Any], says: str) -> None:
    with pytest.raises(MeasurementsError) as caught:
        Measurements.from_frame(frame(**columns))
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_wrong_shapes_and_options_are_refused() -> None:
    with pytest.raises(MeasurementsError, match="no rows"):
        Measurements.from_frame(frame().clear())
    with pytest.raises(MeasurementsError, match="no column 'value'"):
        Measurements.from_frame(frame().drop("value"))
    with pytest.raises(MeasurementsError, match="lie in"):
        Measurements.from_frame(frame(value=[2, 0, 1]), kind="binary")
    with pytest.raises(MeasurementsError, match="kind 'graded' is unknown"):
        Measurements.from_frame(frame(), kind="graded")  # type: ignore[arg-type]
    with pytest.raises(MeasurementsError, match="direction 'left' is unknown"):
        Measurements.from_frame(frame(), direction="left")  # type: ignore[arg-type]


def test_of_samples_renumbers_samples_and_clusters_and_keeps_models() -> None:
    m = Measurements.from_frame(frame(cluster=["k", "k", "l"], passes=[1, 0, 2], attempts=[1, 1, 3]))
    part = m.of_samples(np.array([False, True]))
    assert part.models == ("a", "b") and part.samples == ("s2",) and part.clusters == ("l",)
    assert part.sample.tolist() == [0] and part.cluster_of.tolist() == [0]
    assert part.attempts is not None and part.attempts.tolist() == [3]
    assert part.samples_per_model.tolist() == [1, 0]


def test_tags_and_sources_follow_their_samples_and_nulls_are_untagged() -> None:
    m = Measurements.from_frame(frame(tag=["t", "t", None], source=["x", "x", "y"]))
    assert [m.tags[i] for i in m.tag_of] == ["t", ""] and [m.sources[i] for i in m.source_of] == ["x", "y"]
    assert Measurements.from_frame(frame()).tags == ()
    with pytest.raises(MeasurementsError, match="sample 's1' is in two tags"):
        Measurements.from_frame(frame(tag=["t", "u", "u"]))


def test_two_metrics_make_two_entries_of_a_sample_in_one_cluster() -> None:
    columns = {
        "model": ["a", "a", "b"],
        "sample": ["s", "s", "s"],
        "metric": ["seconds", "exact", "seconds"],
        "value": [3.5, 1, 9],
        "kind": ["numeric", None, "numeric"],
        "direction": ["down", "up", "down"],
    }
    m = Measurements.from_frame(pl.DataFrame(columns))
    assert m.samples == ("s [exact]", "s [seconds]") and m.clusters == ("s",)
    assert [(metric.name, metric.kind, metric.direction) for metric in m.metrics] == [
        ("exact", "binary", "up"),
        ("seconds", "numeric", "down"),
    ]
    assert m.upward.tolist() == [1, -3.5, -9] and m.chances.tolist() == [True, False]


def test_down_turns_a_chance_around() -> None:
    m = Measurements.from_frame(frame(), direction="down")
    assert m.upward.tolist() == [1, 0, 0] and m.value.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"kind": ["binary", "numeric", "binary"]}, "with kind binary and numeric: name each"),
        ({"direction": ["up", "sideways", "up"]}, "column 'direction' holds 'sideways': use up or down"),
        ({"value": [1.5, 0, 1], "kind": ["ordinal"] * 3}, "whole grades"),
    ],
)
def test_what_a_metric_is_must_be_said_once(columns: dict[str, Any], says: str) -> None:
    with pytest.raises(MeasurementsError, match=says):
        Measurements.from_frame(frame(**columns))


VOTES = pl.DataFrame(
    {
        "model_a": ["a", "z", "b", "a"],
        "model_b": ["b", "a", "z", "b"],
        "sample": ["s1", "p", "p", None],
        "outcome": ["a", "tie", "model_b", None],
    }
)


def test_votes_stand_beside_values_over_one_list_of_models_and_clusters() -> None:
    m = Measurements.from_frame(VOTES, frame())
    assert m.models == ("a", "b", "z") and m.samples == ("s1", "s2") and m.votes.samples == ("p", "s1")
    assert m.votes.outcome.tolist() == [1, 0.5, 0] and m.votes.missing == 1 and m.missing == 0
    assert [m.models[i] for i in m.votes.first] == ["a", "z", "b"]
    assert [m.clusters[i] for i in m.votes.cluster] == ["s1", "p", "p"]
    assert m.samples_per_model.tolist() == [2 + 2, 1 + 2, 0 + 1] and m.sample_count == 4
    part = m.of_samples(np.array([False, True]))
    assert part.clusters == ("p", "s1", "s2") and part.votes.outcome.size == 3


def test_words_are_read_as_numbers_and_outcomes() -> None:
    words = Measurements.from_frame(frame(value=["Yes", "n/a", " 0 "]))
    assert (words.value.tolist(), words.missing, words.metrics[0].kind) == ([1.0, 0.0], 1, "binary")
    voted = VOTES.with_columns(outcome=pl.Series(["left", "Right", "NA", "tie (bothbad)"]))
    assert Measurements.from_frame(voted).votes.outcome.tolist() == [1.0, 0.0, 0.5]


def test_votes_alone_are_enough_and_each_without_a_sample_is_its_own() -> None:
    m = Measurements.from_frame(VOTES.drop("sample").with_columns(outcome=pl.Series([1.0, 0.5, 0.0, 1.0])))
    assert m.samples == () and m.metrics == () and len(m.clusters) == len(m.votes.samples) == 4


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"outcome": ["a", "won", "b", "a"]}, r"holds 'won' \(row 2\): use a, b or tie"),
        ({"model_b": ["b", "z", "z", "b"]}, "1 votes put a model against itself, e.g. 'z'"),
        ({"model_a": ["a", None, "b", "a"]}, "1 rows without a name"),
    ],
)
def test_votes_that_cannot_be_read_are_refused(columns: dict[str, Any], says: str) -> None:
    with pytest.raises(MeasurementsError, match=says):
        Measurements.from_frame(VOTES.with_columns(**{name: pl.Series(given) for name, given in columns.items()}))
    with pytest.raises(MeasurementsError, match="no column 'outcome'"):
        Measurements.from_frame(VOTES.drop("outcome"))


def test_batches_make_the_same_as_one_frame() -> None:
    whole = frame(value=[0.25, 0.5, 1.0], tag=["t", "t", "u"])
    one = Measurements.from_frame(whole)
    many = Measurements.from_frames(whole.slice(i, 1) for i in range(3))
    assert (one.models, one.samples, one.tags) == (many.models, many.samples, many.tags)
    assert one.value.tolist() == many.value.tolist() and one.tag_of.tolist() == many.tag_of.tolist()


def test_groups_are_told_by_the_samples_and_sources_of_values_and_votes() -> None:
    """A sample counts once in each group that has a model there; what has no source names none."""
    values = pl.DataFrame(
        {
            "model": ["a", "b", "a", "c", "c"],
            "sample": ["1", "1", "2", "2", "3"],
            "source": ["exam", "exam", "quiz", "quiz", "quiz"],
            "value": [1, 0, 1, 1, 0],
        }
    )
    votes = pl.DataFrame(
        {
            "model_a": ["a", "c", "d"],
            "model_b": ["b", "d", "c"],
            "outcome": ["a", "tie", "b"],
            "sample": ["9", "8", None],
            "source": ["arena", "arena", None],
        }
    )
    m = Measurements.from_frame(values, votes)
    group = np.array([0, 0, 1, 1])
    assert m.samples_per_group(group).tolist() == [3, 4]
    assert m.sources_per_group(group) == (("arena", "exam", "quiz"), ("arena", "quiz"))
    assert m.sources_per_group(np.zeros(4, np.int64)) == (("arena", "exam", "quiz"),)
    assert m.samples_per_group(np.zeros(4, np.int64)).tolist() == [m.sample_count]
