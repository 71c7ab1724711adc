"""What the server loads once and keeps."""

from __future__ import annotations

import gc


def keep() -> None:
    """Take all that is loaded now for kept.

    Streamlit collects garbage after every run of a page, and all readers wait while it goes through everything:
    modules, the encoder.
    """
    gc.collect()
    gc.freeze()
