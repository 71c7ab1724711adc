"""Behaviour of evalhub, as its users and its plugins meet it."""

import os

from kernels.device import why_not

if why_not() is not None:
    # Set before anything loads Triton, which reads it when it defines a function: kernels run on the CPU, slowly.
    os.environ.setdefault("TRITON_INTERPRET", "1")

# Small products wait for each other when BLAS shares busy cores: tests then take five times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
