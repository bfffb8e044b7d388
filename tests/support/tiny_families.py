"""A tiny random model of every family, as transformers itself builds and saves it, with a tokenizer."""

import shutil
from pathlib import Path

import torch
import transformers
from torch_models import CASES, SIZES, randomise

# The cases of torch_models that stand for the families, with the variants that training may meet.
FAMILIES = (
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma2",
    "gemma3",
    "phi3",
    "phi3-long",
    "smollm3",
    "granite",
    "olmo2",
)


def make_family(folder: Path, name: str, tokenizer: Path, **settings: object) -> Path:
    """Write a model of the case `name` with random float32 weights and the tokenizer of another model."""
    case = CASES[name]
    torch.manual_seed(len(name))
    config = getattr(transformers, f"{case.config or case.family}Config")
    sizes = SIZES | {"eos_token_id": 2, "bos_token_id": 0, "pad_token_id": 0} | case.settings | settings
    model = getattr(transformers, f"{case.family}ForCausalLM")(config(**sizes))
    randomise(model, 1.0)
    model.save_pretrained(folder, max_shard_size=case.shard)
    for part in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tokenizer / part, folder)
    return folder
