"""From a model's folder to what generates and scores with it: the engine, or where that refuses, transformers."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

from evalhub.engine.engine import Engine
from evalhub.engine.eyes import Eyes, probe
from evalhub.engine.fallback import Fallback
from evalhub.engine.graph_engine import GraphEngine
from evalhub.engine.job import Job, Ready
from evalhub.engine.likelihood import Likelihood
from evalhub.engine.norms import fuse_norms
from evalhub.engine.packing import pack
from evalhub.engine.plain_likelihood import PlainLikelihood
from evalhub.engine.seam import Refused
from evalhub.errors import EvalhubError
from evalhub.runtime.architecture import laid_out, passed_through
from evalhub.runtime.roofline import Architecture
from kernels.device import why_not

_FOR_STATES = 0.7
"""Share of a GPU's free memory, behind the weights, that keys and values may take."""


def load(job: Job) -> tuple[Any, Any, Ready]:
    """Load a model. Returns what generates with it and what scores continuations, each with `add`, `idle` and
    `step`, and what the parent is to know.

    Raises:
        EvalhubError: weights are missing, the model cannot generate, or its logits are not finite.
    """
    config = transformers.AutoConfig.from_pretrained(job.folder, trust_remote_code=False)
    model = _model(job, config)
    parameters = sum(weight.numel() for weight in model.parameters())
    architecture = _architecture(model)
    tokenizer = _tokenizer(job.folder)
    eyes, notes = _eyes(job.folder, model)
    tokenizer = eyes.processor.tokenizer if eyes else tokenizer
    generator: Engine | Fallback
    scorer: Likelihood | PlainLikelihood
    try:
        if config.is_encoder_decoder:
            raise Refused(f"{type(model).__name__} has an encoder")
        pack(model, _blind(model))
        generator, name = _engine(model, tokenizer, job, eyes, notes)
        scorer = Likelihood(model, generator.text, generator.prompts)
        most = getattr(model.config.get_text_config(), "max_position_embeddings", generator.context)
        if generator.context < most:
            notes.append(
                f"prompt and output end at {generator.context:,} tokens together: beyond that, its scaled "
                "positions would let attempts change each other"
            )
    except Refused as refused:
        reason = str(refused)
        name = "transformers-generate"
    if name == "transformers-generate":
        # Loaded anew: packed weights are the engine's own. Only one copy is held at a time.
        del model
        model = _model(job, config)
        eyes = Eyes(model, eyes.processor) if eyes else None
        generator = Fallback(model, tokenizer, job.slots, _for_states(model, job), eyes)
        scorer = PlainLikelihood(model, generator.text)
        notes.insert(0, f"it runs through transformers' own generate, which is slower: {reason}")
    ready = Ready(
        parameters=parameters,
        chat=generator.text.chat,
        engine=name,
        eyes=eyes is not None,
        likelihood=not config.is_encoder_decoder,
        notes=tuple(notes),
        architecture=architecture,
    )
    return generator, scorer, ready


def _engine(model: Any, tokenizer: Any, job: Job, eyes: Eyes | None, notes: list[str]) -> tuple[Engine, str]:
    """The engine for where a model lies, and what conditions call it: on a GPU tokens are drawn otherwise."""
    if model.device.type != "cuda":
        return Engine(model, tokenizer, job.slots, job.memory, eyes), "transformers"
    memory = _for_states(model, job)
    if reason := why_not():
        notes.append(f"tokens are drawn and scored without kernels of our own: {reason}")
        return Engine(model, tokenizer, job.slots, memory, eyes), "transformers"
    fuse_norms(model)
    return GraphEngine(model, tokenizer, job.slots, memory, eyes), "transformers-graph"


def _for_states(model: Any, job: Job) -> int:
    """Bytes for keys and values where a model lies."""
    return int(torch.cuda.mem_get_info()[0] * _FOR_STATES) if model.device.type == "cuda" else job.memory


def _architecture(model: Any) -> Architecture | None:
    """What a model is made of, before its weights are packed."""
    config = model.config.get_text_config()
    sizes = {name: weight.numel() for name, weight in model.named_parameters()}
    try:
        return laid_out(config, sum(sizes.values()), passed_through(config, sizes))
    except (AttributeError, TypeError):
        return None


def _tokenizer(folder: Path) -> Any:
    try:
        return transformers.AutoTokenizer.from_pretrained(folder)
    except Exception as error:  # whatever its files and their readers come to
        raise EvalhubError(
            f"its tokenizer cannot be loaded ({_short(error)}): put tokenizer.json and tokenizer_config.json "
            "beside its weights"
        ) from None


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:150] or type(error).__name__


def _model(job: Job, config: Any) -> Any:
    """A model with its weights, all of which must be there."""
    if job.device == "cuda" and not torch.cuda.is_available():
        raise EvalhubError(
            f"torch {torch.__version__} sees no GPU: install torch for CUDA and a driver that fits it, or use "
            "--device cpu"
        )
    try:
        model, loading = _kind(config).from_pretrained(
            job.folder, dtype=getattr(torch, job.dtype), output_loading_info=True
        )
    except SafetensorError as error:
        raise EvalhubError(f"its weights are cut off or damaged ({_short(error)}): fetch them again") from None
    absent = sorted(map(str, [*loading["missing_keys"], *loading["mismatched_keys"]]))
    if absent:
        # transformers would put random numbers in their place.
        raise EvalhubError(
            f"{len(absent)} of its weights are not in its files, or of another shape: {absent[0]} …"
        )
    return model.to(job.device).eval()


def _kind(config: Any) -> Any:
    """The class of transformers' that loads a model: one that takes images where it is named as such."""
    sees = type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    if sees and MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING[type(config)].__name__ in (config.architectures or ()):
        return transformers.AutoModelForImageTextToText
    return transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM


def _eyes(folder: Path, model: Any) -> tuple[Eyes | None, list[str]]:
    """A model's processor of images where it takes any; else, or where it cannot be had, why not."""
    if _kind(model.config) is not transformers.AutoModelForImageTextToText:
        return None, []
    try:
        eyes = Eyes(model, transformers.AutoProcessor.from_pretrained(folder))
        probe(eyes)
    except Exception as error:  # a processor's libraries, files and own code
        reason = _short(error)
        lacking = importlib.util.find_spec("torchvision") is None
        missing = '; many processors need torchvision: pip install "evalhub[vision]"' if lacking else ""
        return None, [f"its images cannot be prepared, so it is asked without any ({reason}{missing})"]
    return eyes, []


def _blind(model: Any) -> list[Any]:
    """The parts that look at images, by their own configuration."""
    known = (model.config, model.config.get_text_config())
    parts = (module for module in model.modules() if isinstance(module, transformers.PreTrainedModel))
    return [part for part in parts if not any(part.config is config for config in known)]
