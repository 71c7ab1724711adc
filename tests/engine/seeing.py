"""Tiny models that look at images, with random weights and real processors."""

from pathlib import Path
from typing import Any

import torch
import transformers

from tests.engine.models import GROUPED, WINDOW, sharpen, tokenizer

TEXT: dict[str, Any] = {**GROUPED, "vocab_size": 330, "max_position_embeddings": 512}

SIGHT: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 64,
    "patch_size": 16,
}

TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}>{% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}IMAGE{% else %}{{ c['text'] }}{% endif %}{% endfor %}{% endfor %}<assistant>"
)


def _llava() -> tuple[Any, Any]:
    words = tokenizer(extra_special_tokens={"image_token": "<image>"})
    config = transformers.LlavaConfig(
        vision_config=transformers.CLIPVisionConfig(**SIGHT),
        text_config=transformers.LlamaConfig(**TEXT),
        image_token_index=words.image_token_id,
        vision_feature_layer=-2,
    )
    processor = transformers.LlavaProcessor(
        image_processor=transformers.CLIPImageProcessorPil(
            size={"shortest_edge": 64}, crop_size={"height": 64, "width": 64}
        ),
        tokenizer=words,
        patch_size=16,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE.replace("IMAGE", "<image>"),
    )
    return transformers.LlavaForConditionalGeneration(config), processor


def _idefics3() -> tuple[Any, Any]:
    words = tokenizer()
    processor = transformers.Idefics3Processor(
        image_processor=transformers.Idefics3ImageProcessorPil(
            size={"longest_edge": 64}, max_image_size={"longest_edge": 64}, do_image_splitting=False
        ),
        tokenizer=words,
        image_seq_len=4,
        chat_template=TEMPLATE.replace("IMAGE", "<image>"),
    )
    config = transformers.Idefics3Config(
        vision_config=SIGHT,
        text_config={"model_type": "llama", **TEXT},
        image_token_id=processor.image_token_id,
        scale_factor=2,
        pad_token_id=0,
    )
    return transformers.Idefics3ForConditionalGeneration(config), processor


def _gemma3() -> tuple[Any, Any]:
    """Tokens of an image see each other, in windows and not."""
    names = {"image_token": "<image>", "boi_token": "<begin>", "eoi_token": "<close>"}
    words = tokenizer(extra_special_tokens=names)
    config = transformers.Gemma3Config(
        vision_config=transformers.SiglipVisionConfig(**SIGHT, vision_use_head=False),
        text_config=transformers.Gemma3TextConfig(
            **TEXT, head_dim=12, sliding_window=WINDOW, layer_types=["sliding_attention", "full_attention"]
        ),
        mm_tokens_per_image=4,
        image_token_index=words.image_token_id,
        boi_token_index=words.boi_token_id,
        eoi_token_index=words.eoi_token_id,
    )
    processor = transformers.Gemma3Processor(
        image_processor=transformers.Gemma3ImageProcessorPil(size={"height": 64, "width": 64}),
        tokenizer=words,
        image_seq_length=4,
        chat_template=TEMPLATE.replace("IMAGE", "<begin>"),
    )
    return transformers.Gemma3ForConditionalGeneration(config), processor


class _Still(transformers.Qwen2VLProcessor):
    """Without videos, whose processor needs torchvision."""

    def check_argument_for_proper_class(self, argument_name: str, argument: Any) -> Any:
        del argument_name
        return type(argument)


def _qwen2_vl() -> tuple[Any, Any]:
    """An image has positions in three dimensions, and takes fewer of them than it has tokens."""
    names = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
    words = tokenizer(additional_special_tokens=list(names))
    image, video, begin, close = words.convert_tokens_to_ids(list(names))
    config = transformers.Qwen2VLConfig(
        vision_config={
            "depth": 2,
            "embed_dim": 32,
            "num_heads": 2,
            "hidden_size": 48,
            "patch_size": 8,
            "mlp_ratio": 2,
        },
        text_config={
            **TEXT,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 2, 2]},
        },
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=begin,
        vision_end_token_id=close,
    )
    processor = _Still(
        image_processor=transformers.Qwen2VLImageProcessorPil(
            patch_size=8, size={"shortest_edge": 64 * 64, "longest_edge": 64 * 64}
        ),
        tokenizer=words,
        chat_template=TEMPLATE.replace("IMAGE", names[2] + names[0] + names[3]),
    )
    return transformers.Qwen2VLForConditionalGeneration(config), processor


KINDS = {"llava": _llava, "idefics3": _idefics3, "gemma3": _gemma3, "qwen2-vl": _qwen2_vl}


def seeing(kind: str) -> tuple[Any, Any]:
    """A model and its processor."""
    torch.manual_seed(0)
    model, processor = KINDS[kind]()
    sharpen(model)
    return model.eval(), processor


def make_seeing(folder: Path, kind: str) -> Path:
    """Write them into a folder, as transformers keeps them."""
    for part in seeing(kind):
        part.save_pretrained(folder)
    return folder
