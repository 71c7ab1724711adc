"""What models answer without the picture goes, luck stays; and the numbers that say so."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.backends.base import Output, Request, Score
from evalhub.live.blind import Blind, blind
from evalhub.live.guesses import Rules, caption_beyond, least, trial
from evalhub.live.ledger import reasons
from ingest.questions.program import UNKNOWN
from ingest.questions.question import Question
from ingest.questions.write import questions_of
from ingest.records import Model, Status
from tests.live.made import Solver, question
from tests.questions import papers
from tests.scoring.fakes import Fake

OPTIONS = ("red", "green", "blue", "grey")


def pool(size: int, leaks: int, chance: random.Random) -> tuple[list[Question], dict[str, str]]:
    """Questions, and which option a model likes of each: of the first ones the right one, else any, whatever is
    right."""
    made = [question(place, *OPTIONS, key=chance.choice(OPTIONS)) for place in range(size)]
    liked = {
        one.sample.prompt: str(one.sample.reference) if place < leaks else chance.choice(OPTIONS)
        for place, one in enumerate(made)
    }
    return made, liked


def liking(liked: dict[str, str], chance: random.Random, share: float = 0.9) -> Callable[[Request], str]:
    """Says what it likes of a question, nearly always."""

    def answer(request: Request) -> str:
        own = liked[next(line for line in request.text.splitlines() if line in liked)]
        return own if chance.random() < share else chance.choice(request.choices)

    return answer


def of_choice(result: Blind) -> float:
    """Accuracy of the first solver on what was kept."""
    return next(one.accuracy for one in result.standings if (one.way, one.kind) == ("question", "choice"))


def test_likings_that_are_right_by_luck_stay() -> None:
    """A model with an opinion on everything and no knowledge: next to nothing goes, and it stays at chance.

    Without the reckoning of luck, a quarter would go and it would be near zero."""
    removed, accuracies, luck = [], [], []
    for seed in range(4):
        chance = random.Random(seed)
        made, liked = pool(120, 0, chance)
        result = blind(made, [Solver(liking(liked, chance))])
        removed.append(len(result.removed))
        accuracies.append(of_choice(result))
        luck.append(result.findings[0].by_luck)
    assert sum(removed) / 4 < 5
    assert abs(sum(accuracies) / 4 - 0.25) < 0.04
    assert abs(sum(luck) / 4 - 29) < 3, "a quarter of 120, nearly all of which are seen"


def test_what_a_model_knows_goes() -> None:
    """Of 150 questions it knows 40; what luck adds cannot be told from them, but how many that are can."""
    known, kept_known, accuracies = 0, 0, []
    for seed in range(3):
        chance = random.Random(100 + seed)
        made, liked = pool(150, 40, chance)
        result = blind(made, [Solver(liking(liked, chance))])
        gone = {int(one.question.sample.source_id) for one in result.removed}
        known += 40
        kept_known += len(set(range(40)) - gone)
        accuracies.append(of_choice(result))
        assert len(gone) + len(result.kept) == 150
        assert 28 <= len(gone) <= 54
    assert abs(sum(accuracies) / 3 - 0.25) < 0.05
    assert kept_known < known / 2


def test_several_solvers_tell_knowledge_from_luck() -> None:
    """Where three like the same, it is no luck: what they know goes first."""
    chance = random.Random(5)
    made, first = pool(100, 30, chance)
    likings = [first]
    for _ in range(2):
        own = {prompt: chance.choice(OPTIONS) for prompt in first}
        likings.append({**own, **{one.sample.prompt: str(one.sample.reference) for one in made[:30]}})
    result = blind(made, [Solver(liking(one, chance), f"solver {n}") for n, one in enumerate(likings)])
    gone = {int(one.question.sample.source_id) for one in result.removed}
    assert len(gone & set(range(30))) >= 27
    assert {one.solver for one in result.findings} == {"solver 0", "solver 1", "solver 2"}
    assert sum(reasons(result.removed)["blind"].values()) == len(gone)


def test_a_model_that_guesses_anew_each_time_is_rarely_taken_for_one_that_knows() -> None:
    """As rarely as the finding says."""
    chance = random.Random(1)
    made, _ = pool(300, 0, chance)
    finding = blind(made, [Solver(lambda request: chance.choice(request.choices))]).findings[0]
    assert finding.false_alarm == pytest.approx(0.0376, abs=1e-4)
    assert 0.015 < finding.preferred / 300 < 0.065
    assert finding.undecided == 0


def test_who_always_says_that_nothing_can_be_told_takes_no_unanswerable_question_away() -> None:
    """It is right by luck, as often as the option is offered and wrong."""
    made = [
        question(place, "red", "green", "blue", UNKNOWN, key=UNKNOWN if place % 4 == 0 else "red")
        for place in range(40)
    ]
    result = blind(made, [Solver(lambda _: UNKNOWN)])
    assert not result.removed
    assert (result.findings[0].preferred, result.findings[0].by_luck) == (10, 10)


def test_options_come_in_another_order_each_run_and_no_picture_goes_along() -> None:
    """The same orders when it is done again; other ones in the runs that are reported."""
    made = [question(0, *OPTIONS, key="red")]
    rules = Rules(runs=6, fresh=4)

    def orders() -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
        said = iter([*OPTIONS, *OPTIONS] * 4)
        solver = Solver(lambda _: next(said))
        blind(made, [solver], rules)
        assert not any(request.images for request in solver.seen)
        runs = {request.attempt: request.choices for request in solver.seen}
        return {runs[run] for run in runs if run < 6}, {runs[run] for run in range(6, 10)}

    first, fresh = orders()
    assert len(first) > 2 and len(fresh) > 2
    assert orders() == (first, fresh)


def test_a_missing_answer_is_not_wrong() -> None:
    """Nothing is decided on it, and the question stays."""
    made = [question(0, *OPTIONS, key="red"), question(1, *OPTIONS, key="red")]
    lost = Solver(lambda request: Status.ERROR if "000" in request.text else "red")
    result = blind(made, [lost])
    assert [one.sample.source_id for one in result.kept] == ["0"]
    assert (result.findings[0].tried, result.findings[0].undecided) == (2, 1)
    assert not result.standings, "there is no accuracy of nothing"

    sick = Solver(lambda request: Status.TIMEOUT if request.attempt % 2 else "red")
    assert not blind(made[:1], [sick]).kept, "four of four are more than luck has"


def test_numbers_are_held_against_what_luck_is_said_to_get() -> None:
    """Without options there are no decoys: whatever is right too often goes, however wrong it is of others."""
    made = [question(0, key="12.5"), question(1, key="7")]
    wrong = [question(place, *OPTIONS, key="blue") for place in range(2, 12)]
    result = blind([*made, *wrong], [Solver(lambda request: "red" if request.choices else "It is 12.5")])
    assert result.kept == [made[1], *wrong]
    assert [(one.kind, one.accuracy, one.chance) for one in result.standings] == [
        ("choice", 0.0, 0.25),
        ("numeric", 0.0, 0.1),
    ]


def test_the_caption_alone_is_tried() -> None:
    """With a reason of its own."""
    made = [question(0, *OPTIONS, key="red", caption="All curves are red."), question(1, *OPTIONS, key="blue")]
    by_name = dict.fromkeys(("Caption: All curves are red.",), "red")
    solver = Solver(lambda request: by_name.get(request.text.splitlines()[0], "grey"), "reader")
    result = blind(made, [solver])
    assert reasons(result.removed) == {"blind": {"reader answers it from the caption alone": 1}}
    assert [(one.way, one.tried) for one in result.findings] == [("question", 2), ("caption", 1)]


@pytest.mark.parametrize(
    ("caption", "prompt", "beyond"),
    [
        ("", "What?", ""),
        ("Growth by year.", "What?", "Growth by year."),
        ("Growth by year.", "This is Figure 1, “Growth by year”. What?", ""),
        ("Growth by year. Dots are papers.", "This is Figure 1, “Growth by year”. What?", "Dots are papers."),
    ],
)
def test_no_caption_is_told_twice(caption: str, prompt: str, beyond: str) -> None:
    made = question(0, *OPTIONS, key="red", caption=caption, prompt=prompt)
    assert caption_beyond(made) == beyond
    assert (trial(made, "caption", Rules()) is None) == (not beyond)


def test_where_the_question_is_which_caption_belongs_none_is_told() -> None:
    made = questions_of(papers.usual(), source="live:test").questions
    assert {one.operation for one in made if not caption_beyond(one)} >= {"caption", "cited"}


@given(
    st.integers(2, 6),
    st.lists(st.integers(-1, 5), min_size=8, max_size=8),
    st.floats(0.01, 0.3),
)
def test_asking_no_more_changes_no_decision(options: int, answers: list[int], level: float) -> None:
    """What is preferred when it is settled is preferred after all runs, missing ones (-1) or not."""
    names = tuple(f"option {place}" for place in range(options))
    made = question(0, *names, key=names[0])
    stopped = trial(made, "question", Rules())
    whole = trial(made, "question", Rules())
    assert stopped is not None and whole is not None
    for run, answer in enumerate(answers):
        for one in (stopped, whole):
            if one is stopped and one.settled(8 - run, level):
                continue
            one.missing += answer < 0
            one.answered += answer >= 0
            if 0 <= answer < options:
                one.named[names[answer]] += 1
    assert stopped.preferred(level) == whole.preferred(level)


@given(st.integers(2, 6), st.lists(st.integers(0, 5), min_size=8, max_size=8))
def test_what_is_asked_together_would_have_been_asked_one_by_one(options: int, answers: list[int]) -> None:
    """No run of a batch is one that settled questions are spared."""
    names = tuple(f"option {place}" for place in range(options))
    one = trial(question(0, *names, key=names[0]), "question", Rules())
    assert one is not None
    done = 0
    while wanted := one.unsettled(8 - done, 0.05):
        for answer in answers[done : done + wanted]:
            assert not one.settled(8 - done, 0.05)
            one.answered += 1
            one.named[names[answer % options]] += 1
            done += 1
    assert one.settled(8 - done, 0.05)


class Scorer(Fake):
    """A model that says how likely it finds a text: the longer, the likelier."""

    def __init__(self) -> None:
        super().__init__(answers=lambda _: ("", Status.OK))
        self.model = Model(model_id="scorer")
        self.seen: list[Request] = []

    def collect(self, seconds: float) -> list[Output]:
        outputs = super().collect(seconds)
        self.seen += [one.request for one in outputs]
        return [replace(one, scores=tuple(map(_score, one.request.continuations))) for one in outputs]


def _score(text: str) -> Score:
    return Score(logprob=len(text) - 100.0, tokens=1, greedy=False)


def test_runs_of_a_question_begin_alike_so_that_it_is_computed_once() -> None:
    """The question, and nothing that differs between them, is the preamble; a number is asked for once in all."""
    made = [question(0, *OPTIONS, key="red", caption="Curves."), question(1, key="12.5")]
    solver = Scorer()
    blind(made, [solver])
    choices = [request for request in solver.seen if request.choices]
    beginnings = {"Question 000?", "Caption: Curves.\n\nQuestion 000?"}
    assert {request.condition.preamble for request in choices} == beginnings
    orders = {request.condition.preamble + request.text for request in choices}
    assert len(orders) > 6
    for whole in orders:
        assert any(whole.startswith(f"{beginning}\nA. ") for beginning in beginnings)
        assert whole.endswith("\nAnswer:")
    (number,) = [request for request in solver.seen if not request.choices]
    assert number.continuations == (" 12.5\n",)
    assert number.text.endswith("Question 001?\nAnswer:")


def test_the_bound_is_the_binomial_tests() -> None:
    """From tables: at a quarter, 5 of 8 have probability .0273 or less, 4 of 8 .1138."""
    assert least(8, 0.25, 0.05) == 5
    assert least(8, 0.25, 0.12) == 4
    assert least(1, 0.25, 0.05) == 2, "one answer is never enough"
