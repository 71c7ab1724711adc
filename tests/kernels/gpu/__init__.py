"""Kernels for GPUs: on a card where there is one, else in Triton's interpreter on the CPU."""

import pytest

pytest.importorskip("triton.knobs", reason="Triton 3.4 or later is not installed", exc_type=ImportError)

from kernels.device import why_not

DEVICE = "cpu" if why_not() else "cuda"
