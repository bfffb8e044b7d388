"""A library goes to another computer in one file, whole or not at all; a hostile file writes nothing."""

import json
import os
import shutil
import sys
import zipfile
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from library_doubles import judged, make_record, make_task
from new_library import new_library
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.inventory.catalogue import added_paths
from orca_desk.library.database import Library
from orca_desk.library.naming import rename_library
from orca_desk.library.new_records import add_records
from orca_desk.library.records import count_records
from orca_desk.library.runs import end_run, get_run
from orca_desk.library.snapshots import freeze, list_snapshots
from orca_desk.library.tasks import add_tasks, count_tasks
from orca_desk.library.trainings import create_training, get_training, set_adapter
from orca_desk.models.hashes import HashCache
from orca_desk.processes.progress import JobControl
from orca_desk.steps.carry.manifest import MANIFEST
from orca_desk.steps.carry.names import is_safe, safe_name, unfit_names
from orca_desk.steps.carry.pack import Packed, pack
from orca_desk.steps.carry.unpack import look_into, unpack
from orca_desk.ui.words.bundles import packed_lines

Disk = namedtuple("Disk", "total used free")


def full_library(folder: Path, base: Path) -> Library:
    """A library with a task, a record, a snapshot and a training of `base`, with a checkpoint."""
    library = new_library(folder)
    rename_library(library, "Thesis")
    add_tasks(library, [make_task(1)])
    add_records(library, [judged(make_record(1), 1)])
    snapshot = freeze(library, name="x").id
    training = create_training(
        library, base=base, snapshot=snapshot, settings={}, request={"base": str(base)}
    )
    adapter = training.folder / "adapter.gguf"
    adapter.parent.mkdir(parents=True)
    adapter.write_bytes(b"adapter" * 100)
    set_adapter(library, training.id, adapter=adapter.parent, gguf=adapter, sha256="0")
    end_run(library, training.id, "done", "")
    for name in ("trainings/train-1/checkpoints/step-1/state.bin", "logs/app.log", "cache/made/base.gguf",
                 "backups/old.db", "trash/1/x", "desktop.ini", "demo.json"):  # fmt: skip
        (library.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (library.folder / name).write_bytes(name.encode())
    return library


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, tiny_llama: TinyModel) -> Packed:
    """A bundle with a model; read only."""
    place = tmp_path_factory.mktemp("bundle")
    base = place / "models" / "tiny.gguf"
    base.parent.mkdir()
    shutil.copy(tiny_llama.gguf, base)
    with full_library(place / "library", base) as library:
        HashCache(library.folder).sha256(base)
        made = pack(library, place / "thesis.orcalib", kinds=frozenset({"checkpoints", "logs", "models"}))
    shutil.rmtree(base.parent)
    assert made is not None
    return made


def test_a_library_comes_over_whole_with_its_models(bundle: Packed, tmp_path: Path) -> None:
    manifest = look_into(bundle.path)
    teacher, model = manifest.models  # only the hash of the record's teacher is known
    assert (teacher.name, teacher.path, manifest.missing_models) == ("", "", (teacher,))
    assert (manifest.name, model.inside) == ("Thesis", "models/carried-2/tiny.gguf")
    made = unpack(bundle.path, tmp_path / "there")
    assert made is not None and (made.counts.tasks, made.counts.trainings) == (1, 1)
    with Library.open(tmp_path / "there") as library:
        assert (count_tasks(library), count_records(library), len(list_snapshots(library))) == (1, 1, 1)
        training = get_training(library, "train-1")
        assert training.adapter_gguf is not None and training.adapter_gguf.read_bytes() == b"adapter" * 100
        assert training.base == library.folder / "models/carried-2/tiny.gguf" and training.base.is_file()
        assert get_run(library, "train-1").request == {"base": str(training.base)}
        assert added_paths(library) == [training.base]
        assert (library.folder / "trainings/train-1/checkpoints/step-1/state.bin").is_file()
        names = {path.name for path in library.folder.iterdir()}
        assert {"logs", "demo.json"} <= names and not {"cache", "trash", "desktop.ini"} & names


def test_what_is_not_in_it_is_named(tmp_path: Path, tiny_llama: TinyModel) -> None:
    with full_library(tmp_path / "library", tiny_llama.gguf) as library:
        made = pack(library, tmp_path / "small.orcalib", kinds=frozenset())
    assert made is not None
    _, missing = made.manifest.missing_models
    assert (missing.name, missing.size) == (tiny_llama.gguf.name, tiny_llama.gguf.stat().st_size)
    assert set(made.manifest.left_out) == {"checkpoints", "logs", "models"}
    assert unpack(made.path, tmp_path / "there") is not None
    with Library.open(tmp_path / "there") as library:
        assert get_training(library, "train-1").base == tiny_llama.gguf


@pytest.mark.skipif(sys.platform == "win32", reason="no file has such a name there")
def test_files_that_not_every_system_can_have_stay_out_and_are_named(tmp_path: Path) -> None:
    with new_library(tmp_path / "library") as library:
        notes = library.folder / "notes"
        notes.mkdir()
        odd = ["a:b.txt", "CON.txt", "end.", "two\nlines"]
        if sys.platform == "linux":  # other systems' names are text
            odd.append(os.fsdecode(b"latin\xe9.txt"))
        for name in ("good.txt", *odd):
            (notes / name).write_text("x")
        made = pack(library, tmp_path / "a.orcalib")
    assert made is not None
    left_out = " ".join(packed_lines(made))
    assert len(made.unfit) == len(odd) and "'notes/a:b.txt'" in left_out and "good.txt" not in left_out
    assert unpack(made.path, tmp_path / "there") is not None
    assert [path.name for path in (tmp_path / "there" / "notes").iterdir()] == ["good.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="no file has such a name there")
def test_a_model_with_a_name_of_this_system_comes_under_another(
    tmp_path: Path, tiny_llama: TinyModel
) -> None:
    base = tmp_path / "tiny:q8.gguf"
    shutil.copy(tiny_llama.gguf, base)
    with full_library(tmp_path / "library", base) as library:
        made = pack(library, tmp_path / "a.orcalib", kinds=frozenset({"models"}))
    assert made is not None and unpack(made.path, tmp_path / "there") is not None
    with Library.open(tmp_path / "there") as library:
        used = get_training(library, "train-1").base
        assert used.name == "tiny-q8.gguf" and used.is_file()


def test_a_library_from_a_bundle_names_its_models_in_the_next_one(bundle: Packed, tmp_path: Path) -> None:
    unpack(bundle.path, tmp_path / "there")
    with Library.open(tmp_path / "there") as library:
        without = pack(library, tmp_path / "without.orcalib", kinds=frozenset())
        whole = pack(library, tmp_path / "whole.orcalib", kinds=frozenset({"models"}))
    assert without is not None and whole is not None
    assert "tiny.gguf" in [one.name for one in without.manifest.missing_models]
    assert "tiny.gguf" not in [one.name for one in whole.manifest.missing_models]
    unpack(whole.path, tmp_path / "third")
    with Library.open(tmp_path / "third") as library:
        assert get_training(library, "train-1").base == library.folder / "models/carried-2/tiny.gguf"


def test_names_that_differ_by_case_alone_are_one_on_some_systems() -> None:
    assert unfit_names(["a/Case.txt", "a/case.txt", "b"]) == {"a/case.txt"}
    assert [safe_name(name) for name in ("a.gguf", "a:b.gguf", "con.gguf", "..")] == [
        "a.gguf",
        "a-b.gguf",
        "model-con.gguf",
        "model-",
    ]


def test_a_stop_and_a_full_disk_leave_nothing(
    bundle: Packed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = JobControl()
    control.stop()
    assert unpack(bundle.path, tmp_path / "there", control=control) is None
    with new_library(tmp_path / "library") as library:
        assert pack(library, tmp_path / "stopped.orcalib", control=control) is None
        monkeypatch.setattr(shutil, "disk_usage", lambda path: Disk(100, 99, 1))
        with pytest.raises(UserError, match="The bundle needs up to"):
            pack(library, tmp_path / "full.orcalib")
    with pytest.raises(UserError, match="The library needs"):
        unpack(bundle.path, tmp_path / "there")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["library"]


def test_nothing_is_replaced(bundle: Packed, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "thesis.txt").touch()
    with pytest.raises(UserError, match="is not empty"):
        unpack(bundle.path, tmp_path / "there")
    with new_library(tmp_path / "library") as library:
        with pytest.raises(UserError, match="already exists"):
            pack(library, tmp_path / "there" / "thesis.txt")
        with pytest.raises(UserError, match="inside the library"):
            pack(library, tmp_path / "library" / "x.orcalib")


Rewrite = Callable[[dict[str, Any], dict[str, bytes]], None]


def rewritten(bundle: Path, target: Path, change: Rewrite) -> Path:
    """Write another bundle, with a changed manifest and changed files."""
    with zipfile.ZipFile(bundle) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop(MANIFEST))
    change(manifest, files)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr(MANIFEST, json.dumps(manifest))
    return target


def climb(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    files["trainings/../../evil"] = b""
    manifest["files"].append({"name": "trainings/../../evil", "size": 0, "sha256": ""})


def swell(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    manifest["files"][0]["size"] = 10**15


def swap(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    files["demo.json"] = b"other.json"[: len(files["demo.json"])].ljust(len(files["demo.json"]))


def add_unlisted(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    files["extra"] = b""


def no_library(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    import hashlib

    files["library.db"] = b"not a database" * 99
    entry = next(one for one in manifest["files"] if one["name"] == "library.db")
    content = files["library.db"]
    entry.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())


def newer(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    manifest["version"] = 99


def nonsense(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    manifest["files"] = {"a": 1}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (climb, "outside of the library"),
        (swell, "not the one in its list"),
        (swap, "is not as it was packed"),
        (add_unlisted, "not those of its list"),
        (no_library, "its database"),
        (newer, "newer Orca Desk"),
        (nonsense, "list of files cannot be read"),
    ],
)
def test_a_hostile_bundle_ends_in_a_sentence(
    bundle: Packed, tmp_path: Path, change: Rewrite, said: str
) -> None:
    path = rewritten(bundle.path, tmp_path / "hostile.orcalib", change)
    with pytest.raises(UserError, match=said):
        unpack(path, tmp_path / "there")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["hostile.orcalib"]


def test_a_cut_off_bundle_and_other_files_are_told(bundle: Packed, tmp_path: Path) -> None:
    content = bundle.path.read_bytes()
    for size, said in ((len(content) // 2, "its end is missing"), (0, "is not a bundle")):
        (tmp_path / "cut").write_bytes(content[:size])
        with pytest.raises(UserError, match=said):
            look_into(tmp_path / "cut")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(UserError, match="is not a bundle"):
        look_into(tmp_path / "other.zip")
    with pytest.raises(UserError, match="There is no bundle"):
        look_into(tmp_path / "absent")


@given(
    st.lists(
        st.sampled_from(["..", ".", "", "a", "CON", "nul.txt", "a:b", "a\\b", "/", "b.", "c\n"]), max_size=4
    )
)
def test_no_safe_name_leaves_the_folder(parts: list[str]) -> None:
    name = "/".join(parts)
    if is_safe(name):
        assert Path("/library", name).resolve().is_relative_to("/library")
        assert set(parts) <= {"a"}
