"""What Orca Desk knows about a model without loading it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

ModelKind = Literal["gguf", "safetensors", "adapter"]


class ModelShape(TypedDict):
    """The fields of ModelFile that describe a model's shape; 0 for what is unknown."""

    context: int
    layers: int
    width: int
    ffn: int
    vocab: int
    cached_values: int


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """A model: a GGUF file, a Hugging Face folder, or a LoRA adapter in either form.

    `name` is that of its file or folder, `title` what the file calls itself; `licence` is what the file
    or the card in its folder states. Counts that a file lacks (an adapter's context, say) are 0; `rank`
    is that of an adapter. `rounded_from` is the quantised type of the weights, or the one that they once
    had where the file or folder was made of a quantised one; else "". `files` are all files that hold the
    weights; `cached_values` is how many numbers a token adds to the key/value cache, over all layers.
    `sha256` is None until it is requested: hashing reads every byte.
    """

    path: Path
    kind: ModelKind
    name: str
    architecture: str
    quantisation: str
    parameters: int
    size_bytes: int
    files: tuple[Path, ...]
    context: int = 0
    layers: int = 0
    width: int = 0
    ffn: int = 0
    vocab: int = 0
    cached_values: int = 0
    tokenizer: str = ""
    chat_template: str | None = None
    base: str = ""
    rank: int = 0
    title: str = ""
    licence: str = ""
    rounded_from: str = ""
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class NotAModel:
    """A path that looks like a model and is not usable, with the reason in a sentence."""

    path: Path
    reason: str
