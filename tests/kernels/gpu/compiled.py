"""Compile kernels for a card that is not there: a program for a process of its own, outside the interpreter.

    python -m tests.kernels.gpu.compiled

Prints a JSON line for each kernel and card: bytes of shared memory, registers a thread, bytes of local memory (in
which registers that do not fit end up), whether the products go through Hopper's matrix units.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

HOPPER, AMPERE = 90, 80


def compiled(
    name: str, kernel: Any, card: int, signature: dict[str, str], constants: dict[str, Any], **how: int
) -> None:
    """Compile one and print what it takes."""
    types = signature | dict.fromkeys(constants, "constexpr")
    assert list(types) == list(kernel.arg_names), set(types) ^ set(kernel.arg_names)
    # As torch's allocator aligns what it gives out, and as widths of models and samples of planes are.
    aligned = {
        (n,): [["tt.divisibility", 16]]
        for n, (name, kind) in enumerate(types.items())
        if kind[0] == "*" or name in ("width", "samples")
    }
    source = ASTSource(kernel, types, constants, aligned)
    found = triton.compile(source, target=GPUTarget("cuda", card, 32), options=how)
    tool = Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        Path(file.name).write_bytes(found.asm["cubin"])
        usage = subprocess.run([tool, "--dump-resource-usage", file.name], capture_output=True, text=True).stdout
    numbers = {key: int(value) for key, value in re.findall(r"(REG|STACK|LOCAL):(\d+)", usage)}
    line = {
        "kernel": name,
        "card": card,
        "shared": found.metadata.shared,
        "registers": numbers["REG"],
        "local": numbers["STACK"] + numbers["LOCAL"],
        "wgmma": found.asm["ptx"].count("wgmma.mma_async"),
    }
    print(json.dumps(line), flush=True)


def token_scores() -> None:
    from benchmarks.gpu.scores import TRIPLE
    from kernels.token_scores_triton import NARROW, SINGLE, WIDE, merge, scores

    numbers = {"rows": "i32", "vocabulary": "i32", "width": "i32", "cap": "fp32"}
    partial = {"gold": "*fp32", "peak": "*fp32", "total": "*fp32", "rival": "*fp32"}
    for name, tile, card, kind in (
        ("wide", WIDE, HOPPER, "bf16"),
        ("narrow", NARROW, AMPERE, "bf16"),
        ("single", SINGLE, HOPPER, "fp32"),
        ("triple", TRIPLE, HOPPER, "fp32"),
    ):
        described = card == HOPPER
        matrices = {
            "hidden": f"tensordesc<{kind}[{tile.rows},{tile.width}]>" if described else f"*{kind}",
            "output": f"tensordesc<{kind}[{tile.tokens},{tile.width}]>" if described else f"*{kind}",
        }
        sizes = {"ROWS": tile.rows, "TOKENS": tile.tokens, "WIDTH": tile.width, "CHUNK": tile.chunk}
        compiled(
            f"scores, {name}",
            scores,
            card,
            matrices | {"tokens": "*i64"} | partial | numbers,
            sizes | {"CAPPED": False, "DESCRIBED": described, "PRODUCTS": tile.products, "UPCAST": False},
            num_warps=tile.warps,
            num_stages=tile.stages,
        )
    results = {"logprob": "*fp32", "log_sum_exp": "*fp32", "greedy": "*i1"}
    sizes = {"rows": "i32", "vocabulary": "i32", "chunks": "i32"}
    compiled("merge", merge, HOPPER, {"tokens": "*i64"} | partial | results | sizes, {"ROWS": 32}, num_warps=1)


def gumbel() -> None:
    from kernels.gumbel_triton import _STRETCH, _TILE, race, threshold

    rows = {"logits": "*bf16", "peak": "*fp32", "temperature": "*fp32"}
    sizes = {"vocabulary": "i32", "stride": "i32"}
    nucleus = rows | {"top_p": "*fp64", "top_k": "*i32", "lowest": "*i32"} | sizes
    drawn = {"lowest": "*i32", "words": "*i64", "positions": "*i32", "score": "*fp32", "token": "*i32"}
    for card in (HOPPER, AMPERE):
        compiled("threshold", threshold, card, nucleus, {"TILE": _TILE}, num_warps=8)
        compiled("race", race, card, rows | drawn | sizes, {"TILE": _TILE, "STRETCH": _STRETCH}, num_warps=4)


def wins() -> None:
    from kernels.wins_triton import (
        _ROWS,
        BIT_MODELS,
        NUMBER_MODELS,
        STRETCH,
        WEIGHTED_WORDS,
        WORDS,
        and_bits,
        compare,
        fill,
    )

    rows = {"model": "*i16", "sample": "*i32", "value": "*u8"}
    sizes = {"samples": "i32", "number": "i32"}
    filled = {"plane": "*i32", "wrong": "*i32", "rows": "i32", "words": "i32", "models": "i32"}
    compiled("fill", fill, HOPPER, rows | filled, {"ROWS": _ROWS}, num_warps=4)
    for card, weighted, both in ((HOPPER, False, False), (HOPPER, True, True), (AMPERE, False, True)):
        flags = {"BOTH": both, "WEIGHTED": weighted, "MODELS": BIT_MODELS, "STRETCH": STRETCH}
        counted = {"weight": "*i8", "counts": "*i64"} | sizes
        bits = flags | {"WORDS": WEIGHTED_WORDS if weighted else WORDS}
        compiled("and_bits", and_bits, card, {"plane": "*i32"} | counted, bits, num_warps=8)
        compiled(
            "compare",
            compare,
            card,
            {"plane": "*fp32"} | counted,
            flags | {"MODELS": NUMBER_MODELS},
            num_warps=4,
        )


def shared_attention() -> None:
    from kernels.shared_attention_triton import PIECE, PIECES, SINGLE, TOGETHER, cut, generated, prompts
    from kernels.step_rows import TILE

    numbers = {"scale": "fp32", "softcap": "fp32", "window": "i32"}
    partial = {"partial": "*fp32", "peak": "*fp32", "total": "*fp32"}
    rows = dict.fromkeys(("start", "before", "own", "order", "tiles"), "*i32")
    own = {name: rows[name] for name in ("before", "own")}
    # Heads of a key head x numbers of a head; 71 x 64 are Falcon's.
    groups = (7, 64), (71, 64), (8, 128), (48, 128), (8, 256), (8, 512)
    for card, dtype, kind in (
        (HOPPER, torch.bfloat16, "bf16"),
        (AMPERE, torch.bfloat16, "bf16"),
        (HOPPER, torch.float32, "fp32"),
    ):
        states = dict.fromkeys(("query", "keys", "values"), f"*{kind}")
        for shared, wide in groups:
            odd = shared == 8
            flags = {"CAPPED": odd, "WINDOWED": odd, "UPCAST": False, "KEY_HEADS": 2, "SHARED": shared}
            flags |= dict.fromkeys(("WIDTH", "OUT_WIDTH", "WIDE", "OUT_WIDE"), wide)
            given = states | own | partial | {"found": f"*{kind}"} | numbers | {"capacity": "i32"}
            for name, kernel, members, most, types in (
                ("prompts", prompts, TILE * shared, TOGETHER, states | rows | partial | numbers),
                ("generated", generated, shared, SINGLE, given),
            ):
                members, block, warps = cut(members, most, wide, dtype)
                sizes = {"BLOCK": block, "PIECE": PIECE, "PIECES": PIECES}
                sizes |= {"ROWS": 256} if kernel is prompts else {}
                compiled(
                    f"{name}, {shared} x {wide}, {kind}",
                    kernel,
                    card,
                    types,
                    flags | sizes | {"MEMBERS": members},
                    num_warps=warps,
                    num_stages=2,
                )


if __name__ == "__main__":
    token_scores()
    gumbel()
    wins()
    shared_attention()
