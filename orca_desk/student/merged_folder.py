"""Adds a LoRA adapter to the weights of a Hugging Face folder, and writes the sum as such a folder.

The sum is taken in float32 and rounded once, by whoever writes it.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from orca_desk.files import atomic_write
from orca_desk.models.config import read_json
from orca_desk.student.families import portable_config
from orca_desk.student.lora import LowRank, read_lora, require_fit, require_own_base
from orca_desk.student.safetensors_files import Floats, SafetensorsFiles, StoredTensor
from orca_desk.student.safetensors_out import SHARD, TensorToWrite, write_weights

# What belongs to a model beside its weights; other files of a folder, such as a GGUF, are another model's
COMPANIONS = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
)
LICENCES = ("LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*")


@dataclass(frozen=True, kw_only=True)
class MergedTensor(StoredTensor):
    """A stored weight with a change added: `dtype` is that of the stored weight."""

    change: LowRank

    @property
    def fits_half(self) -> bool:
        """The sum may be larger than what was stored."""
        return False

    def load(self) -> Floats:
        """Return the sum as float32."""
        change = self.change
        return super().load() + change.scale * (change.b.load() @ change.a.load())


class MergedFiles(SafetensorsFiles):
    """The tensors of the model in the folder `base` with the PEFT LoRA in `adapter` added."""

    def __init__(self, base: Path, adapter: Path) -> None:
        """Read the headers only. Raises UserError for an adapter that does not fit the model."""
        super().__init__(base)
        changes = {change.weight: change for change in read_lora(adapter)}
        require_own_base(adapter, base)
        for name, change in changes.items():
            stored = self._tensors.get(name)
            require_fit(change, stored.shape if stored else None)
            assert stored
            self._tensors[name] = MergedTensor(
                path=stored.path, dtype=stored.dtype, shape=stored.shape, offset=stored.offset, change=change
            )


def write_merged(base: Path, adapter: Path, out: Path, *, shard: int = SHARD) -> None:
    """Write the model in the folder `base`, with the PEFT LoRA in `adapter` added, as the folder `out`.

    Rounds to each weight's own type. Copies configuration, tokenizer and licence.
    Raises UserError for an adapter of another model, or one that does not fit.
    """
    weights = MergedFiles(base, adapter)
    out.mkdir(parents=True, exist_ok=True)
    for path in companions(base):
        shutil.copyfile(path, out / path.name)
    config = portable_config(read_json(base / "config.json"))
    atomic_write(out / "config.json", json.dumps(config, indent=2))
    tensors = (
        TensorToWrite(name=name, dtype=stored.dtype, shape=stored.shape, load=stored.load)
        for name, stored in weights.items()
    )
    write_weights(out, tensors, shard=shard)


def companions(base: Path) -> list[Path]:
    """Return the files of a model's folder that a copy of the model needs beside its weights."""
    named = [base / name for name in COMPANIONS if (base / name).is_file()]
    return named + [path for pattern in LICENCES for path in sorted(base.glob(pattern)) if path.is_file()]
