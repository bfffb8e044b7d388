"""Quantising runs in a process of its own, as it needs llama.cpp."""

import subprocess
import sys
from pathlib import Path

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file
from tiny_adapters import make_adapter
from tiny_models import TinyModel, TinyShape, make_tiny

from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.renderer import Renderer
from orca_desk.student.gguf_reading import open_gguf

PROGRAM = """
import sys
from pathlib import Path
from orca_desk.errors import UserError
from orca_desk.teacher.quantise import quantise
source, out, kind, importance = sys.argv[1:]
try:
    quantise(Path(source), Path(out), kind, importance=Path(importance) if importance else None)
except UserError as error:
    print(error)
"""


def quantise(source: Path, out: Path, kind: str, importance: Path | None = None) -> str:
    """Return what the user is told."""
    command = [sys.executable, "-c", PROGRAM, str(source), str(out), kind, str(importance or "")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    """A model whose rows hold whole blocks of 256, as the K quantisations need."""
    return make_tiny(tmp_path_factory.mktemp("wide"), shape=TinyShape(width=256, ffn=256))


@pytest.mark.parametrize(("kind", "stored"), [("q4_k_m", "Q4_K"), ("q8_0", "Q8_0")])
def test_matrices_are_quantised_and_keys_kept(
    model: TinyModel, tmp_path: Path, kind: str, stored: str
) -> None:
    assert quantise(model.gguf, tmp_path / "out.gguf", kind) == ""
    before, after = open_gguf(model.gguf), open_gguf(tmp_path / "out.gguf")
    types = {tensor.name: tensor.tensor_type.name for tensor in after.tensors}
    assert types["blk.0.attn_q.weight"] == stored
    assert types["output_norm.weight"] == "F32"
    assert set(before.fields) <= set(after.fields)


def test_what_cannot_be_quantised_is_explained_and_leaves_nothing(model: TinyModel, tmp_path: Path) -> None:
    small, out = tmp_path / "q4_k_m.gguf", tmp_path / "out.gguf"
    quantise(model.gguf, small, "q4_k_m")
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF and nothing more")
    assert "cannot be quantised" in quantise(small, out, "q8_0")
    assert "cannot be quantised" in quantise(broken, out, "q8_0")
    assert "does not exist" in quantise(tmp_path / "absent.gguf", out, "q8_0")
    assert "Choose one of q4_k_m" in quantise(model.gguf, out, "q1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.gguf", "q4_k_m.gguf"]


def test_an_importance_matrix_moves_the_rounding_to_where_it_matters(
    model: TinyModel, tmp_path: Path
) -> None:
    """The columns that matter come out closer, the others further off, in a file of equal size."""
    name = "blk.0.attn_q.weight"
    vector = np.full(256, 1e-3, np.float32)
    matters = np.arange(256) % 4 == 0  # some in each block, which has one scale
    vector[matters] = 10.0
    np.savez(tmp_path / "importance.npz", **{name: vector})
    assert quantise(model.gguf, tmp_path / "plain.gguf", "q4_k_m") == ""
    assert quantise(model.gguf, tmp_path / "weighed.gguf", "q4_k_m", tmp_path / "importance.npz") == ""
    (exact,) = (one for one in open_gguf(model.gguf).tensors if one.name == name)
    errors = {}
    for file in ("plain", "weighed"):
        (stored,) = (one for one in open_gguf(tmp_path / f"{file}.gguf").tensors if one.name == name)
        errors[file] = np.square(gguf.dequantize(stored.data, stored.tensor_type) - exact.data).mean(0)
    assert errors["weighed"][matters].mean() < 0.8 * errors["plain"][matters].mean()
    assert errors["weighed"][~matters].mean() > errors["plain"][~matters].mean()
    sizes = {(tmp_path / f"{file}.gguf").stat().st_size for file in errors}
    assert len(sizes) == 1


def test_importance_is_the_mean_square_of_a_layers_inputs(model: TinyModel, tmp_path: Path) -> None:
    """As measured by hand for the first layer, whose input is the normalised embedding."""
    importance = pytest.importorskip("orca_desk.student.importance")
    adapter = make_adapter(tmp_path / "adapter", model.folder)
    record = importance.ImportanceRecord(system="", user="Why?", assistant="So.")
    seen: list[int] = []
    arguments = (model.folder, adapter, [record, record], tmp_path / "out.npz")
    assert importance.write_importance(*arguments, did_one=lambda: seen.append(1))
    assert len(seen) == 2
    with np.load(tmp_path / "out.npz") as stored:
        found = {name: stored[name] for name in stored.files}
    tensors = load_file(model.folder / "model.safetensors")
    renderer = Renderer(HFTokenizer.load(model.folder))
    rows = tensors["model.embed_tokens.weight"][list(renderer.example("", "Why?", "So.").ids)]
    normalised = rows / np.sqrt(np.square(rows).mean(-1, keepdims=True) + 1e-5)
    expected = np.square(normalised * tensors["model.layers.0.input_layernorm.weight"]).mean(0)
    np.testing.assert_allclose(found["blk.0.attn_q.weight"], expected, rtol=2e-2)
    matrices = {one.name for one in open_gguf(model.gguf).tensors if len(one.shape) == 2}
    assert matrices - {"token_embd.weight"} == found.keys() - {"token_embd.weight"}
    assert not importance.write_importance(*arguments, proceed=lambda: False)
