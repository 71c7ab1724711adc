"""Which model to use: chances that are kept, and gains that are not luck."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from aggregate.choice import choose
from aggregate.measurements import Measurements, MeasurementsError


def measured(rates: dict[str, list[float]], samples: int, seed: int, *, tags: bool = True) -> Measurements:
    """Outcomes of models with a pass rate on each tag."""
    rng = np.random.default_rng(seed)
    number = len(next(iter(rates.values())))
    rows = [
        (model, f"s{sample}", float(rng.random() < by_tag[sample % number]), f"t{sample % number}")
        for sample in range(samples)
        for model, by_tag in rates.items()
    ]
    frame = pl.DataFrame(rows, schema=["model", "sample", "value", "tag"], orient="row")
    return Measurements.from_frame(frame if tags else frame.drop("tag"))


def test_a_clear_best_is_named_and_equal_ones_share_the_chance() -> None:
    clear = choose(measured({"a": [0.9], "b": [0.5], "c": [0.4]}, 200, 0))
    assert clear.candidates[0].model == "a" and clear.candidates[0].best > 0.99
    equal = choose(measured({"a": [0.5], "b": [0.5]}, 200, 1))
    assert sum(one.best for one in equal.candidates) == pytest.approx(1)
    assert all(0.02 < one.best < 0.98 for one in equal.candidates)


def test_a_handful_of_samples_is_not_certain() -> None:
    found = choose(measured({"a": [1.0], "b": [0.0]}, 10, 0))
    assert found.candidates[0].best < 1 and found.candidates[0].low < 1


def test_the_chance_is_kept_about_as_often_as_said() -> None:
    """120 needs of 40 samples each; a standard error is about .04."""
    claimed, kept, inside = [], [], []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        rates = {f"m{place}": [float(rate)] for place, rate in enumerate(rng.beta(6, 6, 5))}
        found = choose(measured(rates, 40, seed), seed=seed)
        first = found.candidates[0]
        claimed.append(first.best)
        kept.append(rates[first.model] == max(rates.values()))
        inside += [one.low <= rates[one.model][0] <= one.high for one in found.candidates]
    assert abs(np.mean(claimed) - np.mean(kept)) < 0.12
    assert 0.86 <= np.mean(inside) <= 0.96


def test_two_that_complement_each_other_gain_and_two_alike_do_not() -> None:
    apart = choose(measured({"a": [0.9, 0.3], "b": [0.3, 0.9], "c": [0.5, 0.5]}, 200, 0)).pair
    assert apart is not None and {apart.first, apart.second} == {"a", "b"}
    assert apart.low > 0.15 and apart.gain <= apart.oracle + 1e-9
    assert apart.second_on == (("t1",) if apart.second == "b" else ("t0",))
    surely = 0
    for seed in range(20):
        pair = choose(measured({"a": [0.5, 0.5], "b": [0.5, 0.5], "c": [0.5, 0.5]}, 120, seed)).pair
        surely += pair is not None and pair.low > 0
    assert surely <= 4


def test_a_pair_is_measured_against_the_model_recommended() -> None:
    """b and c complement each other best, and together reach less than a alone."""
    found = choose(measured({"a": [0.95, 0.9], "b": [0.7, 0.1], "c": [0.1, 0.7]}, 200, 0))
    assert found.candidates[0].model == "a" and found.pair is not None
    assert "a" in (found.pair.first, found.pair.second) and found.pair.low <= 0
    better = choose(measured({"a": [0.9, 0.7], "b": [0.5, 0.95], "c": [0.9, 0.1], "d": [0.1, 0.9]}, 300, 0))
    best, pair = better.candidates[0], better.pair
    assert pair is not None and (best.model, pair.first, pair.second) == ("a", "a", "b")
    assert pair.gain == pytest.approx(pair.score - best.score) and pair.low > 0 and pair.score > 0.88


def test_the_best_of_many_pairs_is_not_said_to_gain_by_luck() -> None:
    """30 needs with a model that none surpasses on a tag, though seven equal it there; and what is gained where
    all differ, which the interval's low end does not exceed more often than said."""
    lucky, above = 0, 0
    for seed in range(30):
        rates = {"a": [0.6, 0.6], **{f"m{place}": [0.6, 0.0] for place in range(7)}}
        pair = choose(measured(rates, 120, seed), seed=seed).pair
        lucky += pair is not None and pair.low > 0
        drawn = np.random.default_rng(seed).beta(6, 6, (6, 3))
        rates = {f"m{place}": list(row) for place, row in enumerate(drawn)}
        found = choose(measured(rates, 120, seed), seed=seed)
        assert found.pair is not None
        asked = [found.pair.second if f"t{tag}" in found.pair.second_on else found.pair.first for tag in range(3)]
        truth = np.mean([rates[model][tag] for tag, model in enumerate(asked)])
        above += found.pair.low > truth - np.mean(rates[found.candidates[0].model])
    assert lucky <= 3 and above <= 3


def test_the_score_of_a_pair_is_in_the_units_of_the_metric() -> None:
    rows = [(m, f"s{s}", 2.0 + 3 * ((s + p) % 2), f"t{s % 2}") for s in range(40) for p, m in enumerate("ab")]
    frame = pl.DataFrame(rows, schema=["model", "sample", "value", "tag"], orient="row")
    pair = choose(Measurements.from_frame(frame, kind="numeric", direction="down")).pair
    assert pair is not None and pair.score == pytest.approx(2) and pair.gain == pytest.approx(1.5)


def test_guessing_is_set_beside_the_intervals_where_it_is_known_of_all_samples() -> None:
    m = measured({"a": [0.9], "b": [0.3]}, 100, 0)
    found = choose(m, guesses=dict.fromkeys(m.samples, 0.25))
    assert found.guessing == 0.25 and [one.beats_guessing for one in found.candidates] == [True, False]
    partly = choose(m, guesses=dict.fromkeys(m.samples[1:], 0.25))
    assert partly.guessing is None and {one.beats_guessing for one in partly.candidates} == {None}
    errors = measured({"a": [0.9], "b": [0.3]}, 100, 0)
    down = replace(errors, metrics=(replace(errors.metrics[0], direction="down"),))
    found = choose(down, guesses=dict.fromkeys(m.samples, 0.75))
    assert [(one.model, one.beats_guessing) for one in found.candidates] == [("b", True), ("a", False)]


def test_the_only_candidate_has_no_chance_of_being_the_best() -> None:
    found = choose(measured({"a": [0.9]}, 20, 0))
    assert found.candidates[0].best is None and found.alike == ("a",) and found.pair is None


def test_what_is_thin_is_left_out_and_untagged_samples_have_no_pair() -> None:
    m = measured({"a": [0.6], "b": [0.5], "thin": [0.9]}, 60, 0, tags=False)
    keep = (m.model != m.models.index("thin")) | (m.sample < 20)
    frame = pl.DataFrame(
        {
            "model": np.array(m.models)[m.model[keep]],
            "sample": np.array(m.samples)[m.sample[keep]],
            "value": m.value[keep].astype(float),
        }
    )
    found = choose(Measurements.from_frame(frame))
    assert list(found.left_out) == ["thin"] and found.left_out["thin"] == pytest.approx(1 / 3)
    assert found.samples == 60 and found.pair is None


def test_lower_is_better_where_the_metric_says_so() -> None:
    frame = pl.DataFrame(
        [(m, f"s{s}", v + s % 3) for s in range(30) for m, v in (("slow", 9.0), ("fast", 2.0))],
        schema=["model", "sample", "value"],
        orient="row",
    )
    found = choose(Measurements.from_frame(frame, kind="numeric", direction="down"))
    first = found.candidates[0]
    assert first.model == "fast" and first.low <= first.score <= first.high and first.score < 4


def test_too_few_shared_samples_are_refused() -> None:
    for rates in ({"a": [0.5]}, {"a": [0.5], "b": [0.5]}):
        with pytest.raises(
            MeasurementsError, match="needs 10 samples, and no model was measured on more than 5: "
        ):
            choose(measured(rates, 5, 0))
    m = measured({"a": [0.5], "b": [0.5]}, 20, 0)
    number = np.array([int(name[1:]) for name in m.samples])[m.sample]
    apart = np.where(m.model == 0, number < 12, number > 7)
    frame = pl.DataFrame({"model": m.model[apart], "sample": m.sample[apart], "value": m.value[apart]})
    with pytest.raises(
        MeasurementsError, match="these 2 share only 4: score them on the same ones, or leave some out"
    ):
        choose(Measurements.from_frame(frame))
