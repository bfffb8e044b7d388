"""The merged folder is the base plus scale * B @ A, in the base's own types, with all that a copy needs."""

import errno
import json
import os
from pathlib import Path

import gguf
import numpy as np
import pytest
from file_limits import limited_file_size
from safetensors import safe_open
from safetensors.numpy import load_file
from tiny_adapters import make_adapter
from tiny_models import TinyModel, TinyShape, make_tiny

from orca_desk.errors import UserError
from orca_desk.models.identify import identify
from orca_desk.student.convert import write_gguf
from orca_desk.student.gguf_file import Dtype
from orca_desk.student.gguf_reading import field, open_gguf
from orca_desk.student.lora import read_lora
from orca_desk.student.merged_folder import write_merged
from orca_desk.student.safetensors_files import SafetensorsFiles
from orca_desk.student.safetensors_out import TensorToWrite, write_weights


@pytest.fixture
def adapter(tmp_path: Path, tiny_llama: TinyModel) -> Path:
    return make_adapter(tmp_path / "adapter", tiny_llama.folder)


def test_the_weights_are_the_sum_and_the_rest_is_copied(
    adapter: Path, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    out = tmp_path / "merged"
    write_merged(tiny_llama.folder, adapter, out)
    before, after = SafetensorsFiles(tiny_llama.folder), SafetensorsFiles(out)
    changes = {change.weight: change for change in read_lora(adapter)}
    assert list(after) == list(before)
    for name, stored in before.items():
        change = changes.get(name)
        added = change.scale * change.b.load() @ change.a.load() if change else 0
        assert after[name].dtype == stored.dtype
        np.testing.assert_allclose(after[name].load(), stored.load() + added, rtol=1e-3, atol=1e-6)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (out / name).read_bytes() == (tiny_llama.folder / name).read_bytes()
    config = json.loads((out / "config.json").read_text())
    assert config == json.loads((tiny_llama.folder / "config.json").read_text()) | config
    assert "rope_theta" in config  # mlx-lm reads no other
    assert not list(out.glob("*.gguf"))
    assert identify(out).kind == "safetensors"


@pytest.mark.parametrize("dtype", ["f32", "f16"])
def test_the_folder_converts_to_the_merged_gguf(
    adapter: Path, tiny_llama: TinyModel, tmp_path: Path, dtype: Dtype
) -> None:
    write_merged(tiny_llama.folder, adapter, tmp_path / "merged")
    write_gguf(tmp_path / "merged", tmp_path / "one.gguf", dtype=dtype)
    keys = {"general.name": "tuned", "general.license": "mit"}
    write_gguf(tiny_llama.folder, tmp_path / "two.gguf", dtype=dtype, adapter=adapter, keys=keys)
    assert {key: field(open_gguf(tmp_path / "two.gguf"), key) for key in keys} == keys
    one, two = (
        {tensor.name: tensor.data for tensor in open_gguf(tmp_path / name).tensors}
        for name in ("one.gguf", "two.gguf")
    )
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


def test_shards_have_an_index_that_the_ecosystem_reads(
    adapter: Path, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "shards"
    write_merged(tiny_llama.folder, adapter, whole)
    write_merged(tiny_llama.folder, adapter, out, shard=20_000)
    index = json.loads((out / "model.safetensors.index.json").read_text())
    files = sorted(path.name for path in out.glob("*.safetensors"))
    assert len(files) > 2
    assert files[0] == f"model-00001-of-{len(files):05}.safetensors"
    expected = load_file(whole / "model.safetensors")
    assert index["weight_map"].keys() == expected.keys()
    for name, file in index["weight_map"].items():
        with safe_open(out / file, "numpy") as opened:
            np.testing.assert_array_equal(opened.get_tensor(name), expected[name])


@pytest.mark.parametrize("dtype", ["F64", "F32", "F16", "BF16"])
def test_each_type_is_rounded_once(tmp_path: Path, dtype: str) -> None:
    values = np.random.default_rng(0).normal(size=(3, 32)).astype(np.float32)
    write_weights(tmp_path, [TensorToWrite(name="a", dtype=dtype, shape=(3, 32), load=lambda: values)])
    read = SafetensorsFiles(tmp_path)["a"].load()
    match dtype:
        case "F16":
            expected = values.astype(np.float16).astype(np.float32)
        case "BF16":
            kind = gguf.GGMLQuantizationType.BF16
            expected = gguf.dequantize(gguf.quantize(values, kind), kind)
        case _:
            expected = values
    np.testing.assert_array_equal(read, expected)


def test_what_does_not_fit_is_refused_and_leaves_no_weights(tiny_llama: TinyModel, tmp_path: Path) -> None:
    wider = make_tiny(tmp_path / "wider", shape=TinyShape(width=96))
    other = make_adapter(tmp_path / "other", wider.folder)
    with pytest.raises(UserError, match="does not fit this base"):
        write_merged(tiny_llama.folder, other, tmp_path / "out")
    huge = np.full((2, 2), 1e6, np.float32)
    with pytest.raises(UserError, match="float16 cannot hold"):
        write_weights(tmp_path, [TensorToWrite(name="a", dtype="F16", shape=(2, 2), load=lambda: huge)])
    assert not list(tmp_path.glob("*.safetensors"))


@pytest.mark.skipif(os.name != "posix", reason="limits on the size of files are POSIX's")
def test_a_disk_that_takes_no_such_file_keeps_nothing(
    adapter: Path, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with limited_file_size(100_000), pytest.raises(OSError) as refused:
        write_merged(tiny_llama.folder, adapter, out)
    assert (refused.value.errno, refused.value.filename) == (errno.EFBIG, str(out / "model.safetensors"))
    assert not list(out.glob("*model*"))
