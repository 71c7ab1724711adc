"""Kernels compile for cards that are not there: the interpreter tells nothing of registers and matrix units."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_for_ampere_and_for_hopper_with_registers_to_hold_their_tiles() -> None:
    environment = os.environ | {"TRITON_INTERPRET": "0"}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.kernels.gpu.compiled"], env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    assert {kernel["card"] for kernel in found} == {80, 90}
    assert not [kernel for kernel in found if kernel["local"] > 32 and kernel["card"] == 90]
    # What a program may have on the cards with the least, of compute capability 8.6 and 8.9.
    assert not [kernel for kernel in found if kernel["shared"] > 99 * 1024]
    multiplied = {kernel["kernel"] for kernel in found if kernel["wgmma"]}
    attending = {f"prompts, {group}, bf16" for group in ("7 x 64", "71 x 64", "8 x 128", "48 x 128", "8 x 256")}
    assert multiplied == {"scores, wide", "scores, triple", "and_bits"} | attending
