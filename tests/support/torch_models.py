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
    config = getattr(transformers, f"{case.family}Config")(**SIZES | case.settings)
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
