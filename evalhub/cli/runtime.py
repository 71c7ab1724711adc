"""`evalhub runtime`."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import click

from evalhub.cli.options import (
    Count,
    Number,
    Sectioned,
    hub_option,
    json_option,
    level_option,
    print_json,
    selection_options,
)
from evalhub.runtime.accelerators import MOST_PRICE, MOST_TOGETHER

_PROMPT, _OUTPUT = 512, 128
_MOST = 10**9
"""Tokens of a prompt or an output, and attempts."""


@click.command(
    "runtime",
    cls=Sectioned,
    sections={
        "Where it runs": ("accelerators", "count", "dtype", "batch", "price", "measured"),
        "What is asked": ("prompt", "output"),
        "Configurations": ("parameters", "active", "passes", "attempts"),
        "The hub": ("source", "bench", "where", "models", "level"),
    },
)
@click.argument("configs", metavar="[CONFIG]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--accelerator",
    "accelerators",
    multiple=True,
    metavar="NAME",
    help="Such as H100; repeatable; 'list' lists them.  [default: the hub's, else H100]",
)
@click.option(
    "--count", type=click.IntRange(1, MOST_TOGETHER), help="Accelerators.  [default: as few as hold the model]"
)
@click.option("--dtype", help="Of weights: fp32, bf16, fp8, int8 or int4.  [default: bf16]")
@click.option("--batch", type=click.IntRange(1, MOST_TOGETHER), help="Attempts side by side.  [default: 1]")
@click.option(
    "--price",
    type=Number(0, MOST_PRICE),
    metavar="USD",
    help="Of one accelerator an hour, instead of the table's.",
)
@click.option(
    "--measured",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Measured runs, to calibrate by.  [default: runtimes.csv of the hub, if there is one]",
)
@click.option(
    "--prompt", type=click.IntRange(1, _MOST), help=f"Tokens in.  [default: {_PROMPT}; the hub's attempts']"
)
@click.option(
    "--output", type=click.IntRange(1, _MOST), help=f"Tokens out.  [default: {_OUTPUT}; the hub's attempts']"
)
@click.option("--parameters", type=Count(), help="Number of weights.  [default: as the configuration lays out]")
@click.option("--active", type=Count(), help="Number of weights that a token passes through.")
@click.option("--passes", type=click.IntRange(0, _MOST), help="With --attempts: what a correct answer costs.")
@click.option("--attempts", type=click.IntRange(1, _MOST), help="See --passes.")
@selection_options("Only", "Only models that fit.")
@level_option("the intervals of pass rates")
@json_option
@hub_option
def command(
    configs: tuple[Path, ...],
    accelerators: tuple[str, ...],
    count: int | None,
    dtype: str | None,
    batch: int | None,
    price: float | None,
    measured: Path | None,
    prompt: int | None,
    output: int | None,
    parameters: int | None,
    active: int | None,
    passes: int | None,
    attempts: int | None,
    source: str,
    bench: str,
    where: str,
    models: str,
    level: float,
    as_json: bool,
    hub_path: Path,
) -> None:
    """Say how long an attempt would take on an accelerator, alone and undisturbed, and what it would cost.

    CONFIG is a config.json of transformers, or the folder that it is in. Without one it is about the models of the
    hub, by the tokens of their attempts; evalhub model set MODEL --config CONFIG says what they are made of.
    """
    from evalhub.cli.progress import telling
    from evalhub.cli.runtime_table import print_accelerators, print_estimates
    from evalhub.efficiency import read_efficiency
    from evalhub.errors import EvalhubError
    from evalhub.ranking import select
    from evalhub.runtime.accelerators import check_names
    from evalhub.runtime.architecture import read_architecture
    from evalhub.runtime.doubts import of_configuration, of_loads
    from evalhub.runtime.estimate import estimate, pass_rate
    from evalhub.runtime.in_hub import TOKENS, Ideal, calibration_of, ideal, load_of
    from evalhub.selection import Selection
    from evalhub.store.hub import Hub
    from evalhub.wording import plain

    settings = read_efficiency(hub_path)
    if "list" in accelerators:
        if len(accelerators) > 1:
            raise click.UsageError("--accelerator list shows all of them: give it alone")
        print_accelerators(settings.accelerators, as_json=as_json)
        return
    if configs and (source or bench or where or models):
        raise click.UsageError("--source, --bench, --where and --models are about the hub")
    if not configs and any(one is not None for one in (parameters, active, passes, attempts)):
        raise click.UsageError("--parameters, --active, --passes and --attempts are about a CONFIG")
    if len(configs) > 1 and (parameters or active or passes is not None):
        raise click.UsageError("--parameters, --active and --passes are of one CONFIG")
    if (passes is None) != (attempts is None) or (passes or 0) > (attempts or 0):
        raise click.UsageError("--passes and --attempts go together, and no more pass than there are")
    # The hub's count and price are of its own accelerator.
    told = settings if not accelerators else replace(settings, count=None, price=None)
    told = replace(
        told,
        count=count or told.count,
        dtype=dtype or told.dtype,
        batch=batch or told.batch,
        price=told.price if price is None else price,
    )
    check_names(accelerators, settings.accelerators)
    loads = [load_of(replace(told, accelerator=name)) for name in accelerators or [settings.accelerator or "H100"]]
    doubts = of_loads(loads)
    with telling() as tell:
        calibration = calibration_of(measured, hub_path, settings)
        if configs:
            tell("laying out")
            tokens = prompt or _PROMPT, output or _OUTPUT
            rate = None if passes is None or attempts is None else pass_rate(passes, attempts, level)
            for path in configs:
                doubts += of_configuration(path, tokens=sum(tokens), parameters=parameters)
            made = [read_architecture(path, parameters=parameters, active=active) for path in configs]
            found = Ideal(
                estimates=tuple(
                    estimate(_name(path), one, load, *tokens, calibration=calibration, rate=rate)
                    for load in loads
                    for path, one in zip(configs, made, strict=True)
                ),
                unknown={},
            )
        else:
            tell("adding up")
            selection = Selection(source=source, where=where, bench=bench, models=models)
            with Hub(hub_path, make=False) as hub:
                measurements, wanted = select(hub, selection).measurements, selection.samples(hub)
                found = ideal(
                    hub,
                    measurements,
                    wanted,
                    loads,
                    calibration=calibration,
                    prompt=prompt,
                    output=output,
                    level=level,
                )
    if not (found.estimates or found.unknown):
        raise EvalhubError(
            "there are only chance baselines, and no models, among what was selected: evalhub score MODEL brings "
            "one in; evalhub runtime CONFIG needs none"
        )
    if not found.estimates:
        reasons = "; ".join(f"{name}: {what}" for name, what in list(found.unknown.items())[:3])
        says = ["--prompt and --output say tokens"] if TOKENS in found.unknown.values() else []
        if {*found.unknown.values()} - {TOKENS}:
            says.append("evalhub model set MODEL --config says what a model is made of")
        raise EvalhubError(f"too little is known ({reasons}): {', '.join(says)}")
    if as_json:
        print_json(
            {
                "estimates": [asdict(one) for one in found.estimates],
                "calibration": None if calibration is None else asdict(calibration),
                "unknown": found.unknown,
                "notes": doubts,
            }
        )
    else:
        print_estimates(found, calibration, loads, level)
        for doubt in doubts:
            click.echo(f"note: {plain(doubt)}")


def _name(path: Path) -> str:
    """Of a configuration: its own name, or its folder's where it is called config.json."""
    if path.is_file() and path.stem != "config":
        return path.stem
    return (path if path.is_dir() else path.parent).resolve().name
