"""Run as a program: make small random models and LoRA adapters with transformers and peft themselves.

    python torch_models.py FOLDER

For each case, FOLDER/CASE/model holds the model as `save_pretrained` writes it, FOLDER/CASE/ADAPTER an
adapter, and FOLDER/CASE/*.npy the float32 logits [tokens, vocabulary] of both on `ids.json`.
"""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from peft import LoraConfig, get_peft_model

VOCABULARY = 512
TOKENS = 96
SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 160,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
LONG_ROPE = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0, 1.1, 1.3, 1.6, 2.0, 2.5],
    "long_factor": [1.0, 2.0, 4.0, 8.0, 16.0, 32.0],
}
YARN_ROPE = {
    "rope_type": "yarn",
    "rope_theta": 10000.0,
    "factor": 4.0,
    "original_max_position_embeddings": 64,
    "attention_factor": 1.3,
}
GEMMA = {"head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 8}
ADAPTERS = {
    "plain": {"lora_alpha": 8},
    "rslora": {"lora_alpha": 4, "use_rslora": True},
    "patterns": {
        "lora_alpha": 8,
        "use_rslora": True,
        "rank_pattern": {"q_proj": 2, "layers.1.mlp.down_proj": 8},
        "alpha_pattern": {"v_proj": 16, "model.layers.0.mlp.up_proj": 2},
    },
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A model to be made: its family's classes in transformers, and settings beside SIZES."""

    family: str
    config: str = ""  # the configuration's name where it is not the family's
    settings: dict[str, Any] = field(default_factory=dict)
    dtype: torch.dtype = torch.float32
    shard: str = "5GB"


CASES = {
    "llama": Case(family="Llama", shard="100KB"),
    "llama-tied": Case(family="Llama", settings={"tie_word_embeddings": True, "num_key_value_heads": 4}),
    "llama-biased": Case(family="Llama", settings={"attention_bias": True, "mlp_bias": True}),
    "llama-long": Case(family="Llama", settings={"rope_parameters": LLAMA3_ROPE, "head_dim": 32}),
    "llama-linear": Case(
        family="Llama",
        settings={"rope_parameters": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.0}},
    ),
    "mistral": Case(family="Mistral", settings={"sliding_window": None}),
    "qwen2": Case(family="Qwen2", settings={"tie_word_embeddings": True}, dtype=torch.bfloat16),
    "qwen2-untied": Case(
        family="Qwen2", settings={"rope_parameters": {"rope_type": "default", "rope_theta": 1e6}}
    ),
    "qwen3": Case(family="Qwen3", settings={"head_dim": 32}),
    "qwen3-yarn": Case(family="Qwen3", settings={"head_dim": 32, "rope_parameters": YARN_ROPE}),
    # Scores and logits large enough that bending them shows.
    "gemma2": Case(
        family="Gemma2", settings=GEMMA | {"attn_logit_softcapping": 4.0, "final_logit_softcapping": 3.0}
    ),
    # As many layers as there is one without a window among.
    "gemma3": Case(family="Gemma3", config="Gemma3Text", settings=GEMMA | {"num_hidden_layers": 7}),
    "gemma3-linear": Case(
        family="Gemma3",
        config="Gemma3Text",
        settings=GEMMA
        | {
            "num_hidden_layers": 6,
            "rope_parameters": {
                "full_attention": {"rope_type": "linear", "rope_theta": 1e6, "factor": 8.0},
                "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
            },
        },
    ),
    "phi3": Case(family="Phi3", settings={"pad_token_id": 0}),
    "phi3-long": Case(
        family="Phi3",
        settings={
            "pad_token_id": 0,
            "rope_parameters": LONG_ROPE | {"partial_rotary_factor": 0.75},
            "max_position_embeddings": 1024,
            "original_max_position_embeddings": 256,
            "tie_word_embeddings": True,
        },
    ),
    "smollm3": Case(family="SmolLM3", settings={"num_hidden_layers": 5, "pad_token_id": 0}),
    "granite": Case(
        family="Granite",
        settings={
            "embedding_multiplier": 12.0,
            "residual_multiplier": 0.22,
            "attention_multiplier": 0.1,
            "logits_scaling": 4.0,
            "tie_word_embeddings": True,
        },
    ),
    "granite-long": Case(family="Granite", settings={"rope_parameters": LLAMA3_ROPE}),
    "olmo2": Case(family="Olmo2"),
}


def main(out: Path) -> None:
    """Make every case in `out`."""
    torch.set_num_threads(1)
    ids = np.random.default_rng(0).integers(3, VOCABULARY, TOKENS).tolist()
    (out / "ids.json").write_text(json.dumps(ids))
    for name, case in CASES.items():
        torch.manual_seed(len(name))
        make(case, out / name, torch.tensor([ids]))


def make(case: Case, out: Path, ids: torch.Tensor) -> None:
    """Make one case: the model, its adapters and the logits of all."""
    config = getattr(transformers, f"{case.config or case.family}Config")(**SIZES | case.settings)
    made = getattr(transformers, f"{case.family}ForCausalLM")(config)
    randomise(made, 1.0)
    made.to(case.dtype).save_pretrained(out / "model", max_shard_size=case.shard)
    # What is compared is what was saved, rounded to the stored type.
    model = transformers.AutoModelForCausalLM.from_pretrained(out / "model", dtype=torch.float32).eval()
    save_logits(model, ids, out / "base.npy")
    for name, settings in ADAPTERS.items():
        tuned = get_peft_model(model, LoraConfig(r=4, target_modules="all-linear", **settings))
        randomise(tuned, 0.5, only="lora_")
        tuned.save_pretrained(out / name)
        save_logits(tuned, ids, out / f"{name}.npy")
        model = tuned.unload()


def randomise(model: torch.nn.Module, scale: float, only: str = "") -> None:
    """Fill parameters with values large enough that a wrong layout shows in every logit."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if only not in name:
                continue
            if parameter.ndim == 1:
                parameter.uniform_(0.5, 1.5)
            else:
                parameter.normal_(0.0, scale / parameter.shape[1] ** 0.5)


def save_logits(model: torch.nn.Module, ids: torch.Tensor, out: Path) -> None:
    """Save the logits of every position as float32."""
    with torch.no_grad():
        np.save(out, model(ids).logits[0].float().numpy())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
