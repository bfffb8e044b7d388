"""Finding, or making, the GGUF file that serves a student."""

import shutil

import pytest

from orca_desk.errors import UserError
from orca_desk.inventory.student_files import student_gguf
from orca_desk.library.database import Library
from orca_desk.models.identify import identify
from orca_desk.processes.progress import JobControl, silent


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "library") as library:
        yield library


def find(library, base, **options):
    return student_gguf(library, base, progress=silent, control=JobControl(), **options)


def test_the_file_in_the_folder_or_the_given_one_is_used(library, tiny_qwen, tmp_path):
    assert find(library, tiny_qwen.folder) == tiny_qwen.gguf
    given = tmp_path / "given.gguf"
    shutil.copy(tiny_qwen.gguf, given)
    assert find(library, tiny_qwen.folder, given=given) == given


def test_without_one_it_is_made_once(library, tiny_qwen, tmp_path):
    base = tmp_path / "student"
    shutil.copytree(tiny_qwen.folder, base, ignore=shutil.ignore_patterns("*.gguf"))
    made = find(library, base)
    assert made.is_relative_to(library.folder)
    assert identify(made).quantisation == "F16"
    before = made.stat().st_mtime_ns
    (made.parent / f".{made.name}.killed.part").touch()
    assert find(library, base) == made
    assert made.stat().st_mtime_ns == before
    made.unlink()
    assert find(library, base) == made
    assert list(made.parent.iterdir()) == [made]


def test_what_is_missing_is_named(library, tiny_qwen, tmp_path):
    with pytest.raises(UserError, match="not a folder"):
        find(library, tiny_qwen.gguf)
    with pytest.raises(UserError, match="is not a file"):
        find(library, tiny_qwen.folder, given=tmp_path / "none.gguf")
