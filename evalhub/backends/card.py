"""Whether models can run on an NVIDIA GPU here, asked without loading torch: that would take seconds."""

from __future__ import annotations

import ctypes
import importlib.util
import re
from pathlib import Path

from kernels.device import DRIVERS

_LIBRARY = "libcuda.so.1"


def why_no_card() -> tuple[bool, str]:
    """Whether there is a GPU at all, and why no model can run on it; '' where one can."""
    if not any(Path(driver).exists() for driver in DRIVERS):
        return False, "no CUDA GPU is seen here"
    try:
        ctypes.CDLL(_LIBRARY)
    except OSError:
        return True, f"NVIDIA's driver is not complete: {_LIBRARY} cannot be loaded"
    if not _torch_for_cards():
        return True, "torch is installed for CPUs only, not for CUDA"
    return True, ""


def _torch_for_cards() -> bool:
    """What torch says of its own build."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    try:
        said = Path(spec.origin).with_name("version.py").read_text()
    except OSError:
        return True  # torch itself will tell
    return re.search(r"^cuda\b.*= *None *$", said, re.MULTILINE) is None
