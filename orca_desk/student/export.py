"""Writes a trained adapter for llama.cpp: as a LoRA GGUF beside its base, or merged into a base GGUF."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import gguf
from gguf import GGMLQuantizationType as Quantisation

from orca_desk.errors import UserError
from orca_desk.models.base_identity import KEY, BaseIdentity, BaseMatch, base_of_adapter, compare_base
from orca_desk.models.config import read_json
from orca_desk.student import gguf_file
from orca_desk.student.families import Family, family_of_config, family_of_gguf
from orca_desk.student.gguf_file import FLOATS, Array, Planned
from orca_desk.student.gguf_reading import damaged, field, open_gguf
from orca_desk.student.gguf_tokenizer import renamed
from orca_desk.student.lora import LowRank, read_lora
from orca_desk.student.safetensors_files import Floats, SafetensorsFiles

# Keys that the writer adds
_OWN_KEYS = ("GGUF.version", "GGUF.tensor_count", "GGUF.kv_count", gguf.Keys.General.ARCHITECTURE)


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
        return cls.of_gguf(path, open_gguf(path))

    @classmethod
    def of_gguf(cls, path: Path, reader: gguf.GGUFReader) -> "AdapterBase":
        """Read it from an open GGUF file."""
        shapes = {tensor.name: _shape(tensor) for tensor in reader.tensors}
        return cls(family=family_of_gguf(path), shapes=shapes)

    def tensor_of(self, change: LowRank) -> str:
        """Return the GGUF name of the weight that `change` adds to. Raises UserError when it does not fit."""
        name = self.family.gguf_name(change.weight)
        if self.shapes.get(name) != change.shape:
            raise UserError(
                f"The adapter does not fit this base model: it changes {change.module} of shape "
                f"{list(change.shape)}, the model has {list(self.shapes.get(name, ())) or 'no such layer'}.",
                "Choose the model that the adapter was trained on.",
            )
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
    trained_on = _require_own_base(adapter, base)

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


def merge(base_gguf: Path, adapter: Path, out: Path, *, keys: Mapping[str, str] = {}) -> None:
    """Write `base_gguf` with the PEFT LoRA in `adapter` added to its weights as the GGUF file `out`.

    Sums in float32 and rounds once to the base's own type (F32, F16 or BF16); copies all other tensors and
    keys, except for the texts that `keys` replaces or adds. Raises UserError for a quantised base, or an
    adapter of another model.
    """
    _require_own_base(adapter, base_gguf)
    reader = open_gguf(base_gguf)
    fits = AdapterBase.of_gguf(base_gguf, reader)
    changes = {fits.tensor_of(change): change for change in read_lora(adapter)}
    tensors = [_merged(fits.family, tensor, changes.get(tensor.name)) for tensor in reader.tensors]
    architecture = gguf.MODEL_ARCH_NAMES[fits.family.architecture]

    def describe(writer: gguf.GGUFWriter) -> None:
        with damaged(base_gguf):
            _copy_keys(reader, writer, leave_out=keys)
        name = gguf.Keys.General.NAME
        for key, text in keys.items():
            writer.add_string(key, renamed(str(field(reader, name, "")), text) if key == name else text)

    gguf_file.write(out, architecture, describe, tensors)


def _require_own_base(adapter: Path, base: Path) -> BaseIdentity | None:
    """Return the base that the adapter says it was trained on. Raises UserError if `base` is another."""
    trained_on = base_of_adapter(adapter)
    if trained_on is not None and compare_base(trained_on, base) is BaseMatch.OTHER:
        raise UserError(
            f"The adapter in {adapter} was trained on {trained_on.name}; {base} holds another model.",
            "Choose the model that the adapter was trained on.",
        )
    return trained_on


def _lora_tensors(base: AdapterBase, change: LowRank, alpha: float) -> Iterator[Planned]:
    name = base.tensor_of(change)
    factor = change.scale * change.rank / alpha

    def load_b() -> Floats:
        return base.family.reorder(change.weight, change.b.load() * factor)

    for side, tensor, load in (("a", change.a, change.a.load), ("b", change.b, load_b)):
        yield Planned(
            name=f"{name}.lora_{side}", shape=tensor.shape, quantisation=Quantisation.F32, load=load
        )


def _merged(family: Family, tensor: gguf.ReaderTensor, change: LowRank | None) -> Planned:
    plan = partial(Planned, name=tensor.name, shape=_shape(tensor), quantisation=tensor.tensor_type)
    if change is None:
        return plan(load=lambda: tensor.data, raw=True)
    if tensor.tensor_type not in FLOATS:
        raise UserError(
            f"The base model is quantised ({tensor.name} is {tensor.tensor_type.name}): rounding would lose "
            "most of what the adapter adds.",
            "Merge into its F16, BF16 or F32 file and quantise that, or use the adapter beside the base.",
        )
    return plan(load=partial(_sum, family, tensor, change))


def _sum(family: Family, tensor: gguf.ReaderTensor, change: LowRank) -> Array:
    delta = family.reorder(change.weight, change.b.load()) @ change.a.load()
    weight: Floats = gguf.dequantize(tensor.data, tensor.tensor_type)
    return weight + change.scale * delta


def _copy_keys(reader: gguf.GGUFReader, writer: gguf.GGUFWriter, *, leave_out: Collection[str]) -> None:
    writer.data_alignment = reader.alignment
    for key, found in reader.fields.items():
        if key not in _OWN_KEYS and key not in leave_out:
            kind = found.types[0]
            members = found.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(key, found.contents(), kind, members)


def _shape(tensor: gguf.ReaderTensor) -> tuple[int, ...]:
    """Return a shape in numpy's order: a GGUF file lists the fastest dimension first."""
    return tuple(int(length) for length in reversed(tensor.shape))
