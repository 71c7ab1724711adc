"""Settings that a user keeps in a file of the hub."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from evalhub.errors import EvalhubError


def read_toml(path: Path) -> dict[str, Any]:
    """What the file says; nothing where there is none.

    Raises:
        EvalhubError: it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EvalhubError(f"{path} cannot be read: {error}") from error
    except (ValueError, RecursionError) as error:  # of Python's own limits
        raise EvalhubError(f"{path} cannot be read: it has a number too long, or lists too deep") from error
