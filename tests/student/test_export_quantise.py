"""Quantising runs in a process of its own, as it needs llama.cpp."""

import subprocess
import sys
from pathlib import Path

import pytest
from tiny_models import TinyModel, TinyShape, make_tiny

from orca_desk.student.gguf_reading import open_gguf

PROGRAM = """
import sys
from pathlib import Path
from orca_desk.errors import UserError
from orca_desk.teacher.quantise import quantise
source, out, kind = sys.argv[1:]
try:
    quantise(Path(source), Path(out), kind)
except UserError as error:
    print(error)
"""


def quantise(source: Path, out: Path, kind: str) -> str:
    """Return what the user is told."""
    command = [sys.executable, "-c", PROGRAM, str(source), str(out), kind]
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
