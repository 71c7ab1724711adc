"""Charts as files: pictures and pages."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalhub.errors import EvalhubError

if TYPE_CHECKING:
    import altair as alt

FORMATS = (".svg", ".png", ".html")

_HIDDEN = ".plot-"
"""How the names of unfinished plots begin."""


def check_target(path: Path) -> None:
    """Whether a plot can be written there, before any work is done for it.

    Raises:
        EvalhubError: it cannot.
    """
    if path.suffix.lower() not in FORMATS:
        raise EvalhubError(f"--plot {path}: give a file that ends in {', '.join(FORMATS)}")
    if path.is_dir():
        raise EvalhubError(f"--plot {path} is a folder: give a file in it")
    if not path.parent.is_dir():
        raise EvalhubError(f"--plot {path} cannot be written: there is no folder {path.parent}")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_HIDDEN):
            pass
    except OSError as error:
        raise _unwritable(path, error) from error


def write_plot(path: Path, chart: alt.TopLevelMixin) -> None:
    """Draw a chart into a file, which is there whole or not at all. A page needs nothing from the network.

    Raises:
        EvalhubError: it cannot be written.
    """
    suffix = path.suffix.lower()
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=_HIDDEN) as folder:
            made = Path(folder) / f"plot{suffix}"
            if suffix == ".html":
                made.write_text(chart.to_html(inline=True, json_kwds={"cls": _InScript}), encoding="utf-8")
            else:
                chart.save(made, scale_factor=2 if suffix == ".png" else 1)
            made.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error


class _InScript(json.JSONEncoder):
    """JSON within a script of a page, which no name of a model can end."""

    def encode(self, o: Any) -> str:
        return super().encode(o).replace("<", "\\u003c")


def _unwritable(path: Path, error: OSError) -> EvalhubError:
    return EvalhubError(f"--plot {path} cannot be written: {error.strerror or error}")
