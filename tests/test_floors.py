"""A package imports only from floors below its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = {"kernels": 1, "aggregate": 2, "ingest": 3, "evalhub": 4, "app": 5}


def imported(source: str) -> set[str]:
    """Top names of everything that a module imports, at its head or within a function, by any statement."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if (
                name in ("import_module", "__import__")
                and isinstance(first, ast.Constant)
                and isinstance(first.value, str)
            ):
                found.add(first.value.partition(".")[0])
    return found


def violations(package: str, source: str) -> set[str]:
    """Packages of the house that a module of `package` must not import, and does."""
    return {
        name for name in imported(source) if name in FLOORS and name != package and FLOORS[name] >= FLOORS[package]
    }


@pytest.mark.parametrize("package", FLOORS)
def test_a_package_imports_only_from_floors_below(package: str) -> None:
    """Function-level imports count."""
    files = sorted((ROOT / package).rglob("*.py"))
    assert len(files) > 2
    found = {
        str(file.relative_to(ROOT)): bad for file in files if (bad := violations(package, file.read_text("utf-8")))
    }
    assert not found


def test_every_package_has_a_floor() -> None:
    """A new top-level package has to be given one."""
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"tests", "benchmarks"} == FLOORS.keys()


@pytest.mark.parametrize(
    ("package", "source", "bad"),
    [
        ("kernels", "import aggregate.rates", {"aggregate"}),
        ("aggregate", "from ingest.records import Sample", {"ingest"}),
        ("ingest", "def f():\n    from evalhub.store import hub", {"evalhub"}),
        ("evalhub", "class A:\n    def f(self):\n        import app.queries as q", {"app"}),
        ("ingest", "import importlib\nimportlib.import_module('evalhub.store')", {"evalhub"}),
        ("kernels", "if True:\n    import app, ingest", {"app", "ingest"}),
        ("evalhub", "import evalhub.store, ingest, aggregate, kernels, numpy, application", set()),
        ("app", "from evalhub.store import hub", set()),
        ("ingest", "from . import evalhub", set()),
        ("kernels", "# import app\nx = 'import app'", set()),
    ],
)
def test_the_checker_catches_what_it_should(package: str, source: str, bad: set[str]) -> None:
    """And nothing else."""
    assert violations(package, source) == bad
