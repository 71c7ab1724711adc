"""Tiny models with random weights and a real tokenizer, made in a folder as transformers keeps them."""

from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

SIZES: dict[str, Any] = {
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 300,
    "max_position_embeddings": 256,
    "eos_token_id": 0,
    "bos_token_id": 0,
    "pad_token_id": 0,
}

GROUPED = {**SIZES, "intermediate_size": 96, "num_key_value_heads": 2}

WINDOW = 16
"""Shorter than the tests' longer prompts, so that it is felt in a prompt and behind it."""

SCALED: dict[str, Any] = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 2.0,
    "original_max_position_embeddings": 32,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
}

EXPERTS: dict[str, Any] = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}

CONFIGS = {
    "llama": lambda: transformers.LlamaConfig(**GROUPED),
    "llama-scaled": lambda: transformers.LlamaConfig(**GROUPED, rope_parameters=SCALED),
    "qwen2": lambda: transformers.Qwen2Config(**GROUPED),
    "qwen3": lambda: transformers.Qwen3Config(**GROUPED, head_dim=12),
    "qwen2-window": lambda: transformers.Qwen2Config(
        **GROUPED, use_sliding_window=True, sliding_window=WINDOW, max_window_layers=1
    ),
    "qwen3-moe": lambda: transformers.Qwen3MoeConfig(**GROUPED, **EXPERTS, head_dim=12),
    "gemma2": lambda: transformers.Gemma2Config(**GROUPED, head_dim=12, sliding_window=WINDOW),
    "gemma3": lambda: transformers.Gemma3TextConfig(
        **GROUPED,
        head_dim=12,
        sliding_window=WINDOW,
        layer_types=["sliding_attention", "full_attention"],
    ),
    "gemma3n": lambda: transformers.Gemma3nTextConfig(  # half of its layers look at what others keep
        **{**GROUPED, "num_hidden_layers": 4},
        head_dim=12,
        sliding_window=WINDOW,
        vocab_size_per_layer_input=300,
        num_kv_shared_layers=2,
        laurel_rank=8,
        hidden_size_per_layer_input=8,
    ),
    "gpt-neox": lambda: transformers.GPTNeoXConfig(**SIZES, intermediate_size=96),
    "mistral": lambda: transformers.MistralConfig(**GROUPED, head_dim=12, sliding_window=None),
    "mistral-window": lambda: transformers.MistralConfig(**GROUPED, head_dim=12, sliding_window=WINDOW),
    "phi3": lambda: transformers.Phi3Config(**GROUPED, sliding_window=WINDOW),
    "olmo2": lambda: transformers.Olmo2Config(**GROUPED),
    "cohere": lambda: transformers.CohereConfig(**GROUPED),
    "stablelm": lambda: transformers.StableLmConfig(**GROUPED, partial_rotary_factor=0.5),
    "granite": lambda: transformers.GraniteConfig(**GROUPED, attention_multiplier=0.2),
    "gpt2": lambda: transformers.GPT2Config(
        n_embd=48, n_layer=2, n_head=4, vocab_size=300, n_positions=256, eos_token_id=0, bos_token_id=0
    ),
    "phi": lambda: transformers.PhiConfig(**SIZES, intermediate_size=96),
}

REFUSED = {
    "mamba": lambda: transformers.MambaConfig(
        hidden_size=48, num_hidden_layers=2, vocab_size=300, state_size=8, eos_token_id=0, bos_token_id=0
    ),
    "gpt-oss": lambda: transformers.GptOssConfig(
        **GROUPED, head_dim=12, sliding_window=WINDOW, num_local_experts=4, num_experts_per_tok=2
    ),
    "falcon": lambda: transformers.FalconConfig(**SIZES, alibi=True),
    "qwen2-moe-window": lambda: transformers.Qwen2MoeConfig(
        **GROUPED,
        **EXPERTS,
        shared_expert_intermediate_size=32,
        use_sliding_window=True,
        sliding_window=WINDOW,
        max_window_layers=1,
    ),
    "t5": lambda: transformers.T5Config(
        d_model=48,
        d_kv=12,
        d_ff=96,
        num_layers=2,
        num_heads=4,
        vocab_size=300,
        eos_token_id=0,
        pad_token_id=0,
        decoder_start_token_id=0,
        tie_word_embeddings=False,
    ),
}
"""What the engine does not run: recurrence, sinks, positions by bias, a window that only the mask knows, an
encoder."""

TEMPLATE = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}<assistant>"


def make(folder: Path, kind: str, *, chat: bool = True, seed: int = 0) -> Path:
    """Write a model of an architecture into a folder."""
    torch.manual_seed(seed)
    config = {**CONFIGS, **REFUSED}[kind]()
    auto = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
    model = auto.from_config(config)
    sharpen(model)
    model.save_pretrained(folder)
    fast = tokenizer()
    if chat:
        fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    return folder


def sharpen(model: Any) -> None:
    """Make the likeliest token stand out, so that greedy decoding has no ties."""
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.mul_(8)


def tokenizer(**special: Any) -> Any:
    """A tokenizer of bytes and of pieces of a few words.

    Args:
        special: tokens that it has besides, by what they are called.
    """
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    pieces.train_from_iterator(
        ["the quick brown fox"],
        trainers.BpeTrainer(
            vocab_size=300, special_tokens=["<end>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
        ),
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=pieces, eos_token="<end>", pad_token="<end>", **special
    )
