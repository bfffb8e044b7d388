"""Which models can be deleted, and what would go with them."""

import shutil
from pathlib import Path

import pytest
from tiny_models import TinyModel

from orca_desk.inventory.deletable import paths_of, why_kept
from orca_desk.inventory.usage import InventoryItem
from orca_desk.models.identify import identify
from orca_desk.models.model_file import NotAModel


def item(path: Path, origin: str = "added") -> InventoryItem:
    return InventoryItem(model=identify(path), origin=origin)


def test_a_file_goes_alone_and_a_student_with_its_folder(tiny_llama: TinyModel, tmp_path: Path) -> None:
    shutil.copy(tiny_llama.gguf, tmp_path / "a.gguf")
    folder = shutil.copytree(tiny_llama.folder, tmp_path / "b", ignore=shutil.ignore_patterns("*.gguf"))
    for path in (tmp_path / "a.gguf", folder):
        assert paths_of(identify(path)) == (path,) and why_kept(item(path), tmp_path / "library") == ""


@pytest.mark.parametrize(
    ("origin", "why"),
    [("bundled", "Orca Desk"), ("trained here", "training"), ("Hugging Face", "hf cache"), ("Ollama", "rm")],
)
def test_what_others_own_stays(tiny_llama: TinyModel, tmp_path: Path, origin: str, why: str) -> None:
    assert why in why_kept(item(tiny_llama.gguf, origin), tmp_path)


def test_links_and_folders_that_hold_more_stay(
    tiny_llama: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link.gguf"
    link.symlink_to(tiny_llama.gguf)
    assert "only a link" in why_kept(item(link), tmp_path)
    folder = shutil.copytree(tiny_llama.folder, tmp_path / "b", ignore=shutil.ignore_patterns("*.gguf"))
    (folder / "me").mkdir()
    monkeypatch.setattr(Path, "home", lambda: folder / "me")
    assert "contains more" in why_kept(item(folder), tmp_path)
    assert why_kept(InventoryItem(model=NotAModel(path=link, reason=""), origin="added"), tmp_path)
