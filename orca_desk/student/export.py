"""Writes a trained adapter for llama.cpp as a LoRA GGUF file, which is used beside its base."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import gguf
from gguf import GGMLQuantizationType as Quantisation

from orca_desk.models.base_identity import KEY
from orca_desk.models.config import read_json
from orca_desk.student import gguf_file
from orca_desk.student.families import Family, family_of_config, family_of_gguf
from orca_desk.student.gguf_file import Planned
from orca_desk.student.gguf_reading import open_gguf
from orca_desk.student.lora import LowRank, read_lora, require_fit, require_own_base
from orca_desk.student.safetensors_files import Floats, SafetensorsFiles


@dataclass(frozen=True, kw_only=True)
class AdapterBase:
    """A base model as adapters see it: the GGUF names of its tensors and their shapes, [out, in]."""

    family: Family
    shapes: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, path: Path) -> "AdapterBase":
        """Read it from a model's folder or GGUF file."""
        if path.is_dir():
            family = family_of_config(read_json(path / "config.json"))
            weights = SafetensorsFiles(path)
            shapes = {family.gguf_name(name): tensor.shape for name, tensor in weights.items()}
            return cls(family=family, shapes=shapes)
        shapes = {tensor.name: _shape(tensor) for tensor in open_gguf(path).tensors}
        return cls(family=family_of_gguf(path), shapes=shapes)

    def tensor_of(self, change: LowRank) -> str:
        """Return the GGUF name of the weight that `change` adds to. Raises UserError when it does not fit."""
        name = self.family.gguf_name(change.weight)
        require_fit(change, self.shapes.get(name))
        return name


def export_adapter(adapter: Path, base: Path, out: Path) -> None:
    """Write the PEFT LoRA in `adapter` as the LoRA GGUF `out`, which llama.cpp loads beside its base.

    `base` is the model it was trained on: the Hugging Face folder or a GGUF file of it. llama.cpp
    scales every layer by alpha / rank with one alpha; where PEFT's scale differs (rsLoRA, patterns of
    ranks and alphas) alpha and b carry the difference. Raises UserError when the adapter is not a
    plain LoRA or does not fit. An adapter that says what its base is says so in the GGUF file too.
    """
    lora = read_lora(adapter)
    fits = AdapterBase.of(base)
    alpha = lora[0].scale * lora[0].rank
    trained_on = require_own_base(adapter, base)

    def describe(writer: gguf.GGUFWriter) -> None:
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
        if trained_on is not None:
            writer.add_string(KEY, trained_on.to_json())
            writer.add_base_model_count(1)
            writer.add_base_model_name(0, trained_on.name)

    tensors = (tensor for change in lora for tensor in _lora_tensors(fits, change, alpha))
    gguf_file.write(out, gguf.MODEL_ARCH_NAMES[fits.family.architecture], describe, tensors)


def _lora_tensors(base: AdapterBase, change: LowRank, alpha: float) -> Iterator[Planned]:
    name = base.tensor_of(change)
    factor = change.scale * change.rank / alpha

    def load_b() -> Floats:
        return base.family.reorder(change.weight, change.b.load() * factor)

    for side, tensor, load in (("a", change.a, change.a.load), ("b", change.b, load_b)):
        yield Planned(
            name=f"{name}.lora_{side}", shape=tensor.shape, quantisation=Quantisation.F32, load=load
        )


def _shape(tensor: gguf.ReaderTensor) -> tuple[int, ...]:
    """Return a shape in numpy's order: a GGUF file lists the fastest dimension first."""
    return tuple(int(length) for length in reversed(tensor.shape))
