"""The comparison of whole files' weights with what was trained, on random models."""

import shutil
from pathlib import Path

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tiny_adapters import make_adapter
from tiny_models import TinyModel, TinyShape, make_tiny

from orca_desk.parity.table import STRENGTH, WeightCheck
from orca_desk.parity.weights import check_weights
from orca_desk.student.convert import write_gguf


@pytest.fixture(params=["llama", "qwen2"])
def student(request: pytest.FixtureRequest, tmp_path: Path) -> TinyModel:
    return make_tiny(tmp_path / "model", request.param)


def merged_file(student: TinyModel, adapter: Path, dtype: str = "f32") -> Path:
    """Return the student with its adapter in one file."""
    out = adapter.with_suffix(".merged.gguf")
    write_gguf(student.folder, out, dtype=dtype, adapter=adapter)
    return out


def check(student: TinyModel, adapter: Path, *files: Path) -> list[WeightCheck]:
    found = check_weights(files, student.folder, adapter, proceed=lambda: True)
    assert found is not None
    return found


def change(file: Path, name: str, values: np.ndarray | float) -> None:
    reader = gguf.GGUFReader(file, "r+")
    (tensor,) = (tensor for tensor in reader.tensors if tensor.name == name)
    tensor.data[:] = values
    reader.data.flush()


@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16"])
def test_a_merged_file_is_what_was_trained(student: TinyModel, tmp_path: Path, dtype: str) -> None:
    adapter = make_adapter(tmp_path / "adapter", student.folder, strength=0.05, use_rslora=True)
    (found,) = check(student, adapter, merged_file(student, adapter, dtype))
    assert found.is_rounded
    assert found.strength == pytest.approx(1.0, abs=0.01)
    assert found.layer_beyond <= STRENGTH


def test_a_layer_without_the_adapter_is_named(student: TinyModel, tmp_path: Path) -> None:
    adapter = make_adapter(tmp_path / "adapter", student.folder, strength=0.05)
    file = merged_file(student, adapter)
    base = {tensor.name: tensor.data for tensor in gguf.GGUFReader(student.gguf).tensors}
    change(file, "blk.1.ffn_up.weight", base["blk.1.ffn_up.weight"])
    (found,) = check(student, adapter, file)
    assert found.is_rounded and found.layer == "blk.1.ffn_up.weight"
    assert found.layer_strength == pytest.approx(0.0, abs=0.01)
    assert found.layer_beyond > STRENGTH


@pytest.mark.parametrize("value", [np.nan, np.inf, 7.0])
def test_a_tensor_of_other_values_is_named(student: TinyModel, tmp_path: Path, value: float) -> None:
    adapter = make_adapter(tmp_path / "adapter", student.folder)
    fine = merged_file(student, adapter)
    bad = tmp_path / "bad.gguf"
    shutil.copy(fine, bad)
    change(bad, "blk.0.attn_norm.weight", value)
    one, other = check(student, adapter, fine, bad)
    assert one.is_rounded and not other.is_rounded
    assert other.tensor == "blk.0.attn_norm.weight"
    assert (other.rounding is None) is (not np.isfinite(value))


def test_a_file_of_another_shape_is_no_match(student: TinyModel, tmp_path: Path) -> None:
    adapter = make_adapter(tmp_path / "adapter", student.folder)
    other = make_tiny(tmp_path / "other", "llama", shape=TinyShape(layers=1, ffn=96))
    (found,) = check(student, adapter, other.gguf)
    assert not found.is_rounded and found.rounding is None


@pytest.mark.parametrize("kind", ["Q4_0", "Q5_1", None])
def test_a_base_that_was_rounded_is_known(student: TinyModel, tmp_path: Path, kind: str | None) -> None:
    """Its folder holds the values of a quantised file, as they are unpacked from one."""
    if kind is not None:
        path, grid = student.folder / "model.safetensors", gguf.GGMLQuantizationType[kind]
        weights = {
            name: gguf.dequantize(gguf.quantize(values, grid), grid) if values.ndim == 2 else values
            for name, values in load_file(path).items()
        }
        halves = {name: values.astype(np.float16) for name, values in weights.items()}
        save_file(halves, path, metadata={"format": "pt"})
    adapter = make_adapter(tmp_path / "adapter", student.folder, strength=0.05)
    (found,) = check(student, adapter, merged_file(student, adapter, "f16"))
    assert found.is_rounded and found.rounded_base is (kind is not None)


def test_it_can_be_stopped(student: TinyModel, tmp_path: Path) -> None:
    adapter = make_adapter(tmp_path / "adapter", student.folder)
    assert check_weights([student.gguf], student.folder, adapter, proceed=lambda: False) is None
