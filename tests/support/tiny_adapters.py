"""Small LoRA adapters in PEFT's form, made without torch: the doubles for what a training leaves behind."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def make_adapter(
    folder: Path, model: Path, *, rank: int = 4, strength: float = 0.5, seed: int = 0, **settings: Any
) -> Path:
    """Write a random adapter for the model folder `model` into `folder` and return it.

    `strength` 0 gives one that changes nothing; `settings` are added to adapter_config.json.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": rank, "lora_alpha": 2 * rank}
    config |= {"target_modules": list(LAYERS), "lora_dropout": 0.0, "bias": "none", "inference_mode": True}
    (folder / "adapter_config.json").write_text(json.dumps(config | settings))
    random = np.random.default_rng(seed)
    tensors = {}
    for name, weight in load_file(model / "model.safetensors").items():
        module = name.removesuffix(".weight")
        if module.rpartition(".")[2] in LAYERS and weight.ndim == 2:
            rows, columns = weight.shape
            key = f"base_model.model.{module}"
            a = random.standard_normal((rank, columns)) / columns**0.5
            b = random.standard_normal((rows, rank)) * strength / rank**0.5
            tensors |= {
                f"{key}.lora_A.weight": a.astype(np.float32),
                f"{key}.lora_B.weight": b.astype(np.float32),
            }
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    return folder
