"""A Hugging Face folder as a model: config.json, safetensors files and tokenizer, or a PEFT adapter."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.models.model_file import ModelFile
from orca_desk.models.safetensors_header import read_elements

MAX_JSON = 64 * 2**20
_NAMES = {"F32": "F32", "F16": "F16", "BF16": "BF16", "F64": "F64"}


def identify_folder(folder: Path) -> ModelFile:
    """Say what model a folder holds. Raises UserError if it holds none, or not all of it."""
    if (folder / "adapter_config.json").is_file():
        return _adapter(folder)
    if not (folder / "config.json").is_file():
        ggufs = sorted(folder.glob("*.gguf"))
        hint = f"Choose the file {ggufs[0]}" if ggufs else "Choose a GGUF file, or a folder with config.json."
        raise UserError(f"{folder} holds no config.json, so it is no model folder.", hint)
    config = read_json(folder / "config.json")
    files = _weights(folder)
    elements = sum((read_elements(file) for file in files), Counter[str]())
    shape = config["text_config"] if isinstance(config.get("text_config"), dict) else config
    return ModelFile(
        path=folder,
        kind="safetensors",
        name=_name(folder),
        architecture=str(shape.get("model_type") or config.get("model_type") or ""),
        quantisation=_quantisation(config, elements),
        parameters=elements.total(),
        size_bytes=sum(file.stat().st_size for file in files),
        files=files,
        context=_number(shape, "max_position_embeddings"),
        layers=_number(shape, "num_hidden_layers"),
        width=_number(shape, "hidden_size"),
        ffn=_number(shape, "intermediate_size"),
        vocab=_number(shape, "vocab_size"),
        cached_values=_cached_values(shape),
        tokenizer="tokenizer.json" if (folder / "tokenizer.json").is_file() else "",
        chat_template=_chat_template(folder),
    )


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of bounded size. Raises UserError if it is missing, too large or no object."""
    try:
        if path.stat().st_size > MAX_JSON:
            raise UserError(f"{path} is too large for a settings file.", "Download the model again.")
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not valid JSON.", "Download the model again.") from error
    if not isinstance(value, dict):
        raise UserError(f"{path} is no JSON object.", "Download the model again.")
    return value


def _adapter(folder: Path) -> ModelFile:
    config = read_json(folder / "adapter_config.json")
    weights = folder / "adapter_model.safetensors"
    if not weights.is_file():
        hint = "Adapters as pickles (adapter_model.bin) are never opened; save it as safetensors."
        raise UserError(f"{folder} holds no adapter_model.safetensors.", hint)
    elements = read_elements(weights)
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
    )


def _weights(folder: Path) -> tuple[Path, ...]:
    """The safetensors files: those that the index names, else the one file, else all there are."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        names = read_json(index).get("weight_map")
        if not isinstance(names, dict) or not all(_is_plain(name) for name in names.values()):
            raise UserError(f"{index} does not name files of its folder.", "Download the model again.")
        files = tuple(folder / name for name in sorted(set(names.values())))
    elif (folder / "model.safetensors").is_file():
        files = (folder / "model.safetensors",)
    else:
        files = tuple(sorted(folder.glob("*.safetensors")))
    if missing := [file.name for file in files if not file.is_file()]:
        raise UserError(
            f"{folder} lacks {missing[0]} of its {len(files)} weight files.", "Download it again."
        )
    if not files:
        pickled = any(path.suffix in (".bin", ".pt", ".pth") for path in folder.iterdir())
        what = "only pickled weights, which are never opened" if pickled else "no weights (*.safetensors)"
        raise UserError(f"{folder} holds {what}.", "Download the model's safetensors files.")
    return files


def _is_plain(name: object) -> bool:
    return isinstance(name, str) and Path(name).name == name and name.endswith(".safetensors")


def _name(folder: Path) -> str:
    """The folder's name; in the Hugging Face cache, the repository's."""
    snapshot = folder.resolve()
    if snapshot.parent.name == "snapshots":
        return snapshot.parent.parent.name.removeprefix("models--").replace("--", "/", 1)
    return snapshot.name


def _quantisation(config: dict[str, Any], elements: Counter[str]) -> str:
    method = config.get("quantization_config")
    if isinstance(method, dict) and method.get("quant_method"):
        return str(method["quant_method"])
    kind = elements.most_common(1)[0][0] if elements else ""
    return _NAMES.get(kind, kind)


def _number(config: dict[str, Any], key: str) -> int:
    """The whole number under `key`, or 0 if it is missing or can be no model's."""
    value = config.get(key)
    return value if type(value) is int and 0 <= value < 2**40 else 0


def _cached_values(config: dict[str, Any]) -> int:
    heads = _number(config, "num_attention_heads") or 1
    groups = _number(config, "num_key_value_heads") or heads
    size = _number(config, "head_dim") or _number(config, "hidden_size") // heads
    return 2 * groups * size * _number(config, "num_hidden_layers")


def _chat_template(folder: Path) -> str | None:
    """chat_template.jinja, else tokenizer_config.json's; of several named ones the default."""
    file = folder / "chat_template.jinja"
    if file.is_file() and file.stat().st_size <= MAX_JSON:
        return file.read_text(encoding="utf-8", errors="replace")
    if not (folder / "tokenizer_config.json").is_file():
        return None
    template = read_json(folder / "tokenizer_config.json").get("chat_template")
    if isinstance(template, list):
        named = {t.get("name"): t.get("template") for t in template if isinstance(t, dict)}
        template = named.get("default")
    return template if isinstance(template, str) else None
