"""What headers said is stored between starts, and read again where a file changed."""

import json
import os
import shutil
from pathlib import Path

import pytest
from tiny_models import TinyModel

from orca_desk.models import identify as identification
from orca_desk.models.identify import identify
from orca_desk.models.seen_headers import FILE, SeenHeaders


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> SeenHeaders:
    """The headers seen by a process that has just started."""
    return restart(monkeypatch)


def restart(monkeypatch: pytest.MonkeyPatch) -> SeenHeaders:
    fresh = SeenHeaders()
    monkeypatch.setattr(identification, "seen_headers", fresh)
    return fresh


def test_a_header_is_read_once(
    seen: SeenHeaders, tiny_llama: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tiny.gguf"
    shutil.copy(tiny_llama.gguf, file)
    model = identify(file)
    seen.save(tmp_path)

    again = restart(monkeypatch)
    again.load(tmp_path)
    monkeypatch.setattr(identification, "read_header", lambda path: pytest.fail("it was read again"))
    assert identify(file) == model


def test_a_changed_file_is_read_again(
    seen: SeenHeaders, tiny_llama: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tiny.gguf"
    shutil.copy(tiny_llama.gguf, file)
    identify(file)
    seen.save(tmp_path)
    os.utime(file, ns=(1, 1))

    again = restart(monkeypatch)
    again.load(tmp_path)
    assert again.get(file, [file]) is None
    file.unlink()
    again.put(identify(tiny_llama.gguf), [[1, 1]])
    again.save(tmp_path)
    assert list(json.loads((tmp_path / FILE).read_text())["seen"]) == [str(tiny_llama.gguf)]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 0, "seen": {}}', "{cut"])
def test_a_damaged_store_is_ignored(text: str, tiny_llama: TinyModel, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    seen = SeenHeaders()
    seen.load(tmp_path)
    assert seen.get(tiny_llama.gguf, [tiny_llama.gguf]) is None
