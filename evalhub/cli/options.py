"""Options that several commands share."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from evalhub.wording import read_size, safe_json

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Number(click.FloatRange):
    """A number within a range; nan is within none, though no comparison says so."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a number.", param, ctx)
        return number


class Count(click.ParamType):
    """A number of weights as an integer."""

    name = "7B|7e9"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        count = read_size(str(value))
        if count is None:
            self.fail(f"{value!r} is no number of weights, such as 7B, 7e9 or 135000000", param, ctx)
        return count


class Columns(click.ParamType):
    """OURS=THEIRS,… as a dict."""

    name = "OURS=THEIRS,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, str]:
        pairs = [pair.partition("=") for pair in value.split(",")]
        if not all(ours.strip() and theirs.strip() for ours, _, theirs in pairs):
            self.fail(f"{value!r} is no list like sample=question_id,value=score", param, ctx)
        found = {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
        if len(found) < len(pairs) or len({*found.values()}) < len(found):
            self.fail(f"{value!r} names a column twice", param, ctx)
        return found


class Sizes(click.ParamType):
    """MODEL=7B,… as a dict."""

    name = "MODEL=7B,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, int]:
        found = {}
        for pair in value.split(","):
            model, equals, size = pair.rpartition("=")
            if not equals or not model.strip():
                self.fail(f"{value!r} is no list like small=125M,large=7B", param, ctx)
            found[model.strip()] = Count().convert(size.strip(), param, ctx)
        return found


class Sectioned(click.Command):
    """A command whose options are listed in sections: {title: parameter names}; the others stand at the end."""

    def __init__(self, *args: Any, sections: dict[str, tuple[str, ...]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sections = sections

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Section by section."""
        listed = {name for names in self._sections.values() for name in names}
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        lines = {param.name: param.get_help_record(ctx) for param in options}
        sections = {**self._sections, "Options": tuple(name for name in lines if name not in listed)}
        for title, names in sections.items():
            with formatter.section(title):
                formatter.write_dl([line for name in names if (line := lines[name]) is not None])


def hub_option(command: _Command) -> _Command:
    """--hub PATH, with EVALHUB_HOME and the platform's data folder behind it, and --debug."""
    command = click.option(
        "--debug", is_flag=True, expose_value=False, help="Show the whole traceback of an error."
    )(command)
    return click.option(
        "--hub",
        "hub_path",
        type=click.Path(file_okay=False, path_type=Path),
        callback=_hub_path,
        help="Folder of the hub.  [default: EVALHUB_HOME, else the platform's data folder]",
    )(command)


def selection_options(start: str, models: str = "") -> Callable[[_Command], _Command]:
    """--source, --bench, --where, --models. start: how what they say begins. models: what the last one says, which
    is not there where it says nothing."""
    told = {
        "source": ("TEXT", f"{start} the samples of this source."),
        "bench": ("BENCH", f"{start} the samples of this benchmark."),
        "where": ("FILTER", f"{start} samples that fit."),
        **({"models": ("FILTER", models)} if models else {}),
    }

    def decorated(command: _Command) -> _Command:
        for name, (metavar, said) in reversed(told.items()):
            command = click.option(f"--{name}", default="", metavar=metavar, help=said)(command)
        return command

    return decorated


def check_hub_options(files: Sequence[Path], **of_hub: str) -> None:
    """Refuse options of the hub beside FILES.

    Raises:
        click.UsageError: one is given.
    """
    if files and any(of_hub.values()):
        *names, last = (f"--{name}" for name in of_hub)
        raise click.UsageError(f"{', '.join(names)} and {last} are about the hub; FILES are taken whole")


def sizes_options(sizes: str) -> Callable[[_Command], _Command]:
    """--sizes, --columns, --unit of files of models with their sizes. sizes: what the first one says."""
    columns = "FILES: what they call our columns, as in parameters=size,value=score."
    unit = "FILES: what numbers of parameters count: thousands, millions or billions."

    def decorated(command: _Command) -> _Command:
        command = click.option("--unit", type=click.Choice(["K", "M", "B"], case_sensitive=False), help=unit)(
            command
        )
        command = click.option("--columns", type=Columns(), help=columns)(command)
        return click.option("--sizes", type=Sizes(), help=sizes)(command)

    return decorated


def level_option(of: str, default: float = 0.9) -> Callable[[_Command], _Command]:
    """--level. of: what it is the level of."""
    # Beyond these, quantiles are of no use to anybody, and arithmetic ends.
    within = Number(0.01, 0.999999)
    return click.option("--level", type=within, default=default, show_default=True, help=f"Of {of}.")


def seed_option(command: _Command) -> _Command:
    """--seed, of what is drawn by chance."""
    within = click.IntRange(0)
    return click.option("--seed", type=within, default=0, show_default=True, help="Of all that is drawn.")(command)


def json_option(command: _Command) -> _Command:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def print_json(content: Any) -> None:
    """Print JSON on stdout."""
    click.echo(safe_json(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)))


def _hub_path(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path:
    del context, parameter
    from evalhub.paths import default_hub

    return value or default_hub()
