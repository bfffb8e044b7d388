"""The base models: SmolLM2, or random weights of its shape, and random weights of a 1.5B shape."""

import json
import shutil
from pathlib import Path

from benchmarks.gpu.sections import Section
from benchmarks.gpu.sizes import BUILD, Scale, device
from orca_desk.inventory.bundled import mini_student, real_student


def measure(section: Section) -> None:
    """Make both, before anything is timed."""
    section.note(**{size: base_of(section, size).name for size in ("smollm", "1.5b")})


def base_of(section: Section, size: str) -> Path:
    """Return the folder of a base model by its size, "smollm" or "1.5b", made at the first call."""
    small = smollm(section.out) if section.scale.is_gpu else mini_student()
    if small is None:
        raise FileNotFoundError("the bundled student is missing: make minis makes it")
    return small if size == "smollm" else _large(section.out, section.scale, small)


def smollm(out: Path) -> Path:
    """Return the folder of SmolLM2-135M; where it is not installed, of its shape with random weights."""
    from benchmarks.training import SMOLLM
    from orca_desk.student.from_gguf import write_folder
    from tests.support.tiny_models import make_tiny

    if source := real_student():
        folder = out / "smollm2"
        if not (folder / "config.json").is_file():
            write_folder(source, folder)
        return folder
    folder = BUILD / "smollm-135m-shape"
    if not (folder / "model.gguf").is_file():
        make_tiny(folder, shape=SMOLLM, dtype="q8_0")
    return folder


def _large(out: Path, sizes: Scale, small: Path) -> Path:
    """Return a folder of random weights of the large shape, with the tokenizer of the small model."""
    import torch
    from safetensors.torch import save_file
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = out / f"large-{sizes.name}"
    if (folder / "model.safetensors").is_file():
        return folder
    folder.mkdir(exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json"):
        if (small / name).is_file():
            shutil.copy(small / name, folder)
    known = json.loads((small / "config.json").read_text("utf-8"))
    config = LlamaConfig(
        vocab_size=max(sizes.vocab, known["vocab_size"]),
        hidden_size=sizes.width,
        intermediate_size=sizes.ffn,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        num_key_value_heads=sizes.kv_heads,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        bos_token_id=known.get("bos_token_id"),
        eos_token_id=known.get("eos_token_id"),
        dtype="bfloat16",
    )
    config.architectures = ["LlamaForCausalLM"]
    config.save_pretrained(folder)
    with torch.device("meta"):
        shapes = LlamaForCausalLM(config).state_dict()
    where = torch.device(device())
    generator = torch.Generator(device=where).manual_seed(0)
    weights = {}
    for name, tensor in shapes.items():
        if name == "lm_head.weight":  # tied to the embedding
            continue
        if tensor.ndim == 1:
            weights[name] = torch.ones(tensor.shape, dtype=torch.bfloat16)
        else:
            values = torch.randn(tensor.shape, generator=generator, device=where) / tensor.shape[1] ** 0.5
            weights[name] = values.to(torch.bfloat16).cpu()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder
