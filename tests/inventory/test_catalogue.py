"""Models of the user's: what is added is found again, what is damaged is named, and nothing is harmed."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from library_doubles import make_chat
from new_library import new_library
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.files import file_sha256
from orca_desk.inventory.catalogue import (
    KEY,
    add_path,
    added_paths,
    catalogue,
    fit_of,
    known_models,
    remove_path,
    restore_path,
)
from orca_desk.inventory.usage import Use, model_with_hash, take_inventory
from orca_desk.library.database import Library
from orca_desk.library.settings import set_setting
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile, NotAModel
from orca_desk.paths import bundled_models


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A new library without tasks."""
    with new_library(tmp_path / "library") as opened:
        yield opened


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other tool's models: tests must not depend on what is on the machine."""
    for name in ("HF_HUB_CACHE", "HF_HOME", "OLLAMA_MODELS", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))


def paths(found: list[ModelFile | NotAModel]) -> set[Path]:
    return {one.path for one in found if isinstance(one, ModelFile)}


def test_a_file_and_a_folder_are_added_and_removed(
    library: Library, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    before = paths(catalogue(library))
    assert bundled_models() / "mini-teacher" / "mini-teacher.gguf" in before
    (tmp_path / "models" / "deep").mkdir(parents=True)
    one, two = tmp_path / "one.gguf", tmp_path / "models" / "deep" / "two.gguf"
    for target in (one, two):
        shutil.copy(tiny_llama.gguf, target)
    add_path(library, one)
    add_path(library, tmp_path / "models")
    add_path(library, one)  # again: still once
    assert paths(catalogue(library)) - before == {one, two}
    assert added_paths(library) == [one, tmp_path / "models"]
    remove_path(library, one)
    assert paths(catalogue(library)) - before == {two}
    restore_path(library, one)
    assert paths(catalogue(library)) - before == {one, two} and one.exists()


def test_what_is_not_a_model_is_refused_with_the_reason(library: Library, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, content, reason in (
        ("cut.gguf", b"GGUF\3\0", "cut off"),
        ("text.gguf", b"no model at all", "does not start with GGUF"),
        ("evil.bin", b"\x80\x04", "pickle"),
        ("notes.txt", b"hello", "GGUF"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=reason):
            add_path(library, tmp_path / name)
        assert (tmp_path / name).read_bytes() == content
    for place in (tmp_path / "empty", tmp_path / "missing", Path("x" * 5000)):
        with pytest.raises(UserError):
            add_path(library, place)
    assert added_paths(library) == []


def test_a_damaged_file_among_good_ones_is_named(
    library: Library, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    shutil.copy(tiny_llama.gguf, models / "good.gguf")
    (models / "cut.gguf").write_bytes(tiny_llama.gguf.read_bytes()[:-100])
    found = add_path(library, models)
    assert paths(found) == {models / "good.gguf"}
    (bad,) = [one for one in found if isinstance(one, NotAModel)]
    assert bad.path == models / "cut.gguf" and "cut off" in bad.reason


def test_a_file_that_went_away_or_broke_is_told(
    library: Library, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    file = tmp_path / "model.gguf"
    shutil.copy(tiny_llama.gguf, file)
    add_path(library, file)
    file.write_bytes(b"GGUF")
    assert [one.reason for one in catalogue(library) if one.path == file and isinstance(one, NotAModel)]
    file.unlink()
    (gone,) = [one for one in catalogue(library) if one.path == file]
    assert isinstance(gone, NotAModel) and "does not exist" in gone.reason


@pytest.mark.skipif(os.name != "posix", reason="making links takes rights on this system")
def test_a_model_is_listed_once_whatever_ways_lead_to_it(
    library: Library, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    before = len(catalogue(library))
    file = tmp_path / "model.gguf"
    shutil.copy(tiny_llama.gguf, file)
    (tmp_path / "link.gguf").symlink_to(file)
    for place in (file, tmp_path / "link.gguf", bundled_models() / "mini-teacher"):
        add_path(library, place)
    assert len(catalogue(library)) == before + 1


@pytest.mark.parametrize("bad", [None, "text", 3, [1, None], {"a": 1}])
def test_a_damaged_setting_does_no_harm(library: Library, bad: object) -> None:
    set_setting(library, KEY, bad)
    assert added_paths(library) == []
    assert paths(catalogue(library)) == paths(known_models())


def test_the_fit_is_of_what_a_model_is_used_for() -> None:
    teacher = fit_of(identify(bundled_models() / "mini-teacher" / "mini-teacher.gguf"))
    student = fit_of(identify(bundled_models() / "mini-student"))
    assert teacher and teacher.fits and teacher.purpose == "serving"
    assert student and student.fits and student.purpose == "training"


def test_the_shelf_knows_origin_place_and_uses(
    library: Library, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    file = tmp_path / "model.gguf"
    shutil.copy(tiny_llama.gguf, file)
    add_path(library, file)
    chat = make_chat(library, title="hello", model=file, adapter=None, system="")
    assert {
        s.model.sha256 for s in take_inventory(library, catalogue(library)) if isinstance(s.model, ModelFile)
    } == {None}
    digest = HashCache(library.folder).sha256_of([file])
    models = {item.model.path: item for item in take_inventory(library, catalogue(library))}
    assert models[file].origin == "added" and models[file].added_path == file
    assert models[file].uses == (Use(kind="chat", id=chat.id),)
    assert isinstance(models[file].model, ModelFile) and models[file].model.sha256 == digest
    bundled = models[bundled_models() / "mini-teacher" / "mini-teacher.gguf"]
    assert (bundled.origin, bundled.added_path, bundled.uses) == ("bundled", None, ())


def test_known_hashes_are_those_of_the_cache_and_of_unchanged_files(tmp_path: Path) -> None:
    one, two = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    hashes = HashCache(tmp_path / "cache")
    assert hashes.known().sha256_of([one]) is None
    whole = hashes.sha256_of([two, one])
    assert hashes.known().sha256_of([one, two]) == whole
    assert hashes.known().sha256_of([one]) == hashes.sha256(one)
    two.write_bytes(b"changed")
    assert hashes.known().sha256_of([one, two]) is None
    two.unlink()
    assert hashes.known().sha256_of([two]) is None and hashes.known().sha256_of([]) is None


def test_hashing_tells_how_far_it_is_and_can_be_ended(tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(bytes(3 * 2**20 + 5))
    hashes = HashCache(tmp_path / "cache")

    def stop(count: int) -> None:
        raise EOFError

    with pytest.raises(EOFError):
        hashes.sha256_of([file], on_bytes=stop)
    assert hashes.known().sha256_of([file]) is None
    read: list[int] = []
    assert hashes.sha256_of([file], on_bytes=read.append) == hashlib.sha256(file.read_bytes()).hexdigest()
    assert sum(read) == 3 * 2**20 + 5


def test_a_bundled_model_is_found_by_its_hash_in_a_restored_library(library: Library) -> None:
    teacher = identify(bundled_models() / "mini-teacher" / "mini-teacher.gguf")
    sha256 = file_sha256(teacher.path)
    assert model_with_hash(library, [teacher], sha256) == teacher
    assert model_with_hash(library, [teacher], "0" * 64) is None
    assert model_with_hash(library, [teacher], None) is None
