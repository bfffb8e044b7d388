"""Tiny real models with random weights, made in a second: the doubles that tests run on.

`make_tiny` writes a Hugging Face folder and the GGUF of the same weights, of the llama or the qwen2
family, with a byte-level BPE of a few hundred tokens and a ChatML template. Nothing here comes from the
recipe of the bundled models.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from orca_desk.student.convert import write_gguf

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEXT = """You are a cautious assistant. Answer the question step by step, then give the final answer.
John puts the ball in the basket and leaves. Mark moves the ball to the box. Where will John look?
Step 1: There are 12 apples and 30 pears. Step 2: 12 + 30 = 42. Answer: 42
Explanation: the table lists the towns in order of the year. Answer: Paris, Rome, Oslo
system user assistant <|im_end|><|im_start|> don't I'm it's we'll  three   spaces \t tab \r\n line
Ünïcödé, 日本語, العربية, emoji 🙂🎉 and code: for (int i = 0; i < 10; ++i) { sum += x[i]; }
"""
QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True, kw_only=True)
class TinyShape:
    """Sizes of a model: width, layers, heads, key/value heads, feed-forward width, tokens, context.

    The tokenizer has as many tokens as its text gives (about 500), which may be fewer than `vocab`.
    """

    width: int = 64
    layers: int = 2
    heads: int = 4
    kv_heads: int = 2
    ffn: int = 128
    vocab: int = 512
    context: int = 2048


@dataclass(frozen=True)
class TinyModel:
    """A Hugging Face folder (config.json, model.safetensors, tokenizer files) and the GGUF made of it."""

    folder: Path
    gguf: Path


def make_tiny(
    folder: Path,
    family: str = "llama",
    *,
    shape: TinyShape | None = None,
    template: str = CHATML,
    seed: int = 0,
    dtype: str = "f32",
    text: str = TEXT,
    more: tuple[str, ...] = (),
) -> TinyModel:
    """Write a random model of `family` ("llama" or "qwen2") into `folder`; `dtype` is the GGUF's.

    Its tokenizer is trained on `text`, with `more` control tokens beside those of ChatML.
    """
    sizes = shape or TinyShape()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(_config(family, sizes)))
    save_file(_weights(family, sizes, seed), folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(family, sizes.vocab, text, more).save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(_tokenizer_config(template, sizes)))
    gguf = folder / "model.gguf"
    write_gguf(folder, gguf, dtype=dtype)
    return TinyModel(folder=folder, gguf=gguf)


def _config(family: str, shape: TinyShape) -> dict[str, Any]:
    return {
        "architectures": [{"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM"}[family]],
        "model_type": family,
        "hidden_size": shape.width,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.width // shape.heads,
        "intermediate_size": shape.ffn,
        "vocab_size": shape.vocab,
        "max_position_embeddings": shape.context,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "torch_dtype": "float32",
        "bos_token_id": 0,
        "eos_token_id": 2,
    }


def _tokenizer_config(template: str, shape: TinyShape) -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|endoftext|>",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "chat_template": template,
        "model_max_length": shape.context,
        "clean_up_tokenization_spaces": False,
    }


def _tokenizer(family: str, size: int, text: str, more: tuple[str, ...]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    if family == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(QWEN2_SPLIT), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            ]
        )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[AddedToken(text, special=True, normalized=False) for text in (*SPECIAL, *more)],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([text] * 3, trainer)
    return tokenizer


def _weights(family: str, shape: TinyShape, seed: int) -> dict[str, NDArray[np.float32]]:
    """Random weights, large enough that the best token stands clear of the next."""
    random = np.random.default_rng(seed)
    head = shape.width // shape.heads

    def matrix(rows: int, columns: int) -> NDArray[np.float32]:
        return (random.standard_normal((rows, columns)) * 1.5 / columns**0.5).astype(np.float32)

    weights = {
        "model.embed_tokens.weight": random.standard_normal((shape.vocab, shape.width)).astype(np.float32),
        "model.norm.weight": np.ones(shape.width, np.float32),
        "lm_head.weight": matrix(shape.vocab, shape.width),
    }
    for index in range(shape.layers):
        layer = f"model.layers.{index}."
        weights |= {
            f"{layer}input_layernorm.weight": np.ones(shape.width, np.float32),
            f"{layer}post_attention_layernorm.weight": np.ones(shape.width, np.float32),
            f"{layer}self_attn.q_proj.weight": matrix(shape.heads * head, shape.width),
            f"{layer}self_attn.k_proj.weight": matrix(shape.kv_heads * head, shape.width),
            f"{layer}self_attn.v_proj.weight": matrix(shape.kv_heads * head, shape.width),
            f"{layer}self_attn.o_proj.weight": matrix(shape.width, shape.heads * head),
            f"{layer}mlp.gate_proj.weight": matrix(shape.ffn, shape.width),
            f"{layer}mlp.up_proj.weight": matrix(shape.ffn, shape.width),
            f"{layer}mlp.down_proj.weight": matrix(shape.width, shape.ffn),
        }
        if family == "qwen2":
            for name, rows in (("q", shape.heads), ("k", shape.kv_heads), ("v", shape.kv_heads)):
                bias = random.standard_normal(rows * head).astype(np.float32)
                weights[f"{layer}self_attn.{name}_proj.bias"] = bias
    return weights
