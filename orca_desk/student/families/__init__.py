"""The families of models that can be trained and written as GGUF: one small file per architecture."""

from pathlib import Path
from typing import Any

import gguf

from orca_desk.errors import UserError
from orca_desk.models.gguf_header import Elided, Header, read_header
from orca_desk.student.families.family import EMBEDDING, HEAD, Family
from orca_desk.student.families.gemma import Gemma2, Gemma3
from orca_desk.student.families.granite import Granite
from orca_desk.student.families.keys import GgufKeys
from orca_desk.student.families.llama import Llama, Mistral
from orca_desk.student.families.olmo2 import Olmo2
from orca_desk.student.families.phi3 import Phi3
from orca_desk.student.families.qwen import Qwen2, Qwen3
from orca_desk.student.families.smollm3 import SmolLM3
from orca_desk.student.gguf_reading import damaged

__all__ = [
    "EMBEDDING",
    "HEAD",
    "Family",
    "family_of_config",
    "family_of_gguf",
    "is_supported",
    "portable_config",
    "supported",
    "supports_gguf",
]

FAMILIES: tuple[type[Family], ...] = (
    Llama,
    Mistral,
    Qwen2,
    Qwen3,
    Gemma2,
    Gemma3,
    Phi3,
    SmolLM3,
    Granite,
    Olmo2,
)
# Of the families with the same architecture, the first reads its GGUF files.
_BY_TYPE = {family.model_type: family for family in FAMILIES}
_BY_ARCHITECTURE = {gguf.MODEL_ARCH_NAMES[family.architecture]: family for family in reversed(FAMILIES)}


def supported() -> str:
    """Return the families' names, for a sentence."""
    return ", ".join(sorted(_BY_TYPE))


def is_supported(config: dict[str, Any]) -> bool:
    """Return whether config.json describes a model of one of the families."""
    return str(config.get("model_type")) in _BY_TYPE


def supports_gguf(architecture: str) -> bool:
    """Return whether GGUF files of an architecture, by llama.cpp's name, are of one of the families."""
    return architecture in _BY_ARCHITECTURE


def family_of_config(config: dict[str, Any]) -> Family:
    """Return the family of the model that config.json describes. Raises UserError for an unsupported one."""
    model_type = str(config.get("model_type"))
    family = _BY_TYPE.get(model_type)
    if family is not None:
        return family(config)
    if isinstance(config.get("text_config"), dict):
        raise UserError(
            f"The model (of the type {model_type}) is made for pictures or sound as well as text; Orca Desk "
            "trains text models alone.",
            "Choose a GGUF file of the model as the student: it holds the text model without the rest.",
        )
    raise _unsupported(model_type)


def family_of_gguf(path: Path, header: Header | None = None) -> Family:
    """Return the family of the model in a GGUF file, whose `config` is made from the file's keys.

    Reads no weights. Raises UserError for an architecture that Orca Desk does not know, and for a variant of
    one that it does (a mixture of experts, layers of different sizes).
    """
    header = header or read_header(path)
    keys = GgufKeys(path, header)
    family = _BY_ARCHITECTURE.get(keys.architecture)
    if family is None:
        raise _unsupported(keys.architecture or "unknown")
    if header.text(gguf.Keys.General.TYPE, "model") != "model":
        raise UserError(f"{path} holds no whole model.", "Choose the model's own GGUF file.")
    if keys.whole(gguf.Keys.LLM.EXPERT_COUNT, 0):
        raise UserError(
            f"{path} holds a mixture of experts, which Orca Desk cannot train.", "Choose a dense model."
        )
    with damaged(path):
        return family(portable_config(family.config_of(keys) | _special_tokens(header)))


def portable_config(config: dict[str, Any]) -> dict[str, Any]:
    """Return config.json's content with the rotary base both in rope_parameters and at the top level.

    transformers 5 writes the first form alone; mlx-lm reads the second and takes 10,000 where it is missing.
    """
    settings = config.get("rope_parameters")
    if not isinstance(settings, dict):
        return config
    theta = settings.get("rope_theta", settings.get("full_attention", {}).get("rope_theta"))
    return config if theta is None else config | {"rope_theta": config.get("rope_theta", theta)}


def _special_tokens(header: Header) -> dict[str, int]:
    """Return the ids that a file names; some files say by one beyond the vocabulary that there is none."""
    tokens, names = gguf.Keys.Tokenizer, ("bos", "eos", "pad")
    listed = header.metadata.get(tokens.LIST)
    count = listed.count if isinstance(listed, Elided) else 0
    found = {f"{name}_token_id": header.number(getattr(tokens, f"{name.upper()}_ID"), -1) for name in names}
    return {name: number for name, number in found.items() if 0 <= number < count}


def _unsupported(name: str) -> UserError:
    return UserError(
        f"Orca Desk cannot train models of the {name} architecture, or write GGUF files of it.",
        f"It can for {supported()}; choose one of these.",
    )
