"""`evalhub runtime`: configurations and the hub, calibration, and calls that cannot be answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalhub.runtime.roofline import Architecture
from evalhub.store.hub import Hub
from ingest.records import Model
from tests.cli.helpers import evalhub
from tests.scoring.fakes import Fake, run, samples

GPT2 = {"model_type": "gpt2"}
RUNS = "model,parameters,layers,query_width,kv_width,accelerator,prompt,output,seconds\n"


@pytest.fixture
def gpt2(tmp_path: Path) -> Path:
    folder = tmp_path / "gpt2"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(GPT2))
    return folder


def test_of_a_configuration(gpt2: Path) -> None:
    call = ("runtime", gpt2, "--accelerator", "l4", "--accelerator", "H100", "--parameters", "124M")
    on_l4, on_h100 = evalhub(*call, "--passes", "5", "--attempts", "20", "--price", "2", "--json").json[
        "estimates"
    ]
    assert (on_l4["model"], on_l4["accelerator"], on_l4["count"]) == ("gpt2", "L4", 1)
    assert on_l4["roofline"]["per_token"] == pytest.approx(on_h100["roofline"]["per_token"] * 3.35e12 / 300e9)
    takes = on_h100["roofline"]
    assert takes["per_correct"] == pytest.approx(4 * takes["cost"]) and on_h100["calibrated"] is None
    shown = evalhub(*call).out
    assert "gpt2" in shown and "AWS p5.48xlarge" in shown and "calibrated" not in shown and "note:" not in shown


def test_what_the_configuration_or_the_accelerator_does_not_bear_out_is_noted(gpt2: Path) -> None:
    call = ("runtime", gpt2, "--accelerator", "A100-80GB", "--accelerator", "H100")
    told = ("--dtype", "fp8", "--prompt", 1000, "--output", 100, "--parameters", "7B")
    fp8, tokens, weights = evalhub(*call, *told, "--json").json["notes"]
    assert fp8.startswith("A100-80GB does not multiply fp8") and "1,100 tokens" in tokens and "1,024" in tokens
    assert "7B is taken" in weights and "lays out 124M" in weights
    assert evalhub(*call, *told).out.count("note: ") == 3


def test_the_table_is_asked_for_alone(gpt2: Path) -> None:
    said = evalhub("runtime", gpt2, "--accelerator", "list", "--accelerator", "H100")
    assert said.code == 2 and "give it alone" in said.err


def test_accelerators_that_are_none_are_all_named_with_what_is_near(gpt2: Path) -> None:
    said = evalhub("runtime", gpt2, "--accelerator", "H10", "--accelerator", "L4", "--accelerator", "A100").line
    assert "'H10' or 'A100', did you mean" in said and "H100" in said and "A100-80GB" in said


def test_measured_runs_calibrate(gpt2: Path, tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    rows = [
        f"{name},{size},24,1024,2048,L4,{p},{o},{s}"
        for name, size, p, o, s in (
            ("a", "350M", 1, 1, 0.02),
            ("a", "350M", 1, 101, 2.02),
            ("b", "7B", 1, 1, 0.1),
            ("b", "7B", 900, 1, 0.4),
        )
    ]
    path.write_text(RUNS + "\n".join(rows) + "\n")
    call = ("runtime", gpt2, "--accelerator", "L4", "--parameters", "124M", "--measured", path)
    found = evalhub(*call, "--json").json
    assert found["calibration"]["runs"] == 4
    assert found["calibration"]["ceilings"]["launch"] == pytest.approx(0.02 / 24, rel=0.05)
    (one,) = found["estimates"]
    assert one["calibrated"]["per_token"] == pytest.approx(0.01, rel=0.05)
    assert one["roofline"]["per_token"] < 0.001
    assert "ms to start a layer" in evalhub(*call).out
    (tmp_path / "hub").mkdir()
    path.rename(tmp_path / "hub" / "runtimes.csv")
    assert evalhub(*call[:-2], "--json", "--hub", tmp_path / "hub").json == found, "the hub's own runs"
    path.write_text(RUNS + "\n".join(rows[:2]) + "\n")
    assert "2 measured runs" in evalhub(*call).line
    path.write_text(RUNS + "a,350M,24,1024,2048,L5,1,1,1\n")
    assert "no accelerator is called 'L5'" in evalhub(*call).line
    path.write_text(RUNS + "a,350M,24,1024,2048,L4,1,1,-1\n")
    assert "seconds is a positive number" in evalhub(*call).line


def test_of_the_hub(hub_path: Path, gpt2: Path) -> None:
    """By the tokens of its attempts (3 in, 1 out), with what was told of it."""
    given = samples(20)
    with Hub(hub_path) as hub:
        for name in ("known", "dark"):
            fake = Fake()
            fake.model = Model(model_id=name)
            run(hub, fake, given, passes=1, max_attempts=1)
    assert "its number of weights" in evalhub("runtime", "--hub", hub_path).line
    evalhub("model", "set", "known", "--config", gpt2, "--parameters", "124M", "--hub", hub_path)
    (hub_path / "efficiency.toml").write_text(
        'accelerator = "mine"\n[accelerators.mine]\nmemory = 1e9\nbandwidth = 1e9\nbf16 = 1e12\nprice = 3.6\n'
    )
    found = evalhub("runtime", "--json", "--hub", hub_path).json
    (one,) = found["estimates"]
    assert (one["model"], one["prompt"], one["output"], one["accelerator"]) == ("known", 3, 1, "mine")
    assert one["roofline"]["cost"] == pytest.approx(0.001 * 0.248)
    assert one["rate"]["low"] < one["rate"]["rate"] < one["rate"]["high"]
    assert one["roofline"]["per_correct"] == pytest.approx(one["roofline"]["cost"] / one["rate"]["rate"])
    assert found["unknown"] == {"dark": "its number of weights"}
    assert "left out, not known: its number of weights: dark" in evalhub("runtime", "--hub", hub_path).out
    other = evalhub("runtime", "--prompt", 100, "--json", "--hub", hub_path).json["estimates"][0]
    assert (other["prompt"], other["output"]) == (100, 1)
    (hub_path / "efficiency.toml").write_text('accelerator = "H100"\nprice = 1\ncount = 4\n')
    other = evalhub("runtime", "--accelerator", "L4", "--json", "--hub", hub_path).json["estimates"][0]
    assert (other["count"], other["price"]) == (1, 0.8), "what the hub pays is for its own"
    own = evalhub("runtime", "--json", "--hub", hub_path).json["estimates"][0]
    assert (own["count"], own["price"]) == (4, 1)


def test_what_a_backend_sees_of_its_model_is_kept(hub_path: Path) -> None:
    fake = Fake()
    fake.model = Model(model_id="open", parameters=1000)
    fake.architecture = Architecture(parameters=1000, active=500, layers=2, query_width=8, kv_width=4)  # type: ignore[attr-defined]
    with Hub(hub_path) as hub:
        run(hub, fake, samples(5), passes=1, max_attempts=1)
    known = evalhub("model", "list", "--json", "--hub", hub_path).json[0]
    assert (known["active_parameters"], known["layers"], known["query_width"], known["kv_width"]) == (500, 2, 8, 4)
    assert evalhub("runtime", "--json", "--hub", hub_path).json["estimates"][0]["model"] == "open"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('accelerator = ""', "accelerator is a name"),
        ("price = -1", "price is US dollars an hour"),
        ("price = 1e308", "price is US dollars an hour"),
        ("batch = 0", "batch is a number"),
        (f"count = {'9' * 401}", "count is a number"),
        ("[accelerators.mine]\nmemory = 1e-300\nbandwidth = 1e9\nbf16 = 1e12", "accelerators is a table"),
        ('dtype = "bf17"', "dtype is one of"),
        ("[accelerators.mine]\nmemory = 1", "accelerators is a table"),
        ("accelerators = [1]", "accelerators is a table"),
        ("speed = 1", "unknown setting 'speed'"),
    ],
)
def test_settings_that_cannot_be(line: str, said: str, hub_path: Path) -> None:
    hub_path.mkdir()
    (hub_path / "efficiency.toml").write_text(line + "\n")
    assert said in evalhub("runtime", "--accelerator", "list", "--hub", hub_path).line


@pytest.mark.parametrize(
    "options",
    [
        ("config.json", "--source", "exam"),
        ("--parameters", "7B"),
        ("config.json", "--passes", "5"),
        ("config.json", "--passes", "5", "--attempts", "4"),
        ("a.json", "b.json", "--parameters", "7B"),
    ],
)
def test_calls_that_make_no_sense(options: tuple[str, ...], tmp_path: Path) -> None:
    assert evalhub("runtime", *options, "--hub", tmp_path).code == 2


@pytest.mark.parametrize("name", ["prompt", "output", "count", "batch", "attempts", "passes", "price"])
def test_numbers_that_are_a_slip_are_a_wrong_call(name: str, gpt2: Path) -> None:
    call = ("runtime", gpt2, "--parameters", "124M", "--passes", 1, "--attempts", 2)
    for number in ("9" * 401, "1e308") if name == "price" else ("9" * 401, "9" * 10):
        said = evalhub(*call, f"--{name}", number)
        assert said.code == 2 and f"'--{name}'" in said.err


def test_of_the_largest_numbers_all_is_a_number(gpt2: Path) -> None:
    of = ("--prompt", 10**9, "--output", 10**9, "--count", 10**6, "--batch", 10**6, "--price", "1e6")
    said = evalhub("runtime", gpt2, "--parameters", "9e18", *of, "--passes", 1, "--attempts", 10**9, "--json")
    assert said.json["estimates"][0]["roofline"]["per_correct"] > 0


def test_a_hub_of_baselines_alone(hub_path: Path) -> None:
    evalhub("ingest", "reasoning-gym", "-o", "generators=gcd", "-o", "size=2", "--hub", hub_path)
    assert evalhub("score", "baseline:random", "--max-attempts", 3, "--hub", hub_path).code == 0
    said = evalhub("runtime", "--hub", hub_path).line
    assert said.startswith("there are only chance baselines, and no models") and "()" not in said


def test_accelerators_are_listed() -> None:
    listed = evalhub("runtime", "--accelerator", "list", "--json").json
    assert {"H100", "H200", "A100-80GB", "L4", "MI300X"} <= {one["name"] for one in listed}
    shown = evalhub("runtime", "--accelerator", "list").out
    assert "3.35 TB/s" in shown and "1,307 TFLOPS" in shown


def test_imported_results_have_no_tokens_so_that_these_are_told(hub_path: Path, tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("model,sample,value\n" + "".join(f"m,s{sample},1\n" for sample in range(9)))
    config = tmp_path / "config.json"
    config.write_text(json.dumps(GPT2))
    evalhub("import", table, "--source", "exam", "--hub", hub_path)
    evalhub("model", "set", "m", "--config", config, "--parameters", "124M", "--hub", hub_path)
    said = evalhub("runtime", "--hub", hub_path).line
    assert "--prompt and --output say tokens" in said and "--config" not in said
    (one,) = evalhub("runtime", "--prompt", 10, "--output", 5, "--json", "--hub", hub_path).json["estimates"]
    assert (one["model"], one["prompt"], one["output"]) == ("m", 10, 5)
