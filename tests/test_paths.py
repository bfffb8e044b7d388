"""The app's folders: an unusual home folder is used or named, and never replaced by the current folder."""

import os
import sys
from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.paths import default_library, default_models, expanded, user_settings

OWN = ("ORCA_DESK_LIBRARY", "ORCA_DESK_MODELS", "ORCA_DESK_SETTINGS", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
FOLDERS = (default_library, default_models, user_settings)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")


@pytest.fixture(autouse=True)
def without_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OWN:
        monkeypatch.delenv(name, raising=False)


def test_a_relative_folder_of_the_system_counts_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "data")
    monkeypatch.setenv("XDG_CONFIG_HOME", "./config")
    assert all(folder().is_relative_to(tmp_path) for folder in FOLDERS)


def test_a_user_without_a_home_folder_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 987_654_321)  # of no user, as in a container
    for folder in FOLDERS:
        with pytest.raises(UserError, match="no home folder"):
            folder()
    monkeypatch.setenv("ORCA_DESK_LIBRARY", "here")
    assert default_library() == Path("here")


def test_a_name_that_begins_like_a_home_folder_may_be_a_files() -> None:
    assert expanded(Path("~$draft.csv")) == Path("~$draft.csv")
    assert expanded(Path("~/draft.csv")) == Path.home() / "draft.csv"
