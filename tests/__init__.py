"""Behaviour of evalhub, as its users and its plugins meet it."""

import os

# Small products wait for each other when BLAS shares busy cores: tests then take five times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
