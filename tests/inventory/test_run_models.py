"""A run finds its model by its content, wherever the file is now."""

import shutil
from pathlib import Path

import pytest
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.inventory.catalogue import add_path
from orca_desk.inventory.run_models import find_model
from orca_desk.library.database import Library
from orca_desk.models.hashes import HashCache


@pytest.fixture
def library(tmp_path: Path):
    with new_library(tmp_path / "library") as library:
        yield library


def test_a_model_that_was_moved_is_found_by_its_content(library: Library, tiny_llama, tmp_path: Path) -> None:
    before = tmp_path / "before" / "teacher.gguf"
    before.parent.mkdir()
    shutil.copy(tiny_llama.gguf, before)
    sha256 = HashCache(library.folder).sha256(before)
    assert find_model(library, before, sha256) == before
    after = tmp_path / "after" / "teacher.gguf"
    after.parent.mkdir()
    shutil.move(before, after)
    with pytest.raises(UserError, match=r"was not found: .*before"):
        find_model(library, before, sha256)
    add_path(library, after.parent)
    assert find_model(library, before, sha256) == after
    renamed = after.with_name("renamed.gguf")
    HashCache(library.folder).sha256(after)
    shutil.move(after, renamed)
    HashCache(library.folder).sha256(renamed)  # as the Models page does
    assert find_model(library, before, sha256) == renamed


def test_another_file_of_the_same_name_is_not_taken(
    library: Library, tiny_llama, tiny_qwen, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "teacher.gguf"
    other.parent.mkdir()
    shutil.copy(tiny_qwen.gguf, other)
    add_path(library, other.parent)
    sha256 = HashCache(library.folder).sha256(tiny_llama.gguf)
    with pytest.raises(UserError, match="was not found"):
        find_model(library, tmp_path / "gone" / "teacher.gguf", sha256)
