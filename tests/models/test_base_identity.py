"""An adapter's base is recognised in every form, and another model is not taken for it."""

import json
import shutil
from pathlib import Path

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tiny_adapters import make_adapter
from tiny_models import TinyModel, TinyShape, make_tiny

from orca_desk.models.base_identity import (
    BaseIdentity,
    BaseMatch,
    base_of_adapter,
    compare_base,
    identify_base,
    identity_from_json,
)
from orca_desk.student.convert import write_gguf
from orca_desk.student.gguf_file import Dtype


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    """A model whose rows fit the blocks of quantised files."""
    return make_tiny(tmp_path_factory.mktemp("wide"), shape=TinyShape(width=256, ffn=512))


@pytest.fixture(scope="module")
def identity(wide: TinyModel) -> BaseIdentity:
    return identify_base(wide.folder, "abc")


def changed(model: TinyModel, target: Path, kind: str) -> Path:
    """Return a GGUF file of the model with its matrices changed."""
    shutil.copytree(model.folder, target, ignore=shutil.ignore_patterns("*.gguf"))
    random = np.random.default_rng(1)
    tensors = load_file(target / "model.safetensors")
    for name, tensor in tensors.items():
        if tensor.ndim == 2:
            noise = random.standard_normal(tensor.shape).astype(np.float32)
            tensors[name] = {
                "negated": lambda t=tensor: -t,
                "trained further": lambda t=tensor, n=noise: t + np.float32(0.03 * t.std()) * n,
                "random": lambda t=tensor, n=noise: np.float32(t.std()) * n,
                "nothing": lambda t=tensor: 0 * t,
            }[kind]()
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    write_gguf(target, target / "changed.gguf")
    return target / "changed.gguf"


@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16", "q8_0"])
def test_the_base_is_recognised_in_every_precision(
    wide: TinyModel, identity: BaseIdentity, tmp_path: Path, dtype: Dtype
) -> None:
    write_gguf(wide.folder, tmp_path / "base.gguf", dtype=dtype)
    assert compare_base(identity, tmp_path / "base.gguf") is BaseMatch.SAME


@pytest.mark.parametrize("kind", ["Q4_0", "Q5_1", "Q8_0"])
def test_other_programs_quantised_files_are_recognised(
    wide: TinyModel, identity: BaseIdentity, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "quantised.gguf"
    writer = gguf.GGUFWriter(out, "llama")
    for key, found in (("context_length", 2048), ("block_count", 2), ("embedding_length", 256)):
        writer.add_uint32(f"llama.{key}", found)
    for tensor in gguf.GGUFReader(wide.gguf).tensors:
        to = gguf.GGMLQuantizationType[kind] if len(tensor.shape) == 2 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(tensor.name, gguf.quantize(tensor.data, to), raw_dtype=to)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert compare_base(identity, out) is BaseMatch.SAME


def test_the_folder_itself_is_recognised(wide: TinyModel, identity: BaseIdentity) -> None:
    assert compare_base(identity, wide.folder) is BaseMatch.SAME


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        ("negated", BaseMatch.OTHER),
        ("random", BaseMatch.OTHER),
        ("nothing", BaseMatch.OTHER),
        ("trained further", BaseMatch.RELATED),
    ],
)
def test_other_weights_of_the_same_shape_are_told(
    wide: TinyModel, identity: BaseIdentity, tmp_path: Path, kind: str, match: BaseMatch
) -> None:
    other = changed(wide, tmp_path / "other", kind)
    assert compare_base(identity, other) is match
    assert compare_base(identity, other.parent) is match


@pytest.mark.parametrize("shape", [TinyShape(width=256, ffn=512, layers=3), TinyShape(width=128, ffn=512)])
def test_models_of_other_sizes_are_told(identity: BaseIdentity, tmp_path: Path, shape: TinyShape) -> None:
    assert compare_base(identity, make_tiny(tmp_path, shape=shape, seed=5).gguf) is BaseMatch.OTHER


def test_a_model_with_more_layers_is_another_one(wide: TinyModel, tmp_path: Path) -> None:
    """Also where its first layers are the base's own, so that the adapter fits."""
    grown = tmp_path / "grown"
    shutil.copytree(wide.folder, grown, ignore=shutil.ignore_patterns("*.gguf"))
    tensors = load_file(grown / "model.safetensors")
    copies = {
        name.replace("layers.1.", "layers.2."): tensor
        for name, tensor in tensors.items()
        if "layers.1." in name
    }
    save_file(tensors | copies, grown / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((grown / "config.json").read_text())
    (grown / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    write_gguf(grown, grown / "grown.gguf")
    identity = identify_base(wide.folder, "abc")
    assert compare_base(identity, grown / "grown.gguf") is BaseMatch.OTHER
    assert compare_base(identity, grown) is BaseMatch.OTHER


def test_it_survives_json_and_odd_texts_are_none(identity: BaseIdentity) -> None:
    assert identity_from_json(identity.to_json()) == identity
    for text in ("", "{", "[]", "{}", json.dumps({"sketch": [5], "name": "", "sha256": ""})):
        assert identity_from_json(text) is None


def test_an_adapter_of_another_program_names_no_base(wide: TinyModel, tmp_path: Path) -> None:
    assert base_of_adapter(make_adapter(tmp_path, wide.folder)) is None
