"""A trained mini as files: a Hugging Face folder, and a GGUF through the app's own converter."""

import json
from pathlib import Path

from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from models.recipe import tokenizer as bpe
from models.recipe.model import EPSILON, ROPE_THETA, Llama
from orca_desk.student.convert import write_gguf


def hugging_face_weights(model: Llama) -> dict[str, Tensor]:
    """Return the weights under the names of transformers' LlamaForCausalLM, in float32."""
    weights = {"model.embed_tokens.weight": model.embedding.weight, "model.norm.weight": model.norm}
    weights["lm_head.weight"] = model.head.weight
    for index, block in enumerate(model.blocks):
        query, key, value = block.qkv.weight.chunk(3)
        gate, up = block.gate_up.weight.chunk(2)
        parts = {
            "input_layernorm": block.attention_norm,
            "post_attention_layernorm": block.ffn_norm,
            "self_attn.q_proj": query,
            "self_attn.k_proj": key,
            "self_attn.v_proj": value,
            "self_attn.o_proj": block.out.weight,
            "mlp.gate_proj": gate,
            "mlp.up_proj": up,
            "mlp.down_proj": block.down.weight,
        }
        weights |= {f"model.layers.{index}.{name}.weight": weight for name, weight in parts.items()}
    return {name: weight.detach().float().cpu().contiguous() for name, weight in weights.items()}


def write_folder(model: Llama, tokenizer: Tokenizer, folder: Path) -> None:
    """Write config.json, generation_config.json, model.safetensors and the tokenizer's files."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = model.shape
    ends = [tokenizer.token_to_id(bpe.END_OF_TURN), tokenizer.token_to_id(bpe.END_OF_TEXT)]
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": shape.width,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "head_dim": shape.head,
        "intermediate_size": shape.ffn,
        "vocab_size": shape.vocab,
        "max_position_embeddings": shape.context,
        "rms_norm_eps": EPSILON,
        "rope_theta": ROPE_THETA,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "attention_bias": False,
        "mlp_bias": False,
        "torch_dtype": "float32",
        "bos_token_id": None,
        "eos_token_id": ends[0],
        "pad_token_id": ends[1],
    }
    generation = {"eos_token_id": ends, "pad_token_id": ends[1], "do_sample": False}
    for name, content in (("config.json", config), ("generation_config.json", generation)):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    bpe.save(tokenizer, folder, shape.context)
    save_file(hugging_face_weights(model), folder / "model.safetensors", metadata={"format": "pt"})


def write_gguf_file(folder: Path, out: Path) -> None:
    """Write the GGUF of a Hugging Face folder with 16-bit matrices."""
    write_gguf(folder, out, dtype="f16")
