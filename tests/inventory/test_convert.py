"""Converting a student where its file cannot be written."""

import os
import shutil
from pathlib import Path

import pytest
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.inventory.convert import convert


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such pipes, and other limits")
def test_what_cannot_be_written_is_named(tiny_llama: TinyModel, tmp_path: Path) -> None:
    pipe, long = tmp_path / "pipe", tmp_path / ("a" * 250)
    os.mkfifo(pipe)
    for out, reason in ((pipe, "not a regular file"), (long, "File name too long")):
        with pytest.raises(UserError, match=f"^{out} cannot be written: {reason}"):
            convert(tiny_llama.folder, out, dtype="f32")
    assert list(tmp_path.iterdir()) == [pipe]


def test_only_a_file_of_its_kind_is_replaced(tiny_llama: TinyModel, tmp_path: Path) -> None:
    folder = tmp_path / "student"
    shutil.copytree(tiny_llama.folder, folder)
    weights = folder / "model.safetensors"
    before = weights.read_bytes()
    with pytest.raises(UserError, match="already exists, and is not a GGUF file"):
        convert(folder, weights, dtype="f32")
    assert weights.read_bytes() == before
    made = tmp_path / "made.gguf"
    made.write_bytes(b"GGUF of before")
    assert convert(folder, made, dtype="f32") and len(made.read_bytes()) > 100
