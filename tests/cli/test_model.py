"""`evalhub model set` and `list`: what is known of a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import evalhub


def test_facts_are_set_shown_and_forgotten(tmp_path: Path) -> None:
    hub = ("--hub", tmp_path / "hub")
    facts = ("--parameters", "1.5B", "--licence", "MIT", "--released", "2025-02-03", "--closed-weights")
    done = evalhub("model", "set", "org/m", "--new", *facts, *hub)
    assert done.out == "org/m: parameters 1.5B, licence MIT, released 2025-02-03, open_weights False\n"
    assert evalhub("model", "set", "org/m", "--open-weights", "--cutoff", "2024-06-30", *hub).code == 0
    known = {
        "model": "org/m",
        "parameters": 1_500_000_000,
        "licence": "MIT",
        "open_weights": True,
        "released": "2025-02-03",
        "cutoff": "2024-06-30",
        **dict.fromkeys(("active_parameters", "layers", "query_width", "kv_width")),
        "aliases": [],
    }
    assert evalhub("model", "list", "--json", *hub).json == [known]
    shown = evalhub("model", "list", *hub).out
    assert "1.5B" in shown and "2024-06-30" in shown and "open" in shown and "unknown" not in shown
    forget = [word for fact in ("parameters", "licence", "open_weights") for word in ("--forget", fact)]
    assert evalhub("model", "set", "org/m", *forget, *hub).code == 0
    gone = known | {"parameters": None, "licence": None, "open_weights": None}
    assert evalhub("model", "list", "--json", *hub).json == [gone]
    assert evalhub("model", "list", *hub).out.count("unknown") == 3


def test_a_mixture_of_experts_has_two_sizes(tmp_path: Path) -> None:
    hub = ("--hub", tmp_path / "hub")
    done = evalhub("model", "set", "moe", "--new", "--parameters", "47B", "--active", "13B", *hub)
    assert done.out == "moe: parameters 47B, active_parameters 13B\n"
    known = evalhub("model", "list", "--json", *hub).json[0]
    assert (known["parameters"], known["active_parameters"]) == (47_000_000_000, 13_000_000_000)
    assert evalhub("model", "set", "moe", "--forget", "active_parameters", *hub).code == 0
    known = evalhub("model", "list", "--json", *hub).json[0]
    assert (known["parameters"], known["active_parameters"]) == (47_000_000_000, None)


def test_a_configuration_does_not_change_a_size_that_is_known(tmp_path: Path) -> None:
    hub = ("--hub", tmp_path / "hub")
    config = tmp_path / "config.json"
    config.write_text('{"model_type": "gpt2"}')
    evalhub("model", "set", "m", "--new", "--parameters", "8B", *hub)
    assert evalhub("model", "set", "m", "--config", config, *hub).code == 0
    evalhub("model", "set", "m", "--parameters", "7B", "--config", config, *hub)
    known = evalhub("model", "list", "--json", *hub).json[0]
    assert (known["parameters"], known["active_parameters"], known["layers"]) == (7 * 10**9, 7 * 10**9, 12)


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        ("7B", 7e9),
        ("7b", 7e9),
        ("7e9", 7e9),
        ("135M", 135e6),
        ("0.5B", 5e8),
        ("1T", 1e12),
        ("12", 12),
        ("70k", 7e4),
    ],
)
def test_sizes(tmp_path: Path, typed: str, count: float) -> None:
    assert evalhub("model", "set", "m", "--new", "--parameters", typed, "--hub", tmp_path).code == 0
    assert evalhub("model", "list", "--json", "--hub", tmp_path).json[0]["parameters"] == count


@pytest.mark.parametrize(
    "options",
    [
        ["--parameters", "many"],
        ["--parameters", "-7B"],
        ["--parameters", "7GB"],
        ["--parameters", "9e99"],
        ["--cutoff", "2024-13-01"],
        ["--cutoff", "June 2024"],
        ["--released", "2024-6-1"],
        ["--cutoff", "2024-06-01", "--forget", "cutoff"],
        ["--forget", "name"],
        ["--parameters", "7B", "--active", "20B"],
        [],
    ],
)
def test_what_is_no_fact_is_refused(tmp_path: Path, options: list[str]) -> None:
    done = evalhub("model", "set", "m", "--new", *options, "--hub", tmp_path / "hub")
    assert done.code == 2 and not (tmp_path / "hub").exists()


def test_a_name_that_nobody_has_is_refused(tmp_path: Path) -> None:
    assert evalhub("model", "set", "llama-8b", "--new", "--cutoff", "2024-06-30", "--hub", tmp_path).code == 0
    line = evalhub("model", "set", "lama-8b", "--cutoff", "2024-06-30", "--hub", tmp_path).line
    assert "did you mean llama-8b?" in line and "--new adds it" in line
    assert "did you mean llama-8b?" in evalhub("model", "alias", "other", "Llama 8B", "--hub", tmp_path).line
    assert len(evalhub("model", "list", "--json", "--hub", tmp_path).json) == 1
