"""`evalhub probe` as it is typed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalhub.cli import evalhub
from evalhub.cli.probe import command
from evalhub.errors import EvalhubError
from evalhub.store.hub import Hub
from evalhub.store.short_ids import whole_id
from tests.probes.conftest import topic_samples


@pytest.fixture
def own(pool_path: Path, tmp_path: Path) -> Path:
    """A copy of the hub, to write answers to."""
    return Path(shutil.copytree(pool_path, tmp_path / "own"))


def run(hub: Path, *arguments: str, typed: str = "") -> tuple[int, str, str]:
    done = CliRunner().invoke(command, [*arguments, "--hub", str(hub)], input=typed)
    return done.exit_code, done.stdout, done.stderr


def test_the_design_s_fields(own: Path) -> None:
    code, out, _ = run(own, "law", "--top", "3", "--where", "source = 'exams'", "--json")
    told = json.loads(out)
    assert code == 0 and len(told["samples"]) == 3 and told["candidates"] == 90
    assert {"sample", "source", "source_id", "similarity"} <= set(told["samples"][0])
    assert told["samples"][0]["source_id"].startswith("law") and told["encoder"] == "by-words@1"


def test_a_page_for_people(own: Path) -> None:
    code, out, _ = run(own, "law", "--top", "2", "--show", "2")
    assert code == 0 and "2 samples of 180: law" in out and "just below the cut" in out
    assert "estimated precision" in out and "0 answers" in out
    for name in ("similarity: how near", "chance: that it is what you mean", "sample: the first digits"):
        assert name in " ".join(out.split())


def test_a_filter_alone_shows_no_borderline(own: Path) -> None:
    code, out, _ = run(own, "--where", "subject = 'law'", "--top", "5")
    assert code == 0 and "5 samples of 60" in out and "in the order of the pool" in out
    assert "below the cut" not in out and "similarity" not in out


def test_the_table_s_digits_name_a_sample(own: Path) -> None:
    """For answers and for examples."""
    right, wrong = topic_samples()[60].sample_id, topic_samples()[0].sample_id
    _, out, _ = run(own, "--like", right[:8], "--top", "1")
    assert right[:8] in out and right not in out
    told = json.loads(run(own, "law", "--right", right[:8], "--wrong", wrong[:6].upper(), "--json")[1])
    assert told["answers"] == 2
    assert json.loads(run(own, "--like", right[:8], "--json")[1])["probe"]["like"] == [right]
    with pytest.raises(EvalhubError, match="no sample 'a'"):
        CliRunner().invoke(command, ["law", "--right", "a", "--hub", str(own)], catch_exceptions=False)
    code, _, err = run(own, "law", "--right", right, "--wrong", right[:8])
    assert code == 2 and "cannot be both" in err


def test_digits_of_several_samples_are_no_name(tmp_path: Path) -> None:
    with Hub(tmp_path) as hub:
        ids = "SELECT unnest(['abcdef12', 'abcdef34']) AS sample_id"
        hub.database.execute(f"CREATE OR REPLACE TEMP VIEW sample AS {ids}")
        with pytest.raises(EvalhubError, match="several samples begin with 'abcdef'"):
            whole_id(hub, "abcdef")
        assert whole_id(hub, "abcdef1") == "abcdef12"


def test_answers_are_asked_for_and_kept(own: Path) -> None:
    code, _, err = run(own, "law", "--ask", "3", typed="y\nx\nn\ns\ny\n")
    assert code == 0 and "[3/3]" in err
    told = json.loads(run(own, "law", "--json", "--ask", "4")[1])
    assert told["answers"] == 3 and len(told["ask"]) == 4
    code, _, _ = run(own, "law", "--ask", "3", typed="y\nq\n")
    assert code == 0 and json.loads(run(own, "law", "--json")[1])["answers"] == 4
    assert json.loads(run(own, "law", "--json", "--forget")[1])["answers"] == 0


def test_answers_by_id(own: Path) -> None:
    samples = topic_samples()
    right, wrong = samples[60].sample_id, samples[0].sample_id
    told = json.loads(run(own, "law", "--right", right, "--wrong", wrong, "--top", "1", "--json")[1])
    assert told["answers"] == 2 and told["samples"][0]["sample"] == right
    assert told["samples"][0]["relevance"] == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("law", "--top", "3", "--precision", "0.5"), "give one of them"),
        (("--ask", "3", "--where", "source = 'x'"), "answers are about"),
        (("law", "--precision", "0"), "0<"),
        (("law", "--precision", "nan"), "not a number"),
    ],
)
def test_wrong_calls(own: Path, arguments: tuple[str, ...], says: str) -> None:
    code, out, err = run(own, *arguments)
    assert code == 2 and says in err and not out


def test_it_is_among_the_commands() -> None:
    assert "probe" in CliRunner().invoke(evalhub, ["--help"]).stdout


@pytest.mark.parametrize("option", ["--right", "--wrong", "--like"])
def test_an_unknown_sample_is_said_before_the_search(own: Path, option: str) -> None:
    with pytest.raises(EvalhubError, match="no sample 'nobody'"):
        CliRunner().invoke(command, ["law", option, "nobody", "--hub", str(own)], catch_exceptions=False)


def test_where_no_sample_is_sure_enough_it_says_what_to_do(own: Path) -> None:
    code, out, _ = run(own, "law", "--precision", "1")
    assert code == 0 and "0 samples of 180" in out and "--top N" in out
