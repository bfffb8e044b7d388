"""A Hugging Face folder as a model: config.json, safetensors files and tokenizer, or a PEFT adapter."""

from collections import Counter
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.models.chat_template import template_of_folder
from orca_desk.models.config import read_json
from orca_desk.models.licence import licence_of_folder
from orca_desk.models.model_file import ModelFile, ModelShape
from orca_desk.models.rounding import CONFIG_KEY, stated
from orca_desk.models.safetensors_header import count_elements, read_header, weight_files


def identify_folder(folder: Path) -> ModelFile:
    """Describe the model in `folder` by its configuration and its weights' headers.

    Raises UserError when the folder is not a model folder, or lacks a part of the model.
    """
    if (folder / "adapter_config.json").is_file():
        return _adapter(folder)
    if not (folder / "config.json").is_file():
        ggufs = sorted(folder.glob("*.gguf"))
        hint = f"Choose the file {ggufs[0]}" if ggufs else "Choose a GGUF file, or a folder with config.json."
        raise UserError(f"{folder} has no config.json, so it is not a model folder.", hint)
    config = read_json(folder / "config.json")
    files = weight_files(folder)
    elements = sum((count_elements(read_header(file)) for file in files), Counter[str]())
    return ModelFile(
        path=folder,
        kind="safetensors",
        name=_name(folder),
        architecture=str(text_config(config).get("model_type") or config.get("model_type") or ""),
        quantisation=_quantisation(config, elements),
        parameters=elements.total(),
        size_bytes=sum(file.stat().st_size for file in files),
        files=files,
        **shape_of_config(config),
        tokenizer="tokenizer.json" if (folder / "tokenizer.json").is_file() else "",
        chat_template=template_of_folder(folder),
        licence=licence_of_folder(folder),
        rounded_from=stated(config.get(CONFIG_KEY)),
    )


def shape_of_config(config: dict[str, Any]) -> ModelShape:
    """Return a model's shape by its configuration."""
    shape = text_config(config)
    return {
        "context": _number(shape, "max_position_embeddings"),
        "layers": _number(shape, "num_hidden_layers"),
        "width": _number(shape, "hidden_size"),
        "ffn": _number(shape, "intermediate_size"),
        "vocab": _number(shape, "vocab_size"),
        "cached_values": _cached_values(shape),
    }


def text_config(config: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of the language model, which is a part of that of a multimodal one."""
    inner = config.get("text_config")
    return inner if isinstance(inner, dict) else config


def _adapter(folder: Path) -> ModelFile:
    config = read_json(folder / "adapter_config.json")
    weights = folder / "adapter_model.safetensors"
    if not weights.is_file():
        hint = "Save it as safetensors: Orca Desk never opens pickles (adapter_model.bin)."
        raise UserError(f"{folder} has no adapter_model.safetensors.", hint)
    elements = count_elements(read_header(weights))
    return ModelFile(
        path=folder,
        kind="adapter",
        name=_name(folder),
        architecture=str(config.get("peft_type") or ""),
        quantisation=_quantisation({}, elements),
        parameters=elements.total(),
        size_bytes=weights.stat().st_size,
        files=(weights,),
        base=str(config.get("base_model_name_or_path") or ""),
        rank=_number(config, "r"),
    )


def _name(folder: Path) -> str:
    """Return the folder's name; in the Hugging Face cache, the repository's."""
    snapshot = folder.resolve()
    if snapshot.parent.name == "snapshots":
        return snapshot.parent.parent.name.removeprefix("models--").replace("--", "/", 1)
    return snapshot.name


def _quantisation(config: dict[str, Any], elements: Counter[str]) -> str:
    method = config.get("quantization_config")
    if isinstance(method, dict) and method.get("quant_method"):
        return str(method["quant_method"])
    return elements.most_common(1)[0][0] if elements else ""


def _number(config: dict[str, Any], key: str) -> int:
    """Return the whole number under `key`, or 0 where it is missing or impossible for a model."""
    value = config.get(key)
    return value if type(value) is int and 0 <= value < 2**40 else 0


def _cached_values(config: dict[str, Any]) -> int:
    """Return how many keys and values a token adds to the cache, over all layers."""
    heads = _number(config, "num_attention_heads") or 1
    groups = _number(config, "num_key_value_heads") or heads
    size = _number(config, "head_dim") or _number(config, "hidden_size") // heads
    return 2 * groups * size * _number(config, "num_hidden_layers")
