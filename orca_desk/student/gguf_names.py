"""GGUF names of a Hugging Face model's tensors, and the order of rows that llama.cpp expects."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import gguf

from orca_desk.errors import UserError
from orca_desk.models.config import read_json
from orca_desk.models.gguf_header import read_header
from orca_desk.student.safetensors_files import Floats

# `model_type` of config.json -> the architecture whose graph in llama.cpp computes the same.
ARCHITECTURES = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "mistral": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
}
MOST_BLOCKS = 4096  # the name map grows with them, and a file can claim any number


@dataclass(frozen=True, kw_only=True)
class Names:
    """Tensor names and row orders of one model."""

    architecture: gguf.MODEL_ARCH
    blocks: int
    heads: int
    kv_heads: int

    def __post_init__(self) -> None:
        if not 0 < self.blocks <= MOST_BLOCKS or min(self.heads, self.kv_heads) < 1:
            raise UserError(
                f"The model claims {self.blocks} layers of {self.heads} and {self.kv_heads} heads.",
                "Download the model again.",
            )

    @classmethod
    def of(cls, base: Path) -> "Names":
        """Read them from a model's folder (config.json) or from its GGUF file."""
        if base.is_dir():
            return cls.of_config(read_json(base / "config.json"))
        return cls.of_gguf(open_gguf(base))

    @classmethod
    def of_config(cls, config: dict[str, Any]) -> "Names":
        """Take them from config.json's content. Raises UserError for an unsupported architecture."""
        return cls(
            architecture=architecture_of(config),
            blocks=require(config, "num_hidden_layers"),
            heads=require(config, "num_attention_heads"),
            kv_heads=kv_heads_of(config),
        )

    @classmethod
    def of_gguf(cls, reader: gguf.GGUFReader) -> "Names":
        """Take them from a GGUF header."""
        name = field(reader, gguf.Keys.General.ARCHITECTURE)
        known = {gguf.MODEL_ARCH_NAMES[architecture]: architecture for architecture in ARCHITECTURES.values()}
        if name not in known:
            raise _unsupported(str(name))
        heads = int(field(reader, gguf.Keys.Attention.HEAD_COUNT.format(arch=name)))
        return cls(
            architecture=known[name],
            blocks=int(field(reader, gguf.Keys.LLM.BLOCK_COUNT.format(arch=name))),
            heads=heads,
            kv_heads=int(field(reader, gguf.Keys.Attention.HEAD_COUNT_KV.format(arch=name), heads)),
        )

    def gguf_name(self, tensor: str) -> str:
        """Return the GGUF name of a Hugging Face tensor ("model.layers.0.mlp.up_proj.weight").

        Raises UserError when llama.cpp's architecture has no such tensor.
        """
        name = self._map.get_name(tensor, (".weight", ".bias"))
        if name is None:
            label = gguf.MODEL_ARCH_NAMES[self.architecture]
            raise UserError(
                f"A GGUF file of the {label} architecture cannot hold the tensor {tensor}.",
                "The model is a variant that Orca Desk does not know: use a GGUF file made by its publisher.",
            )
        return str(name)

    @cached_property
    def _map(self) -> gguf.TensorNameMap:
        return gguf.get_tensor_name_map(self.architecture, self.blocks)

    def reorder(self, tensor: str, rows: Floats) -> Floats:
        """Return the rows in llama.cpp's order.

        Hugging Face stores the two halves of a rotary pair half a head apart; llama.cpp's llama graph (unlike
        the Qwen graphs) rotates neighbours. So this interleaves each head's query and key rows. `rows` are
        those of a weight, a bias, or a LoRA B matrix.
        """
        if self.architecture != gguf.MODEL_ARCH.LLAMA:
            return rows
        if ".q_proj" in tensor:
            return _interleave(rows, self.heads)
        if ".k_proj" in tensor:
            return _interleave(rows, self.kv_heads)
        return rows


def _interleave(rows: Floats, heads: int) -> Floats:
    half, rest = divmod(rows.shape[0], 2 * heads)
    if rest:
        raise UserError(f"{rows.shape[0]} rows are not {heads} heads.", "Download the model again.")
    return rows.reshape(heads, 2, half, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def architecture_of(config: dict[str, Any]) -> gguf.MODEL_ARCH:
    """Return llama.cpp's architecture for a config. Raises UserError for an unsupported one."""
    model_type = str(config.get("model_type"))
    if model_type not in ARCHITECTURES:
        raise _unsupported(model_type)
    return ARCHITECTURES[model_type]


def kv_heads_of(config: dict[str, Any]) -> int:
    """Return the number of key/value heads, by default that of the query heads."""
    grouped = config.get("num_key_value_heads") is not None
    return require(config, "num_key_value_heads" if grouped else "num_attention_heads")


def require(config: dict[str, Any], key: str) -> int:
    """Return a size that config.json must hold, or raise UserError."""
    value = config.get(key)
    if type(value) is not int or not 0 < value < 2**31:
        raise UserError(f"config.json lacks {key}, or it is not a size.", "Download the model again.")
    return value


@contextlib.contextmanager
def damaged(path: Path) -> Iterator[None]:
    """Raise UserError, naming `path`, when the block meets content of another form than it expects.

    For code that takes apart other people's files, where a missing or odd part raises any of these.
    """
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UserError(f"{path} is damaged ({error!r}).", "Download the model again.") from error


def open_gguf(path: Path) -> gguf.GGUFReader:
    """Map a GGUF file. Raises UserError for another or a damaged file, or one of several parts."""
    read_header(path)  # GGUFReader trusts every size that a file claims; this checks them first
    with damaged(path):
        reader = gguf.GGUFReader(path)
    if field(reader, gguf.Keys.Split.LLM_KV_SPLIT_COUNT, 1) > 1:
        raise UserError(f"{path} is one of several parts.", "Join them with llama-gguf-split --merge first.")
    return reader


def field(reader: gguf.GGUFReader, key: str, default: Any = None) -> Any:
    """Return the value of a GGUF key. Raises UserError when it is missing and there is no default."""
    found = reader.get_field(key)
    if found is not None:
        return found.contents()
    if default is None:
        raise UserError("The GGUF file lacks the key " + key + ".", "Choose another file.")
    return default


def _unsupported(name: str) -> UserError:
    return UserError(
        f"Orca Desk cannot write GGUF files of the {name} architecture.",
        f"It can for {', '.join(sorted(ARCHITECTURES))}; for others use a GGUF file made by the publisher.",
    )
