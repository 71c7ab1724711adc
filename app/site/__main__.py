"""`python -m app.site --snapshots DIR OUT`, which `evalhub publish --site OUT` runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from streamlit.logger import set_log_level


def main(arguments: list[str]) -> int:
    """Write the published snapshot's site; 0 where that went well."""
    parser = argparse.ArgumentParser(prog="python -m app.site")
    parser.add_argument("--snapshots", type=Path, required=True, help="folder with the published snapshots")
    parser.add_argument("out", type=Path)
    given = parser.parse_args(arguments)
    # Streamlit's cache serves here, too; it would note at length that no browser is there.
    set_log_level("error")
    from app.site.write import write_site
    from app.snapshot import BrokenSnapshotError, published
    from evalhub.errors import EvalhubError

    try:
        print(write_site(published(given.snapshots), given.out))
    except (BrokenSnapshotError, EvalhubError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
