"""A library that was moved by hand works where it is now, and a copy leaves the original alone."""

import shutil
from pathlib import Path

import pytest
from new_library import new_library

from orca_desk.library.backups.keeping import keep
from orca_desk.library.backups.keeping_settings import Keeping, set_keeping, store_folder
from orca_desk.library.backups.kept import kept_backups
from orca_desk.library.database import Library
from orca_desk.library.moves.moving import _moved, repoint
from orca_desk.library.runs import create_run, find_unfinished, get_run
from orca_desk.library.settings import get_setting, set_setting


def test_paths_follow_a_library_that_was_copied_and_moved(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    with new_library(before) as library:
        inside, outside = str(before / "trainings" / "train-1" / "adapter.gguf"), str(tmp_path / "m.gguf")
        set_setting(library, "teacher", outside)
        set_setting(library, "mixed", {"paths": [inside, "an answer", str(before)]})
        create_run(
            library, "evaluate", {"adapter": inside}, {"model": outside, "queue": [{"adapter": inside}]}
        )
    shutil.copytree(before, after, ignore=shutil.ignore_patterns("*.lock", "*.owner"))
    with Library.open(after) as library:
        now = str(after / "trainings" / "train-1" / "adapter.gguf")
        assert get_setting(library, "teacher") == outside
        assert get_setting(library, "mixed") == {"paths": [now, "an answer", str(after)]}
        run = find_unfinished(library, "evaluate", {"adapter": now})
        assert run and run.request == {"model": outside, "queue": [{"adapter": now}]}
    with Library.open(before) as library:
        assert get_run(library, "evaluate-1").settings == {"adapter": inside}


def test_a_path_need_not_be_valid_unicode(tmp_path: Path) -> None:
    folder = tmp_path / "\udcff"
    try:
        folder.mkdir()
    except (OSError, UnicodeError):
        pytest.skip("this file system takes no such name")
    for _ in range(2):
        with new_library(folder) as library:
            assert keep(library, why="asked").library == str(folder)


def test_backups_that_are_kept_elsewhere_follow_a_move_but_no_copy(tmp_path: Path) -> None:
    place, old, copied, moved = (tmp_path / name for name in ("disk", "old", "copied", "moved"))
    place.mkdir()
    with new_library(old) as library:
        set_keeping(old, Keeping(folder=str(place)))
        name = keep(library, why="asked").name
    shutil.copytree(old, copied)
    with Library.open(copied) as copy:
        assert kept_backups(store_folder(copied)) == ([], []) and keep(copy, why="asked")
    assert [one.name for one in kept_backups(store_folder(old))[0]] == [name]
    old.rename(moved)
    Library.open(moved).close()
    assert [one.name for one in kept_backups(store_folder(moved))[0]] == [name]


def test_models_that_lie_elsewhere_now_are_used_from_there(tmp_path: Path) -> None:
    with new_library(tmp_path / "library") as library:
        create_run(library, "train", {"base": "/old/base"}, {"base": "/old/base", "epochs": 1})
        repoint(library, {"/old/base": "models/carried-1/base"})
        run = get_run(library, "train-1")
        assert run.settings == {"base": "models/carried-1/base"}
        assert run.request == {"base": str(library.folder / "models/carried-1/base"), "epochs": 1}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("C:\\Users\\me\\desk\\trainings\\a.gguf", "/new/trainings/a.gguf"),
        ("C:\\Users\\me\\desk", "/new"),
        ("C:\\Users\\me\\desktop\\a.gguf", "C:\\Users\\me\\desktop\\a.gguf"),
        ("C:\\Users\\me\\desk\\..\\a.gguf", "C:\\Users\\me\\desk\\..\\a.gguf"),
    ],
)
def test_a_library_comes_from_another_system(path: str, expected: str) -> None:
    assert _moved(path, "C:\\Users\\me\\desk", Path("/new")) == expected
