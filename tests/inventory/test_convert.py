"""Converting a student where its file cannot be written."""

import os
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
