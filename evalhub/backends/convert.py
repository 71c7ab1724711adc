"""Dequantise a GGUF file and keep it as safetensors: `python -m evalhub.backends.convert FILE FOLDER DTYPE`."""

from __future__ import annotations

import sys
from pathlib import Path


def convert(source: Path, folder: Path, dtype: str) -> None:
    """Write config, tokenizer and weights in transformers' format. Reading takes about 20 s, once."""
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    tokenizer = transformers.AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        source.parent,
        gguf_file=source.name,
        dtype=torch.float32,
        quantization_config=transformers.GgufConfig(gguf_file=source.name, dequantize=True),
    )
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
