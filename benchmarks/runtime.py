"""Rooflines against measured runtimes: HELM's idealized and denoised ones.

    python -m benchmarks.runtime IDEALIZED.json [DENOISED.json]

The files are HELM's `inference_idealized_runtimes.json` and `inference_denoised_runtimes.json` (Narayanan et al.
2023, arXiv 2305.02440): seconds F for prompts of several lengths, and G for each further token. The idealized ones
were measured with Megatron in fp16 on A100s of 80 GB, one attempt at a time.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evalhub.runtime.accelerators import ACCELERATORS
from evalhub.runtime.calibration import Run, calibrate, errors
from evalhub.runtime.roofline import Architecture, Serving

PROMPTS = (1, 256, 512, 1024, 1536)
"""Lengths that are compared."""

SPAN = 101
"""Tokens over which G is taken: the difference of an output of so many and one of a single token."""


class Served(NamedTuple):
    """What a model was measured as: of its blocks' weights, 12 layers width^2 where nothing else is said."""

    layers: int
    width: int
    count: int
    """Accelerators that shared each layer."""

    inner: int | None = None
    """Width of a gated feed-forward part, three matrices; None: two of four times the width."""

    vocabulary: int = 50_304

    def architecture(self) -> Architecture:
        """Heads have keys and values of their own in all of these."""
        inner = 8 * self.width if self.inner is None else 3 * self.inner
        weights = self.layers * self.width * (4 * self.width + inner) + self.vocabulary * self.width
        return Architecture(
            parameters=weights,
            active=weights,
            layers=self.layers,
            query_width=self.width,
            kv_width=2 * self.width,
        )


MODELS = {
    "openai/ada": Served(24, 1024, 1),
    "ai21/j1-large": Served(32, 4096, 1),
    "ai21/j1-grande": Served(50, 5120, 1, vocabulary=262_144),
    "ai21/j1-jumbo": Served(76, 13_824, 8),
    "openai/davinci": Served(96, 12_288, 8),
    "together/gpt-j-6b": Served(28, 4096, 1),
    "together/gpt-neox-20b": Served(44, 6144, 1),
    "cohere/xlarge-20220609": Served(64, 8192, 4),
    "together/opt-66b": Served(64, 9216, 4),
    "together/bloom": Served(70, 14_336, 8, vocabulary=250_680),
    "together/yalm": Served(80, 10_240, 4, inner=27_308),
    "microsoft/TNLGv2_530B": Served(105, 20_480, 8),
}
"""Source: the scripts of github.com/stanford-crfm/helm-efficiency, which lay out each model as it was measured;
of companies that tell no architecture it is the authors' guess, and so is what was measured. TNLG's 105 layers
stand on three machines of eight, one after the other, so that eight share each layer."""

SAME = {
    "together/opt-175b": "openai/davinci",
    "openai/curie": "ai21/j1-large",
    "microsoft/TNLGv2_7B": "ai21/j1-large",
    "huggingface/gptj_6b": "together/gpt-j-6b",
    "gooseai/gpt-j-6b": "together/gpt-j-6b",
    "gooseai/gpt-neo-20b": "together/gpt-neox-20b",
    "anthropic/stanford-online-all-v4-s3": "cohere/xlarge-20220609",
}
"""Names that stand for a measurement of another one."""

GUESSED = ("openai/ada", "ai21/j1-grande", "cohere/xlarge-20220609")
"""Of which no architecture is public, as far as we know."""


def runs(model: str, told: dict) -> Iterator[Run]:
    """F at each length, and G as a prompt of one token with an output of `SPAN`."""
    served = MODELS[model]
    how = Serving(accelerator=ACCELERATORS["A100-80GB"], count=served.count)
    first = {int(length): took for length, took in told["runtime_for_prompt_tokens"].items()}
    asked = [(length, 1, first[length]) for length in PROMPTS if length in first]
    asked.append((1, SPAN, first[1] + (SPAN - 1) * told["runtime_per_output_token"]))
    for prompt, output, took in asked:
        yield Run(
            model=model,
            architecture=served.architecture(),
            how=how,
            prompt=prompt,
            output=output,
            seconds=took,
        )


def idealized(path: Path) -> list[Run]:
    """Print each model's roofline over what was measured, and its value calibrated by the other models."""
    told = json.loads(path.read_text())
    found = [run for model in MODELS for run in runs(model, told[model])]
    made = calibrate(found)
    ceilings = made.ceilings
    print(
        f"{len(told)} names, {len(MODELS)} measurements; {ceilings.launch * 1e3:.2f} ms to start a layer, "
        f"{ceilings.memory:.0%} of bandwidth, {ceilings.compute:.0%} of operations"
    )
    roofline = np.array([run.by() / run.seconds for run in found])
    calibrated = errors(found)
    print("| model | B weights | A100s | G, ms | roofline/G | calibrated/G | roofline/F | calibrated/F |")
    print("|---|---|---|---|---|---|---|---|")
    for model in MODELS:
        of = np.array([run.model == model for run in found])
        g = of & np.array([run.output > 1 for run in found])
        ratios = [f"{roofline[g][0]:.2f}", f"{calibrated[g][0]:.2f}"]
        ratios += [" ".join(f"{one:.2f}" for one in values[of & ~g]) for values in (roofline, calibrated)]
        weights = MODELS[model].architecture().parameters / 1e9
        head = (f"{weights:.1f}", str(MODELS[model].count), f"{told[model]['runtime_per_output_token'] * 1e3:.0f}")
        print(f"| {' | '.join((model, *head, *ratios))} |")
    g = np.array([run.output > 1 for run in found])
    public = np.array([run.model not in GUESSED for run in found])
    for name, values in (("roofline", roofline), ("calibrated without the model", calibrated)):
        for kind, rows in (("G", g), ("F", ~g)):
            off = np.abs(values[rows] - 1)
            some = np.abs(values[rows & public] - 1)
            spread = f"{off.mean():.0%} on average ({off.max():.0%} at most)"
            print(f"{name}, {kind}: off by {spread}; {some.mean():.0%} of those whose architecture is public")
    return found


def denoised(path: Path, found: list[Run]) -> None:
    """Print what providers' servers took over the roofline on A100s: what they run on is unknown."""
    told = json.loads(path.read_text())
    listed = [name for name in told if SAME.get(name, name) in MODELS]
    print("| model | G, ms | F(1024), ms | over the roofline's G | F(1024) |")
    print("|---|---|---|---|---|")
    for name in listed:
        other = SAME.get(name, name)
        roofline = {(one.prompt, one.output): one.by() for one in found if one.model == other}
        g, f = told[name]["runtime_per_output_token"], told[name]["runtime_for_prompt_tokens"]["1024"]
        each = (roofline[1, SPAN] - roofline[1, 1]) / (SPAN - 1)
        print(f"| {name} | {g * 1e3:.0f} | {f * 1e3:.0f} | {g / each:.1f} | {f / roofline[1024, 1]:.1f} |")
    print(f"left out, of secret size: {', '.join(name for name in told if name not in listed)}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("idealized", type=Path)
    parser.add_argument("denoised", type=Path, nargs="?")
    args = parser.parse_args()
    found = idealized(args.idealized)
    if args.denoised:
        denoised(args.denoised, found)


if __name__ == "__main__":
    main()
